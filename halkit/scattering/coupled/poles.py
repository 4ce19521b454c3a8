r"""Poles of the S matrix on any sheet: resonances, quasi-bound, virtual and bound states.

With outgoing waves H_l⁺(k_a r) outside and L_a = ρ_a H⁺'(ρ_a)/H⁺(ρ_a), ρ_a = k_a a, the equation
inside the channel radius a is

    T(E) x = 0,    T(E) = H − diag ε_a(E) − Σ_a L_a(E) f_a f_aᵀ/2μ_a a,

a symmetric matrix of a complex energy, with u_a(a) = f_a·x. The signs of Im k_a choose the sheet.
det T(E)/det T_free(E) is the Fredholm determinant, as smooth as the physics and the same for every
a: Newton's method finds its zeros from far away. Then inverse iteration gives x, and E follows from
xᵀT(E)x = 0. Next to a pole T⁻¹ = x xᵀ/[(xᵀT'x)(E − E_pole)], and u_a = A_a H⁺(k_a r) outside:

    S_ab ≈ i √(k_a k_b/μ_a μ_b) A_a A_b/[xᵀT'x (E − E_pole)],  k_a A_a = −2μ_a ∫ F(k_a r) (Vu)_a dr.

References: A. J. F. Siegert, Phys. Rev. 56 (1939) 750; R. Jost and A. Pais, Phys. Rev. 82 (1951)
840; A. Ruhe, SIAM J. Numer. Anal. 10 (1973) 674.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import zgetrf, zgetrs
from scipy.special import spherical_jn
from sklearn.exceptions import ConvergenceWarning

from halkit.channels import ChannelList
from halkit.checks import as_numbers, check_array
from halkit.interactions import Interaction
from halkit.scattering.coupled.system import CoupledPotential, CoupledSystem
from halkit.scattering.solver.interior import NOTICEABLE, converge
from halkit.scattering.solver.levels import rounding_error
from halkit.scattering.solver.rmatrix import decay_logarithm
from halkit.typing import Number
from halkit.warn import warn_caller

__all__ = ["Resonances", "resonances"]

# Inverse iterations before the energy moves, and the largest number of steps.
SETTLE, STEPS = 4, 40
# Momentum times the channel radius at which a start at a threshold begins.
OFF = 0.1
# Newton's method ends with a step of the energy over this.
CLOSE = 1e4
# By how much of itself, or of the energies, a residue may change with the radius.
LOOSE, LEAST = 1e-2, 1e-9
# Size, relative to the energy, below which steps that no longer fall are rounding errors.
NOISE = 1e-3
EPSILON = np.finfo(np.float64).eps
# Poles closer than this, relative to their energy, are one.
SAME = 1e-6
# A wider radius, in channel radii, and by how much of its energy no pole may move there.
WIDER, SPURIOUS = 1.25, 1e-2


class Resonances(NamedTuple):
    """Poles of the S matrix, in the order of Re E.

    Attributes
    ----------
    energy : complex array of shape (n_poles,)
        E = E_R − iΓ/2 above the lowest threshold. Real for bound and virtual states.
    sheet : int array of shape (n_poles, n_channels)
        Signs of Im k_a: +1 on the physical sheet of a channel, −1 on the other one.
    momentum : complex array of shape (n_poles, n_channels)
        k_a.
    residue : complex array of shape (n_poles, n_channels, n_channels)
        S_ab ≈ residue_ab/(E − E_pole), continued to closed channels with k_a = iκ_a. Of rank one:
        residue_ab = −i g_a g_b with the couplings g_a; NaN where it changes with the channel radius
        by more than 1 %, as far below a threshold; the ``|g_a|²`` of a narrow resonance are
        its partial widths. NaN for channels so far below their threshold that the asymptotic wave
        e^{−κr} is not reached at the channel radius.
    """

    energy: NDArray[np.complex128]
    sheet: NDArray[np.int_]
    momentum: NDArray[np.complex128]
    residue: NDArray[np.complex128]


def resonances(
    interactions: CoupledPotential | Interaction,
    start: ArrayLike,
    *,
    channels: ChannelList | None = None,
    sheet: Sequence[int] | None = None,
    reduced_mass: Number | None = None,
    l: int | Sequence[int] | None = None,
    relativistic: bool | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> Resonances:
    """Return the poles of the S matrix next to starting energies, on any sheet.

    Parameters not listed as in `halkit.scattering.coupled_s_matrix`; `interactions` may also be
    one interaction, with `reduced_mass` and an integer `l`.

    Parameters
    ----------
    start : complex or array of shape (n_starts,)
        Energies above the lowest threshold, real or complex. Each leads to one pole, the nearest
        one as a rule; poles reached twice are returned once.
    sheet : sequence of n integers 1 or −1, optional
        Signs of Im k_a. Default, for each start: −1 in channels that are open at its real part and
        +1 in closed ones, the sheet nearest to the physical energies. A virtual state is below a
        threshold with −1.

    Returns
    -------
    Resonances
        Named tuple of ``energy``, ``sheet``, ``momentum``, ``residue``.

    Raises
    ------
    ValueError
        Also if a sign is neither 1 nor −1.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If a start leads to no pole; it is left out.
    AccuracyWarning
        Also if a pole moves with the channel radius: outgoing waves of a complex momentum
        increase like e^{−Im k r}, and see the tail of a potential more than real ones do.

    Examples
    --------
    >>> from halkit import Channel
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import resonances
    >>> A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, -0.3, -2.0))
    >>> two = [Channel(l=0, reduced_mass=1.0), Channel(l=0, reduced_mass=1.2, threshold=1.0)]
    >>> poles = resonances([[A, T], [T, B]], 0.5, channels=two)
    >>> poles.energy.round(5), poles.sheet
    (array([0.50815-0.05169j]), array([[-1,  1]]))
    """
    matrix, l = _as_channels(interactions, channels, l)
    system = CoupledSystem(matrix, channels, reduced_mass, l, relativistic, channel_radius)
    given = _starts(start)
    energy, signs = _off_thresholds(system, given), _sheets(system, given, sheet)
    n_start = system.mesh_size(system.channels.momentum_squared(energy), n_mesh)
    first = _Outgoing(system, n_start)
    near = [first.approached(*pair) for pair in zip(energy, signs, strict=True)]
    found = first.poles(near, signs)
    wide = system.wider(WIDER)
    wider = _refined(wide, found, int(WIDER * n_start))
    moved, vague = _moved(found, wider), _vague(system, found, wider)
    lost = ~(moved < SPURIOUS)
    if lost.any():
        warn_caller(
            f"no pole was found from start = {given[lost].tolist()} on the sheet "
            f"{signs[lost].tolist()}; nearer starts may help",
            ConvergenceWarning,
        )
    chosen = _distinct(found, lost)
    found = Resonances(*(part[chosen] for part in found))
    sizes = []

    def solve(n):
        sizes.append(n)
        return _refined(system, found, n)

    found = converge(solve, _change, n_mesh, n_start, 1e-8)
    if np.any(moved[chosen] > NOTICEABLE):
        _warn_of_tail(system, wide, found, sizes[-1])
    found.residue[vague[chosen]] = np.nan
    return found


def _as_channels(interactions, channels, l):
    """One interaction, or an estimator of one channel, as a list of lists, with one l in a list."""
    one = getattr(interactions, "interaction_", interactions)
    if not isinstance(one, Interaction):
        return interactions, l
    if channels is None and not np.iterable(l):
        l = [(one.l or 0) if l is None else l]
    return [[one]], l


def _starts(start):
    """The starting energies as an array of complex numbers, Im E ≤ 0."""
    start = as_numbers(start, "start", kinds="iufc")
    parts = [start.real, start.imag] if start.dtype.kind == "c" else [start, np.zeros(start.shape)]
    real, imaginary = (np.atleast_1d(check_array(part, "start")) for part in parts)
    if real.ndim != 1:
        raise ValueError(f"start must be one number or one axis, got shape {real.shape}")
    return real - 1j * np.abs(imaginary)


def _sheets(system, energy, sheet):
    """The signs of Im k_a for each start."""
    if sheet is None:
        return np.where(energy.real[:, None] > np.array(system.channels.threshold), -1, 1)
    n = system.channels.size
    if not np.iterable(sheet) or len(sheet) != n or any(one not in (1, -1) for one in sheet):
        raise ValueError(f"sheet must be {n} signs, each 1 or -1, got {sheet!r}")
    return np.tile(np.array(sheet, dtype=int), (energy.size, 1))


def _off_thresholds(system, energy):
    """The starts, but below a threshold, with ka = i/10, those that are on it."""
    energy = energy.copy()
    for mu, threshold in zip(system.channels.reduced_mass, system.channels.threshold, strict=True):
        step = (OFF / system.radius) ** 2 / (2 * mu)
        energy[np.abs(energy - threshold) < 1e-4 * step] = threshold - step
    return energy


def _refined(system, found, n):
    """The same poles on another mesh."""
    return _Outgoing(system, n).poles(found.energy, found.sheet)


def _moved(one, other):
    """By how much of itself each energy changes."""
    return np.abs(one.energy - other.energy) / np.abs(other.energy)


def _vague(system, one, other):
    """Which residues change with the radius, those in rows and columns of a channel."""
    mine, yours = (np.diagonal(x.residue, axis1=1, axis2=2) for x in (one, other))
    scale = np.abs(one.energy)[:, None] + system.channels.threshold[-1]
    vague = ~(np.abs(mine - yours) <= LOOSE * np.abs(mine) + LEAST * scale)
    return vague[:, :, None] | vague[:, None, :]


def _change(coarse, fine):
    """The largest relative change of an energy; infinite if one is lost."""
    return np.max(np.nan_to_num(_moved(coarse, fine), nan=np.inf), initial=0.0)


def _warn_of_tail(system, wide, found, n):
    moved = _change(found, _refined(wide, found, int(WIDER * n)))
    if moved > NOTICEABLE:
        warn_caller(
            f"poles move by {moved:.1g} of their energy from the channel radius "
            f"{system.radius:.4g} to {wide.radius:.4g}, where their waves still feel the potential",
        )


def _distinct(found, lost):
    """The indices of the poles that are not lost, each once, in the order of Re E."""
    chosen = []
    for i in np.argsort(found.energy.real):
        same = (
            abs(found.energy[i] - found.energy[j]) <= SAME * abs(found.energy[j])
            and np.array_equal(found.sheet[i], found.sheet[j])
            for j in chosen
        )
        if not lost[i] and not any(same):
            chosen.append(i)
    return chosen


class _Outgoing:
    """T(E) of a system on a mesh of n points for each channel."""

    def __init__(self, system, n):
        self.channels, self.mu, self.radius = system.channels, system.reduced_mass, system.radius
        self.hamiltonian = system.hamiltonian(n)
        self.H, surface, self.scale = self.hamiltonian.scaled()
        self.free = self.hamiltonian.free * np.outer(self.scale, self.scale)
        self.points = self.hamiltonian.mesh.r.size
        self.gamma = surface / np.sqrt(self.mu)[:, None]
        self.rounding = rounding_error(self.hamiltonian.matrix)

    def momenta(self, energy, sign):
        """k_a with Im k_a of the sign; on the other sheet continuous across the physical axis."""
        square = self.channels.momentum_squared(complex(energy))
        physical = 1j * np.sqrt(-square)
        other = np.where(square.real > 0, np.sqrt(square), -physical)
        return np.where(sign > 0, physical, other)

    def equation(self, energy, sign, H):
        """D T(E) D and its derivative."""
        l = np.array(self.channels.l)
        with np.errstate(all="ignore"):
            k, slope = self.momenta(energy, sign), self.channels.kinetic_slope(energy)
            rho = k * self.radius
            L = np.array([decay_logarithm(*one) for one in zip(l, -1j * rho, strict=True)])
            dL = (L - L**2 + l * (l + 1) - rho**2) * self.mu * slope / k**2
        T, dT = (-(self.gamma.T * (x / (2 * self.radius))) @ self.gamma for x in (L, dL))
        T += H
        for matrix, shift in ((T, k**2 / (2 * self.mu)), (dT, slope)):
            matrix[np.diag_indices_from(T)] -= np.repeat(shift, self.points) * self.scale**2
        return T, dT

    def approached(self, energy, sign):
        """The energy next to a zero of det T/det T_free, by Newton's method; NaN without one."""
        for _ in range(STEPS):
            slope = 0.0
            for H, factor in ((self.H, 1), (self.free, -1)):
                T, dT = self.equation(energy, sign, H)
                if not np.all(np.isfinite(T)):
                    return np.nan
                slope += factor * np.sum(np.linalg.inv(T).T * dT)
            if slope == 0:
                return np.nan
            energy -= 1 / slope
            energy = energy.real - 1j * abs(energy.imag)
            if abs(slope * energy) > CLOSE:
                return energy
        return np.nan

    def poles(self, energy, signs):
        """The poles next to energies; NaN where there is none."""
        n = self.channels.size
        poles = [self._pole(*pair) for pair in zip(energy, signs, strict=True)]
        E, k, residue = zip(*poles, strict=True) if poles else ((), (), ())
        return Resonances(
            np.array(E, dtype=complex),
            signs,
            np.reshape(np.array(k, dtype=complex), (-1, n)),
            np.reshape(np.array(residue, dtype=complex), (-1, n, n)),
        )

    def _pole(self, energy, sign):
        """E, k_a and the residue, by inverse iteration."""
        n, x = self.channels.size, np.ones(len(self.H), dtype=complex)
        nothing, last = (np.nan, np.full(n, np.nan), np.full((n, n), np.nan)), np.inf
        for step in range(STEPS):
            T, dT = self.equation(energy, sign, self.H)
            if not np.all(np.isfinite(T)):
                return nothing
            factors = zgetrf(T)[:2]
            pivots = np.diag(factors[0])
            if not pivots.all():  # E is the pole
                factors[0][np.diag_indices_from(T)] = np.where(pivots == 0, EPSILON, pivots)
            for _ in range(1 if step else SETTLE):
                x = zgetrs(*factors, dT @ x)[0]
                x /= np.linalg.norm(x)
            change = (x @ T @ x) / (x @ dT @ x)
            energy, size = energy - change, abs(change)
            settled = last < NOISE * abs(energy) and size >= last / 2
            if settled or size <= 1e-12 * abs(energy) + self.rounding:
                break
            last = size
        else:
            return nothing
        if abs(energy.imag) <= 1e-12 * abs(energy) + self.rounding:
            energy = complex(energy.real)
        k = self.momenta(energy, sign)
        if not np.all(sign * k.imag >= -1e-9 * np.abs(k)):
            return nothing
        return energy, k, self._residue(energy, sign, k, x)

    def _residue(self, energy, sign, k, x):
        """With A_a from ∫ F V u dr: at the surface a closed channel is lost in rounding errors."""
        mesh, V = self.hamiltonian.mesh, self.hamiltonian.potential
        root, core = np.sqrt(mesh.weights), 0.0
        if mesh.panels is not None:
            core = mesh.panels.edges[0]
        u = (self.scale * x).reshape(-1, self.points)
        rows = (V @ u.ravel()).reshape(-1, self.points)
        amplitude = np.empty(k.size, dtype=complex)
        for a, l in enumerate(self.channels.l):
            F = k[a] * mesh.r * spherical_jn(l, k[a] * mesh.r) * root
            amplitude[a] = 2 * self.mu[a] * np.sum(F * rows[a])
            if core:
                at_core = k[a] * core * spherical_jn(l, k[a] * core)
                amplitude[a] += at_core * mesh.panels.first_slope(u[a : a + 1] / root)[0]
        wave = amplitude / np.sqrt(k * self.mu)
        return 1j * np.outer(wave, wave) / (x @ self.equation(energy, sign, self.H)[1] @ x)
