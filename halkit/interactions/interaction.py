"""What an interaction is: a local part V(r), a non-local part U(r, r'), and their sum.

It acts on an S wave as

    (Vφ)(r) = V(r) φ(r) + ∫ 4πr'² dr' U(r, r') φ(r'),

and on u = rφ through the kernel K(r, r') = 4π r r' U(r, r') with plain dr'.
"""

import numpy as np

from halkit.checks import check_array, check_positive
from halkit.interactions.functions import checked_function, cut, distances, evaluated, is_array
from halkit.interactions.spline import polynomial_below, tensor_spline
from halkit.radial import validate_nodes

__all__ = [
    "Interaction",
    "Local",
    "NonLocal",
    "Sum",
    "Tabulated",
    "as_interaction",
    "end_radii",
    "partial_wave",
]


class Interaction:
    """A hadron-hadron interaction with a local part V(r) and a non-local part U(r, r').

    The base class is the interaction that vanishes. A subclass overrides
    ``local_potential`` or ``nonlocal_potential`` (or both), and says so in
    ``has_local`` and ``has_nonlocal``. Interactions add with ``+``, and are functions: called
    with r they return V(r), with r and r' U(r, r'), and refuse distances below zero.

    Attributes
    ----------
    has_local, has_nonlocal : bool
        Which of the two parts may differ from zero.
    radius : float or None
        Beyond it the interaction is zero by definition, whatever the two functions
        return there. None: it decays.
    """

    has_local = False
    has_nonlocal = False
    radius = None

    def local_potential(self, r):
        """Return V(r), elementwise: an array of the shape of `r`."""
        return np.zeros(np.shape(r))

    def nonlocal_potential(self, r, r_prime):
        """Return U(r, r'): an array of the shape to which `r` and `r_prime` broadcast."""
        return np.zeros(np.broadcast_shapes(np.shape(r), np.shape(r_prime)))

    def kernel(self, r, r_prime):
        """Return K(r, r') = 4π r r' U(r, r'), which acts on u = rφ with plain dr'."""
        return 4 * np.pi * np.multiply(r, r_prime) * self.nonlocal_potential(r, r_prime)

    def __call__(self, *points):
        """Return V(r) of one array of points r ≥ 0, U(r, r') of two."""
        if len(points) not in (1, 2):
            raise TypeError(
                f"{type(self).__name__} is a function of r or of r and r_prime, "
                f"got {len(points)} arguments"
            )
        points = [*map(distances, points, ("r", "r_prime"))]
        function = self.local_potential if len(points) == 1 else self.nonlocal_potential
        return function(*points)

    def __add__(self, other):
        if not _is_interaction(other):
            return NotImplemented
        return Sum(self, other)

    def __radd__(self, other):
        if isinstance(other, int) and other == 0:  # where the sum of a list starts
            return self
        return Sum(other, self) if _is_interaction(other) else NotImplemented

    def __repr__(self):
        return f"{type(self).__name__}()"


class Local(Interaction):
    """A local potential V(r) given as a function.

    Parameters
    ----------
    f : callable
        Maps an array of r to the array of V(r).
    radius : float, optional
        V is set to zero beyond it.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Local
    >>> well = Local(lambda r: -np.ones_like(r), radius=2.0)
    >>> well(np.array([1.0, 3.0]))
    array([-1.,  0.])
    """

    has_local = True

    def __init__(self, f, *, radius=None):
        self.f = checked_function(f, "f")
        self.radius = radius if radius is None else check_positive(radius, "radius")

    def local_potential(self, r):
        """Return V(r), elementwise."""
        r = np.asarray(r, dtype=np.float64)
        return cut(evaluated(self.f(r), r.shape, "V(r)"), self.radius, r)

    def __call__(self, r):
        """Return V(r), elementwise, for r ≥ 0."""
        return self.local_potential(distances(r, "r"))

    def __repr__(self):
        return _with_radius(f"Local({_name(self.f)}", self.radius)


class NonLocal(Interaction):
    """A non-local potential U(r, r') given as a function.

    Parameters
    ----------
    f : callable
        Maps two arrays r and r' that broadcast to the array of U(r, r').
    radius : float, optional
        U is set to zero where r or r' lies beyond it.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import NonLocal
    >>> U = NonLocal(lambda r, s: -np.exp(-r - s))
    >>> U(np.zeros((3, 1)), np.zeros(4)).shape
    (3, 4)
    """

    has_nonlocal = True

    def __init__(self, f, *, radius=None):
        self.f = checked_function(f, "f")
        self.radius = radius if radius is None else check_positive(radius, "radius")

    def nonlocal_potential(self, r, r_prime):
        """Return U(r, r'), broadcasting."""
        r, r_prime = np.asarray(r, dtype=np.float64), np.asarray(r_prime, dtype=np.float64)
        shape = np.broadcast_shapes(r.shape, r_prime.shape)
        return cut(evaluated(self.f(r, r_prime), shape, "U(r, r')"), self.radius, r, r_prime)

    def __call__(self, r, r_prime):
        """Return U(r, r'), broadcasting, for r, r' ≥ 0."""
        return self.nonlocal_potential(distances(r, "r"), distances(r_prime, "r_prime"))

    def __repr__(self):
        return _with_radius(f"NonLocal({_name(self.f)}", self.radius)


class Sum(Interaction):
    """The sum of interactions, each of them zero beyond its own radius.

    The radius of the sum is the largest, None as soon as one term only decays.

    Parameters
    ----------
    *terms : Interaction
        What is added.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, Separable
    >>> both = GaussianSum([-1.0], [2.0]) + Separable(omega=-0.5, mu=1.0)
    >>> float(both(0.0)), float(both(0.0, 0.0))
    (-1.0, -0.5)
    """

    def __init__(self, *terms):
        self.terms = tuple(as_interaction(term) for term in terms)
        self.has_local = any(term.has_local for term in self.terms)
        self.has_nonlocal = any(term.has_nonlocal for term in self.terms)
        radii = [term.radius for term in self.terms]
        self.radius = None if None in radii else max(radii, default=None)

    def local_potential(self, r):
        """Return Σ V(r), elementwise."""
        terms = [term for term in self.terms if term.has_local]
        values = (cut(term.local_potential(r), term.radius, r) for term in terms)
        return sum(values) + super().local_potential(r)

    def nonlocal_potential(self, r, r_prime):
        """Return Σ U(r, r'), broadcasting."""
        return self._sum_of_pairs("nonlocal_potential", r, r_prime)

    def kernel(self, r, r_prime):
        """Return Σ K(r, r'), broadcasting."""
        return self._sum_of_pairs("kernel", r, r_prime)

    def _sum_of_pairs(self, function, r, r_prime):
        terms = [term for term in self.terms if term.has_nonlocal]
        values = (
            cut(getattr(term, function)(r, r_prime), term.radius, r, r_prime) for term in terms
        )
        return sum(values) + super().nonlocal_potential(r, r_prime)

    def __repr__(self):
        return " + ".join(map(repr, self.terms))


class Tabulated(Interaction):
    """A potential known on nodes only: a vector V(r_i), or a matrix U(r_i, r_j).

    A tensor-product spline through the values stands for the potential between the nodes.
    Beyond the last node the potential is zero. Below the first one the spline extrapolates;
    the weight r r' of the kernel makes that harmless for a U whose nodes start close to zero.
    V has no such weight: if the errors that its values show would exceed the largest ``|V|``
    at r = 0, a polynomial of lower degree through the first nodes takes over there. It
    remains a guess of what the table doesn't say.

    Whatever function the values came from is worth more than the values. Measured on
    e^{−μ(r+r')} with 100 uniform nodes: nodes up to 12.5/μ give phase shifts right to
    0.014 degrees, all of it from the cut at the last node; nodes up to 25/μ give them
    right to 1e-6 degrees (a cubic spline: 6e-4). Noise in the values comes on top.

    Parameters
    ----------
    values : array of shape (n,) or (n, n)
        V(r_i), or U(r_i, r_j).
    r : array of shape (n,)
        The nodes, strictly increasing.
    degree : int, default 5
        The degree of the spline, odd; lowered if there are too few nodes for it.

    Raises
    ------
    ValueError
        If the shapes do not match, or if a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Tabulated
    >>> r = np.linspace(0.1, 10, 100)
    >>> U = Tabulated(-np.exp(-r[:, None] - r), r)
    >>> bool(np.isclose(U(1.234, 2.345), -np.exp(-3.579), rtol=1e-6))
    True
    >>> U.radius
    10.0
    """

    def __init__(self, values, r, *, degree=5):
        self.r = validate_nodes(r)
        self.values = check_array(values, "values", self.r.size)
        if self.values.ndim > 2 or self.values.shape[0] != self.r.size:
            raise ValueError(
                f"values must have shape ({self.r.size},) or ({self.r.size}, {self.r.size}) "
                f"for {self.r.size} nodes, got {self.values.shape}"
            )
        if self.r.size < 2:
            raise ValueError("a table needs at least 2 nodes, got 1")
        if degree not in {1, 3, 5, 7}:
            raise ValueError(f"degree must be 1, 3, 5 or 7, got {degree!r}")
        self.degree = degree
        self.has_local = self.values.ndim == 1
        self.has_nonlocal = not self.has_local
        self.radius = float(self.r[-1])
        self._spline = tensor_spline(self.values, self.r, degree)
        self._below = polynomial_below(self.values, self.r, degree) if self.has_local else None

    def local_potential(self, r):
        """Return V(r), elementwise; zero beyond the last node."""
        return self._evaluate(r) if self.has_local else super().local_potential(r)

    def nonlocal_potential(self, r, r_prime):
        """Return U(r, r'), broadcasting; zero beyond the last node."""
        if self.has_local:
            return super().nonlocal_potential(r, r_prime)
        return self._evaluate(r, r_prime)

    def __call__(self, *points):
        """Return V(r) of a vector of values, U(r, r') of a matrix; for r, r' ≥ 0."""
        names = ("r", "r_prime")[: self.values.ndim]
        if len(points) != len(names):
            raise TypeError(
                f"{self!r} is a function of {' and '.join(names)}, got {len(points)} arguments"
            )
        return self._evaluate(*map(distances, points, names))

    def _evaluate(self, *coordinates):
        point = np.stack(np.broadcast_arrays(*coordinates), axis=-1).astype(np.float64)
        inside = np.all(point <= self.radius, axis=-1)
        values = self._spline(np.minimum(point, self.radius))
        if self._below is not None:
            r = point[..., 0]
            values = np.where(r < self.r[0], self._below(np.minimum(r, self.r[0])), values)
        return np.where(inside, values, 0.0)

    def __repr__(self):
        shape = " × ".join(map(str, self.values.shape))
        return f"Tabulated({shape} values, r = {self.r[0]:g} … {self.radius:g})"


class _Fitted(Interaction):
    """A fitted regressor, or another object of its kind, with a name of one line."""

    def __init__(self, potential):
        self.potential = potential
        self.has_local, self.has_nonlocal = potential.has_local, potential.has_nonlocal
        self.radius = getattr(potential, "radius_", potential.radius)
        self.nonlocal_radius = getattr(potential, "nonlocal_radius", None)
        self.l = getattr(potential, "l", None)

    def local_potential(self, r):
        return self.potential.local_potential(r)

    def nonlocal_potential(self, r, r_prime):
        return self.potential.nonlocal_potential(r, r_prime)

    def kernel(self, r, r_prime):
        return self.potential.kernel(r, r_prime)

    def __repr__(self):
        return f"{type(self.potential).__name__}(...)"


def as_interaction(potential, r=None):
    """Return `potential` as an interaction.

    Parameters
    ----------
    potential : Interaction, fitted regressor, or array
        An `Interaction` passes through; another object with ``local_potential``,
        ``nonlocal_potential``, ``has_local`` and ``has_nonlocal`` is wrapped, and is zero
        beyond its ``radius`` if it has one; an array of shape (n,) or (n, n) becomes a
        `Tabulated` potential on the nodes `r`.
    r : array of shape (n,), optional
        The nodes of an array.

    Raises
    ------
    TypeError
        If it is neither, or an array without nodes, or an object with nodes, or if a subclass
        of `Interaction` defines a part of which it doesn't say that it has it.
    """
    if _is_interaction(potential):
        if r is not None:
            raise TypeError(
                f"r goes with an array of values, not with {type(potential).__name__}(...)"
            )
        if isinstance(potential, Interaction):
            _refuse_silent_parts(potential)
            return potential
        if hasattr(potential, "kernel") and hasattr(potential, "radius"):
            return _Fitted(potential)
        radius = getattr(potential, "radius", None)
        local, non_local = potential.local_potential, potential.nonlocal_potential
        both = Sum(
            *([Local(local, radius=radius)] if potential.has_local else []),
            *([NonLocal(non_local, radius=radius)] if potential.has_nonlocal else []),
        )
        both.l = getattr(potential, "l", None)
        return both
    if is_array(potential) and r is not None:
        return Tabulated(potential, r)
    raise TypeError(
        "expected an interaction (an object with local_potential and nonlocal_potential), "
        f"or an array of values with its nodes r; got {type(potential).__name__}"
        + (" without r" if isinstance(potential, np.ndarray) else "")
    )


def partial_wave(interaction):
    """Return the orbital angular momentum that an interaction is made for, None if for any.

    Parameters
    ----------
    interaction : Interaction
        It may have an attribute ``l``, or be a `Sum` of such ones.

    Raises
    ------
    ValueError
        If the terms of a sum are made for different ones.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, PereyBuck
    >>> from halkit.interactions.interaction import partial_wave
    >>> U = PereyBuck(0.36, 7.2, 0.65, 0.85, l=1)
    >>> partial_wave(U + GaussianSum([1.0], [1.0]))
    1
    """
    terms = getattr(interaction, "terms", ())
    found = {getattr(interaction, "l", None), *map(partial_wave, terms)} - {None}
    if len(found) > 1:
        raise ValueError(f"terms of a sum must have the same l, got {sorted(found)}")
    return found.pop() if found else None


def end_radii(interaction):
    """Return the set of radii at which an interaction, or a term of a sum, ends by definition.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, Local
    >>> from halkit.interactions.interaction import end_radii
    >>> end_radii(Local(lambda r: -20 + 0 * r, radius=1.0) + GaussianSum([1.0], [0.1]))
    {1.0}
    """
    radii = interaction.radius, getattr(interaction, "nonlocal_radius", None)
    found = {float(radius) for radius in radii if radius is not None}
    return found.union(*map(end_radii, getattr(interaction, "terms", ())))


def _is_interaction(thing):
    names = ("local_potential", "nonlocal_potential", "has_local", "has_nonlocal")
    return all(hasattr(thing, name) for name in names)


def _refuse_silent_parts(interaction):
    """Refuse a subclass that defines a part and leaves ``has_local`` or ``has_nonlocal`` out."""
    kind = type(interaction)
    bases = kind.__mro__[: kind.__mro__.index(Interaction)]
    defined = set().union(getattr(interaction, "__dict__", ()), *map(vars, bases))
    parts = {
        "has_local": ("local_potential",),
        "has_nonlocal": ("nonlocal_potential", "kernel"),
    }
    for flag, functions in parts.items():
        silent = [name for name in functions if name in defined and flag not in defined]
        if silent:
            raise TypeError(
                f"{kind.__name__} defines {silent[0]}, which is used only if it also sets "
                f"{flag} = True"
            )


def _name(f):
    return getattr(f, "__qualname__", None) or repr(f)


def _with_radius(head, radius):
    return f"{head})" if radius is None else f"{head}, radius={radius:g})"
