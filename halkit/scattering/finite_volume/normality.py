r"""The normality check of energies in boxes: do they belong to one effective-range expansion?

Energies ΔE_i in boxes L_i lie on Lüscher's curves, k cot δ = 2 Z00(1; q²)/(√π L_i), and on one line

    k cot δ = −1/a0 + r_eff k²/2,

which crosses each curve from above at a state of the box,

    s_i = d/dk² [k cot δ − 2 Z00(1; q²)/(√π L_i)] < 0,

since the residue of a state is positive. In an infinite volume s < 0 reads r_eff κ < 1 at the pole.
An energy moves its point along the curve. With J_i = ∂(2 Z00/√π L_i)/∂E_i − (r_eff/2) dk²/dE_i the
distance of a point from the line is d_i = J_i δE_i to first order, so that

    χ² = Σ_ij (d_i/J_i) (C⁻¹)_ij (d_j/J_j)

with the covariance C of the energies. The line may have any direction. Energies that do not depend
on L, as of fake plateaux, lie on a steep one, with r_eff far above the range of the interaction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import chdtrc

from halkit.checks import check_array
from halkit.scattering.finite_volume.luscher import nearest_poles, zeta_00
from halkit.scattering.finite_volume.pair import resolve_pair, squared_momentum_of
from halkit.typing import Array, Masses, Number, Numbers
from halkit.warn import warn_caller

__all__ = ["NormalityCheck", "normality_check"]

# Directions of the line that are tried, and the step of derivatives over the distance of a pole.
DIRECTIONS, STEP = 2000, 1e-3
# A line steeper than this many slopes of Lüscher's curves is vertical.
VERTICAL = 1e6
# Error of an energy over its distance from a free level up to which first order will do.
NEAR = 1 / 3


class NormalityCheck(NamedTuple):
    """Result of `normality_check`.

    Attributes
    ----------
    k_squared, k_squared_std : ndarray of shape (n_levels,)
    k_cot_delta, k_cot_delta_std : ndarray of shape (n_levels,)
        By Lüscher's formula. The errors of k² and k cot δ are those of one number, ΔE.
    slope, slope_std : ndarray of shape (n_levels,)
        s_i, in the unit of L: negative at a state of the box.
    inverse_scattering_length, effective_range : float
        1/a0 and r_eff of the line, with k cot δ = −1/a0 + r_eff k²/2. If k² is the same in all
        boxes r_eff is infinite; 1/a0, errors and slopes are NaN, and no level is normal.
    covariance : ndarray of shape (2, 2)
        Of 1/a0 and r_eff.
    chi2, p_value : float
        Of the line; the p-value is NaN for two levels, which lie on one.
    dof : int
    kappa : float
        Momentum κ of the bound state that the line has in an infinite volume, k cot δ = −κ with
        r_eff κ < 1; NaN without one.
    """

    k_squared: Array
    k_squared_std: Array
    k_cot_delta: Array
    k_cot_delta_std: Array
    slope: Array
    slope_std: Array
    inverse_scattering_length: float
    effective_range: float
    covariance: Array
    chi2: float
    p_value: float
    dof: int
    kappa: float

    @property
    def normal(self) -> NDArray[np.bool_]:
        """Whether the slope has the sign of a state, shape (n_levels,)."""
        return self.slope < 0


def normality_check(
    energy: Numbers, *, L: Numbers, energy_std: Numbers | None = None,
    energy_cov: Numbers | None = None, reduced_mass: Number | None = None,
    masses: Masses | None = None,
) -> NormalityCheck:  # fmt: skip
    """Compare energies of two hadrons in periodic boxes with one effective-range expansion.

    Parameters
    ----------
    energy : array-like of shape (n_levels,)
        ΔE from threshold, of two levels at least: k²/2m, or ΔW with `masses`.
    L : float or array-like of shape (n_levels,)
        Side of the box of each level.
    energy_std : array-like of shape (n_levels,), optional
        Standard deviations of independent energies.
    energy_cov : array-like of shape (n_levels, n_levels), optional
        Covariance of the energies, as of one ensemble, in place of `energy_std`.
    reduced_mass : float, optional
    masses : float or pair of float, optional
        As of `luscher_k_cot_delta`.

    Returns
    -------
    NormalityCheck

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit; if not one of `energy_std` and `energy_cov`, or of `reduced_mass` and
        `masses`, is given; if an energy is within its error of a level of free hadrons, where
        k cot δ is infinite.

    Warns
    -----
    AccuracyWarning
        If an energy is within three errors of a level of free hadrons.

    References
    ----------
    T. Iritani et al. (HAL QCD), Phys. Rev. D 96 (2017) 034521 [arXiv:1703.07210];
    S. Aoki and T. Doi, Front. Phys. 8 (2020) 307.

    Examples
    --------
    Levels of one expansion pass. One energy in all boxes, as of a fake plateau, does not.

    >>> import numpy as np
    >>> from halkit.scattering import luscher_levels, normality_check
    >>> L, m = np.array([10.0, 12.0, 16.0]), 0.5
    >>> def k_cot_delta(k2):
    ...     return -1 / 4 + 1.2 * k2 / 2
    >>> E = [luscher_levels(k_cot_delta, L=size, reduced_mass=m, n_levels=1)[0] for size in L]
    >>> check = normality_check(E, L=L, energy_std=[0.002] * 3, reduced_mass=m)
    >>> round(check.inverse_scattering_length, 5), round(check.effective_range, 5)
    (0.25, 1.2)
    >>> bool(check.normal.all()), round(check.kappa, 4)
    (True, 0.3063)
    >>> fake = normality_check([-0.03, -0.031, -0.03], L=L, energy_std=[0.004] * 3, reduced_mass=m)
    >>> bool(abs(fake.effective_range) > 100)
    True
    """
    E, sides, C = _levels(energy, L, energy_std, energy_cov)
    q = (sides / (2 * np.pi)) ** 2
    k2 = squared_momentum_of(E, reduced_mass, masses)
    rate = _rate(k2, reduced_mass, masses)
    sigma = np.sqrt(np.diag(C))
    gap = _distance_of_poles(E, q * k2, q * rate * sigma)
    z, z1, z2 = _curve(q * k2, gap, sides)
    z1, z2 = z1 * q, z2 * q**2
    inverse = np.linalg.inv(C / np.outer(sigma, sigma)) / np.outer(sigma, sigma)
    line = _Line(k2, z, z1, rate, inverse)
    c, r = line.fit()
    covariance, of_energy = line.errors(r)
    follow = of_energy[1] / 2 - np.diag(z2 * rate)
    chi2, dof = line.chi2(r / 2 if np.isfinite(r) else VERTICAL * line.scale)[0], len(E) - 2
    return NormalityCheck(
        k2, rate * sigma, z, np.abs(z1 * rate) * sigma,
        np.where(np.isfinite(r), r / 2 - z1, np.nan),
        np.sqrt(np.einsum("ij,jk,ik->i", follow, C, follow)), float(-c), float(r), covariance,
        float(chi2), float(chdtrc(dof, chi2)) if dof else np.nan, dof, _bound(c, r),
    )  # fmt: skip


class _Line:
    """χ² of c + r k²/2 through the points (k², z), each on a curve of slope z1."""

    def __init__(self, k2, z, z1, rate, inverse):
        self.k2, self.z, self.z1, self.rate, self.inverse = k2, z, z1, rate, inverse
        self.scale = np.median(np.abs(z1))

    def chi2(self, half):
        """χ² of the best line of slope r/2 = half, and its c, for each half (..., 1)."""
        u = 1 / ((self.z1 - half) * self.rate)
        y = u * (self.z - half * self.k2)
        weighted = u @ self.inverse
        c = np.sum(weighted * y, axis=-1) / np.sum(weighted * u, axis=-1)
        d = y - c[..., None] * u
        return np.sum(d @ self.inverse * d, axis=-1), c

    def fit(self):
        """c and r of the least χ² over all directions of the line; of a vertical one NaN, inf."""
        scale = self.scale
        angles = np.pi * ((np.arange(DIRECTIONS) + 0.5) / DIRECTIONS - 0.5)
        values = self.chi2(scale * np.tan(angles)[:, None])[0]
        best, step = angles[int(np.argmin(values))], np.pi / DIRECTIONS
        found = minimize_scalar(
            lambda angle: self.chi2(scale * np.tan(angle))[0],
            bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-14},
        )  # fmt: skip
        half = scale * np.tan(found.x)
        if abs(half) > VERTICAL * scale:
            return np.nan, np.inf
        return self.chi2(half)[1], 2 * half

    def errors(self, r):
        """The covariance of 1/a0 and r, and their derivatives by the energies, (2, n_levels)."""
        if np.isinf(r):
            return np.full((2, 2), np.nan), np.full((2, len(self.k2)), np.nan)
        u = 1 / ((self.z1 - r / 2) * self.rate)
        G = np.stack([-u, u * self.k2 / 2], axis=1)  # dE/d(1/a0), dE/dr
        covariance = np.linalg.inv(G.T @ self.inverse @ G)
        return covariance, covariance @ G.T @ self.inverse


def _levels(energy, L, std, cov):
    """Energies, sides and the covariance, checked."""
    E = check_array(energy, "energy")
    if E.ndim != 1 or E.size < 2:
        raise ValueError(f"energy must have shape (n_levels,) with two levels at least, got {E}")
    L = check_array(L, "L", sign="> 0")
    if L.shape not in {(), E.shape}:
        raise ValueError(f"L must be one side, or one for each of {E.size} levels, got {L.shape}")
    L = np.broadcast_to(L, E.shape)
    levels = np.unique(np.stack([E, L]), axis=1)
    if levels.shape[1] < E.size:
        raise ValueError(f"energy must have each level of a box once, got {E} in L = {L}")
    if (std is None) == (cov is None):
        given = "neither" if std is None else "both"
        raise ValueError(f"energy_std or energy_cov must be given, got {given}")
    if cov is None:
        return E, L, np.diag(check_array(std, "energy_std", shape=E.shape, sign="> 0") ** 2)
    C = check_array(cov, "energy_cov", shape=E.shape * 2)
    size = np.sqrt(np.maximum(np.diag(C), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = C / np.outer(size, size)
    if (
        not np.all(size > 0)
        or np.max(np.abs(correlation - correlation.T)) > 1e-10
        or np.linalg.eigvalsh(correlation)[0] < 1e-12
    ):
        raise ValueError("energy_cov must be symmetric and positive definite, got one that is not")
    return E, L, C


def _rate(k2, reduced_mass, masses):
    """dk²/dE: 2m, or 2E1E2/W."""
    pair = resolve_pair(reduced_mass, masses)
    if pair.masses is None:
        return np.full(k2.shape, 2 * pair.reduced_mass)
    e1, e2 = (np.sqrt(m**2 + k2) for m in pair.masses)
    return 2 * e1 * e2 / (e1 + e2)


def _distance_of_poles(E, q2, error):
    """The distance of q² from a level of free hadrons, which is more than its error."""
    low, high = nearest_poles(q2)
    gap = np.minimum(q2 - low, high - q2)
    i = int(np.argmin(gap - error))
    if gap[i] <= error[i]:
        raise ValueError(
            "energy must be further than its error from the levels of free hadrons, where k cot δ "
            f"is infinite, got {E[i]:g} with q² = {q2[i]:.4g} ± {error[i]:.2g}"
        )
    i = int(np.argmax(error / gap))
    if error[i] > NEAR * gap[i]:
        warn_caller(
            f"the energy {E[i]:g} is only {gap[i] / error[i]:.2g} errors away from a level of free "
            "hadrons, where k cot δ is infinite: errors, slopes and p-value are to first order, "
            "and not accurate",
        )
    return gap


def _curve(q2, gap, L):
    """2 Z00/√π L with two derivatives by q², from five points."""
    h = STEP * gap
    y = zeta_00(q2 + np.multiply.outer([-2, -1, 0, 1, 2], h)) * 2 / (np.sqrt(np.pi) * L)
    first = (y[0] - 8 * y[1] + 8 * y[3] - y[4]) / (12 * h)
    second = (-y[0] + 16 * y[1] - 30 * y[2] + 16 * y[3] - y[4]) / (12 * h**2)
    return y[2], first, second


def _bound(c, r):
    """κ of c − r κ²/2 = −κ with r κ < 1; NaN if there is none."""
    square = 1 + 2 * r * c
    return float(-2 * c / (1 + np.sqrt(square))) if c < 0 < square else np.nan
