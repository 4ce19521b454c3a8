r"""The S matrix of coupled channels, its phases, inelasticities and mixing.

A channel a is open above its threshold, E > Δ_a, and there

    S_aa = η_a e^{2iδ_a}.

For two open channels η_1 = η_2 = cos 2ε, and δ and ε are Stapp's bar phases and mixing angle:

    S = [ e^{2iδ₁} cos 2ε           i e^{i(δ₁+δ₂)} sin 2ε ]
        [ i e^{i(δ₁+δ₂)} sin 2ε     e^{2iδ₂} cos 2ε       ].

References: H. P. Stapp, T. J. Ypsilantis and N. Metropolis, Phys. Rev. 105 (1957) 302;
J. M. Blatt and L. C. Biedenharn, Phys. Rev. 86 (1952) 399.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.channels import ChannelList
from halkit.checks import check_array, check_momenta, refuse_extremes, refuse_overflow
from halkit.scattering.coupled.branch import followed
from halkit.scattering.coupled.multichannel import outside, phase_sum, s_matrix
from halkit.scattering.coupled.system import CoupledPotential, CoupledSystem, Levels, Pencil
from halkit.scattering.solver.interior import converge
from halkit.typing import Array, Number, Numbers

__all__ = [
    "CoupledPhaseShifts",
    "coupled_phase_shifts",
    "coupled_s_matrix",
    "on_mesh_of",
    "phases_of",
    "s_matrix_of",
    "tell_energies",
]

SAndSum: TypeAlias = tuple[NDArray[np.complex128], Array]


class CoupledPhaseShifts(NamedTuple):
    """Phases of n coupled channels at energies of any shape; angles in radians.

    Attributes
    ----------
    phase_shift : array of shape (..., n)
        δ_a = arg(S_aa)/2, continuous in the energy; NaN in closed channels. Bar phases of Stapp.
    inelasticity : array of shape (..., n)
        η_a = ``|S_aa|``.
    mixing : array of shape (...)
        Mixing angle ε of Stapp, between −π/4 and π/4. NaN unless two channels are open.
    eigenphase : array of shape (..., n)
        Phases of the eigenvalues of S (Blatt and Biedenharn) in two open channels, with the sum of
        the δ_a. The two change places where `eigen_mixing` jumps. In one open channel δ_a, else
        NaN.
    eigen_mixing : array of shape (...)
        Mixing angle of the eigenvectors, between −π/4 and π/4; it may jump between these ends.
        NaN unless two channels are open.
    s_matrix : complex array of shape (..., n, n)
        As of `coupled_s_matrix`.
    """

    phase_shift: Array
    inelasticity: Array
    mixing: Array
    eigenphase: Array
    eigen_mixing: Array
    s_matrix: NDArray[np.complex128]


def coupled_phase_shifts(
    interactions: CoupledPotential,
    energy: Numbers | None = None,
    *,
    channels: ChannelList | None = None,
    k: Numbers | None = None,
    reduced_mass: Number | None = None,
    l: int | Sequence[int] | None = None,
    relativistic: bool | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> CoupledPhaseShifts:
    """Return phase shifts, inelasticities and mixing of coupled channels.

    Parameters, errors and warnings as in `coupled_s_matrix`.

    Returns
    -------
    CoupledPhaseShifts
        Named tuple of ``phase_shift``, ``inelasticity``, ``mixing``, ``eigenphase``,
        ``eigen_mixing``, ``s_matrix``.

    Notes
    -----
    At the lowest threshold the phase shift of the first channel (of the lowest l, if several have
    this threshold) is π times the number of states bound below all thresholds; from there it is
    continuous, also at the upper thresholds and however narrow a resonance is. A quasi-bound
    state of a closed channel raises it by π. All other phase shifts are between −π/2 and π/2 at
    their thresholds. There is no convention at infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import coupled_phase_shifts
    >>> S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    >>> waves = coupled_phase_shifts([[S, T], [T, D]], k=[0.5, 1.0], reduced_mass=1.0)
    >>> np.degrees(waves.phase_shift).round(3)
    array([[131.67 ,  -0.23 ],
           [ 98.921,  -3.446]])
    >>> np.degrees(waves.mixing).round(3)
    array([-0.211, -2.025])
    """
    system = CoupledSystem(interactions, channels, reduced_mass, l, relativistic, channel_radius)
    energy = energies(system, energy, k)
    found, n = phases_of(system, energy, n_mesh)
    tell_energies(interactions, system, energy, n)
    return found


def phases_of(
    system: CoupledSystem, energy: Array, n_mesh: int | None
) -> tuple[CoupledPhaseShifts, int]:
    """Return the result of `coupled_phase_shifts` for a system, and its mesh points."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        n_points, inside, S = _converged(system, energy, n_mesh)
        refuse_overflow(np.abs(S[:, 0, 0]), "the S-matrix")
        phase = followed(system, inside, energy.ravel(), S)
    mixing, eigenphase, eigen_mixing = _two_open(S, phase)
    shape, n = energy.shape, system.channels.size
    found = CoupledPhaseShifts(
        phase.reshape(*shape, n),
        np.abs(np.diagonal(S, axis1=1, axis2=2)).reshape(*shape, n),
        mixing.reshape(shape)[()],
        eigenphase.reshape(*shape, n),
        eigen_mixing.reshape(shape)[()],
        S.reshape(*shape, n, n),
    )
    return found, n_points


def on_mesh_of(
    first: CoupledPotential, energy: Array
) -> tuple[SAndSum, Callable[[CoupledPotential], SAndSum]]:
    """Return S and the sum of phases, and a function that solves similar matrices on the same mesh.

    The sum is that of the eigenphases, arg(det S)/2, on the branch of `coupled_phase_shifts`: one
    or two open channels have Σ_a δ_a. Nothing is followed in the energy.

    Parameters
    ----------
    first : InteractionMatrix or fitted estimator
        With its channels: its mesh converges.
    energy : ndarray of shape (n_E,)
        Above the lowest threshold.

    Returns
    -------
    S, total : ndarray of shape (n_E, n, n), ndarray of shape (n_E,)
    other : callable
        ``other(matrix)`` returns S and the sum for a matrix of the same channels and range, and of
        similar strength, such as a fit to a bin. It solves once and does not warn.
    """
    system = CoupledSystem(first)
    n, inside, _ = _converged(system, energy, None)
    square = system.channels.momentum_squared(energy)
    waves = outside(system, square)

    def of(inside: Levels | Pencil) -> SAndSum:
        R, below = inside(square)
        return s_matrix(R, waves), phase_sum(R, below, waves) - waves.phase.sum(axis=1)

    return of(inside), lambda potential: of(system.alike(potential).inside(n))


def coupled_s_matrix(
    interactions: CoupledPotential,
    energy: Numbers | None = None,
    *,
    channels: ChannelList | None = None,
    k: Numbers | None = None,
    reduced_mass: Number | None = None,
    l: int | Sequence[int] | None = None,
    relativistic: bool | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> NDArray[np.complex128]:
    """Return the S matrix of any number of coupled channels.

    Parameters
    ----------
    interactions : list of n lists of n interactions, InteractionMatrix, or fitted estimator
        [[V11, V12], [V21, V22]], each as in `halkit.scattering.phase_shift` or None for zero, or
        a `halkit.interactions.InteractionMatrix`, or an estimator fitted to coupled channels. The
        matrix must be symmetric: V12(r) = V21(r), and U12(r, r') = U21(r', r).
    energy : float or array of any shape, optional
        Energies E > 0 above the lowest threshold. A channel is open if E is above its threshold,
        and closed at it.
    channels : list of n halkit.Channel, optional
        In the order of their thresholds. Default: those of `interactions`; without any, waves `l`
        of the same mass.
    k : float or array of any shape, optional
        Momenta k > 0 instead of `energy`, for channels with the same masses and threshold.
    reduced_mass : float, optional
        μ of channels that have neither masses nor a reduced mass (ħ = c = 1).
    l : int or sequence of int, optional
        Orbital angular momenta that `channels` do not have. Default: 0, or (0, 2) for two waves
        without channels.
    relativistic : bool, optional
        Whether momenta are relativistic. Default: if all masses are known.
    channel_radius, n_mesh
        As in `halkit.scattering.phase_shift`.

    Returns
    -------
    complex array of shape (..., n, n)
        For each energy: flux-normalised, unitary and symmetric among the open channels, NaN in
        rows and columns of closed ones. Units: 1.

    Raises
    ------
    TypeError
        If `interactions` is neither, for example a single interaction.
    ValueError
        If an argument is out of range, if the matrix is not symmetric, if the channels contradict
        other arguments or are not in the order of their thresholds, if there is not exactly one
        of `energy` and `k`, or `k` for channels of different momenta.

    Warns
    -----
    AccuracyWarning
        If the potential has not decayed at the channel radius, or if the mesh is too coarse.
    UnderdeterminedWarning
        If `interactions` is a fitted estimator whose data do not determine S, as its own
        ``phase_shift``.

    References
    ----------
    P. Descouvemont and D. Baye, Rep. Prog. Phys. 73 (2010) 036301, Sec. 3.

    Examples
    --------
    >>> from halkit import Channel
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import coupled_s_matrix
    >>> A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, -0.4, -1.0))
    >>> two = [Channel(l=0, reduced_mass=1.0), Channel(l=0, reduced_mass=1.2, threshold=0.5)]
    >>> S = coupled_s_matrix([[A, T], [T, B]], [0.4, 1.0], channels=two)
    >>> abs(S).round(4)
    array([[[1.    ,    nan],
            [   nan,    nan]],
    <BLANKLINE>
           [[0.7881, 0.6156],
            [0.6156, 0.7881]]])
    """
    system = CoupledSystem(interactions, channels, reduced_mass, l, relativistic, channel_radius)
    energy = energies(system, energy, k)
    S, n = s_matrix_of(system, energy, n_mesh)
    tell_energies(interactions, system, energy, n)
    return S


def s_matrix_of(
    system: CoupledSystem, energy: Array, n_mesh: int | None
) -> tuple[NDArray[np.complex128], int]:
    """Return the result of `coupled_s_matrix` for a system, and its mesh points."""
    n, _, S = _converged(system, energy, n_mesh)
    return S.reshape(*energy.shape, *S.shape[1:]), n


def energies(system: CoupledSystem, energy: Numbers | None, k: Numbers | None) -> Array:
    """Return energies above the lowest threshold, given them or the momenta of like channels."""
    if (energy is None) == (k is None):
        raise ValueError("energy or k must be given, and not both")
    if energy is not None:
        energy = check_array(energy, "energy")
        if np.any(energy <= 0):
            raise ValueError(
                "energy must be positive, above the lowest threshold, got "
                f"{energy[energy <= 0].flat[0]:g}"
            )
        refuse_extremes(energy, "energy")
        return energy
    k = check_momenta(k)
    if not system.channels.alike:
        raise ValueError(
            "k must be None for channels of different momenta: give the energy above the lowest "
            "threshold"
        )
    system.channels = system.channels._replace(relativistic=False)
    return k**2 / (2 * system.channels.reduced_mass[0])


def tell_energies(
    interactions: Any, system: CoupledSystem, energy: Array, n: int | None = None
) -> None:
    """Let a fitted estimator warn of energies at which its data do not determine S.

    With n mesh points S of the system has converged at these energies.
    """
    warn = getattr(interactions, "_warn_of_energies", None)
    if warn is not None:
        warn(energy, channels=system.channels, solved=None if n is None else (system, n))


def _converged(system, energy, n_mesh):
    """The mesh points that were needed, the interior on them, and S, shape (n_E, n, n)."""
    square = system.channels.momentum_squared(energy.ravel())

    waves = outside(system, square)

    def solve(n):
        inside = system.inside(n)
        return n, inside, s_matrix(inside(square)[0], waves)

    return converge(
        solve,
        lambda coarse, fine: np.nanmax(np.abs(fine[-1] - coarse[-1]), initial=0.0),
        n_mesh,
        system.mesh_size(square, n_mesh),
    )


def _two_open(S, phase):
    """ε, eigenphases and their mixing angle where two channels are open."""
    number = np.isfinite(phase).sum(axis=1)
    mixing, eigen_mixing = np.full((2, len(S)), np.nan)
    eigenphase = np.full(phase.shape, np.nan)
    eigenphase[number == 1] = phase[number == 1]
    two = number == 2
    if two.any():
        S, phase = S[two], phase[two, :2]
        offdiagonal = (S[:, 0, 1] + S[:, 1, 0]) / 2
        sine = np.real(-1j * offdiagonal * np.exp(-1j * phase.sum(axis=1)))
        mixing[two] = np.arctan2(sine, np.abs(S[:, 0, 0])) / 2
        eigenphase[two, :2], eigen_mixing[two] = _eigenphases(phase, mixing[two])
    return mixing, eigenphase, eigen_mixing


def _eigenphases(phase, mixing):
    """tan 2ε̂ = tan 2ε/sin(δ₁ − δ₂), and the difference of the eigenphases next to δ₁ − δ₂."""
    total, difference = phase.sum(axis=-1), phase[..., 0] - phase[..., 1]
    along, across = np.cos(2 * mixing) * np.sin(difference), np.sin(2 * mixing)
    sign = np.where(along < 0, -1.0, 1.0)
    eigen_mixing = np.arctan2(sign * across, sign * along) / 2
    sine = sign * np.hypot(along, across)
    apart = np.arctan2(sine, np.cos(2 * mixing) * np.cos(difference))
    apart += 2 * np.pi * np.round((difference - apart) / (2 * np.pi))
    return np.stack([total + apart, total - apart], axis=-1) / 2, eigen_mixing
