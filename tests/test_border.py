"""The border for arrays: one table of all that takes an array, and the laws that hold for each row.

A row is a function of one of its arrays, with an array that it takes. Two laws: arrays of another
kind are refused with a message that says why; the same numbers in another layout give the same
result.
"""

import contextlib
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.base import clone

from halkit import (
    correlators,
    datasets,
    displays,
    equations,
    gauge,
    resampling,
    scattering,
    units,
)
from halkit.checks import check_nodes
from halkit.correlators import Correlators
from halkit.interactions import (
    GaussianSum,
    Local,
    NonLocal,
    PereyBuck,
    Separable,
    Tabulated,
    TwoPionTail,
    Yamaguchi,
    Yukawa,
    av18,
)
from halkit.potentials import (
    ESTPotentialRegressor,
    FrozenBasisRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.radial import RadialGrid, Wedge, radial_laplacian, trapezoid_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

RNG = np.random.default_rng(0)
R = np.linspace(0.2, 6.0, 12)
X = np.exp(-np.outer([0.3, 0.5, 0.7, 0.9, 1.1], R)) * (1 + 0.1 * RNG.uniform(size=(5, 12)))
Y = -0.1 * X * np.exp(-R)
SIGMA = np.full(Y.shape, 1e-3) * np.linspace(1, 2, 12)
K = np.array([0.2, 0.5])
TIMES = np.arange(4.0, 11.0)
BINS = 1 + 0.01 * RNG.normal(size=(4, 1, 1))
LINKS = RNG.uniform(-3, 3, (6, 2, 4, 4))
WELL = GaussianSum([-0.5], [0.4])
TABLE = -np.exp(-np.linspace(0.1, 4.0, 10))
WEDGE = Wedge(8)


def exponential(r, r_prime, theta):
    return theta[0] * np.exp(-theta[1] * (r + r_prime))


SETTINGS = {"n_init": 1, "max_iter": 1000, "tol": 0.5, "random_state": 0}
MODELS = {
    "network": NonLocalPotentialRegressor(R, reduced_mass=1.0, **SETTINGS),
    "time": TimeDependentHALRegressor(R, hadron_mass=2.0, **SETTINGS),
    "process": GaussianProcessPotentialRegressor(R, reduced_mass=1.0),
    "parametric": ParametricPotentialRegressor(exponential, [-0.1, 0.5], r=R, reduced_mass=1.0),
    "interpolation": ESTPotentialRegressor(R, reduced_mass=1.0),
    "form": LocalPotentialRegressor(r=R, reduced_mass=1.0, n_terms=1),
    "frozen": FrozenBasisRegressor(NonLocalPotentialRegressor(R, reduced_mass=1.0, **SETTINGS)),
    "jackknife": resampling.JackknifeRegressor(ESTPotentialRegressor(R, reduced_mass=1.0)),
}
FITTED = {}


def fitted(name):
    if name not in FITTED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            many = (BINS * X, BINS * Y) if name == "jackknife" else (X, Y)
            FITTED[name] = clone(MODELS[name]).fit(*many)
    return FITTED[name]


def fit(name, **given):
    given = {"X": X, "y": Y, **given}
    return clone(MODELS[name]).fit(**given).predict(X)


def of_the_models():
    """Every array of every regressor."""
    for name in MODELS:
        yield f"{name} X", lambda v, n=name: fit(n, X=v), X
        yield f"{name} y", lambda v, n=name: fit(n, y=v), Y
        yield f"{name} y_std", lambda v, n=name: fit(n, y_std=v), SIGMA
        yield f"{name} weight", lambda v, n=name: fit(n, sample_weight=v), np.arange(1.0, 6.0)
        yield f"{name} predict", lambda v, n=name: fitted(n).predict(v), X
        yield f"{name} localize", lambda v, n=name: fitted(n).localize(v), X
        yield f"{name} score", lambda v, n=name: fitted(n).score(v, Y), X
        yield f"{name} score y", lambda v, n=name: fitted(n).score(X, v), Y
        yield f"{name} U(r)", lambda v, n=name: fitted(n).predict_potential(v), R
        yield f"{name} V(r)", lambda v, n=name: fitted(n).local_potential(v), R
        yield f"{name} delta", lambda v, n=name: fitted(n).phase_shift(v), K
        if name == "jackknife":
            yield f"{name} bins", lambda v: fit("jackknife", X=v, y=BINS * Y), BINS * X
            yield f"{name} bins y", lambda v: fit("jackknife", X=BINS * X, y=v), BINS * Y
            yield f"{name} bins predict", lambda v: fitted("jackknife").predict(v), BINS * X
            continue
        yield f"{name} apply", lambda v, n=name: fitted(n).apply_potential(v, R), X
        yield f"{name} apply r", lambda v, n=name: fitted(n).apply_potential(X, v), R
        yield f"{name} apply w", lambda v, n=name: fitted(n).apply_potential(X, R, v), R
        yield f"{name} apply r_out", lambda v, n=name: fitted(n).apply_potential(X, R, None, v), R
        yield f"{name} U(r, r')", lambda v, n=name: fitted(n).nonlocal_potential(v, 1.0), R
        before = () if name == "form" else (1.0,)
        yield f"{name} interaction", lambda v, n=name, b=before: fitted(n).interaction_(*b, v), R
        yield (
            f"{name} score y_std",
            lambda v, n=name: fitted(n).score(X, Y, y_std=v),
            SIGMA,
        )
        if name != "frozen":
            yield f"{name} r", lambda v, n=name: fit_with(n, r=v), R
            yield f"{name} weights", lambda v, n=name: fit_with(n, weights=v), R
            yield f"{name} r_out", lambda v, n=name: fit_with(n, r_out=v), R
    local = {"local": "only"}
    yield "widths", lambda v: fit_with("network", local_widths=v, **local), np.array([1.0, 2.0])
    yield "prior", lambda v: fit_with("process", local_widths=v), np.array([1.0, 2.0, 4.0])
    yield "initial", lambda v: fit_with("parametric", initial=v), np.array([-0.2, 0.7])
    yield "slices", lambda v: slices(R=v), SLICES
    yield "times", lambda v: slices(times=v), TIMES
    yield "draw", drawn, R


def drawn(r):
    return fitted("process").draw_potentials(1, 0)[0](r)


SLICES = np.exp(-0.05 * TIMES[:, None] - R / 2) + 0.3 * np.exp(-0.2 * TIMES[:, None] - R)


def fit_with(name, **parameters):
    return clone(MODELS[name]).set_params(**parameters).fit(X, Y).predict(X)


def slices(R=SLICES, times=TIMES):
    return clone(MODELS["time"]).fit(R, times=times).predict(SLICES)


def rows(**changes):
    known = {"wall": np.exp(-0.1 * TIMES)[:, None, None] * (BINS * X[:1])[:, 0]}
    given = {"R": known, "t": TIMES, "r": R, "hadron_mass": 2.0, "kind": "jackknife"}
    record = Correlators(**{**given, "units": "fm", **changes})
    return equations.radial_rows(record, space_order=4).target


def lattice(times=(6, 7), **changes):
    points = np.exp(-np.sqrt(WEDGE.distance_squared) / 3)
    known = {"wall": np.exp(-0.1 * TIMES)[:, None, None] * BINS[:, 0] * points}
    given = {"R": known, "t": TIMES, "wedge": WEDGE, "hadron_mass": 2.0, "kind": "jackknife"}
    record = Correlators(**{**given, "units": "lattice", **changes})
    return equations.lattice_rows(record, times=times, sources=["wall"], r_max=2.0).target


def of_radial_and_sources():
    ones = np.linspace(1.0, 2.0, 12)
    yield "nodes", check_nodes, R
    yield "trapezoid", trapezoid_weights, R
    yield "grid r", lambda v: RadialGrid(v, ones).r, R
    yield "grid weights", lambda v: RadialGrid(R, v).weights, ones
    yield "laplacian", lambda v: radial_laplacian(v, R), X
    yield "laplacian r", lambda v: radial_laplacian(X, v), R
    yield "wedge", WEDGE.laplacian, np.exp(-WEDGE.distance_squared / 9.0)
    yield "shells", WEDGE.to_shells, np.exp(-WEDGE.distance_squared / 9.0)
    yield "sites", WEDGE.index, WEDGE.xyz + 8
    yield "remove_phase", lambda v: abs(equations.remove_phase(v)), X
    stationary = equations.stationary_target
    k = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    yield "phi", lambda v: stationary(v, k, R, reduced_mass=1.0, order=4), X
    yield "k", lambda v: stationary(X, v, R, reduced_mass=1.0, order=4), k
    yield "r", lambda v: stationary(X, k, v, reduced_mass=1.0, order=4), R
    yield "R(t)", lambda v: equations.time_derivatives(v, points=3)[1], SLICES
    time = equations.time_dependent_rows
    yield "R", lambda v: time(v, R, hadron_mass=2.0)[1], SLICES
    yield "t", lambda v: time(SLICES, R, hadron_mass=2.0, times=v)[1], TIMES
    yield "t r", lambda v: time(SLICES, v, hadron_mass=2.0)[1], R
    local = equations.local_approximation
    yield "local X", lambda v: local(v, Y).V, X
    yield "local y", lambda v: local(X, v).V, Y
    yield "local y_std", lambda v: local(X, Y, y_std=v).V, SIGMA
    yield "local r", lambda v: local(X, Y, v, order=2).V0, R
    yield "local laplacian", lambda v: local(X, Y, order=2, laplacian=v).V0, X**2
    directions = equations.identifiability
    yield "identify X", lambda v: directions(v, 0.1 * X).singular_values, X
    yield "identify sigma", lambda v: directions(X, v).singular_values, 0.1 * X
    yield "identify w", lambda v: directions(X, 0.1 * X, weights=v).singular_values, ones
    known = np.exp(-0.1 * TIMES)[:, None, None] * (BINS * X[:1])[:, 0]
    yield "rows", lambda v: rows(R={"wall": v}), known
    yield "rows t", lambda v: rows(t=v), TIMES
    yield "rows r", lambda v: rows(r=v), R
    points = np.exp(-0.1 * TIMES)[:, None, None] * BINS[:, 0] * np.exp(-WEDGE.distance_squared / 9)
    yield "lattice", lambda v: lattice(R={"wall": v}), points
    yield "lattice t", lambda v: lattice(t=v), TIMES
    yield "lattice times", lambda v: lattice(times=v), np.array([6, 7])


def of_interactions():
    r = np.linspace(0.3, 5.0, 7)
    local = {
        "gauss": WELL, "yukawa": Yukawa(1.0, 0.7), "pions": TwoPionTail(-1.0, 0.5, 0.7),
        "local": Local(np.cos), "sum": WELL + Yukawa(1.0, 0.7), "av18": av18("1S0"),
        "table": Tabulated(TABLE, np.linspace(0.1, 4.0, 10)),
    }  # fmt: skip
    for name, V in local.items():
        yield f"V {name}", V, r
    toy = Separable(-0.017, 1.0)
    for name, U in {
        "separable": toy, "yamaguchi": Yamaguchi(0.2, 1.4, reduced_mass=2.4),
        "perey": PereyBuck(0.36, 3.0, 0.65, 0.85), "nonlocal": NonLocal(lambda r, s: r * s),
    }.items():  # fmt: skip
        yield f"U {name}", lambda v, U=U: U(v, 1.0), r
        yield f"U {name} r'", lambda v, U=U: U(1.0, v), r
    yield "matrix", av18("3S1-3D1").matrix, r
    yield "strengths", lambda v: GaussianSum(v, [1.0, 2.0])(r), np.array([0.3, 0.4])
    yield "exponents", lambda v: GaussianSum([0.3, 0.4], v)(r), np.array([1.0, 2.0])
    yield "ranges", lambda v: GaussianSum.from_ranges([0.3, 0.4], v)(r), np.array([1.0, 2.0])
    yield "values", lambda v: Tabulated(v, np.linspace(0.1, 4.0, 10))(r), TABLE
    yield "table r", lambda v: Tabulated(TABLE, v)(r), np.linspace(0.1, 4.0, 10)
    yield "V(r) of f", lambda v: Local(lambda r: v)(r), np.cos(r)  # noqa: ARG005
    for name in ("phase_shift", "k_cot_delta"):
        yield name, lambda v, n=name: getattr(toy, n)(v, reduced_mass=3.3), K
    yield "wave k", lambda v: toy.wave_function(v, r, reduced_mass=3.3), K
    yield "wave r", lambda v: toy.wave_function(K, v, reduced_mass=3.3), r
    yield "source r", lambda v: toy.target(K, v, reduced_mass=3.3), r
    yield "mass", units.hbar2_over_2mu, np.array([400.0, 500.0])


def of_scattering():
    r, p = np.linspace(0.1, 4.0, 10), np.linspace(0.1, 2.0, 5)
    U = -np.exp(-r[:, None] - r)
    mass = {"reduced_mass": 1.0, "channel_radius": 6.0, "n_mesh": 30}
    waves = scattering.scattering_wave_functions(WELL, K, **mass)
    box = scattering.spherical_box_states(WELL, radius=8.0, reduced_mass=1.0, n_mesh=40)
    yield "delta k", lambda v: scattering.phase_shift(WELL, v, **mass), K
    yield "delta V", lambda v: scattering.phase_shift(v, K, reduced_mass=1.0, r=r), TABLE
    yield "delta r", lambda v: scattering.phase_shift(TABLE, K, reduced_mass=1.0, r=v), r
    yield "waves k", lambda v: scattering.scattering_wave_functions(WELL, v, **mass)(r), K
    yield "waves r", waves, r
    yield "box r", box.wave_function, r
    coulomb = scattering.coulomb_phase_shift
    yield "coulomb k", lambda v: coulomb(WELL, v, charge_product=1.0, **mass), K
    yield "eta", lambda v: scattering.coulomb_functions(0, v, 2.0).F, K
    yield "rho", lambda v: scattering.coulomb_functions(0, 0.5, v).F, K
    yield "V_C", lambda v: scattering.coulomb_potential(v, charge_product=1.0), r
    matrix = [[WELL, WELL], [WELL, WELL]]
    coupled = {**mass, "l": (0, 2)}
    yield "coupled", lambda v: scattering.coupled_s_matrix(matrix, k=v, **coupled).real, K
    yield "phases", lambda v: scattering.coupled_phase_shifts(matrix, k=v, **coupled).eigenphase, K
    given = {"reduced_mass": 1.0, "source": scattering.GaussianSource(2.0)}
    yield "C(k)", lambda v: scattering.correlation_function(WELL, v, **given), K
    lednicky = scattering.lednicky_lyuboshitz
    yield "lednicky", lambda v: lednicky(v, R=2.0, scattering_length=1.0), K
    yield "S(r)", scattering.GaussianSource(2.0), r
    yield "plain sum", lambda v: scattering.discrete_fourier_potential(v).real, U
    yield "fourier U", lambda v: scattering.fourier_potential(v, r, p), U
    yield "fourier r", lambda v: scattering.fourier_potential(U, v, p), r
    yield "fourier p", lambda v: scattering.fourier_potential(U, r, v), p
    yield "fourier w", lambda v: scattering.fourier_potential(U, r, p, weights=v), r
    yield "inverse U", lambda v: scattering.inverse_fourier_potential(v, r, p), U
    yield "zeta", scattering.zeta_00, np.array([0.3, 0.7])
    levels = scattering.luscher_k_cot_delta
    yield "energy", lambda v: levels(v, L=10.0, reduced_mass=0.5), np.array([0.1, 0.2])
    pair = {"L": 10.0, "masses": (0.8, 1.3)}
    yield "ΔW", lambda v: levels(v, **pair), np.array([0.1, 0.2])
    yield "masses", lambda v: levels(0.1, L=10.0, masses=(v, 1.3)), np.array([0.8, 0.9])
    nodes = np.linspace(0.5, 20.0, 40)
    waves = np.sin(np.outer(K, nodes) + 0.3)
    tail = scattering.tail_phase_shift
    yield "tail", lambda v: tail(v, nodes, K).phase_shift, waves
    yield "tail r", lambda v: tail(waves, v, K).phase_shift, nodes
    yield "tail k", lambda v: tail(waves, nodes, v).phase_shift, K
    yield "tail std", lambda v: tail(waves, nodes, K, phi_std=v).error, 0.1 + np.abs(waves)
    yield "bins of θ", lambda v: wells(v).samples(float_at_origin), np.array([[1.0, 2], [1.1, 2]])
    yield "centre of θ", lambda v: wells([[1, 2]], v).centre(r), np.array([1.0, 2.0])
    spectrum = scattering.lattice_spectrum
    V = -np.exp(-WEDGE.distance_squared / 4.0)
    yield "sites V", lambda v: spectrum(v, L=8, reduced_mass=1.0, n_states=2).energy, V


def wells(bins, centre=None):
    def well(p):
        return GaussianSum(p[:1], p[1:])

    return scattering.Ensemble.from_parameters(well, bins, "jackknife", centre=centre)


def float_at_origin(V):
    return float(V(0.0))


def of_tables():
    V, std, cov = -np.exp(-(R**2)), np.full(len(R), 0.1), np.diag(np.full(len(R), 0.01))

    def fit_table(r, V, V_std=None, V_cov=None):
        return LocalPotentialRegressor(n_terms=1).fit_table(r, V, V_std, V_cov=V_cov).theta_

    yield "fit table r", lambda v: fit_table(v, V, std), R
    yield "fit table V", lambda v: fit_table(R, v, std), V
    yield "fit table std", lambda v: fit_table(R, V, v), std
    yield "fit table cov", lambda v: fit_table(R, V, V_cov=v), cov


def of_resampling():
    x = RNG.normal(size=(8, 3))
    yield "jackknife configs", resampling.jackknife_samples, x
    draw = {"n_samples": 5, "random_state": 0}
    yield "bootstrap configs", lambda v: resampling.bootstrap_samples(v, **draw), x
    yield "mean", resampling.jackknife_mean, x
    yield "error", resampling.jackknife_error, x
    yield "spread", lambda v: resampling.resampling_error(v, "bootstrap"), x
    yield "pooled std", lambda v: resampling.pooled_errors(v, Y), SIGMA
    yield "pooled values", lambda v: resampling.pooled_errors(SIGMA, v), Y
    with contextlib.suppress(ImportError):
        import gvar

        yield "to_gvar", lambda v: gvar.sdev(resampling.to_gvar(v)), x
        yield "centre", lambda v: gvar.mean(resampling.to_gvar(x, centre=v)), x[0]


def of_correlators():
    t, r = np.arange(6), np.linspace(0.5, 4.0, 5)
    C = np.exp(-0.5 * t) * (1 + 0.01 * RNG.normal(size=(12, 6)))
    pair = C[..., None] ** 2 * (1 - np.exp(-r))
    yield "effective mass", correlators.effective_mass, C
    given = {"kind": "jackknife", "window": (1, 5)}
    yield "fit C", lambda v: correlators.fit_mass(v, **given).bins, C
    yield "fit t", lambda v: correlators.fit_mass(C, t=v, **given).bins, t
    yield (
        "fit window",
        lambda v: correlators.fit_mass(C, t=t, **{**given, "window": v}).bins,
        t[1:6:3],
    )
    yield "fold", correlators.fold, C
    yield "backward", lambda v: correlators.fold(C, backward=v), C[::-1].copy()
    yield "sources", lambda v: correlators.average_sources(v, [0, 2, 5]), C[:3]
    yield "source times", lambda v: correlators.average_sources(C[:3], v), t[:3]
    made = {"t": t, "r": r, "kind": "jackknife", "masses": 0.5}

    def ratio(C_NM=pair, C_N=C, **changes):
        return correlators.two_hadron_ratio(C_NM, C_N, **{**made, **changes})

    yield "ratio C_NM", lambda v: ratio(v).R["R"], pair
    yield "ratio C_N", lambda v: ratio(C_N=v).R["R"], C
    yield "ratio t", lambda v: ratio(t=v).R["R"], t
    yield "ratio r", lambda v: ratio(r=v).r, r
    yield "ratio masses", lambda v: ratio(masses=v).masses, 0.5 + 1e-3 * np.arange(12)
    weights = np.linspace(1.0, 2.0, 5)
    energy = correlators.effective_energy
    yield "sink", lambda v: energy(ratio(), v, weights=weights).energy, weights
    yield "sink weights", lambda v: energy(ratio(), weights=v).energy, weights
    yield "mass bins", lambda v: replace(ratio(), mass_bins=v).masses, 0.5 + 1e-3 * np.arange(12)


def of_gauge():
    for name in ("plaquette", "sine_charge", "topological_charge", "susceptibility"):
        yield name, getattr(gauge, name), LINKS
    yield "wrap", gauge.wrap, LINKS
    yield "loop", lambda v: gauge.wilson_loop(v, 1, 2), LINKS
    yield "polyakov", lambda v: gauge.polyakov_loop(v, 0).real, LINKS
    yield "action", lambda v: gauge.action(v, 2.0), LINKS
    yield "force", lambda v: gauge.force(v, 2.0), LINKS
    yield "gauge", lambda v: gauge.gauge_transform(v, LINKS[:, 0]), LINKS
    yield "alpha", lambda v: gauge.gauge_transform(LINKS, v), LINKS[:, 0]
    short = {"n_trajectories": 1, "random_state": 0}
    yield "correct", lambda v: gauge.correct(v, 2.0, **short), LINKS
    yield "hmc", lambda v: list(gauge.hmc(v, 2.0, **short))[-1].theta, LINKS
    steps = {"step_size": 0.1, "n_steps": 2}
    yield "integrate", lambda v: gauge.integrate(v, LINKS, 2.0, **steps)[0], LINKS
    yield "momentum", lambda v: gauge.integrate(LINKS, v, 2.0, **steps)[0], LINKS
    yield "winding", lambda v: gauge.winding_hit(v, 2.0, random_state=0)[0], LINKS
    yield "report", lambda v: gauge.sample_report(v, 2.0).rows[0].mean, LINKS
    yield "series", lambda v: gauge.autocorrelation_time(v).value, RNG.normal(size=200)
    yield "area", lambda v: gauge.exact_wilson_loop(v, 2.0, (4, 4)), np.array([1, 2])
    yield "charge", lambda v: gauge.charge_probability(v, 2.0, (4, 4)), np.array([0, 1])
    particles = gauge.sample_smc(8, 0.1, (2, 2), n_levels=2, random_state=0)
    yield "particles", lambda v: particles.mean(v)[0], RNG.normal(size=8)
    sampler = gauge.U1DiffusionSampler(hidden_channels=(2,), max_epochs=1, random_state=0)
    flat = LINKS.reshape(6, -1)
    yield "sampler", lambda v: clone(sampler).fit(v).score(LINKS), LINKS
    yield "sampler rows", lambda v: clone(sampler).fit(v).score(LINKS), flat

    @cache
    def trained():
        return clone(sampler).fit(LINKS)

    yield "sampler score", lambda v: trained().score_samples(v), LINKS
    yield "sampler rows score", lambda v: trained().score_samples(v), flat
    yield "link_score", lambda v: trained().link_score(v, 0.5), LINKS
    yield "sampler report", lambda v: trained().sample_report(v, 2.0).rows[0].mean, LINKS


def of_datasets_and_displays():
    make = {"r": R, "box_radius": 12.0, "hadron_mass": 2.0, "times": TIMES}
    time = datasets.make_time_dependent
    yield "make r", lambda v: time(WELL, **{**make, "r": v}).target, R
    yield "make times", lambda v: time(WELL, **{**make, "times": v}).target, TIMES
    U = -np.exp(-R[:, None] - R)
    yield "picture U", lambda v: displays.PotentialDisplay(v, R).potential, U
    yield "picture r", lambda v: displays.PotentialDisplay(U, v).r, R
    yield (
        "picture std",
        lambda v: displays.PotentialDisplay(U, R, potential_std=v).potential_std,
        -U,
    )
    yield "curve", lambda v: displays.LocalPotentialDisplay(v, R).potential, Y
    yield "curve r", lambda v: displays.LocalPotentialDisplay(Y, v).r, R
    band = displays.LocalPotentialDisplay
    yield "curve std", lambda v: band(Y, R, potential_std=v).potential_std, SIGMA
    yield "angle", lambda v: displays.PhaseShiftDisplay(v, R).phase_shift, X[0]
    yield "angle k", lambda v: displays.PhaseShiftDisplay(X[0], v).k, R
    yield "reference", lambda v: displays.PhaseShiftDisplay(R, R, reference=(v, R)).reference[0], R
    yield "topology", lambda v: displays.TopologyDisplay(v).charge, np.array([0, 1, 0, -1])
    yield "probability", lambda v: displays.TopologyDisplay([0], v).probability, X[0, :3]
    loops = ["a", "b"], K, K, K
    yield "loops", lambda v: displays.WilsonLoopDisplay(*loops[:3], v).exact, K


TABLES = (
    of_radial_and_sources, of_interactions, of_scattering, of_resampling, of_gauge,
    of_datasets_and_displays, of_the_models, of_tables, of_correlators,
)  # fmt: skip
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    CASES = [(name, f, v) for table in TABLES for name, f, v in table()]
NAMES = [name for name, _, _ in CASES]


def masked(values):
    mask = np.zeros(values.shape, bool)
    mask.flat[1] = True
    return np.ma.masked_array(values, mask)


def records(values):
    out = np.zeros(values.shape, dtype=[("value", float)])
    out["value"] = values
    return out


def with_none(values):
    out = values.astype(object)
    out.flat[1] = None
    return out


FOREIGN = {
    "masked": (masked, ValueError, "must have no masked entries"),
    "masked list": (lambda v: list(masked(v)), ValueError, "must have no masked entries"),
    "text": (lambda v: v.astype(str), TypeError, "must hold"),
    "bytes": (lambda v: v.astype("S"), TypeError, "must hold"),
    "text object": (lambda v: v.astype(str).astype(object), TypeError, "must hold"),
    "date": (lambda v: np.zeros(v.shape, "M8[s]"), TypeError, "must hold"),
    "duration": (lambda v: np.ones(v.shape, "m8[s]"), TypeError, "must hold"),
    "record": (records, TypeError, "must hold"),
    "None": (with_none, TypeError, "must hold"),
}


@pytest.mark.parametrize(("name", "function", "values"), CASES, ids=NAMES)
def test_what_a_cast_to_float_would_lose_is_refused(name, function, values):
    for kind, (change, error, message) in FOREIGN.items():
        with pytest.raises(error, match=message):
            pytest.fail(f"{kind}: {function(change(values))}")


@pytest.mark.parametrize(("name", "function", "values"), CASES, ids=NAMES)
def test_complex_numbers_are_refused_or_meant(name, function, values):
    if name in {"remove_phase", "k_cot_delta"}:  # k = iκ is a bound state
        np.testing.assert_allclose(function(values + 0j), function(values))
        return
    with pytest.raises((ValueError, TypeError), match=r"Complex data|must hold integers"):
        function(values + 0j)


def reversed_view(values):
    return np.ascontiguousarray(values[::-1])[::-1]


def fortran(values):
    return np.asfortranarray(values)[..., ::-1].copy("F")[..., ::-1]


def read_only(values):
    values = values.copy()
    values.setflags(write=False)
    return values


LAYOUTS = {
    "negative strides": reversed_view,
    "negative strides of columns": fortran,
    "list": lambda v: v.tolist(),
    "big-endian": lambda v: v.astype(v.dtype.newbyteorder(">")),
    "read-only": read_only,
    "masked nowhere": np.ma.masked_array,
    "objects": lambda v: v.astype(object) if v.dtype.kind == "f" else v,
    "tensor": torch.tensor,
}


@pytest.mark.parametrize(("name", "function", "values"), CASES, ids=NAMES)
def test_the_layout_of_an_array_does_not_matter(name, function, values):
    expected = np.asarray(function(values.copy()))
    for layout, change in LAYOUTS.items():
        found = np.asarray(function(change(values)))
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12, err_msg=layout)


def test_names_of_the_table_are_different():
    assert len(set(NAMES)) == len(NAMES) > 200
