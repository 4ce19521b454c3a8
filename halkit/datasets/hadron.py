"""Synthetic wave functions and correlators, returned with the interaction that they come from.

Stationary: scattering waves of a separable potential in closed form. Time-dependent: the states
ψ_n of a sphere with energies E_n, summed as a correlator does,

    R(t, r) = Σ_n a_n e^{−ΔW_n t} ψ_n(r),    ΔW_n = Σ_i [ sqrt(m_i² + k_n²) − m_i ],  k_n² = 2μE_n.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import check_array, check_integer, check_nodes, check_positive
from halkit.correlators import Correlators
from halkit.datasets.noise import noise_factors, noisy_bins
from halkit.equations import radial_rows, time_stencil
from halkit.equations.dispersion import EnergyRange
from halkit.equations.rows import check_choices
from halkit.equations.time import Stencil, reduced_mass_and_asymmetry
from halkit.interactions import Interaction, Separable
from halkit.radial import Order, RadialGrid, trapezoid_weights
from halkit.scattering import spherical_box_states
from halkit.seeds import check_random_state
from halkit.typing import Numbers, Random

__all__ = ["SOURCES", "make_separable", "make_time_dependent", "source_shapes", "validate_times"]

SOURCES = ("wall", "exp")
# States with a smaller e^{−ΔW t} are left out.
CUT = 1e-14


def make_separable(
    n_k: int = 10,
    *,
    n_r: int = 100,
    r_max: float = 12.5,
    k_range: tuple[float, float] = (0.01, 1.0),
    mu: float = 1.0,
    omega: float = -0.017,
    reduced_mass: float = 3.3,
    l: int = 0,
    noise: float = 0.0,
    random_state: Random = None,
) -> Bunch:
    """Wave functions of the separable potential U(r, r') = ω e^{−μr} e^{−μr'}, and their targets.

    The rows are closed forms, which are for the S wave

        φ_k(r) = [ sin(kr + δ) − sin δ e^{−μr} (1 + r(μ² + k²)/2μ) ] / (kr),
        (E_k − H0) φ_k(r) = −sin δ (μ² + k²)² e^{−μr} / (4mμk),

    and for the P wave those of `halkit.interactions.Separable`.

    Parameters
    ----------
    n_k : int
        Number of momenta; each gives one sample.
    n_r : int
        Number of nodes, equidistant from 0.01 to `r_max`.
    r_max : float
        Last node.
    k_range : pair of float
        First and last momentum, > 0; the others are equidistant.
    mu, omega : float
        Inverse range μ and strength ω.
    reduced_mass : float
        m.
    l : {0, 1}
        Orbital angular momentum. In the P wave ω < −μ⁵/2πm binds, and ω slightly above it makes a
        resonance: −0.045 with the other defaults.
    noise : float
        Each value of the target is multiplied by 1 + noise · ξ, with independent standard normal
        ξ; the wave functions stay exact.
    random_state : int, RandomState, Generator or None
        Seed of the noise.

    Returns
    -------
    Bunch
        data, target (n_k, n_r): φ_k and (E_k − H0) φ_k, X and y of a fit; k (n_k,); r, weights
        (n_r,): nodes and trapezoidal weights of 4πr²dr; potential (n_r, n_r): U(r_i, r_j);
        interaction: `halkit.interactions.Separable`, the truth.

    Raises
    ------
    ValueError, TypeError
        If `n_k` or `n_r` is not an integer ≥ 1, the momenta are not positive and increasing, `l` is
        neither 0 nor 1, or `noise` is negative.

    References
    ----------
    S. Aoki, T. Doi, Front. Phys. 8 (2020) 307; S. Aoki, K. Yazaki, PTEP 2022 (2022) 033B04
    [arXiv:2109.07665]; L. Wang, T. Doi, T. Hatsuda, Y. Lyu, arXiv:2410.03082 (k_range, ω, m).

    Examples
    --------
    The target is the sum of U φ over the nodes, to the accuracy of the trapezoidal rule:

    >>> import numpy as np
    >>> from halkit.datasets import make_separable
    >>> d = make_separable(n_k=3, n_r=500, r_max=25.0)
    >>> d.data.shape, bool(np.allclose(d.data @ (d.potential * d.weights).T, d.target, rtol=1e-3))
    ((3, 500), True)
    """
    n_k, n_r = check_integer(n_k, "n_k", least=1), check_integer(n_r, "n_r", least=1)
    k_min, k_max = k_range
    if not 0 < k_min <= k_max:
        raise ValueError(f"k_range must be two momenta with 0 < k_min <= k_max, got {k_range!r}")
    interaction = Separable(omega, mu)
    k, r = np.linspace(k_min, k_max, n_k), np.linspace(0.01, r_max, n_r)
    target = interaction.target(k, r, reduced_mass=reduced_mass, l=l)
    factors = noise_factors(noise, target.shape, check_random_state(random_state))
    return Bunch(
        data=interaction.wave_function(k, r, reduced_mass=reduced_mass, l=l),
        target=target * factors,
        k=k,
        r=r,
        weights=trapezoid_weights(r),
        potential=interaction.nonlocal_potential(r[:, np.newaxis], r),
        interaction=interaction,
    )


def make_time_dependent(
    interaction: Interaction,
    *,
    r: Numbers,
    box_radius: float,
    hadron_mass: float | tuple[float, float],
    times: Iterable[float],
    l: int = 0,
    sources: Iterable[str] = SOURCES,
    source_radius: float | None = None,
    noise: float = 0.0,
    noise_floor: float = 0.0,
    n_bins: int | None = None,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
    space_order: Order = 6,
    units: str = "lattice",
    random_state: Random = None,
) -> Bunch:
    """Correlators R(t, r) of two hadrons in a sphere, and the rows of their equation.

    R(t, r) = Σ_n a_n e^{−ΔW_n t} ψ_n(r), with the states ψ_n in the wave l of the sphere with
    Neumann walls, ψ_n'(box_radius) = 0, and a_n = ∫ 4πr² s(r) (r/box_radius)^l ψ_n dr for a source
    s: "wall" s = 1, "exp" s = e^{−r/b}. R of each source is divided by the mean of ``|R|`` over
    the nodes of its first slice.

    Parameters
    ----------
    interaction : Interaction
        The truth, within `box_radius`.
    r : array-like of shape (n_r,)
        Nodes, increasing, up to `box_radius`.
    box_radius : float
        Radius of the sphere.
    hadron_mass : float or pair of float
        Mass of one hadron, or of each of the two.
    times : array-like of shape (n_t,)
        Times > 0 of the slices, evenly spaced, three at least. The rows are the inner ones.
    l : int
        Orbital angular momentum.
    sources : sequence of {"wall", "exp"}
        Sources.
    source_radius : float, optional
        Radius b of the "exp" source; by default `box_radius` / 10.
    noise : float
        Relative noise of R, averaged over bins: each value is multiplied by 1 + noise · ξ, with
        independent standard normal ξ. Differences over a spacing h enlarge it to about
        3.5 noise ``|R|`` / (2μh²) in the target, and more at the outer end.
    noise_floor : float
        The noise of R is at least `noise` times `noise_floor` times the largest ``|R|`` of its
        slice. Without a floor a smeared source has absurdly small errors at large r.
    n_bins : int, optional
        Number of jackknife bins; sqrt(n_bins − 1) times their standard deviation is the error of
        the mean. By default R is a mean without an error.
    stencil, energy_range
        Time stencil; see `halkit.equations.time_dependent_rows`.
    space_order : {2, 4, 6, 8, "spline"}
        Order of the differences in r; low orders enlarge noise less at the outer end.
    units : str
        Units of lengths, times and masses, which the correlators remember; see
        `halkit.correlators.Correlators`. They change no number.
    random_state : int, RandomState, Generator or None
        Seed of the noise.

    Returns
    -------
    Bunch
        data, target (n_rows, n_r): X and y of a fit, averaged over bins, all rows of the first
        source first; sigma (n_rows, n_r): errors of y, or None without bins; r, weights (n_r,):
        nodes and trapezoidal weights of 4πr²dr; hadron_mass; correlators:
        `halkit.correlators.Correlators`, of kind "jackknife", or "mean" without bins; rows:
        `halkit.equations.Rows`, X and y of each bin with their labels (source, t); energies
        (n_states,): ΔW_n; interaction: the truth.

    Raises
    ------
    ValueError, TypeError
        If times are not positive or do not rise in equal steps, a source is unknown, there are
        fewer than two bins, or `noise` is negative.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> V, r = GaussianSum([-0.04], [0.1]), np.linspace(0.2, 12.0, 60)
    >>> d = make_time_dependent(V, r=r, box_radius=30.0, hadron_mass=2.0, times=range(20, 29))
    >>> d.data.shape, d.rows.labels[0]
    ((6, 60), ('wall', 23))
    >>> bool(np.allclose(d.target, V(r) * d.data, atol=1e-5))
    True
    """
    sources = check_choices(sources, SOURCES, "sources")
    r, t = check_nodes(r), validate_times(times)
    box_radius = check_positive(box_radius, "box_radius")
    time_stencil(t.size, stencil)
    l = check_integer(l, "l", least=0)
    shapes = [sources, source_radius]
    energies, R = _correlators(interaction, r, t, l, box_radius, hadron_mass, *shapes)
    R = noisy_bins(R, noise, n_bins, check_random_state(random_state), noise_floor)
    correlators = Correlators(
        R={source: np.moveaxis(bins, 0, 1) for source, bins in zip(sources, R, strict=True)},
        r=r,
        t=t,
        kind="mean" if n_bins is None else "jackknife",
        hadron_mass=hadron_mass,
        units=units,
    )
    rows = radial_rows(
        correlators, l=l, stencil=stencil, energy_range=energy_range, space_order=space_order
    )
    X, y = rows.mean()
    return Bunch(
        data=X,
        target=y,
        sigma=rows.sigma,
        r=rows.r,
        weights=rows.weights,
        correlators=correlators,
        rows=rows,
        hadron_mass=correlators.hadron_mass,
        energies=energies,
        interaction=interaction,
    )


def _correlators(interaction, r, t, l, box_radius, hadron_mass, sources, source_radius):
    """Return ΔW_n (n_states,) and R (n_sources, n_t, n_r)."""
    mu, _ = reduced_mass_and_asymmetry(hadron_mass)
    masses = np.broadcast_to(np.asarray(hadron_mass, dtype=float), (2,))
    cut = -np.log(CUT) / t[0]
    k_max = np.sqrt(np.prod([cut * (cut + 2 * m) for m in (masses[0], masses[1])]) ** 0.5)
    box = spherical_box_states(
        interaction,
        radius=box_radius,
        reduced_mass=mu,
        l=l,
        n_states=5 + int(np.ceil(k_max * box_radius / np.pi)),
    )
    k2 = 2 * mu * box.energy
    if k2[0] <= -(masses.min() ** 2):
        raise ValueError(
            f"the interaction binds by {-box.energy[0]:g}, too deep for hadrons of mass {masses}"
        )
    delta_w = sum(k2 / (np.sqrt(m**2 + k2) + m) for m in masses)
    grid = RadialGrid.gauss_legendre(box_radius, 100 + 4 * k2.size)
    waves, shapes = box.wave_function(grid.r), source_shapes(grid.r, box_radius, source_radius)
    weights = grid.weights * (grid.r / box_radius) ** l
    a = np.stack([waves @ (weights * shapes[source]) for source in sources])
    R = np.einsum("sn,tn,nr->str", a, np.exp(-np.outer(t, delta_w)), box.wave_function(r))
    return delta_w, R / np.abs(R[:, :1]).mean(axis=-1, keepdims=True)


def source_shapes(r, box_radius, source_radius):
    """Return s(r) of each source by its name."""
    b = box_radius / 10 if source_radius is None else check_positive(source_radius, "source_radius")
    return dict(zip(SOURCES, (np.ones_like(r), np.exp(-r / b)), strict=True))


def validate_times(times):
    """Return times > 0 as one axis."""
    if isinstance(times, str) or not np.iterable(times):
        raise TypeError(f"times must be a sequence of numbers, got {times!r}")
    t = check_array(tuple(times), "times")
    if t.ndim != 1 or np.any(t <= 0):
        raise ValueError(
            f"times must be one axis of times > 0, at which the sum of states converges, got {t}"
        )
    return t
