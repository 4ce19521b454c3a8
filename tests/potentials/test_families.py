"""Defaults on families of truths that they were not made on: ranges, signs, masses at random.

Wave functions of non-local truths on the nodes of the toy model, 0.01 … 12.5: δ to the larger of
0.1° and twice the error of the truth itself cut at the last node, and the right number of bound
states. Local truths: δ to 0.05°. Correlators: pulls of δ over jackknife errors near 1.
"""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import brentq
from sklearn.exceptions import ConvergenceWarning

from halkit.datasets import make_separable, make_time_dependent
from halkit.equations import time_dependent_rows
from halkit.equations.lattice import ratio_errors
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import (
    GaussianSum,
    Local,
    NonLocal,
    Separable,
    Yamaguchi,
    av18,
    malfliet_tjon,
    minnesota,
    nucleon_reduced_mass,
    omega_omega,
    reid68,
    xixi_leading_order,
)
from halkit.potentials import (
    GaussianProcessPotentialRegressor,
    NonLocalPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.potentials.local import local_scales, local_widths
from halkit.radial import RadialGrid
from halkit.resampling import JackknifeRegressor
from halkit.scattering import (
    bound_states,
    phase_shift,
    scattering_length,
    scattering_wave_functions,
)

R = np.linspace(0.01, 12.5, 100)
WAVES = np.linspace(0.01, 1.0, 10)
K = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0])
KINDS = "separable", "yamaguchi", "gaussian"


def gaussian(omega, mu, c, radius=None):
    """ω e^{−μ²(r² + r'²)/2 − cμ²(r − r')²/2}, of many terms for c > 0."""

    def U(r, r_prime):
        return omega * np.exp(-(mu**2) * (r**2 + r_prime**2 + c * (r - r_prime) ** 2) / 2)

    return NonLocal(U, radius=radius)


def critical_strength(make, mu, m):
    """``|ω|`` of the first bound state: a zero of 1/a0, near that of the separable kernel."""
    grid = RadialGrid.gauss_legendre(8 / mu, 60)
    g = np.exp(-((mu * grid.r) ** 2) / 2) * grid.weights
    near = np.log(4 * np.pi / (2 * m * (g @ (1 / np.maximum(grid.r[:, None], grid.r)) @ g)))

    def inverse_length(x):
        return 1 / scattering_length(make(-np.exp(x)), reduced_mass=m)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.exp(brentq(inverse_length, near - 0.3, near + 2.0, xtol=1e-3))


def draw(seed):
    """A truth with μ = 0.6 … 1.5, m = 0.5 … 5, and 0.2 … 3 times the strength that binds."""
    random, kind = np.random.default_rng(seed), KINDS[seed % 3]
    mu, m = random.uniform(0.6, 1.5), np.exp(random.uniform(np.log(0.5), np.log(5)))
    sign, f = random.choice([-1, 1]), np.exp(random.uniform(np.log(0.2), np.log(3)))
    while abs(f - 1) < 0.05:  # a0 → ∞
        f = np.exp(random.uniform(np.log(0.2), np.log(3)))
    if kind == "separable":
        return Separable(sign * f * mu**5 / (10 * np.pi * m), mu), m
    if kind == "yamaguchi":
        return Yamaguchi(mu * (np.sqrt(f) - 1), mu, reduced_mass=m), m
    c = random.uniform(0, 1)
    omega = critical_strength(lambda w: gaussian(w, mu, c), mu, m)
    return gaussian(sign * f * omega, mu, c), m


def rows(U, m, r=R, k=WAVES):
    """φ_k and (E − H0) φ_k in closed form, or ∫ U φ_k on a fine grid."""
    if isinstance(U, Separable):
        return tuple(f(k, r, reduced_mass=m) for f in (U.wave_function, U.target))
    if isinstance(U, Yamaguchi):
        return U.wave_function(k, r), U.target(k, r)
    waves, grid = (
        scattering_wave_functions(U, k, reduced_mass=m),
        RadialGrid.gauss_legendre(30.0, 200),
    )
    return waves(r), (waves(grid.r) * grid.weights) @ U.nonlocal_potential(r[:, None], grid.r).T


def cut(U, radius):
    def inside(r, r_prime):
        with np.errstate(divide="ignore", invalid="ignore"):
            return U.nonlocal_potential(r, r_prime)

    return NonLocal(inside, radius=radius)


def distance(delta, other):
    """In degrees, modulo 180."""
    x = np.rad2deg(delta - other)
    return np.abs(x - 180 * np.round(x / 180))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("number", range(20))
def test_default_fits_of_non_local_truths(number):
    """Every truth with one seed of three, two of them with all three.

    A fit keeps the best of three starts, so that seeds differ less than truths. Of 24 fits one
    fails in 92 % of the cases in which a fit in ten does.
    """
    U, m = draw(1000 + number)
    X, y = rows(U, m)
    exact = phase_shift(U, K, reduced_mass=m)
    tolerance = 2 * distance(phase_shift(cut(U, R[-1]), K, reduced_mass=m), exact)
    n_bound = bound_states(U, reduced_mass=m).energy.size
    for seed in range(3) if number in (3, 17) else [number % 3]:
        model = NonLocalPotentialRegressor(R, reduced_mass=m, random_state=seed).fit(X, y)
        assert np.all(distance(model.phase_shift(K), exact) < np.maximum(0.1, tolerance))
        assert model.bound_states().energy.size == n_bound


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_default_fit_that_bound_nothing_right():
    """μ = 0.9, ω = −0.01, m = 1.5, where an envelope ran beyond the data: 16.57° for 32.61°."""
    d = make_separable(mu=0.9, omega=-0.01, reduced_mass=1.5)
    model = NonLocalPotentialRegressor(d.r, reduced_mass=1.5, random_state=0).fit(d.data, d.target)
    exact = d.interaction.phase_shift(K, reduced_mass=1.5)
    assert distance(model.phase_shift(K), exact).max() < 0.1
    assert model.bound_states().energy.size == 0


def test_signs_and_number_of_the_terms_come_from_the_data():
    random = np.random.default_rng(5)
    for signs in ([-1], [1], [-1, 1], [1, 1], [-1, -1]):
        mu = 0.8 + 0.35 * np.arange(len(signs)) + random.uniform(0, 0.1, len(signs))
        terms = [Separable(0.004 * s * x**5, x) for s, x in zip(signs, mu, strict=True)]
        U = terms[0] if len(signs) == 1 else sum(terms[1:], terms[0])
        waves = scattering_wave_functions(U, WAVES, reduced_mass=1.0)
        grid = RadialGrid.gauss_legendre(30.0, 200)
        y = (waves(grid.r) * grid.weights) @ U.nonlocal_potential(R[:, None], grid.r).T
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = NonLocalPotentialRegressor(R, reduced_mass=1.0, n_init=1, max_iter=1)
            model.set_params(random_state=0).fit(waves(R), y)
        found = model._design["signs"]
        assert sorted(found) == sorted(signs)


LOCAL = {
    "Minnesota, triplet": (minnesota(1), nucleon_reduced_mass()),
    "Minnesota, singlet": (minnesota(0), nucleon_reduced_mass()),
    "Malfliet-Tjon, singlet": (malfliet_tjon(0), nucleon_reduced_mass()),
    "Malfliet-Tjon, triplet": (malfliet_tjon(1), nucleon_reduced_mass()),
    "Reid": (reid68(), nucleon_reduced_mass()),
    "AV18": (av18("1S0"), av18("1S0").reduced_mass),
}


def well(seed):
    """A Gaussian well or hill, 0.3 … 6 times the strength that binds."""
    random = np.random.default_rng(seed)
    b, m = random.uniform(0.5, 2.5), np.exp(random.uniform(np.log(0.5), np.log(5)))
    f = random.choice([-1, 1]) * np.exp(random.uniform(np.log(0.3), np.log(6)))
    return GaussianSum([f * 2.684 / (2 * m * b**2)], [1 / b**2]), m


@pytest.mark.parametrize("truth", [*LOCAL, *range(10)])
def test_default_fits_of_local_truths(truth):
    V, m = LOCAL[truth] if truth in LOCAL else well(truth)
    r, k = np.linspace(0.05, 12.0, 240), np.linspace(0.1, 2.0, 10)
    X = scattering_wave_functions(V, k, reduced_mass=m)(r)
    model = NonLocalPotentialRegressor(r, reduced_mass=m, local=True, random_state=0)
    model.fit(X, V.local_potential(r) * X)
    between = np.linspace(0.1, 2.0, 40)
    exact = phase_shift(V, between, reduced_mass=m)
    assert distance(model.phase_shift(between), exact).max() < 0.05
    assert model.bound_states().energy.size == bound_states(V, reduced_mass=m).energy.size


# Potentials that are not over where the data end


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weight_of_u_beyond_the_data_is_named(seed):
    """Data to r = 3 of ranges beyond 1: a number, whatever the settings; nothing to r = 12.5."""
    mu = np.random.default_rng(seed).uniform(0.6, 0.9)
    U, m, near = Separable(0.006, mu), 1.5, np.linspace(0.01, 3.0, 40)
    with pytest.warns(UnderdeterminedWarning, match=r"a share .* of the weight of U"):
        NonLocalPotentialRegressor(near, reduced_mass=m, random_state=0).fit(*rows(U, m, near))
    with pytest.warns(UnderdeterminedWarning, match=r"moves phase shifts by"):
        NonLocalPotentialRegressor(
            near, reduced_mass=m, envelope=None, max_iter=30, random_state=0
        ).fit(*rows(U, m, near))
    U = Separable(0.006, 1.0 + 0.1 * seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnderdeterminedWarning)
        NonLocalPotentialRegressor(R, reduced_mass=m, random_state=0).fit(*rows(U, m))


@pytest.mark.parametrize("radius", [5.5, 12.0])
def test_a_prior_of_u_beyond_the_data_is_named(radius):
    d = smooth_noise(*TRUTHS["A"], seed=3)
    keep = d.r <= 22
    model = GaussianProcessPotentialRegressor(
        d.r, r_out=d.r[keep], reduced_mass=0.3325, envelope_radius=radius
    )
    data = d.data.mean(axis=0), d.target.mean(axis=0)[:, keep]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(*data, y_std=d.sigma[:, keep])
    named = [str(w.message) for w in caught if "where the data end" in str(w.message)]
    assert bool(named) == (radius == 12.0)


@pytest.mark.parametrize("make", [GaussianProcessPotentialRegressor, TimeDependentHALRegressor])
def test_data_that_end_inside_v_are_named(make):
    """And correlators that were not divided by those of the free hadrons: V(r) → a constant."""
    V = GaussianSum.from_ranges([-0.04], [6.0])
    mass = (
        {"reduced_mass": 0.5} if make is GaussianProcessPotentialRegressor else {"hadron_mass": 1.0}
    )
    for r_max, energy, named in ((8.0, 0.0, True), (26.0, 0.0, False), (26.0, 0.05, True)):
        r = np.arange(1.0, 27.0)
        d = make_time_dependent(
            V, r=r, box_radius=32.0, hadron_mass=1.0, times=range(8, 15), stencil=3, noise=1e-4,
            n_bins=10, random_state=0,
        )  # fmt: skip
        keep = d.r <= r_max
        model = make(d.r[keep], local="only", **mass)
        y = (d.target + energy * d.data)[:, keep]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(d.data[:, keep], y, y_std=d.sigma[:, keep])
        assert any("V(r) is" in str(w.message) for w in caught) == named


# The local prior


def test_the_widths_and_scales_of_the_local_prior():
    b = local_widths(np.arange(0.0, 27.0), 4.3)
    assert b[0] == pytest.approx(0.85)
    assert b[-1] == pytest.approx(21.5)
    assert np.all(b[1:] / b[:-1] <= 1.2)
    np.testing.assert_allclose(b[1:] / b[:-1], b[1] / b[0])
    B = local_scales(b, depth=1.5, local_range=4.3)
    np.testing.assert_allclose(
        B, 1.5 / b**2 * np.sqrt(np.log(b[1] / b[0])) * np.exp(-((b / 8.6) ** 2)), rtol=1e-12
    )


def covariance(b, r):
    """Of V(r) with itself, Σ B² e^{−2r²/b²}."""
    B = local_scales(b, depth=1.0, local_range=4.3)
    return np.sum((B * np.exp(-((r[:, None] / b) ** 2))) ** 2, axis=1)


def test_denser_and_wider_widths_are_the_same_prior():
    r = np.linspace(1.0, 22.0, 30)
    usual = covariance(np.geomspace(0.85, 21.5, 19), r)
    np.testing.assert_allclose(covariance(np.geomspace(0.85, 21.5, 37), r), usual, rtol=0.06)
    np.testing.assert_allclose(covariance(np.geomspace(0.85, 40.0, 23), r), usual, rtol=0.01)


TRUTHS = {
    "A": (GaussianSum.from_ranges([0.15, -0.03], [2.5, 5.5]), 0.665),
    "B": (GaussianSum.from_ranges([-0.06], [3.5]), 0.665),
    "C": (GaussianSum.from_ranges([0.4, -0.05], [1.8, 4.5]) + Separable(-2e-5, 0.35), 0.665),
    "D": (GaussianSum.from_ranges([0.05], [4.0]), 0.665),
    "E": (GaussianSum.from_ranges([0.2, -0.025], [2.2, 6.5]) + Separable(1e-5, 0.3), 0.665),
}
MOMENTA = np.array([0.02, 0.05, 0.08, 0.12])


def smooth_noise(V, m, seed, *, box=32.0, r_max=26, noise=2e-3, n_bins=20):
    """Correlators at a = 0.09 fm with the noise of a lattice: smooth in r, growing with t."""
    r, t = np.arange(1.0, r_max + 1), np.arange(8, 17)
    settings = {"hadron_mass": m, "times": t, "stencil": 5}
    d = make_time_dependent(V, r=r, box_radius=box, **settings)
    R = np.stack([d.correlators.R[source][:, 0] for source in ("wall", "exp")])
    random = np.random.default_rng(seed)
    roots = [
        np.linalg.cholesky(C)
        for C in (
            np.exp(-np.abs(t[:, None] - t) / 5),
            np.exp(-((r[:, None] - r) ** 2) / 32) + 1e-10 * np.eye(r.size),
        )
    ]
    size = n_bins, 2, t.size, r.size
    f = (
        np.einsum("ij,absj->abis", roots[0], random.standard_normal(size).swapaxes(2, 3))
        @ roots[1].T
    )
    f = (f + 0.02 * random.standard_normal(size)) * np.exp(0.1 * (t - t[0]))[:, None]
    f = 1 + noise * np.sqrt(n_bins) * f
    mean = f.mean(axis=0)
    bins = R * (mean - (f - mean) / (n_bins - 1))
    parts = [time_dependent_rows(bins[:, s], r, **settings) for s in range(2)]
    X, y = (np.concatenate(rows, axis=1) for rows in zip(*parts, strict=True))
    return SimpleNamespace(r=r, data=X, target=y, sigma=ratio_errors(X, y))


def pulls(V, m, seeds, r_max=22, **settings):
    """(δ − exact)/error, (n_seeds, n_k), and the numbers of bound states."""
    size = settings.pop("lattice", {})
    exact, out, n_bound = phase_shift(V, MOMENTA, reduced_mass=m / 2), [], []
    for seed in seeds:
        d = smooth_noise(V, m, seed, **size)
        keep = d.r <= r_max
        model = JackknifeRegressor(
            GaussianProcessPotentialRegressor(d.r, r_out=d.r[keep], reduced_mass=m / 2, **settings)
        ).fit(d.data, d.target[..., keep], y_std=d.sigma[:, keep])
        delta, error = model.phase_shift(MOMENTA, return_std=True)
        out.append(np.deg2rad(np.rad2deg(delta - exact)) / error)
        n_bound.append(model.estimator_.bound_states().energy.size)
    return np.array(out), n_bound


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.filterwarnings("ignore:local_strength was raised")  # told, where it is far
def test_pulls_of_the_default_prior_on_synthetic_lattices():
    """Local and non-local truths at m_π = 510 MeV: 0.9 … 1.2 on average, no ghost states."""
    sizes = []
    for number, (V, m) in enumerate(TRUTHS.values()):
        pull, n_bound = pulls(V, m, range(100 * number, 100 * number + 4))
        sizes.append(np.sqrt(np.mean(pull**2)))
        assert set(n_bound) == {bound_states(V, reduced_mass=m / 2).energy.size}
    assert 0.9 < np.mean(sizes) < 1.25
    assert max(sizes) < 1.6


@pytest.mark.parametrize(
    "widths", [np.geomspace(0.85, 40.0, 22), np.geomspace(0.85, 21.5, 37)], ids=["wider", "denser"]
)
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_widths_beyond_the_range_change_no_phase_shift(widths):
    """From a basis to 4λ: δ by less than 0.05 errors, the error by less than 2 %."""
    d, keep = smooth_noise(*TRUTHS["C"], seed=1), np.arange(1, 27) <= 22
    found = []
    for b in (np.geomspace(0.85, 17.2, 10), widths):
        model = JackknifeRegressor(
            GaussianProcessPotentialRegressor(
                d.r, r_out=d.r[keep], reduced_mass=0.3325, local_widths=b
            )
        ).fit(d.data, d.target[..., keep], y_std=d.sigma[:, keep])
        found.append(model.phase_shift(MOMENTA, return_std=True))
    (delta, error), (other, other_error) = found
    assert np.abs((delta - other) / error).max() < 0.05
    np.testing.assert_allclose(other_error, error, rtol=0.02)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning")
def test_pulls_of_published_potentials():
    """ΞΞ and ΩΩ with white noise of 1e-4 in R: pulls near 1, with local_strength=1 about 30."""
    for V, m in (
        (xixi_leading_order(), 0.66),
        (omega_omega(inverse_spacing=197.3269804 / 0.09), 1712 * 0.09 / 197.3269804),
    ):
        k = np.array([0.02, 0.05, 0.1])
        exact, size = phase_shift(V, k, reduced_mass=m / 2), {}
        for strength in (1.0, None):
            given = {} if strength is None else {"local_strength": strength}
            pull = []
            for seed in range(1 if strength else 3):
                d = make_time_dependent(
                    V, r=np.arange(1, 61) * 0.75, box_radius=60.0, hadron_mass=m,
                    times=range(10, 18), noise=1e-4, n_bins=20, random_state=seed,
                )  # fmt: skip
                model = JackknifeRegressor(
                    GaussianProcessPotentialRegressor(d.r, reduced_mass=m / 2, **given)
                ).fit(d.rows.data, d.rows.target, y_std=d.sigma)
                delta, error = model.phase_shift(k, return_std=True)
                pull.append(np.deg2rad(np.rad2deg(delta - exact)) / error)
            size[strength] = np.sqrt(np.mean(np.square(pull)))
        assert size[None] < 2
        assert size[1.0] > 10


WIDE, MASS = np.linspace(0.125, 12.5, 100), 3.3


@pytest.mark.parametrize("noise", [1e-1, 1e-2, 1e-3])
@pytest.mark.parametrize("seed", range(2))
def test_noise_binds_nothing_at_the_origin(noise, seed):
    V = GaussianSum([-0.3], [0.5])
    X = scattering_wave_functions(V, WAVES, reduced_mass=MASS)(WIDE)
    y = V(WIDE) * X
    sigma = np.full_like(y, noise * np.abs(y).max())
    y = y + sigma * np.random.default_rng(seed).normal(size=y.shape)
    model = NonLocalPotentialRegressor(WIDE, reduced_mass=MASS, local="only", random_state=0)
    model.fit(X, y, y_std=sigma)
    exact = bound_states(V, reduced_mass=MASS)
    assert model.bound_states().kappa.size == exact.kappa.size
    assert model.bound_states().kappa == pytest.approx(exact.kappa, rel=0.6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("depth", [0.2, -0.1])
def test_a_sum_of_both_parts(depth):
    """V and U from exact wave functions, and a steep surface: no state that lives at the origin."""
    T = GaussianSum([-depth], [0.5]) + Separable(-0.005, 1.0)
    waves = scattering_wave_functions(T, WAVES, reduced_mass=MASS)
    grid = RadialGrid.gauss_legendre(30.0, 200)
    U = (waves(grid.r) * grid.weights) @ T.nonlocal_potential(WIDE[:, None], grid.r).T
    X = waves(WIDE)
    model = NonLocalPotentialRegressor(
        WIDE, reduced_mass=MASS, local=True, n_init=1, random_state=0
    )
    model.fit(X, T.local_potential(WIDE) * X + U)
    exact = phase_shift(T, K, reduced_mass=MASS)
    assert distance(model.phase_shift(K), exact).max() < 1.0
    assert model.bound_states().energy.size == bound_states(T, reduced_mass=MASS).energy.size


def test_a_steep_surface():
    V = Local(lambda r: -0.3 / (1 + np.exp((r - 2) / 0.3)))
    X = scattering_wave_functions(V, WAVES, reduced_mass=MASS)(WIDE)
    model = NonLocalPotentialRegressor(WIDE, reduced_mass=MASS, local="only", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, V.local_potential(WIDE) * X)
    assert model.bound_states().kappa == pytest.approx(
        bound_states(V, reduced_mass=MASS).kappa, rel=0.01
    )


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_a_fit_that_explains_nothing_is_named():
    d = make_separable(omega=-0.1)
    model = NonLocalPotentialRegressor(d.r, reduced_mass=MASS, n_init=1, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(d.data, d.target)
    named = any("of the squared targets unexplained" in str(w.message) for w in caught)
    assert named == (model.loss_ > 0.5)
    model.set_params(max_iter=1, solver="adam", learning_rate=1e-12)
    with pytest.warns(ConvergenceWarning):
        model.fit(d.data, d.target)


@pytest.mark.parametrize("number", [1002, 1009])
def test_a_good_fit_that_creeps_has_converged(number):
    """Its loss falls by a part of 1e-2 in ten iterations at the end, its sources do not move.

    More iterations change δ by 1e-3 degrees; a fit that is cut short still warns.
    """
    U, m = draw(number)
    X, y = rows(U, m)
    settings = {"reduced_mass": m, "n_init": 1, "random_state": 0}
    model = NonLocalPotentialRegressor(R, **settings).fit(X, y)
    assert model.n_iter_ == 150
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        longer = NonLocalPotentialRegressor(R, max_iter=400, **settings).fit(X, y)
    assert distance(model.phase_shift(K), longer.phase_shift(K)).max() < 5e-3
    with pytest.warns(ConvergenceWarning, match="had not converged after max_iter=12"):
        NonLocalPotentialRegressor(R, max_iter=12, **settings).fit(X, y)
