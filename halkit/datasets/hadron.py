"""Synthetic wave functions and correlators, returned with the interaction that they come from.

Stationary: scattering waves of a separable potential in closed form. Time-dependent: the states
ψ_n of a sphere with energies E_n, summed as a correlator does,

    R(t, r) = Σ_n a_n e^{−ΔW_n t} ψ_n(r),    ΔW_n = Σ_i [ sqrt(m_i² + k_n²) − m_i ],  k_n² = 2μE_n.
"""

import numpy as np
from sklearn.utils import Bunch, check_random_state

from halkit.checks import check_array, check_integer, check_nodes, check_number, check_positive
from halkit.equations import time_dependent_rows, time_stencil
from halkit.equations.lattice import ratio_errors
from halkit.equations.time import reduced_mass_and_asymmetry
from halkit.interactions import Separable
from halkit.radial import RadialGrid, trapezoid_weights
from halkit.scattering import spherical_box_states

__all__ = ["make_separable", "make_time_dependent"]

# e^{−ΔW t} of the states left out, for a lowest one at threshold.
CUT = 1e-14


def make_separable(
    n_k=10,
    *,
    n_r=100,
    r_max=12.5,
    k_range=(0.01, 1.0),
    mu=1.0,
    omega=-0.017,
    reduced_mass=3.3,
    noise=0.0,
    random_state=None,
):
    """Wave functions of the separable potential U(r, r') = ω e^{−μr} e^{−μr'}, and their sources.

    The rows are the closed forms of

        φ_k(r) = [ sin(kr + δ) − sin δ e^{−μr} (1 + r(μ² + k²)/2μ) ] / (kr),
        (E_k − H0) φ_k(r) = −sin δ (μ² + k²)² e^{−μr} / (4mμk).

    Parameters
    ----------
    n_k : int
        Number of momenta, that is of samples.
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
    noise : float
        Every source value is multiplied by 1 + noise · ξ, with independent standard normal ξ;
        the wave functions stay exact.
    random_state : int, RandomState instance or None
        Of the noise.

    Returns
    -------
    Bunch
        data, target (n_k, n_r): φ_k and (E_k − H0) φ_k, X and y of a fit; k (n_k,); r, weights
        (n_r,): nodes and trapezoidal weights of 4πr²dr; potential (n_r, n_r): U(r_i, r_j);
        interaction: `halkit.interactions.Separable`, the truth.

    Raises
    ------
    ValueError, TypeError
        For numbers of momenta or nodes that are no integers, at least 1, for momenta that are not
        positive and increasing, and for negative noise.

    References
    ----------
    S. Aoki, T. Doi, Front. Phys. 8 (2020) 307; S. Aoki, K. Yazaki, PTEP 2022 (2022) 033B04
    [arXiv:2109.07665]; L. Wang, T. Doi, T. Hatsuda, Y. Lyu, arXiv:2410.03082 (k_range, ω, m).

    Examples
    --------
    The sources are sums of U over the nodes, here to the accuracy of the trapezoidal rule:

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
    target = interaction.target(k, r, reduced_mass=reduced_mass)
    factors = _noise_factors(noise, target.shape, check_random_state(random_state))
    return Bunch(
        data=interaction.wave_function(k, r, reduced_mass=reduced_mass),
        target=target * factors,
        k=k,
        r=r,
        weights=trapezoid_weights(r),
        potential=interaction.nonlocal_potential(r[:, np.newaxis], r),
        interaction=interaction,
    )


def make_time_dependent(
    interaction,
    *,
    r,
    box_radius,
    hadron_mass,
    times,
    sources=("wall", "exp"),
    source_radius=None,
    noise=0.0,
    n_bins=None,
    stencil="auto",
    space_order=6,
    random_state=None,
):
    """Correlators R(t, r) of two hadrons in a sphere, and the rows of their equation.

    R(t, r) = Σ_n a_n e^{−ΔW_n t} ψ_n(r), with the S-wave states ψ_n of the sphere with Neumann
    walls, ψ_n'(box_radius) = 0, and a_n = ∫ 4πr² s(r) ψ_n dr for a source s: "wall" s = 1,
    "exp" s = e^{−r/b}. Each source is divided by its mean size over the nodes of the first
    slice.

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
    sources : sequence of {"wall", "exp"}
        Sources.
    source_radius : float, optional
        Radius b of the "exp" source; by default `box_radius` / 10.
    noise : float
        Every value of R, that is of the mean over bins, is multiplied by 1 + noise · ξ, with
        independent standard normal ξ. Differences over a spacing h enlarge it to about
        3.5 noise ``|R|`` / (2μh²) in the target, and more at the outer end.
    n_bins : int, optional
        Number of jackknife bins, of which sqrt(n_bins − 1) times the standard deviation is the
        error of the mean.
    stencil : {"auto", 3, 5, 7}
        Points of the time stencil; see `halkit.equations.time_stencil`.
    space_order : {2, 4, 6, 8, "spline"}
        Order of the differences in r; low orders enlarge noise less at the outer end.
    random_state : int, RandomState instance or None
        Of the noise.

    Returns
    -------
    Bunch
        data, target (n_rows, n_r): X and y of a fit, all rows of the first source first;
        labels: the pairs (source, t) of the rows; points: of the stencil; correlators: R of each
        source, (n_t, n_r), or (n_t, n_bins, n_r) with bins; energies (n_states,): ΔW_n; r,
        weights (n_r,); t (n_t,); hadron_mass; interaction. With bins, data and target are means,
        and there are data_bins, target_bins (n_bins, n_rows, n_r), sigma (n_rows, n_r): ``|R|``
        times the jackknife error of y/R, and kind = "jackknife"; else kind = "mean".

    Raises
    ------
    ValueError, TypeError
        For times <= 0, unknown sources, fewer than two bins, negative noise, and what
        `halkit.equations.time_dependent_rows` refuses.

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
    >>> d.data.shape, d.labels[0]
    ((6, 60), ('wall', 23))
    >>> bool(np.allclose(d.target, V(r) * d.data, atol=1e-5))
    True
    """
    times, sources = _listed(times, "times", "numbers"), _listed(sources, "sources", "names")
    r, t = check_nodes(r), _validate_times(times)
    box_radius = check_positive(box_radius, "box_radius")
    points = time_stencil(t.size, stencil)
    energies, R = _correlators(interaction, r, t, box_radius, hadron_mass, sources, source_radius)
    R = _noisy_bins(R, noise, n_bins, check_random_state(random_state))
    X, y = time_dependent_rows(
        R, r, hadron_mass=hadron_mass, times=t, stencil=stencil, space_order=space_order
    )
    X, y = (np.concatenate(list(rows), axis=-2) for rows in (X, y))
    inner = times[points // 2 : t.size - points // 2]
    bunch = Bunch(
        data=X,
        target=y,
        labels=[(source, time) for source in sources for time in inner],
        points=points,
        correlators=dict(zip(sources, R, strict=True)),
        kind="mean",
        energies=energies,
        r=r,
        weights=trapezoid_weights(r),
        t=t,
        hadron_mass=hadron_mass,
        interaction=interaction,
    )
    return bunch if n_bins is None else _with_errors(bunch)


def _correlators(interaction, r, t, box_radius, hadron_mass, sources, source_radius):
    """Return ΔW_n (n_states,) and R (n_sources, n_t, n_r)."""
    mu, _ = reduced_mass_and_asymmetry(hadron_mass)
    masses = np.broadcast_to(np.asarray(hadron_mass, dtype=float), (2,))
    cut = -np.log(CUT) / t[0]
    k_max = np.sqrt(np.prod([cut * (cut + 2 * m) for m in (masses[0], masses[1])]) ** 0.5)
    box = spherical_box_states(
        interaction,
        radius=box_radius,
        reduced_mass=mu,
        n_states=5 + int(np.ceil(k_max * box_radius / np.pi)),
    )
    k2 = 2 * mu * box.energy
    if k2[0] <= -(masses.min() ** 2):
        raise ValueError(
            f"the interaction binds by {-box.energy[0]:g}, too deep for hadrons of mass {masses}"
        )
    delta_w = sum(k2 / (np.sqrt(m**2 + k2) + m) for m in masses)
    grid = RadialGrid.gauss_legendre(box_radius, 100 + 4 * k2.size)
    waves, shapes = box.wave_function(grid.r), _source_shapes(grid.r, box_radius, source_radius)
    _validate_sources(sources, shapes)
    a = np.stack([waves @ (grid.weights * shapes[source]) for source in sources])
    R = np.einsum("sn,tn,nr->str", a, np.exp(-np.outer(t, delta_w)), box.wave_function(r))
    return delta_w, R / np.abs(R[:, :1]).mean(axis=-1, keepdims=True)


def _source_shapes(r, box_radius, source_radius):
    b = box_radius / 10 if source_radius is None else check_positive(source_radius, "source_radius")
    return {"wall": np.ones_like(r), "exp": np.exp(-r / b)}


def _validate_sources(sources, known):
    unknown = [source for source in sources if source not in known]
    if unknown or not sources or len(set(sources)) < len(sources):
        raise ValueError(f"sources must be some of {list(known)}, each once, got {sources!r}")


def _listed(values, name, what):
    """Return a tuple of the values, which may come one by one."""
    if isinstance(values, str) or not np.iterable(values):
        raise TypeError(f"{name} must be a sequence of {what}, got {values!r}")
    return tuple(values)


def _validate_times(times):
    t = check_array(times, "times")
    if t.ndim != 1 or np.any(t <= 0):
        raise ValueError(
            f"times must be one axis of times > 0, at which the sum of states converges, got {t}"
        )
    return t


def _noise_factors(noise, shape, random, n_bins=1):
    """Return 1 + noise √n_bins · ξ."""
    return 1 + check_number(noise, "noise", least=0) * np.sqrt(n_bins) * random.standard_normal(
        shape
    )


def _noisy_bins(R, noise, n_bins, random):
    """Return noisy R (n_sources, n_t, n_r), or jackknife bins (n_sources, n_bins, n_t, n_r).

    Without one of N measurements x_i, the mean is x̄ − (x_i − x̄)/(N − 1).
    """
    if n_bins is None:
        return R * _noise_factors(noise, R.shape, random)
    n_bins = check_integer(n_bins, "n_bins", least=2)
    shape = (R.shape[0], n_bins, *R.shape[1:])
    factors = _noise_factors(noise, shape, random, n_bins)
    mean = factors.mean(axis=1, keepdims=True)
    return R[:, np.newaxis] * (mean - (factors - mean) / (n_bins - 1))


def _with_errors(bunch):
    """Return the bunch with means for its bins, and the errors."""
    X, y = bunch.data, bunch.target
    bunch.update(data_bins=X, target_bins=y, sigma=ratio_errors(X, y), kind="jackknife")
    bunch.update(data=X.mean(axis=0), target=y.mean(axis=0))
    bunch.correlators = {s: np.moveaxis(R, 0, 1) for s, R in bunch.correlators.items()}
    return bunch
