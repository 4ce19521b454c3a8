r"""A table of V(r) with errors, in which radii may repeat, as data of a fit.

With the values V_n at radii r_n, n = 1 … N, their covariance C, and the potential V(r) at the
distinct radii, P V its values at the r_n,

    χ² = (P V − V_n)ᵀ C⁻¹ (P V − V_n) = ‖R V − c‖² + L0.

Σ L0 is what no function of r describes: sites of a cubic lattice at one distance that are not
related by symmetry have values of their own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg

from halkit.checks import check_array
from halkit.scaling import exponent
from halkit.typing import Array, Numbers

__all__ = ["Table", "read_table"]


class Table(NamedTuple):
    """What a table says of V.

    Attributes
    ----------
    r : ndarray of shape (n_out,)
        Distinct radii, increasing.
    R : ndarray of shape (n_out, n_out)
    c : ndarray of shape (n_out,)
    left : float
        L0.
    n_values : int
        N.
    """

    r: Array
    R: Array
    c: Array
    left: float
    n_values: int

    @property
    def n_known(self) -> int:
        """Number of radii."""
        return len(self.r)

    def act(self, V: Array) -> Array:
        """R V of a potential, (1, n_out)."""
        return self.R @ V[0]

    def potential(self) -> tuple[Array, Array]:
        """V̂(r) and the inverse of its error, both (1, n_out)."""
        inverse = scipy.linalg.solve_triangular(self.R, np.eye(len(self.r)))
        return (inverse @ self.c)[None], 1 / np.sqrt(np.sum(inverse**2, axis=1))[None]

    def per_value(self, shift: int) -> Table:
        """The same with 2^shift/√N times R and c."""
        unit = np.ldexp(1 / np.sqrt(self.n_values), shift)
        return self._replace(R=unit * self.R, c=unit * self.c, left=unit**2 * self.left)


def read_table(
    r: Numbers, V: Numbers, V_std: Numbers | None = None, V_cov: Numbers | None = None
) -> Table:
    """The `Table` of values with standard deviations or with a covariance matrix.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, numbers are not finite, an error is not positive, or not exactly one
        of `V_std` and `V_cov` is given.
    """
    r = check_array(r, "r", sign="≥ 0")
    if r.ndim != 1 or not r.size:
        raise ValueError(f"r must have shape (n_values,), got {r.shape}")
    V = check_array(V, "V", shape=r.shape)
    if (V_std is None) == (V_cov is None):
        raise ValueError(
            "V_std or V_cov must be given, got " + ("both" if V_std is not None else "neither")
        )
    radii, place = np.unique(r, return_inverse=True)
    if V_cov is None:
        V_std = check_array(V_std, "V_std", shape=r.shape, sign="> 0")
        return _independent(radii, place, V, V_std)
    root = _root(check_array(V_cov, "V_cov", shape=(r.size, r.size)))
    white = scipy.linalg.solve_triangular(
        root, np.column_stack([np.eye(len(radii))[place], V]), lower=True
    )
    Q, R = np.linalg.qr(white[:, :-1])
    c = Q.T @ white[:, -1]
    rest = white[:, -1] - Q @ c
    return Table(radii, R, c, float(rest @ rest), r.size)


def _independent(radii, place, V, V_std):
    unit = exponent(V_std.min())
    weight = np.ldexp(V_std, -unit) ** -2.0
    total = np.bincount(place, weight)
    mean = np.bincount(place, weight * V) / total
    with np.errstate(over="ignore"):
        root, chi = np.ldexp(np.sqrt(total), -unit), (V - mean[place]) / V_std
        c = root * mean
    if not (np.all(np.isfinite(c)) and np.all(np.isfinite(root))):
        raise ValueError(f"V/V_std must not overflow, got V_std down to {V_std.min():g}")
    return Table(radii, np.diag(root), c, float(chi @ chi), len(V))


def _root(covariance):
    """Cholesky's root of a covariance matrix."""
    std = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    bound = 1e-10 * np.outer(std, std)
    if np.all(std > 0) and np.all(np.abs(covariance - covariance.T) <= bound):
        correlation = covariance / np.outer(std, std)
        if np.linalg.eigvalsh(correlation)[0] > len(std) * np.finfo(float).eps:
            return std[:, None] * np.linalg.cholesky(correlation)
    raise ValueError(
        "V_cov must be symmetric and positive definite, got a matrix that is not: the covariance "
        "of n bins has at most n − 1 directions; take fewer radii, or V_std"
    )
