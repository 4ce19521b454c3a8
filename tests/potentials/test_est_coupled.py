"""Separable interpolation of coupled channels: S matrices from waves, with and without noise."""

import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from halkit import Channel
from halkit.channels import resolve_channels
from halkit.datasets import make_coupled
from halkit.exceptions import MisfitWarning
from halkit.interactions import GaussianSum, InteractionMatrix, Local, SeparableMatrix, av18
from halkit.potentials import ESTPotentialRegressor
from halkit.radial import RadialGrid
from halkit.resampling import JackknifeRegressor
from halkit.scattering import coupled_bound_states, coupled_box_states, coupled_s_matrix
from halkit.units import HBARC

# they are exact beyond the momenta of the waves, which no data can tell
pytestmark = pytest.mark.filterwarnings("ignore:the data do not determine S")

TENSOR = av18("3S1-3D1")
R = 0.03 * np.arange(1, 401)
CHANNELS = [
    Channel(reduced_mass=557.8415 / HBARC),
    Channel(reduced_mass=548.3611 / HBARC, threshold=25.838 / HBARC),
]


def well(depth, width):
    return GaussianSum([depth / HBARC], [1 / width**2])


LOCAL = InteractionMatrix(
    [[well(-60, 0.9), well(40, 0.8)], [well(40, 0.8), well(-110, 0.9)]], channels=CHANNELS
)


def regular_waves(V, energy, r, steps=8):
    """The n regular solutions φ at each energy, and V φ, by Numerov's method on a finer grid.

    In closed channels they grow: a wave that decays is a combination of them.
    """
    channels, h = resolve_channels(V.channels), r[0] / steps
    x, mu = h * np.arange(1, steps * len(r) + 1), np.array(channels.reduced_mass)
    one, l = np.eye(len(mu)), np.array(channels.l)
    F = 2 * mu[:, None] * np.moveaxis(V.local_potential(x), 2, 0)
    F = F + one * (l * (l + 1))[:, None] / x[:, None, None] ** 2
    k2 = one * channels.momentum_squared(np.atleast_1d(energy))[:, :, None]
    before, u, waves = 0 * k2, k2 * 0 + one * x[0] ** (l + 1), []
    of = [one - h**2 / 12 * (F[i] - k2) for i in range(len(x))]
    for i in range(1, len(x) + 1):
        if i % steps == 0:
            waves.append(u)
        if i < len(x):
            first = of[i - 2] @ before if i > 1 else 0.0
            before, u = u, np.linalg.solve(of[i], 12 * u - 10 * of[i - 1] @ u - first)
    phi = np.array(waves).transpose(1, 3, 2, 0).reshape(-1, len(mu), len(r)) / r
    y = np.einsum("abr,sbr->sar", V.local_potential(r), phi)
    return phi.reshape(len(phi), -1), y.reshape(len(phi), -1)


def box_rows(V, r, **settings):
    """States of a sphere and (V + U) φ, with U integrated on a fine grid."""
    box, grid = (
        coupled_box_states(V, **settings),
        RadialGrid.gauss_legendre(settings["radius"], 200),
    )
    phi, fine = (np.array([wave(x) for wave in box.wave_function]) for x in (r, grid.r))
    y = np.einsum("abr,bsr->asr", V.local_potential(r), phi)
    if V.has_nonlocal:
        y = y + np.einsum(
            "abij,bsj->asi", V.nonlocal_potential(r[:, None], grid.r), fine * grid.weights
        )
    return tuple(np.concatenate(rows, axis=-1) for rows in (phi, y))


def s_error(model, truth, energy):
    return np.nanmax(np.abs(model.s_matrix(energy) - coupled_s_matrix(truth, energy)))


@pytest.fixture(scope="module")
def tensor_waves():
    """Regular waves at squares of evenly spaced momenta up to 175 MeV, by number of energies."""
    return {
        n: regular_waves(TENSOR, np.linspace(0.1, 1.0, n) ** 2 * 175 / HBARC, R) for n in (2, 4, 8)
    }


@pytest.mark.filterwarnings("ignore:a share .* of the weight of U")
def test_the_tensor_force_of_argonne_v18_from_more_and_more_waves(tensor_waves):
    """The last error is the end of V at 12 fm: 2e-4 at 2 MeV."""
    energy, limits = np.linspace(2, 175, 15) / HBARC, {2: 0.6, 4: 0.05, 8: 5e-4}
    for n, limit in limits.items():
        model = ESTPotentialRegressor(R, channels=TENSOR.channels).fit(*tensor_waves[n])
        assert s_error(model, TENSOR, energy) < limit
        assert model.asymmetry_ < 1e-14
    assert model.rank_ == 16
    assert model.form_factors_.shape == (16, 2, 400)
    expected = coupled_bound_states(TENSOR).energy
    assert model.bound_states().energy == pytest.approx(expected, rel=0.01)


def test_every_wave_is_reproduced_by_a_hermitian_matrix(tensor_waves):
    X, y = tensor_waves[4]
    model = ESTPotentialRegressor(R, channels=TENSOR.channels)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "a share")
        model.fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-9 * np.abs(y).max())
    at = np.array([0.3, 0.71, 2.2])
    U = model.predict_potential(at)
    assert U.shape == (2, 2, 3, 3)
    np.testing.assert_allclose(U, U.transpose(1, 0, 3, 2), rtol=1e-12)
    V = model.localize(X[:2])
    near = R < 3
    y_again = np.einsum("abr,sbr->sar", V, X[:2].reshape(2, 2, -1))
    np.testing.assert_allclose(y_again[:, :, near], y[:2].reshape(2, 2, -1)[:, :, near], rtol=1e-6)


@pytest.mark.parametrize(("n", "limit"), [(2, 0.05), (3, 1e-3), (4, 1e-5), (6, 1e-8)])
def test_local_potentials_with_a_threshold(n, limit):
    r, energy = 0.02 * np.arange(1, 401), np.linspace(1, 199, 20) / HBARC
    model = ESTPotentialRegressor(r, channels=CHANNELS)
    model.fit(*regular_waves(LOCAL, np.linspace(2, 200, n) / HBARC, r))
    assert s_error(model, LOCAL, energy) < limit
    assert np.isnan(model.s_matrix(20 / HBARC)[1]).all()


# λ, β, n, l, reduced masses and thresholds in MeV: ΛΛ–NΞ-like with a quasi-bound and a bound state,
# πΣ–K̄N-like, and coupled S and D waves.
SEPARABLE = {
    "quasi-bound": ([[-1.591799, 0.685932], [0.685932, -1.847373]], (2.0, 1.5), (0, 0), (0, 0),
                    (557.8415, 548.361084738), (0.0, 25.838)),
    "bound": ([[-15.658664, 3.975354], [3.975354, -4.983929]], (2.5, 2.0), (1, 1), (0, 0),
             (557.8415, 548.361084738), (0.0, 25.838)),
    "light": ([[-21.10019, 10.536066], [10.536066, -14.613965]], (3.0, 2.5), (0, 0), (0, 0),
             (123.725708577, 324.400710144), (0.0, 103.379)),
    "tensor": ([[-13.0, -10.0], [-10.0, 15.0]], (2.2, 2.2), (1, 2), (0, 2),
             (469.4595, 469.4595), (0.0, 0.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", SEPARABLE)
def test_two_states_of_a_box_give_a_separable_matrix(name):
    """S in closed form at energies up to 200 MeV."""
    strengths, beta, n, l, mu, threshold = SEPARABLE[name]
    channels = [
        Channel(l=one, reduced_mass=m / HBARC, threshold=t / HBARC)
        for one, m, t in zip(l, mu, threshold, strict=True)
    ]
    U = SeparableMatrix(strengths, beta=beta, powers=n, channels=channels)
    grid = RadialGrid.gauss_legendre(25.0, 250)
    X, y = box_rows(U, grid.r, radius=25.0, n_states=3, relativistic=False)
    energy = np.linspace(2, 200, 12) / HBARC
    error = {}
    for rows in (1, 2, 3):
        model = ESTPotentialRegressor(grid.r, weights=grid.weights, channels=channels)
        model.fit(X[:rows], y[:rows])
        error[rows] = np.nanmax(np.abs(model.s_matrix(energy) - U.s_matrix(energy)))
    assert error[1] > 0.1
    assert max(error[2], error[3]) < 3e-8
    assert model.rank_ == 2


@pytest.mark.filterwarnings("ignore:a share .* of the weight of U")
@pytest.mark.parametrize(("n", "limit"), [(8, 0.3), (10, 5e-3), (14, 3e-4)])
def test_states_of_a_box_determine_the_tensor_force(n, limit):
    """Within 8 fm, up to 100 MeV."""
    r = 0.02 * np.arange(1, 401)
    cut = [[Local(TENSOR[a, b].local_potential, radius=8.0) for b in (0, 1)] for a in (0, 1)]
    cut = InteractionMatrix(cut, channels=TENSOR.channels)
    model = ESTPotentialRegressor(r, channels=TENSOR.channels)
    model.fit(*box_rows(TENSOR, r, radius=8.0, n_states=n, relativistic=False))
    assert s_error(model, cut, np.linspace(5, 100, 10) / HBARC) < limit


@pytest.mark.filterwarnings("ignore:the nodes are too coarse")
@pytest.mark.filterwarnings("ignore:the result still changes")
@pytest.mark.parametrize("noise", [1e-4, 1e-3])
def test_noise_moves_the_s_matrix_by_a_few_times_itself(noise):
    r, energy = 0.02 * np.arange(1, 401), np.linspace(1, 180, 12) / HBARC
    X, y = box_rows(LOCAL, r, radius=8.0, n_states=12, relativistic=False)
    y = y * (1 + noise * np.random.default_rng(0).normal(size=y.shape))
    model = ESTPotentialRegressor(r, channels=CHANNELS).fit(X, y)
    S = coupled_s_matrix(model.interaction_, energy)
    error = np.abs(S - coupled_s_matrix(LOCAL, energy))
    assert np.nanmedian(error) < 2 * noise
    assert np.nanmax(error) < 20 * noise
    assert 4 <= model.rank_ < 12


def test_time_dependent_rows_with_noise_are_named():
    channels = [Channel(masses=m) for m in ((5.654, 5.654), (4.758, 6.681))]
    truth = InteractionMatrix(LOCAL.interactions, channels=channels)
    d = make_coupled(
        truth, r=np.arange(0.1, 6.05, 0.1), box_radius=8.0, times=0.09 * np.arange(9, 19),
        noise=1e-4, n_bins=10, random_state=0,
    )  # fmt: skip
    for y_std in (None, d.sigma):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ESTPotentialRegressor(d.r, channels=channels).fit(d.data, d.target, y_std=y_std)
        assert any("fit correlators with" in str(w.message) for w in caught)


def test_a_wrong_normalisation_of_a_channel_is_named():
    """U_12 and U_21 then differ, which M − Mᵀ sees."""
    r = 0.02 * np.arange(1, 401)
    X, y = box_rows(LOCAL, r, radius=8.0, n_states=6, relativistic=False)
    scale = np.repeat([1.0, 1.1], len(r))
    with pytest.warns(MisfitWarning, match="asymmetric by"):
        ESTPotentialRegressor(r, channels=CHANNELS).fit(scale * X, scale * y)


def test_one_channel_in_a_list_is_that_channel():
    r = 0.05 * np.arange(1, 161)
    phi = np.exp(-np.outer([0.5, 0.8], r))
    y = -np.exp(-(r**2)) * phi
    one = ESTPotentialRegressor(r, reduced_mass=1.5, l=1).fit(phi, y)
    other = ESTPotentialRegressor(r, channels=[Channel(l=1, reduced_mass=1.5)]).fit(phi, y)
    np.testing.assert_array_equal(one.potential_, other.potential_)
    np.testing.assert_array_equal(one.phase_shift([0.4]), other.phase_shift([0.4]))
    assert one.interaction_.l == other.interaction_.l == 1


def test_clone_search_pickle_and_jackknife(tmp_path):
    r, energy = 0.04 * np.arange(1, 201), np.array([10, 100]) / HBARC
    X, y = box_rows(LOCAL, r, radius=8.0, n_states=10, relativistic=False)
    noisy = y * (1 + 1e-3 * np.random.default_rng(0).normal(size=y.shape))
    model = ESTPotentialRegressor(r, channels=CHANNELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = GridSearchCV(model, {"rcond": [0.5, 1e-3, 1e-10]}, cv=3).fit(X, noisy)
        assert search.best_params_ == {"rcond": 1e-3}
        joblib.dump(search.best_estimator_, tmp_path / "model.joblib")
        loaded = joblib.load(tmp_path / "model.joblib")
        np.testing.assert_array_equal(
            loaded.s_matrix(energy), search.best_estimator_.s_matrix(energy)
        )
        bins = np.random.default_rng(2).normal(size=(4, *y.shape)) / np.sqrt(3)
        jackknife = JackknifeRegressor(clone(model).set_params(rcond=1e-3))
        jackknife.fit(np.stack([X] * 4), y * (1 + 1e-3 * (bins - bins.mean(axis=0))))
        S, error = jackknife.s_matrix(energy, return_std=True, channel_radius=8.0, n_mesh=60)
    exact = coupled_s_matrix(LOCAL, energy)
    assert np.nanmax(np.abs(S - exact)) < 0.01
    assert 1e-6 < np.nanmax(np.abs(error)) < 0.02


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"channels": CHANNELS[:1]}, "or channels=|X must have"),
        ({"channels": [*CHANNELS, CHANNELS[1]]}, "X must have"),
        ({"channels": CHANNELS, "r_out": R[1:5]}, "y must have"),
    ],
)
def test_fit_refuses(parameters, message):
    r = 0.05 * np.arange(1, 161)
    X = np.exp(-np.outer([0.5, 0.8], np.tile(r, 2)))
    with pytest.raises(ValueError, match=message):
        ESTPotentialRegressor(r, **parameters).fit(X, X)
