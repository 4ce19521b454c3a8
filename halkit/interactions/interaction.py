"""An interaction of two hadrons, V(r) + V2(r) ∇² + U(r, r'), its sums and its multiples.

It acts on the wave function of a partial wave as

    (Vφ)(r) = V(r) φ(r) + V2(r) ∇²φ(r) + ∫ 4πr'² dr' U(r, r') φ(r'),

and U acts on u = rφ through the kernel K(r, r') = 4π r r' U(r, r') with plain dr'.

``interaction(r)`` and ``interaction(r, r_prime)`` check their arguments. The methods
``local_potential``, ``laplacian_potential``, ``nonlocal_potential`` and ``kernel`` do not:
solvers call them on their own mesh.
"""

from __future__ import annotations

from difflib import get_close_matches
from numbers import Real
from typing import Any, Protocol, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_distances, check_number, check_values
from halkit.interactions.mass import common_mass
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = [
    "Combinable",
    "HasInteraction",
    "Interaction",
    "Scaled",
    "Sum",
    "cut",
    "interaction_of",
    "is_factor",
    "part_values",
    "within",
]

_SYMBOLS = {
    "local_potential": "V(r)",
    "laplacian_potential": "V2(r)",
    "nonlocal_potential": "U(r, r')",
    "kernel": "K(r, r')",
}
# Likeness of two names, of at most 1, from which on one is taken for a misspelt other.
SIMILAR = 0.93
_PARTS = {
    "has_local": {"local_potential"},
    "has_laplacian": {"laplacian_potential"},
    "has_nonlocal": {"nonlocal_potential", "kernel"},
}


class Combinable:
    """V + W, V − W, −V, sV and V/s, for interactions and fitted estimators V and W, numbers s.

    The result is an `Interaction`, or an `InteractionMatrix` for fits of coupled channels. An
    estimator that is not fitted raises a NotFittedError.
    """

    __array_ufunc__: None = None  # np.float64(2) * V asks V, instead of making an array of objects

    def __add__(self, other: _Term) -> Sum:
        if _is_matrix(self):
            return interaction_of(self) + other
        return Sum(self, other) if _is_term(other) else NotImplemented

    def __radd__(self, other: _Term | int) -> Interaction:
        if _is_matrix(self):
            return other + interaction_of(self)
        if isinstance(other, int) and other == 0:  # sum([...]) starts from 0
            return self if isinstance(self, Interaction) else Sum(self)
        return Sum(other, self) if _is_term(other) else NotImplemented

    def __neg__(self) -> Scaled:
        return self * -1.0

    def __sub__(self, other: _Term) -> Sum:
        if _is_matrix(self):
            return interaction_of(self) - other
        return Sum(self, Scaled(-1.0, other)) if _is_term(other) else NotImplemented

    def __rsub__(self, other: _Term) -> Sum:
        if _is_matrix(self):
            return other - interaction_of(self)
        return Sum(other, Scaled(-1.0, self)) if _is_term(other) else NotImplemented

    def __mul__(self, factor: Number) -> Scaled:
        if _is_matrix(self):
            return interaction_of(self) * factor
        return Scaled(factor, self) if is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, divisor: Number) -> Scaled:
        return self * (1 / float(divisor)) if is_factor(divisor) else NotImplemented


class Interaction(Combinable):
    """A hadron-hadron interaction V(r) + V2(r) ∇² + U(r, r') in one partial wave.

    The base class is zero. A subclass overrides ``local_potential``, ``laplacian_potential`` or
    ``nonlocal_potential`` (or ``kernel``, if U is singular at r = 0). Interactions add and
    subtract, also with fitted estimators, and take a number as factor. ``interaction(r)``
    returns V(r), and ``interaction(r, r_prime)`` returns U(r, r').

    Attributes
    ----------
    has_local, has_laplacian, has_nonlocal : bool
        Whether V, V2 and U may differ from zero. By default a part may if the subclass
        overrides its method.
    radius : float or None
        The interaction is zero beyond this radius, whatever the methods return there. None: the
        interaction decays but has no end.
    nonlocal_radius : float or None
        The same for U alone, if U ends before V.
    edges : tuple of float
        Radii at which V or U jumps, and both ends of structure that is too narrow to be found:
        solvers split their mesh there, see `halkit.scattering.phase_shift`.
    has_jumps : bool
        Whether U may jump at other radii than its ends and `edges`: solvers search for them, which
        takes a third of the time of a phase shift. False for a U that is known to be continuous.
    l : int or None
        The partial wave to which the interaction belongs. None: it is for every wave.
    """

    has_local: bool = False
    has_laplacian: bool = False
    has_nonlocal: bool = False
    radius: float | None = None
    nonlocal_radius: float | None = None
    edges: tuple[float, ...] = ()
    has_jumps: bool = True
    l: int | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _warn_of_misspelt(cls)
        if "kernel" in vars(cls) and "nonlocal_potential" not in vars(cls):
            if cls.nonlocal_potential is not Interaction.nonlocal_potential:
                raise TypeError(f"{cls.__name__} must override nonlocal_potential with its kernel")
            cls.nonlocal_potential = _of_the_kernel  # type: ignore[method-assign]
        elif "nonlocal_potential" in vars(cls) and "kernel" not in vars(cls):
            cls.kernel = Interaction.kernel  # type: ignore[method-assign]
        for part, functions in _PARTS.items():
            denied = any(
                vars(base).get(part) is False
                for base in cls.__mro__[:-1]
                if base is not Interaction
            )
            own = any(getattr(cls, name) is not getattr(Interaction, name) for name in functions)
            if part not in vars(cls) and own and not denied:
                setattr(cls, part, True)

    @property
    def nonlocal_end(self) -> float | None:
        """The radius beyond which U is zero: the smaller of ``radius`` and ``nonlocal_radius``."""
        ends = [end for end in (self.radius, self.nonlocal_radius) if end is not None]
        return min(ends, default=None)

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise: an array of the shape of `r`."""
        return np.zeros(np.shape(r))

    def laplacian_potential(self, r: Array) -> Array:
        """Return V2(r), the factor of ∇², elementwise: an array of the shape of `r`."""
        return np.zeros(np.shape(r))

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r'): an array of the shape to which `r` and `r_prime` broadcast."""
        return np.zeros(np.broadcast_shapes(np.shape(r), np.shape(r_prime)))

    def kernel(self, r: Array, r_prime: Array) -> Array:
        """Return K(r, r') = 4π r r' U(r, r'), which acts on u = rφ with plain dr'."""
        U = part_values(self, "nonlocal_potential", r, r_prime)
        return 4 * np.pi * np.multiply(r, r_prime) * U

    def __call__(self, *points: Numbers) -> Array:
        """Return V(r) for one array of points r ≥ 0, and U(r, r') for two.

        Raises
        ------
        TypeError
            If the interaction has no part with this number of arguments.
        ValueError
            If a distance is negative or NaN.
        """
        both = self.has_local == self.has_nonlocal
        functions: dict[int, str] = {}
        if both or self.has_local:
            functions[1] = "local_potential"
        if both or self.has_nonlocal:
            functions[2] = "nonlocal_potential"
        if len(points) not in functions:
            arguments = {1: "r", 2: "r and r_prime"}
            raise TypeError(
                f"{type(self).__name__} is a function of "
                f"{' or of '.join(arguments[n] for n in functions)}, got {len(points)} arguments"
            )
        r = [*map(check_distances, points, ("r", "r_prime"))]
        end = self.radius if len(r) == 1 else self.nonlocal_end
        return cut(part_values(self, functions[len(r)], *r), end, *r)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _warn_of_misspelt(cls):
    """Warn of methods whose names differ by a typo from a method that solvers call."""
    for name in vars(cls):
        close = [] if name in _SYMBOLS else get_close_matches(name, _SYMBOLS, 1, SIMILAR)
        if close:
            warn_caller(
                f"{cls.__name__}.{name} is not used: the method of an interaction is {close[0]}",
                UserWarning,
            )


class HasInteraction(Protocol):
    """A fitted estimator: it has an ``interaction_``."""

    @property
    def interaction_(self) -> Interaction:
        """The learned interaction."""


_Term: TypeAlias = Combinable | HasInteraction


class Sum(Interaction):
    """The sum of interactions, each zero beyond its own radius.

    The radius of the sum is the largest radius, or None if a term has no radius. The sum knows the
    reduced mass of the fitted estimators among its terms, as they do.

    Parameters
    ----------
    *terms : Interaction or fitted estimator
        Terms for the same partial wave, or for every wave.

    Raises
    ------
    TypeError
        If a term is not an interaction.
    ValueError
        If the terms belong to different partial waves, or are fits with different reduced masses.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, Separable
    >>> both = GaussianSum([-1.0], [2.0]) + Separable(omega=-0.5, mu=1.0)
    >>> float(both(0.0)), float(both(0.0, 0.0))
    (-1.0, -0.5)
    """

    _known_mass: float | None = None

    def __init__(self, *terms: _Term) -> None:
        for term in terms:
            if not _is_term(term):
                raise TypeError(f"terms must be interactions, got {type(term).__name__}")
        self._known_mass = common_mass(terms)
        self.terms = tuple(interaction_of(term) for term in terms)
        own = {
            part: any(getattr(type(self), name) is not getattr(Sum, name) for name in functions)
            for part, functions in _PARTS.items()
        }
        for part in _PARTS:
            setattr(self, part, own[part] or any(getattr(term, part) for term in self.terms))
        jumps = any(term.has_nonlocal and term.has_jumps for term in self.terms)
        self.has_jumps = own["has_nonlocal"] or jumps
        radii = [term.radius for term in self.terms if term.radius is not None]
        self.radius = None if len(radii) < len(self.terms) else max(radii, default=None)
        waves = sorted({term.l for term in self.terms if term.l is not None})
        if len(waves) > 1:
            raise ValueError(f"terms of a sum must have the same l, got {waves}")
        self.l = waves[0] if waves else None

    def _mass(self) -> float | None:
        return self._known_mass

    def local_potential(self, r: Array) -> Array:
        """Return Σ V(r), elementwise."""
        return self._sum("has_local", "local_potential", r)

    def laplacian_potential(self, r: Array) -> Array:
        """Return Σ V2(r), elementwise."""
        return self._sum("has_laplacian", "laplacian_potential", r)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return Σ U(r, r'), broadcasting."""
        return self._sum("has_nonlocal", "nonlocal_potential", r, r_prime)

    def kernel(self, r: Array, r_prime: Array) -> Array:
        """Return Σ K(r, r'), broadcasting."""
        return self._sum("has_nonlocal", "kernel", r, r_prime)

    def _sum(self, part: str, function: str, *points: Array) -> Array:
        terms = [term for term in self.terms if getattr(term, part)]
        ends = [term.radius if len(points) == 1 else term.nonlocal_end for term in terms]
        values = (
            cut(part_values(term, function, *points), end, *points)
            for term, end in zip(terms, ends, strict=True)
        )
        return sum(values) + np.zeros(np.broadcast_shapes(*map(np.shape, points)))

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))


class Scaled(Sum):
    """An interaction times a number, s [V(r) + V2(r) ∇² + U(r, r')]; 0 times any of them is 0.

    It ends where the interaction ends, and belongs to the same partial wave.

    Parameters
    ----------
    factor : float
        s, of either sign.
    term : Interaction or fitted estimator

    Raises
    ------
    TypeError
        If `factor` is not a real number, or `term` no interaction.
    ValueError
        If `factor` is not finite.

    Examples
    --------
    >>> from halkit.interactions import Separable, Yukawa
    >>> V = -2 * Yukawa(alpha=0.5, mu=1.0) + Separable(omega=-0.5, mu=1.0) / 2
    >>> V
    -2 * Yukawa(alpha=0.5, mu=1) + 0.5 * Separable(omega=-0.5, mu=1)
    >>> float(V(0.0, 0.0))
    -0.25
    """

    def __init__(self, factor: Number, term: _Term) -> None:
        super().__init__(term)
        self.factor = check_number(factor, "factor")
        self.nonlocal_radius = self.terms[0].nonlocal_radius

    def __call__(self, *points: Numbers) -> Array:
        """Return s V(r) or s U(r, r'); s V2(r) of a `Laplacian`."""
        return self._times(self.terms[0](*points))

    def _sum(self, part: str, function: str, *points: Array) -> Array:
        return self._times(super()._sum(part, function, *points))

    def _times(self, values: Array) -> Array:
        return self.factor * values if self.factor else np.zeros_like(values)

    def __repr__(self) -> str:
        term = repr(self.terms[0])
        return f"{self.factor:g} * " + (f"({term})" if " + " in term else term)


def _of_the_kernel(self: Interaction, r: Array, r_prime: Array) -> Array:
    """Return U(r, r') = K(r, r')/(4π r r'), not a number where r or r' is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return part_values(self, "kernel", r, r_prime) / (4 * np.pi * np.multiply(r, r_prime))


def interaction_of(term: Any) -> Any:
    """Return the interaction of a fitted estimator, or the term. A NotFittedError is raised."""
    if hasattr(type(term), "interaction_"):
        return term.interaction_
    return getattr(term, "interaction_", term)


def _is_matrix(thing: object) -> bool:
    """Return whether an estimator is fitted to coupled channels."""
    return not isinstance(interaction_of(thing), Interaction)


def _is_term(thing: object) -> TypeGuard[_Term]:
    return isinstance(interaction_of(thing), Interaction)


def is_factor(thing: object) -> TypeGuard[Number]:
    """Return whether something may multiply an interaction: a real number, but no boolean."""
    return isinstance(thing, Real) and not isinstance(thing, bool)


def part_values(interaction: Interaction, part: str, *points: Array) -> Array:
    """Return a part of an interaction as float64 of the shape of the points; it may be infinite.

    Parameters
    ----------
    interaction : Interaction
    part : {"local_potential", "laplacian_potential", "nonlocal_potential", "kernel"}
    *points : array
        One or two, which broadcast.

    Raises
    ------
    TypeError, ValueError
        If what the method returns is not real, or has another shape than the points.
    """
    values = getattr(interaction, part)(*points)
    shape = np.broadcast_shapes(*map(np.shape, points))
    plain = type(values) is np.ndarray and values.dtype == np.float64 and values.flags.c_contiguous
    if plain and values.shape == shape:
        return values
    return check_values(values, shape, f"{_SYMBOLS[part]} of {type(interaction).__name__}")


def cut(values: Array, radius: float | None, *points: Numbers) -> Array:
    """Return the values, set to zero where a point lies beyond the radius (None: no radius)."""
    return values if radius is None else np.where(within(radius, *points), values, 0.0)


def within(radius: float | None, *points: Numbers) -> NDArray[np.bool_]:
    """Return whether all points lie within the radius (None: they do)."""
    inside = [np.asarray(point) <= (np.inf if radius is None else radius) for point in points]
    return np.logical_and.reduce(np.broadcast_arrays(*inside))
