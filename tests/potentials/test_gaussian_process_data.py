"""One potential from all ΞΞ(¹S₀) correlators: what was published, and what was left out of the fit.

L = 64, wall and smeared ("exp") sources, t = 12 … 15, the published three-point stencil, the
defaults of the regressor, errors by jackknife. Published: T. Iritani et al. (HAL QCD),
JHEP 03 (2019) 007 [arXiv:1812.08539], and the tables that come with its correlators.
"""

import numpy as np
import pytest

from halkit.correlators import load_correlators
from halkit.equations import lattice_rows
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.potentials import GaussianProcessPotentialRegressor, TimeDependentHALRegressor
from halkit.resampling import JackknifeRegressor, jackknife_error
from halkit.scattering import lattice_spectrum
from halkit.units import HBARC

pytestmark = pytest.mark.data

TO_MEV = 2194.0
FM = HBARC / TO_MEV
PION = 510.0 / TO_MEV
MASS = 0.665
# V0 + V2∇² at t = 13: k²/m_π², δ and its error in degrees
PUBLISHED = [
    (0.006, 11.631, 1.082), (0.012, 15.292, 1.335), (0.018, 17.499, 1.444),
    (0.030, 19.951, 1.502), (0.048, 21.390, 1.439), (0.060, 21.632, 1.376),
    (0.090, 21.101, 1.196), (0.120, 19.827, 1.051), (0.150, 18.272, 0.930),
    (0.179, 16.618, 0.838), (0.239, 13.304, 0.715),
]  # fmt: skip


@pytest.fixture(scope="module")
def rows(data_dir):
    volumes = {}

    def rows(L=64, times=(12, 13, 14, 15), sources=("wall", "exp"), r_max=2.4 / FM, stencil="auto"):
        if L not in volumes:
            volumes[L] = load_correlators(data_dir, lattice=f"L{L}")
        return lattice_rows(volumes[L], times=times, sources=sources, r_max=r_max, stencil=stencil)

    return rows


def regressor(rows, **settings):
    return GaussianProcessPotentialRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, reduced_mass=MASS / 2, **settings
    )


def fit(rows, **settings):
    X, y = rows.mean()
    return regressor(rows, **settings).fit(X, y, y_std=rows.sigma)


def jackknife(rows):
    return JackknifeRegressor(regressor(rows)).fit(rows.data, rows.target, y_std=rows.sigma)


@pytest.fixture(scope="module")
def training(rows):
    return rows()


@pytest.fixture(scope="module")
def learned(training):
    return jackknife(training)


def chi2(model, rows):
    """Mean of (residual/σ)² of rows that the model need not know."""
    prediction = model.apply_potential(rows.data.mean(axis=0), rows.r, rows.weights, rows.r_out)
    return np.mean(((prediction - rows.target.mean(axis=0)) / rows.sigma) ** 2)


@pytest.fixture(scope="module")
def unseen(rows):
    """L = 48, up to 2 fm, so that r' stays inside half of the box."""
    return {
        "wall": rows(48, sources=("wall",), r_max=2.0 / FM),
        "smeared": rows(48, times=(13, 14, 15), sources=("exp",), r_max=2.0 / FM),
    }


def k_cot_delta(model):
    """k cot δ(0)/m_π."""
    return -1 / (model.scattering_length() * PION)


def test_one_potential_describes_a_volume_left_out(learned, training, unseen):
    model = learned.estimator_
    assert chi2(model, training) < 2.5
    assert chi2(model, unseen["wall"]) < 1.9
    assert chi2(model, unseen["smeared"]) < 1.8


def test_local_potentials_of_both_sources_from_one_u(learned, training):
    V, error = learned.localize(training.data, return_std=True)
    at = np.argmin(np.abs(training.r_out * FM - 0.402))
    for source, published, its_error in (("wall", 48.2, 0.7), ("exp", 80.7, 2.6)):
        row = training.labels.index((source, 13))
        assert error[row, at] * TO_MEV < 2.0
        assert V[row, at] * TO_MEV == pytest.approx(published, abs=2 * its_error)


def test_scattering_near_threshold_and_no_bound_state(learned):
    value, error = learned.evaluate(k_cot_delta)
    assert 0.31 < value < 0.40
    assert 0.03 < error < 0.07
    assert learned.estimator_.bound_states().energy.size == 0


def test_phase_shifts_within_one_combined_error_of_the_published(learned):
    ratio, published, its_error = np.transpose(PUBLISHED)
    delta, error = np.rad2deg(learned.phase_shift(np.sqrt(ratio) * PION, return_std=True))
    assert np.max(np.abs(delta - published) / np.hypot(error, its_error)) < 1.0


@pytest.mark.parametrize(
    ("L", "published", "error"), [(40, -4.59, 0.27), (48, -2.82, 0.18), (64, -1.29, 0.09)]
)
def test_box_energies(learned, L, published, error):
    energy = lattice_spectrum(learned.estimator_, L=L, reduced_mass=MASS / 2, n_states=1).energy
    assert energy[0] * TO_MEV == pytest.approx(published, abs=1.5 * error)


@pytest.mark.parametrize("seed", range(3))
def test_a_network_gives_the_same_phases(learned, training, unseen, seed):
    """Local + separable, rank 2, 80 steps, with the prior of the process for the local term."""
    X, y = training.data.mean(axis=0), training.target.mean(axis=0)
    network = TimeDependentHALRegressor(
        training.r, weights=training.weights, r_out=training.r_out, hadron_mass=MASS,
        max_iter=80, n_init=1, random_state=seed,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="max_iter"):
        network.fit(X, y, y_std=training.sigma)
    assert chi2(network, training) < 2.5
    assert chi2(network, unseen["wall"]) < 1.9
    assert chi2(network, unseen["smeared"]) < 1.8
    process = learned.estimator_
    assert k_cot_delta(network) == pytest.approx(k_cot_delta(process), abs=0.02)
    k = np.sqrt(np.linspace(3e-4, 0.013, 20))
    distance = np.abs(network.phase_shift(k) - process.phase_shift(k))
    assert np.rad2deg(distance).max() < 0.5


def test_a_wider_time_stencil_is_a_small_systematic_effect(rows):
    """Five points for three at t = 12 … 14, bin by bin, and their part in wall − smeared."""
    three, five = (rows(times=(12, 13, 14), stencil=points) for points in (3, 5))
    samples = [jackknife(r).samples(k_cot_delta) for r in (three, five)]
    shift = samples[1] - samples[0]
    assert shift.mean() == pytest.approx(-0.005, abs=0.002)
    assert jackknife_error(shift) < 0.003

    def difference(rows):
        V = (rows.target / rows.data[..., : len(rows.r_out)]).mean(axis=0)
        gap = V[rows.labels.index(("exp", 13))] - V[rows.labels.index(("wall", 13))]
        return gap[(rows.r_out * FM > 0.2) & (rows.r_out * FM < 1.0)].sum()

    assert 0.02 < 1 - difference(five) / difference(three) < 0.035


def test_a_local_potential_alone_fails_on_the_volume_left_out(training, unseen):
    with pytest.warns(MisfitWarning, match="the data need a non-local part"):
        model = fit(training, local="only")
    assert chi2(model, unseen["smeared"]) > 10.0


def test_a_wide_and_strong_prior_is_found_out_by_the_volume_left_out(learned, training, unseen):
    """It has the smaller training residual and the larger evidence: neither is to be trusted."""
    with pytest.warns(UnderdeterminedWarning, match=r"a share 0\.\d+ .* where the data end"):
        wide = fit(training, envelope_radius=12.0, amplitude=1e-4)
    assert chi2(wide, training) < chi2(learned.estimator_, training)
    assert wide.log_marginal_likelihood_ > learned.estimator_.log_marginal_likelihood_
    assert chi2(wide, unseen["smeared"]) > 10 * chi2(learned.estimator_, unseen["smeared"])


def test_one_source_is_underdetermined(rows):
    with pytest.warns(UnderdeterminedWarning, match="rows of two sources"):
        fit(rows(sources=("wall",)))
