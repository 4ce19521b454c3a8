r"""Fields of one irreducible representation of the cubic group on a periodic L³ lattice.

A field f has the symmetry of Y(r̂), and a wedge of points fixes it everywhere:

    A1  l = 0  Y = 1                even in x, y, z; any permutation
    T1  l = 1  Y = z/r              odd in z, even in x and y; x ↔ y
    E   l = 2  Y = (3z² − r²)/2r²   even in x, y, z; x ↔ y

On a shell s of equal r² its wave is f_l(s) = Σ Y f/Σ Y² over the sites. Local potentials V(r) act
on it exactly, whatever higher l the field holds, and so does a kernel of this l,

    U(r, r') = (2l + 1) P_l(cos γ) U_l(r, r'):   (U f)_l(r) = Σ_s w_s U_l(r, s) f_l(s),

with the weights w_s = (2l + 1) Σ_s Y², which for A1 and T1 are the number of sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.checks import (
    check_array,
    check_boolean,
    check_choice,
    check_integer,
    check_integers,
    refuse_overflow,
)
from halkit.typing import Array, Numbers
from halkit.warn import warn_caller

__all__ = ["Irrep", "Wedge"]

Irrep: TypeAlias = Literal["A1", "T1", "E"]
WAVES = {"A1": 0, "T1": 1, "E": 2}
# Variance left about another origin, in that about index 0, below which a field has the other one,
# and the same on small lattices and in higher waves, where noise has few modes.
BETTER, CLEAR, SMALL = 1 / 3, 0.1, 8
# Variance that is rounding, and that is noise; r below which each shell has its own average.
ROUNDING, NOISE, NEAR = 1e-6, 0.3, 2.0


@dataclass(frozen=True, repr=False)
class Wedge:
    """Points of a periodic L³ lattice that fix a field of one irreducible representation.

    "A1": L/2 ≥ x ≥ y ≥ z ≥ 0. "T1" and "E": L/2 ≥ x ≥ y ≥ 0 and z ≥ 0; in "T1", where the field
    vanishes at z = 0 and z = L/2, only 0 < z < L/2. Points are listed with x as the slowest and z
    as the fastest coordinate.

    Parameters
    ----------
    L : int
        Sites per side, at least 2; at least 3 for "T1".
    irrep : {"A1", "T1", "E"}
        Representation: "A1", S waves; "T1", P waves as z/r; "E", D waves as (3z² − r²)/2r². At rest
        they are called A1⁺, T1⁻ and E⁺, with the parity of l.

    Attributes
    ----------
    partial_wave : int
        Lowest l of the representation: 0, 1 or 2.

    Examples
    --------
    >>> from halkit.radial import Wedge
    >>> wedge = Wedge(64)
    >>> wedge.xyz.shape, int(wedge.multiplicities.sum()) == 64**3
    ((6545, 3), True)
    >>> Wedge(32, "T1").xyz.shape
    (2295, 3)
    """

    L: int
    irrep: Irrep = "A1"

    def __post_init__(self) -> None:
        check_choice(self.irrep, "irrep", list(WAVES))
        least = 3 if self.irrep == "T1" else 2
        object.__setattr__(self, "L", check_integer(self.L, "L", least=least))

    def __repr__(self) -> str:
        return f"Wedge(L={self.L})" if self.irrep == "A1" else f"Wedge({self.L}, {self.irrep!r})"

    @property
    def partial_wave(self) -> int:
        return WAVES[self.irrep]

    @property
    def _heights(self) -> tuple[int, int]:
        """The lowest and the highest z."""
        return (1, (self.L - 1) // 2) if self.irrep == "T1" else (0, self.L // 2)

    @property
    def size(self) -> int:
        """Number of points, n."""
        half, (low, high) = self.L // 2, self._heights
        if self.irrep == "A1":
            return (half + 1) * (half + 2) * (half + 3) // 6
        return (half + 1) * (half + 2) // 2 * (high - low + 1)

    @cached_property
    def xyz(self) -> NDArray[np.int64]:
        """Coordinates of the points, shape (n, 3)."""
        x, y, z = np.indices((self.L // 2 + 1,) * 3)
        low, high = self._heights
        inside = (y >= z) if self.irrep == "A1" else (z >= low) & (z <= high)
        inside = inside & (x >= y)
        return np.stack([x[inside], y[inside], z[inside]], axis=-1)

    @cached_property
    def multiplicities(self) -> NDArray[np.int64]:
        """Number of lattice sites that each point stands for, shape (n,).

        Their sum is L³ less the sites at which the field vanishes by symmetry.
        """
        x, y, z = self.xyz.T
        permutations = np.where(x == y, 1, 2)
        if self.irrep == "A1":
            permutations = np.select([x == z, (x == y) | (y == z)], [1, 3], 6)
        signs = np.where((self.xyz == 0) | (2 * self.xyz == self.L), 1, 2)
        return permutations * signs.prod(axis=1)

    @cached_property
    def distance_squared(self) -> NDArray[np.int64]:
        """Squared distance x² + y² + z² of each point from the origin, shape (n,)."""
        return (self.xyz**2).sum(axis=1)

    @cached_property
    def harmonic(self) -> NDArray[Any]:
        """Y(r̂) at each point, shape (n,); 0 at r = 0 for l > 0."""
        squared, z = self.distance_squared, self.xyz[:, 2]
        if self.irrep == "A1":
            return np.ones_like(squared)
        if self.irrep == "T1":
            return z / np.sqrt(squared)
        return (3 * z**2 - squared) / np.maximum(2 * squared, 1)

    def index(self, sites: Numbers) -> NDArray[np.int64]:
        """Return the wedge indices of lattice sites (..., 3), which may be any integers.

        The field at a site is `sign` times its value at this index. Sites of sign 0 have the index
        of a point nearby.
        """
        c = np.mod(check_integers(sites, "sites"), self.L)
        x, y, z = np.moveaxis(np.minimum(c, self.L - c), -1, 0)
        if self.irrep == "A1":
            x, y, z = -np.sort(-np.stack([x, y, z]), axis=0)
            return x * (x + 1) * (x + 2) // 6 + y * (y + 1) // 2 + z
        x, y = np.maximum(x, y), np.minimum(x, y)
        low, high = self._heights
        return (x * (x + 1) // 2 + y) * (high - low + 1) + np.clip(z, low, high) - low

    def sign(self, sites: Numbers) -> NDArray[np.int64]:
        """Return the sign of the field at lattice sites (..., 3) over that at their `index`.

        In "T1" it is −1 for −L/2 < z < 0, and 0 at z = 0 and L/2; otherwise it is 1.
        """
        z = np.mod(check_integers(sites, "sites"), self.L)[..., 2]
        if self.irrep != "T1":
            return np.ones_like(z)
        return np.sign(z) * np.sign(self.L - 2 * z)

    @cached_property
    def neighbours(self) -> NDArray[np.int64]:
        """Wedge indices of the six nearest neighbours, shape (6, n)."""
        return self.index(self._around)

    @property
    def _around(self) -> NDArray[np.int64]:
        steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
        return self.xyz + steps[:, np.newaxis]

    @cached_property
    def _hops(self) -> tuple[tuple[Any, Any], ...]:
        """Indices and signs of the neighbours, in each direction."""
        signs = self.sign(self._around)
        return tuple(zip(self.neighbours, signs if self.irrep == "T1" else [1] * 6, strict=True))

    def laplacian(self, field: Numbers) -> Array:
        """Return the periodic 7-point Laplacian of fields (..., n)."""
        field = check_array(field, "field", len(self.xyz))
        with np.errstate(over="ignore", invalid="ignore"):
            around = sum(sign * np.take(field, points, axis=-1) for points, sign in self._hops)
            return refuse_overflow(around - 6 * field, "the Laplacian")

    def project(self, field: Numbers, *, check_origin: bool = True) -> Array:
        """Return the values (..., n) on the wedge of a field on all sites.

        The sites that a point stands for are averaged with their signs, which projects the field
        on the symmetry of Y and lowers its noise.

        Parameters
        ----------
        field : array-like of shape (..., L, L, L)
            Axes x, y, z with the origin at index 0. In "T1" it is the component along z, in "E" the
            component 3z² − r² of a multiplet. Exchange axes to turn another component of a vector
            into the one along z, ``np.swapaxes(component_x, -3, -1)``, and average them.
        check_origin : bool
            Whether to look for an origin elsewhere.

        Warns
        -----
        AccuracyWarning
            If the field, averaged over its leading axes, has its origin elsewhere: about another
            index (0 or L/2 on each axis, or one site away) the sites that a point stands for, or in
            "A1" the points of one radius, differ clearly less. For "A1" L must be 4 at least, else
            8. A shift by L/2 along z, or along x and y, leaves "T1" and "E" as they are, up to a
            sign, and is not seen.

        Examples
        --------
        >>> import numpy as np
        >>> from halkit.radial import Wedge
        >>> wedge, x = Wedge(8, "T1"), np.fft.fftfreq(8, 1 / 8)
        >>> bool(np.allclose(
        ...     wedge.project(np.broadcast_to(np.sin(np.pi * x / 4), (8, 8, 8))),
        ...     np.sin(np.pi * wedge.xyz[:, 2] / 4),
        ... ))
        True
        """
        check_boolean(check_origin, "check_origin")
        field = check_array(field, "field", self.L)
        if field.shape[-3:] != (self.L,) * 3:
            raise ValueError(
                f"field must have shape (..., {self.L}, {self.L}, {self.L}), got {field.shape}"
            )
        sites = np.moveaxis(np.indices((self.L,) * 3), 0, -1).reshape(-1, 3)
        index, sign = self.index(sites), self.sign(sites)
        if check_origin and field.size:
            _warn_of_origin(self, field.reshape(-1, *(self.L,) * 3), index, sign)
        inside = np.flatnonzero(sign)
        order = inside[np.argsort(index[inside], kind="stable")]
        starts = np.searchsorted(index[order], np.arange(len(self.xyz)))
        values = field.reshape(*field.shape[:-3], -1)[..., order] * sign[order]
        return np.add.reduceat(values, starts, axis=-1) / self.multiplicities

    @cached_property
    def _shells(self) -> tuple[NDArray[Any], ...]:
        """Squared radii, the points with Y ≠ 0 sorted by shell, and the start of each shell."""
        seen = np.flatnonzero(self.harmonic)
        squared, shell = np.unique(self.distance_squared[seen], return_inverse=True)
        order = np.argsort(shell, kind="stable")
        return squared, seen[order], np.searchsorted(shell[order], np.arange(squared.size))

    @property
    def shell_r(self) -> Array:
        """Radii of the shells of equal x² + y² + z², increasing, shape (n_shells,).

        Shells on which Y vanishes are left out: r = 0 for l > 0, and in "E" those of sites
        (n, n, n) alone.
        """
        return np.sqrt(self._shells[0])

    @cached_property
    def _shares(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Y times the multiplicity of the sorted points, and Σ Y² of each shell."""
        _, order, starts = self._shells
        weighted = (self.multiplicities * self.harmonic)[order]
        return weighted, np.add.reduceat(weighted * self.harmonic[order], starts)

    @cached_property
    def shell_weights(self) -> NDArray[Any]:
        """Weights (2l + 1) Σ Y² of the sum over shells, shape (n_shells,).

        In "A1" they are the numbers of sites, with the sum L³. In "T1" as well, for r < L/2.
        """
        return (2 * self.partial_wave + 1) * self._shares[1]

    def to_shells(self, field: Numbers) -> Array:
        """Return f_l = Σ Y f/Σ Y² over the sites of each shell, shape (..., n_shells).

        In "A1" that is the mean over the sites.
        """
        field = check_array(field, "field", len(self.xyz))
        _, order, starts = self._shells
        weighted, total = self._shares
        share = weighted / np.repeat(total, np.diff(np.append(starts, order.size)))
        return np.add.reduceat(np.take(field, order, axis=-1) * share, starts, axis=-1)


def _warn_of_origin(wedge, fields, index, sign):
    """Warn of fields (n, L, L, L) whose mean is described better about another origin."""
    L, A1 = wedge.L, wedge.irrep == "A1"
    mean = (fields / max(np.abs(fields).max(), np.finfo(float).tiny)).mean(axis=0)
    if wedge.irrep != "T1":  # constants are the same about all origins
        mean = mean - mean.mean()
    total = np.sum(mean**2)
    if not total > 0 or (L < SMALL and not A1) or L < 4:
        return
    r = np.sqrt(wedge.distance_squared)
    _, radius = np.unique(np.where(r <= NEAR, r, 2 * NEAR + np.floor(r)), return_inverse=True)
    sizes = np.bincount(radius, wedge.multiplicities * wedge.harmonic**2)
    left = []
    origins = _origins(L)
    for origin in origins:
        around = np.roll(mean, np.negative(origin), (0, 1, 2)).ravel()
        sums = np.bincount(index, around * sign, wedge.size)
        waves = np.bincount(radius, sums * wedge.harmonic) ** 2
        symmetric = np.sum(sums**2 / wedge.multiplicities) / total
        radial = np.sum(waves[sizes > 0] / sizes[sizes > 0]) / total
        left.append((1 - symmetric, symmetric - radial))
    at = int(np.argmin(np.sum(left, axis=1)))
    better = BETTER if A1 and L >= SMALL else CLEAR
    # Noise alone leaves about left[at][0]; a wrong origin must leave more within a radius.
    least = (ROUNDING, max(left[at][0], ROUNDING) if A1 else np.inf)
    for of_zero, other, bound in zip(left[0], left[at], least, strict=True):
        if of_zero > bound and other < min(better * of_zero, NOISE):
            warn_caller(
                f"field must have its origin at index 0, but is described better about the index "
                f"{origins[at]}: {wedge!r} leaves {max(other, 0):.2g} of its variance there, and "
                f"{of_zero:.2g} about 0. Take np.roll(field, {tuple(-i for i in origins[at])}, "
                "(-3, -2, -1)), or the representation that the field has"
            )
            return


def _origins(L):
    """Origins of a field by mistake: 0 first, fftshift along some axes, and one site away."""
    one = np.concatenate([np.eye(3, dtype=int), np.ones((1, 3), dtype=int)])
    shifted = [*product((0, L // 2), repeat=3), *one, *-one, ((L + 1) // 2,) * 3]
    return list(dict.fromkeys(tuple(int(i) % L for i in origin) for origin in shifted))
