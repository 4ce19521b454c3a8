"""Sums, multiples and matrices of fits know the reduced mass of their hadrons."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from halkit import Channel
from halkit.datasets import make_coupled
from halkit.displays import PhaseShiftDisplay
from halkit.interactions import GaussianSum, InteractionMatrix, Sum
from halkit.potentials import LocalPotentialRegressor
from halkit.scattering import (
    Ensemble,
    coupled_s_matrix,
    lattice_spectrum,
    phase_shift,
    scattering_wave_functions,
)

R, K = np.arange(0.2, 8.1, 0.4), np.array([0.1, 0.4, 0.8])
W = GaussianSum([0.3], [2.0])


def fit(depth, mass):
    """Exact waves of a Gaussian well, in the form that it has."""
    V = GaussianSum([-depth], [0.8])
    X = scattering_wave_functions(V, K, reduced_mass=mass)(R)
    start = [-depth, 0.8**-0.5]
    model = LocalPotentialRegressor(initial=start, r=R, reduced_mass=mass, n_terms=1)
    return model.fit(X, V(R) * X)


@pytest.fixture(scope="module", params=range(3))
def fits(request):
    """Two fits with masses that differ by less than 5 %, one with another, and their masses."""
    random = np.random.default_rng(request.param)
    m = random.uniform(0.5, 2)
    masses = m, m * random.uniform(0.97, 1.03), m * random.choice([0.6, 0.93, 1.07, 2.0])
    depths = random.uniform(0.2, 0.5, 3) / m
    return [fit(*one) for one in zip(depths, masses, strict=True)], masses


def combinations(one, same):
    """Interactions that contain fits, and how many different masses they have."""
    yield from ((x, 1) for x in (one + W, W + one, W - one, -one, 0.5 * one, one / 2, Sum(one)))
    yield from ((x, 1) for x in (2 * (one + W) - W, sum([one, W]), sum([W, one]), sum([one])))
    yield from ((x, 2) for x in (one + same, one - same, sum([one, same]), one + 0.3 * same + W))


def test_sums_and_multiples_know_their_mass(fits):
    (one, same, _), masses = fits
    for total, n in combinations(one, same):
        mass = np.mean(masses[:n])
        exact = phase_shift(total, K, reduced_mass=mass)
        np.testing.assert_allclose(phase_shift(total, K), exact, rtol=1e-9)
        assert phase_shift(total, K, reduced_mass=1.02 * mass).shape == K.shape
        for wrong in (1.2 * mass, mass / 2):
            with pytest.raises(ValueError, match=r"reduced_mass must be .* the fits in this sum"):
                phase_shift(total, K, reduced_mass=wrong)


def test_fits_of_other_hadrons_do_not_add(fits):
    (one, _, other), masses = fits
    for add in (
        lambda: one + other, lambda: one - other, lambda: sum([one, W, other]),
        lambda: 2 * one + other / 3, lambda: Sum(one, W, other),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="fits with the same reduced mass") as error:
            add()
        assert f"got {masses[0]:.6g}"[:9] in str(error.value)


def test_functions_of_r_know_no_mass(fits):
    """Closed forms, and the interaction_ of a fit: all masses are right."""
    (one, _, other), _ = fits
    for total in (W + W, 2 * W, one.interaction_ + W, one.interaction_ + other.interaction_):
        for mass in (0.3, 3.0):
            exact = phase_shift(GaussianSum([0.6], [2.0]), K, reduced_mass=mass)
            found = phase_shift(total, K, reduced_mass=mass)
            if total.terms[0] is W:
                np.testing.assert_allclose(found, exact, rtol=1e-9)
        with pytest.raises(ValueError, match="reduced_mass must be given"):
            phase_shift(total, K)


def test_other_rooms_take_the_mass_of_a_sum(fits):
    (one, *_), (m, *_) = fits
    total = one + W
    assert lattice_spectrum(total, L=10, n_states=2, reduced_mass=m).energy.shape == (2,)
    with pytest.raises(ValueError, match="the fits in this sum"):
        lattice_spectrum(total, L=10, n_states=2, reduced_mass=2 * m)
    with pytest.raises(ValueError, match="the fits in this sum"):
        Ensemble([total, total], kind="starts", reduced_mass=2 * m)
    draw = PhaseShiftDisplay.from_estimator
    drawn = draw(total, k=K).phase_shift
    np.testing.assert_array_equal(drawn, draw(total, k=K, reduced_mass=m).phase_shift)


def test_matrices_know_the_masses_on_their_diagonal(fits):
    (one, _, other), (m, _, m_other) = fits
    T = GaussianSum([-0.05], [1.0])
    pair = [Channel(l=0, reduced_mass=m, threshold=0.0)]
    right = [*pair, Channel(l=0, reduced_mass=m_other, threshold=0.1)]
    wrong = [*pair, Channel(l=0, reduced_mass=1.2 * m_other, threshold=0.1)]
    rows, bare = [[one, T], [T, other + W]], [[one.interaction_, T], [T, other.interaction_ + W]]
    expected = coupled_s_matrix(bare, 0.3, channels=right)
    plain, total = InteractionMatrix(rows), InteractionMatrix([[None, None], [None, W]])
    for matrix in (rows, plain, InteractionMatrix(rows, channels=right)):
        found = coupled_s_matrix(matrix, 0.3, channels=right)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        with pytest.raises(ValueError, match=r"reduced_mass .* of the fit for channel 2"):
            coupled_s_matrix(matrix, 0.3, channels=wrong)
    with pytest.raises(ValueError, match=r"of the fit for channel 2"):
        coupled_s_matrix(plain + total, 0.3, channels=wrong)
    assert coupled_s_matrix(bare, 0.3, channels=wrong).shape == (2, 2)


def test_the_channel_that_lacks_a_mass_is_named(fits):
    (one, _, other), (m, *_) = fits
    T, bare = GaussianSum([-0.05], [1.0]), other.interaction_
    named = r"got neither for channel 2 of \[Channel\(l=0, reduced_mass"
    for rows in ([[one, T], [T, bare]], [[one, T], [T, W]]):
        for channels in (None, [Channel(l=0), Channel(l=2)]):
            with pytest.raises(ValueError, match=named):
                coupled_s_matrix(rows, 0.3, channels=channels)
    with pytest.raises(ValueError, match="got neither for channels 1 and 3 of"):
        coupled_s_matrix(np.full((3, 3), W), 0.3, channels=[
            Channel(l=0), Channel(l=0, reduced_mass=m), Channel(l=0)
        ])  # fmt: skip
    with pytest.raises(ValueError, match="got no masses for channel 2 of"):
        coupled_s_matrix(
            [[one, T], [T, W]], 0.3,
            channels=[Channel(l=0, masses=2 * m), Channel(l=0, reduced_mass=m)],
        )  # fmt: skip
    with pytest.raises(ValueError, match=r"got None for channel 2, which has .* of channel 1"):
        coupled_s_matrix([[one, T], [T, other]], 0.3, channels=[Channel(l=0)] * 2)
    # fits of one mass know all that is needed
    known = [Channel(l=0, reduced_mass=m), Channel(l=2, reduced_mass=m)]
    np.testing.assert_array_equal(
        coupled_s_matrix([[one, T], [T, 2 * one]], 0.3),
        coupled_s_matrix([[one, T], [T, 2 * one]], 0.3, channels=known),
    )


def test_fits_of_coupled_channels_add_and_multiply():
    S, T = GaussianSum([-0.2], [0.5]), GaussianSum([-0.1], [0.5])
    truth = InteractionMatrix(
        [[S, T], [T, W]], channels=[Channel(masses=2.0), Channel(masses=(2.0, 2.2))]
    )
    d = make_coupled(truth, r=R, box_radius=10.0, times=[5.0, 6.0, 7.0, 8.0, 9.0])
    model = LocalPotentialRegressor(r=R, channels=d.channels, n_terms=1)
    with pytest.raises(NotFittedError):
        2 * model
    model.fit(d.data, d.target)
    own = model.interaction_(R)
    more = InteractionMatrix([[S, T], [T, W]])(R)
    for total, expected in (
        (2 * model, 2 * own), (np.float64(2) * model, 2 * own), (model / 2, own / 2),
        (-model, -own), (model + model, 2 * own), (model + truth, own + more),
        (truth + model, own + more), (model - truth, own - more), (truth - model, more - own),
        (sum([model, truth]), own + more), (sum([truth, model]), own + more),
    ):  # fmt: skip
        assert isinstance(total, InteractionMatrix)
        assert total.channels == model.interaction_.channels
        np.testing.assert_allclose(total(R), expected, rtol=1e-12, atol=1e-15)
    for wrong in (lambda: model + S, lambda: S + model, lambda: model - S, lambda: model + 1):
        with pytest.raises(TypeError, match="terms must be an InteractionMatrix of 2 channels"):
            wrong()
