r"""Synthetic raw correlators of two hadrons on an L³ lattice, returned with their truth.

With the states φ_n of H = −∇²/2μ + V + U on the lattice, of energies k_n²/2μ and
ΔW_n = Σ_i [sqrt(m_i² + k_n²) − m_i], a source s and f_i(t) = 1 + A e^{−gt} for each hadron,

    C_i(t) = e^{−m_i t} f_i(t),
    C_NM(t, r) = e^{−(m_1 + m_2)t} f_1(t) f_2(t) Σ_n a_n e^{−ΔW_n t} φ_n(r),  a_n = Σ_r s(r) φ_n(r).

So C_NM/(C_N C_M) has elastic states alone. A configuration multiplies the C_i by 1 + ξ_i(t), and
C_NM by (1 + ξ_1)(1 + ξ_2)(1 + η(t, r)), where η has the floor of `noisy_bins`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import check_array, check_integer, check_masses, check_momenta, check_number
from halkit.datasets.hadron import SOURCES, source_shapes, validate_times
from halkit.equations.rows import check_choices
from halkit.interactions import Interaction
from halkit.kinematics import energy_from_momentum
from halkit.radial import Wedge
from halkit.scattering import lattice_spectrum, phase_shift
from halkit.seeds import check_random_state
from halkit.typing import Masses, Number, Numbers, Random

__all__ = ["make_lattice_correlators"]

# By default the lowest states that a source excites; a few sites are smooth with so many.
N_STATES = 40
# One step of the heat kernel e^{s∇²} that smooths noise.
STEP = 1 / 12


def make_lattice_correlators(
    interaction: Interaction,
    *,
    L: int,
    times: Iterable[int],
    masses: Masses,
    sources: Iterable[str] = SOURCES,
    source_radius: Number | None = None,
    n_states: int | None = None,
    excited: tuple[Number, Number] = (0.3, 0.5),
    n_configurations: int = 80,
    noise: Number = 1e-3,
    noise_floor: Number = 0.03,
    hadron_noise: Number = 2e-3,
    noise_range: Number = 1.0,
    noise_time: Number = 2.0,
    k: Numbers | None = None,
    random_state: Random = None,
) -> Bunch:
    """Raw correlators of single hadrons and of two hadrons on an L³ lattice, with their truth.

    All in lattice units, S waves ("A1") on the points of ``Wedge(L)``. The two-hadron correlator is
    a sum of eigenstates of the lattice, for which the rows of `halkit.equations.lattice_rows` are
    exact but for their time stencil.

    Parameters
    ----------
    interaction : Interaction
        The truth, finite at r = 0, in lattice units.
    L : int
        Sites per side.
    times : sequence of int
        Times > 0 of all correlators, in equal steps.
    masses : float or pair of float
        Mass of the hadron, which meets another of its kind; or of the two hadrons.
    sources : sequence of {"wall", "exp"}
        Shapes of the sources: s = 1 and s = e^{−r/b}.
    source_radius : float, optional
        Radius b of the "exp" source; by default L/10.
    n_states : int, optional
        States that the sources excite, the lowest first. By default 40, or a quarter of the points
        if that is less.
    excited : pair of float
        A and g of the excited states of each hadron, the same for both.
    n_configurations : int
        Independent measurements, two at least.
    noise : float
        Relative error of the average of C_NM over all configurations, at fixed masses.
    noise_floor : float
        The error of C_NM is at least `noise` times `noise_floor` times its largest value of the
        slice.
    hadron_noise : float
        Relative error of the averages of C_N and of C_M. It also multiplies C_NM, and cancels in
        the ratio.
    noise_range : float
        Length, in sites, over which the noise of C_NM is smoothed by a Gaussian.
    noise_time : float
        τ of the correlation ``e^{−|t − t'|/τ}`` of all noise in time; 0 for none.
    k : array-like, optional
        Momenta of the true phase shifts; by default ten from 0.05 to 0.5.
    random_state : int, RandomState, Generator or None
        Seed of the noise.

    Returns
    -------
    Bunch
        C_NM: {source: (n_configurations, n_t, n_points)}; C_N, C_M: {source: (n_configurations,
        n_t)}, where C_M is None for equal masses; t (n_t,); wedge: `halkit.radial.Wedge`; and the
        truth: masses; reduced_mass; R: {source: (n_t, n_points)} without noise, normalised as
        C_NM/(C_N C_M); energies (n_states,): ΔW_n of the lattice; k and phase_shift: of the
        continuum, which the lattice approaches; interaction.

    Raises
    ------
    ValueError, TypeError
        If times are not positive integers, a source is unknown, a size of the noise is negative,
        there are too many states for the lattice or fewer than two configurations, the
        interaction is not finite on the lattice, or binds deeper than the masses allow.

    Examples
    --------
    >>> from halkit.datasets import make_lattice_correlators
    >>> from halkit.interactions import GaussianSum
    >>> d = make_lattice_correlators(
    ...     GaussianSum([-0.2], [0.1]), L=12, times=range(6, 13), masses=(0.6, 0.9),
    ...     n_configurations=20, random_state=0,
    ... )
    >>> d.C_NM["wall"].shape, d.C_M["exp"].shape, d.wedge
    ((20, 7, 84), (20, 7), Wedge(L=12))
    >>> d.energies[:2].round(4)
    array([-0.0226,  0.2941])
    """
    sources, t = check_choices(sources, SOURCES, "sources"), _whole_times(times)
    pair, wedge = check_masses(masses, "masses"), Wedge(L)
    mu = pair[0] * pair[1] / sum(pair)
    n = check_integer(n_configurations, "n_configurations", least=2)
    n_states = min(N_STATES, wedge.size // 4) if n_states is None else n_states
    states = lattice_spectrum(interaction, L=L, reduced_mass=mu, n_states=n_states)
    energies = _relativistic(2 * mu * states.energy, pair)
    R = _ratios(states.wave_function, energies, wedge, t, sources, source_radius)
    single = _single_hadrons(pair, excited, t)
    random = check_random_state(random_state)
    draw = _Noise(random, n, t, noise_time)
    kernel = _smooth(wedge, noise_range)
    hadron_noise = check_number(hadron_noise, "hadron_noise", least=0)
    sizes = {source: _sizes(values, noise, noise_floor) for source, values in R.items()}
    C: dict[str, dict[str, np.ndarray]] = {"C_NM": {}, "C_N": {}, "C_M": {}}
    identical = np.asarray(masses).size == 1
    for source in sources:
        first = single[0] * (1 + hadron_noise * draw())
        second = first if identical else single[1] * (1 + hadron_noise * draw())
        wave = R[source] + sizes[source] * (draw(wedge.size) @ kernel.T)
        C["C_N"][source], C["C_M"][source] = first, second
        C["C_NM"][source] = wave * (first * second)[..., np.newaxis]
    momenta = np.linspace(0.05, 0.5, 10) if k is None else check_momenta(k)
    return Bunch(
        C_NM=C["C_NM"], C_N=C["C_N"], C_M=None if identical else C["C_M"], t=t, wedge=wedge,
        masses=pair[0] if identical else pair, reduced_mass=mu, R=R, energies=energies, k=momenta,
        phase_shift=phase_shift(interaction, momenta, reduced_mass=mu), interaction=interaction,
    )  # fmt: skip


def _whole_times(times):
    t = validate_times(times)
    if np.any(t != np.rint(t)) or t.size < 3 or np.any(np.diff(t) != 1):
        raise ValueError(f"times must be three consecutive integers at least, got {t}")
    return t.astype(int)


def _relativistic(k_squared, masses):
    if k_squared[0] < -(min(masses) ** 2):
        raise ValueError(
            f"the interaction binds with k² = {k_squared[0]:g}, too deep for hadrons of masses "
            f"{masses}"
        )
    return energy_from_momentum(k_squared, masses)


def _single_hadrons(masses, excited, t):
    amplitude, gap = check_array(excited, "excited", shape=(2,)).tolist()
    check_number(gap, "excited", above=0)
    return [np.exp(-m * t) * (1 + amplitude * np.exp(-gap * t)) for m in masses]


def _ratios(waves, energies, wedge, t, sources, source_radius):
    """R(t, r) of each source, (n_t, n_points), as large as 1 at the first time."""
    shapes = source_shapes(np.sqrt(wedge.distance_squared), wedge.L, source_radius)
    decay = np.exp(-np.outer(t, energies))
    R = {}
    for source in sources:
        values = (decay * (waves @ (wedge.multiplicities * shapes[source]))) @ waves
        R[source] = values / np.abs(values[0]).max()
    return R


def _sizes(R, noise, floor):
    """The error of R on the average."""
    noise = check_number(noise, "noise", least=0)
    floor = check_number(floor, "noise_floor", least=0)
    return noise * np.maximum(np.abs(R), floor * np.abs(R).max(axis=-1, keepdims=True))


class _Noise:
    """Normal noise (n, n_t, ...) that is correlated in time; the average has unit variance."""

    def __init__(self, random, n, t, time):
        time = check_number(time, "noise_time", least=0)
        with np.errstate(divide="ignore"):
            correlation = np.exp(-np.abs(t[:, np.newaxis] - t) / time) if time else np.eye(t.size)
        self.random, self.n, self.root = random, n, np.linalg.cholesky(correlation)

    def __call__(self, *shape):
        white = self.random.standard_normal((self.root.shape[0], self.n, *shape))
        return np.sqrt(self.n) * np.moveaxis(np.tensordot(self.root, white, axes=1), 0, 1)


def _smooth(wedge, length):
    """A matrix that makes unit noise on points of the wedge out of independent normal numbers.

    Independent noise on all sites, smoothed by the heat kernel e^{s∇²} with s = length²/2 and
    averaged over the sites that a point stands for.
    """
    s = check_number(length, "noise_range", least=0) ** 2 / 2
    n_steps = int(np.ceil(s / STEP))
    kernel = np.diag(1 / np.sqrt(wedge.multiplicities))
    for _ in range(n_steps):  # rows are the fields
        kernel = kernel + s / n_steps * wedge.laplacian(kernel)
    return (kernel / np.linalg.norm(kernel, axis=0)).T
