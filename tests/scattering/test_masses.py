"""A fitted estimator brings its reduced mass to the solvers, which refuse another one."""

import warnings

import numpy as np
import pytest

from halkit import Channel
from halkit import scattering as sc
from halkit.datasets import make_coupled
from halkit.interactions import GaussianSum, lambda_lambda_n_xi_model
from halkit.potentials import GaussianProcessPotentialRegressor, LocalPotentialRegressor
from halkit.resampling import JackknifeRegressor

WELL, MASS, AT = GaussianSum.from_ranges([-0.6], [1.8]), 0.7, np.array([0.2, 0.5])
SOLVERS = {
    "phase_shift": lambda V, **m: sc.phase_shift(V, AT, **m),
    "scattering_length": sc.scattering_length,
    "effective_range": sc.effective_range,
    "bound_states": lambda V, **m: sc.bound_states(V, **m).energy,
    "waves": lambda V, **m: sc.scattering_wave_functions(V, AT, **m)([1.0]),
    "bound waves": lambda V, **m: sc.bound_wave_functions(V, **m).energy,
    "Coulomb phase": lambda V, **m: sc.coulomb_phase_shift(V, AT, charge_product=1, **m),
    "Coulomb length": lambda V, **m: sc.coulomb_scattering_length(V, charge_product=1, **m),
    "Coulomb range": lambda V, **m: sc.coulomb_effective_range(V, charge_product=1, **m),
    "Coulomb states": lambda V, **m: sc.coulomb_bound_states(V, charge_product=-1, **m).energy[:2],
    "femtoscopy": lambda V, **m: sc.correlation_function(V, AT, source=sc.GaussianSource(2.0), **m),
}
BOXES = {
    "lattice": lambda V, **m: sc.lattice_spectrum(V, L=8, n_states=2, **m).energy,
    "sphere": lambda V, **m: sc.spherical_box_states(V, radius=9.0, n_states=2, **m).energy,
}


@pytest.fixture(scope="module")
def fit():
    """A form fitted to waves of a well, with its mass."""
    r = np.arange(1, 31) * 0.4
    X = sc.scattering_wave_functions(WELL, np.linspace(0.1, 1, 4), reduced_mass=MASS)(r)
    form = LocalPotentialRegressor("gaussians", [-0.5, 2.0], r=r, reduced_mass=MASS)
    return form.fit(X, WELL(r) * X)


@pytest.mark.parametrize("name", [*SOLVERS, *BOXES])
def test_a_fit_brings_its_mass_and_refuses_another(name, fit):
    """The hadron mass instead of the reduced mass gave a0 = 30 instead of −4, silently."""
    solve = {**SOLVERS, **BOXES}[name]
    expected = solve(fit.interaction_, reduced_mass=MASS)
    np.testing.assert_array_equal(solve(fit, reduced_mass=MASS), expected)
    if name in SOLVERS:
        np.testing.assert_array_equal(solve(fit), expected)
        with pytest.raises(ValueError, match="reduced_mass must be given, got None"):
            solve(fit.interaction_)
    with pytest.raises(ValueError, match=r"reduced_mass must be 0.7, that of the fitted LocalPot"):
        solve(fit, reduced_mass=2 * MASS)
    assert not np.array_equal(solve(fit.interaction_, reduced_mass=2 * MASS), expected)


def test_ensembles_refuse_other_masses(fit):
    for members, given in (([fit, fit], {}), ([fit.interaction_] * 2, {"centre": fit})):
        with pytest.raises(ValueError, match=r"reduced_mass must be 0.7, that of the fitted"):
            sc.Ensemble(members, kind="bootstrap", reduced_mass=2 * MASS, **given)
    assert len(sc.Ensemble([fit, fit], kind="bootstrap", reduced_mass=MASS)) == 2


def test_a_coupled_fit_keeps_its_channels():
    d = make_coupled(
        lambda_lambda_n_xi_model("local"), r=np.arange(1, 16) * 0.4, box_radius=8.0,
        times=np.arange(9, 12) * 0.09, source_radius=0.5,
    )  # fmt: skip
    prior = {"local": "only", "local_range": 0.6, "local_strength": 15.0}
    model = GaussianProcessPotentialRegressor(d.r, channels=d.channels, **prior)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(d.data, d.target)
        own = sc.coupled_s_matrix(model, 0.1)
        np.testing.assert_array_equal(sc.coupled_s_matrix(model, 0.1, channels=d.channels), own)
    others = [Channel(reduced_mass=2.0), Channel(reduced_mass=2.0, threshold=0.05)]
    with pytest.raises(ValueError, match=r"channels must have the reduced_mass of the fitted Gau"):
        sc.coupled_s_matrix(model, 0.1, channels=others)
    sc.coupled_s_matrix(model.interaction_, 0.1, channels=others)


def test_an_ensemble_in_the_place_of_an_interaction_is_named():
    search = JackknifeRegressor(LocalPotentialRegressor())
    with pytest.raises(TypeError, match="JackknifeRegressor"):
        sc.phase_shift(search, AT)
