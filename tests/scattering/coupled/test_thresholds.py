"""Channels with thresholds against closed forms of separable potentials of any wave and mass."""

import numpy as np
import pytest
from separable_channels import BOUND, HBARC, QUASI_BOUND, TENSOR, WIDE, random_model

from halkit import Channel
from halkit.channels import resolve_channels
from halkit.interactions import GaussianSum, InteractionMatrix, Local, av18
from halkit.scattering import (
    bound_states,
    coupled_bound_states,
    coupled_phase_shifts,
    coupled_s_matrix,
    phase_shift,
)
from halkit.scattering.coupled.phase import on_mesh_of
from halkit.scattering.coupled.system import CoupledSystem, Pencil

WELL, STEEP, TURN = (GaussianSum([c], [0.5]) for c in (-0.2, -2.0, -0.3))
PAIR = [[WELL, TURN], [TURN, STEEP]]
TWO = [Channel(l=0, reduced_mass=1.0), Channel(l=0, reduced_mass=1.2, threshold=1.0)]

# S_11, S_12, S_22 at an energy in MeV, in 12 digits from momentum space; None where closed.
TABLE = [
    (QUASI_BOUND, False, 0.517, 0.845468460964 + 0.534025356622j, None, None),
    (
        QUASI_BOUND, False, 32.298, 0.625557551156 + 0.512698455593j,
        0.471951091453 + 0.350827893847j, -0.671220740203 - 0.451270067805j,
    ),
    (BOUND, False, 0.517, 0.217336026178 - 0.976096845464j, None, None),
    (
        BOUND, False, 361.732, 0.986949223703 + 0.15529456023j,
        0.00484741219139 - 0.042324130114j, 0.996503703401 + 0.0718716892354j,
    ),
    (
        WIDE, False, 129.224, 0.708609046272 + 0.16490482071j,
        0.549072249963 + 0.411338405656j, -0.357407747887 - 0.633703465434j,
    ),
    (
        WIDE, True, 110.0, 0.7959273868 + 0.0568056994431j,
        0.304395695254 + 0.520207620248j, 0.340384440045 - 0.721710278105j,
    ),
    (
        TENSOR, False, 80.0, 0.24714962038 + 0.911561770891j,
        -0.136516771931 + 0.29889023734j, 0.850802269402 - 0.410077182228j,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("model", "relativistic", "energy", "s11", "s12", "s22"), TABLE)
def test_published_digits(model, relativistic, energy, s11, s12, s22):
    S = coupled_s_matrix(model.interactions, energy / HBARC, relativistic=relativistic)
    np.testing.assert_allclose(S[0, 0], s11, atol=1e-9)
    if s12 is None:
        assert np.isnan(S).sum() == 3
    else:
        np.testing.assert_allclose([S[0, 1], S[1, 0], S[1, 1]], [s12, s12, s22], atol=1e-9)


def energies(model, above=1.5):
    """Between and beyond all thresholds, and just above each of them."""
    thresholds = resolve_channels(model.channels).threshold
    grid = np.linspace(0.02, thresholds[-1] + above, 10)
    return np.sort(np.concatenate([grid, np.unique(thresholds) + 1e-7]))


MODELS = [QUASI_BOUND, BOUND, WIDE, TENSOR, *(random_model(seed, 2) for seed in range(4))]
MODELS += [random_model(seed, n) for n in (1, 3, 4) for seed in range(2)]


@pytest.mark.parametrize("relativistic", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_s_matrix(model, relativistic):
    E = energies(model)
    S = coupled_s_matrix(model.interactions, E, relativistic=relativistic)
    np.testing.assert_allclose(S, model.s_matrix(E, relativistic), atol=1e-8)
    np.testing.assert_allclose(S, S.transpose(0, 2, 1), atol=1e-10)
    for one in S:
        n = np.isfinite(np.diag(one)).sum()
        block = one[:n, :n]
        np.testing.assert_allclose(block @ block.conj().T, np.eye(n), atol=1e-10)
        assert np.isnan(one).sum() == one.size - n**2


def branch(model, E, relativistic):
    """δ_a on a dense grid of the closed form, and the number of bound states."""
    known = resolve_channels(model.channels, relativistic=relativistic)
    grid = [E]
    for threshold in np.unique(known.threshold):
        grid += [threshold + np.geomspace(1e-9, E.max() - threshold, 20000)]
        grid += [threshold * (1 - np.geomspace(1e-9, 0.99, 3000))] if threshold else []
    grid = np.unique(np.clip(np.concatenate(grid), 0, E.max()))[1:]
    S = model.s_matrix(grid, relativistic)
    phase = np.angle(np.diagonal(S, axis1=1, axis2=2)) / 2
    opened = ~np.isnan(phase)
    phase = np.unwrap(np.where(opened, phase, 0.0), period=np.pi, axis=0)
    real = [np.sqrt(sum(pair) * abs(pair[0] - pair[1])) for pair in model.masses]
    deepest = 0.99 * (sum(model.masses[0]) - max(real)) if relativistic else 50.0
    below = -np.geomspace(1e-6, deepest, 10000)
    sign = np.sign(model.determinant(below, np.ones(len(model.l)), relativistic).real)
    n_bound = np.sum(sign[1:] != sign[:-1])
    phase[:, 0] += np.pi * n_bound
    return np.where(opened, phase, np.nan)[np.searchsorted(grid, E)], n_bound


@pytest.mark.parametrize("relativistic", [False, True])
@pytest.mark.parametrize(
    "model", [QUASI_BOUND, BOUND, WIDE, TENSOR, *(random_model(seed, 2) for seed in (1, 4, 6))]
)
def test_branches(model, relativistic):
    """δ_1(0+) = π × bound states, δ_2 = 0 at its threshold, both continuous."""
    E = energies(model)
    waves = coupled_phase_shifts(model.interactions, E, relativistic=relativistic)
    expected, n_bound = branch(model, E, relativistic)
    np.testing.assert_allclose(waves.phase_shift, expected, atol=1e-8)
    states = coupled_bound_states(model.interactions, relativistic=relativistic)
    assert states.energy.size == n_bound
    S = model.s_matrix(E, relativistic)
    np.testing.assert_allclose(waves.s_matrix, S, atol=1e-8)
    diagonal = np.abs(np.diagonal(S, axis1=1, axis2=2))
    np.testing.assert_allclose(waves.inelasticity, diagonal, atol=1e-8)
    both = np.isfinite(expected).all(axis=1)
    np.testing.assert_array_equal(np.isnan(waves.mixing), ~both)
    bar = 1j * np.exp(1j * waves.phase_shift.sum(axis=1)) * np.sin(2 * waves.mixing)
    np.testing.assert_allclose(bar[both], S[both, 0, 1], atol=1e-8)
    np.testing.assert_allclose(np.cos(2 * waves.mixing[both]), diagonal[both, 0], atol=1e-8)
    np.testing.assert_array_equal(waves.eigenphase[~both, 0], waves.phase_shift[~both, 0])
    c, s = np.cos(waves.eigen_mixing[both]), np.sin(waves.eigen_mixing[both])
    turn = np.moveaxis(np.array([[c, -s], [s, c]]), -1, 0)
    values = np.exp(2j * waves.eigenphase[both])[:, :, None] * np.eye(2)
    np.testing.assert_allclose(turn @ values @ turn.transpose(0, 2, 1), S[both], atol=1e-8)


@pytest.mark.parametrize("relativistic", [False, True])
def test_three_channels_have_branches_too(relativistic):
    model = random_model(1, 3)
    E = energies(model)
    waves = coupled_phase_shifts(model.interactions, E, relativistic=relativistic)
    np.testing.assert_allclose(waves.phase_shift, branch(model, E, relativistic)[0], atol=1e-8)
    number = np.isfinite(waves.phase_shift).sum(axis=1)
    np.testing.assert_array_equal(np.isfinite(waves.mixing), number == 2)
    np.testing.assert_array_equal(np.isfinite(waves.eigenphase[:, 0]), number < 3)


@pytest.mark.parametrize("model", [QUASI_BOUND, BOUND, WIDE, TENSOR, random_model(1, 3)])
def test_the_sum_of_phases_is_known_at_a_single_energy(model):
    """On the branch of the phases that are followed; three open channels have Σδ_a + O(ε²)."""
    E = energies(model)
    waves = coupled_phase_shifts(model.interactions, E)
    total = np.concatenate([on_mesh_of(model.interactions, one)[0][1] for one in E[:, None]])
    few = np.isfinite(waves.phase_shift).sum(axis=1) < 3
    change = total - np.nansum(waves.phase_shift, axis=1)
    np.testing.assert_allclose(change[few], 0.0, atol=1e-8)
    np.testing.assert_allclose(change[~few], 0.0, atol=0.1)
    S = waves.s_matrix[~few]
    np.testing.assert_allclose(np.exp(2j * total[~few]), np.linalg.det(S), atol=1e-8)


@pytest.mark.parametrize("coupling", [0.0, 1e-9, 1e-4, 1e-2])
@pytest.mark.parametrize("masses", [None, ((3.0, 2.0), (2.5, 3.5))], ids=["", "relativistic"])
def test_a_quasi_bound_state_lifts_the_phase_by_pi(coupling, masses):
    """However narrow it is, and whatever other energies are asked for."""
    channels = TWO if masses is None else [Channel(l=0, masses=mass) for mass in masses]
    upper = [Channel(l=0, reduced_mass=resolve_channels(channels).reduced_mass[1])]
    quasi = coupled_bound_states([[STEEP]], channels=upper).energy[0] + 1.0
    assert 0.2 < quasi < 0.9
    T = GaussianSum([coupling], [0.5])
    E = np.array([quasi - 0.15, quasi + 0.15])
    both = coupled_phase_shifts([[WELL, T], [T, STEEP]], E, channels=channels)
    alone = coupled_phase_shifts([[WELL]], E, channels=channels[:1]).phase_shift[:, 0]
    turned = both.phase_shift[:, 0] - alone
    np.testing.assert_allclose(turned, [0, np.pi], atol=0.05 if coupling < 5e-3 else 0.3)
    if masses is None:
        one = coupled_phase_shifts([[WELL, T], [T, STEEP]], E[1], channels=channels)
        np.testing.assert_allclose(one.phase_shift[0], both.phase_shift[1, 0], atol=1e-9)


def test_continuous_at_the_threshold():
    E = 1.0 + np.array([-1e-9, 0.0, 1e-9])
    waves = coupled_phase_shifts(PAIR, E, channels=TWO)
    np.testing.assert_allclose(waves.phase_shift[:, 0], waves.phase_shift[1, 0], atol=1e-3)
    np.testing.assert_array_equal(np.isnan(waves.phase_shift[:, 1]), [True, True, False])
    assert waves.phase_shift[2, 1] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(waves.inelasticity[:, 0], 1, atol=1e-3)


@pytest.mark.parametrize("l", [1, 4])
def test_powers_at_a_threshold(l):
    """S_12 ∝ k_2^{l+1/2} to a relative accuracy, however small it is, S_22 − 1 ∝ k_2^{2l+1}."""
    channels = [TWO[0], Channel(l=l, reduced_mass=1.2, threshold=1.0)]
    above = np.array([1e-10, 1e-6, 1e-4])
    S = coupled_s_matrix(PAIR, 1.0 + above, channels=channels)
    np.testing.assert_allclose(S[:, 0, 1], S[:, 1, 0], rtol=1e-8)
    power = np.abs(S[:, 0, 1]) / above ** ((l + 0.5) / 2)
    np.testing.assert_allclose(power, power[0], rtol=2e-2)
    waves = coupled_phase_shifts(PAIR, 1.0 + above, channels=channels)
    power = waves.phase_shift[:, 1] / above ** (l + 0.5)
    np.testing.assert_allclose(power, power[0], rtol=2e-2)


def test_a_threshold_next_to_the_lowest_one():
    """Thresholds that differ by rounding errors, as of masses in other units."""
    near = [TWO[0], Channel(l=0, reduced_mass=1.2, threshold=1e-13)]
    same = [TWO[0], Channel(l=0, reduced_mass=1.2, threshold=0.0)]
    E = [0.01, 0.5]
    one, other = (coupled_phase_shifts(PAIR, E, channels=pair) for pair in (near, same))
    np.testing.assert_allclose(one.s_matrix, other.s_matrix, atol=1e-10)
    np.testing.assert_allclose(np.sin(one.phase_shift - other.phase_shift), 0, atol=1e-9)


def test_without_coupling_each_channel_is_alone():
    E = np.array([0.3, 0.9, 1.4, 3.0])
    diagonal = [[WELL, None], [None, STEEP]]
    waves = coupled_phase_shifts(diagonal, E, channels=TWO)
    alone = phase_shift(WELL, np.sqrt(2 * E), reduced_mass=1.0)
    np.testing.assert_allclose(np.sin(waves.phase_shift[:, 0] - alone), 0, atol=1e-8)
    k = np.sqrt(2.4 * (E[2:] - 1.0))
    alone = phase_shift(STEEP, k, reduced_mass=1.2)
    np.testing.assert_allclose(np.sin(waves.phase_shift[2:, 1] - alone), 0, atol=1e-8)
    np.testing.assert_allclose(waves.inelasticity[2:], 1, atol=1e-12)
    deep = GaussianSum([-6.0], [0.5])
    states = coupled_bound_states([[WELL, None], [None, deep]], channels=TWO)
    below = bound_states(deep, reduced_mass=1.2).energy + 1.0
    np.testing.assert_allclose(states.energy, below[below < 0], rtol=1e-9)
    np.testing.assert_allclose(states.probability, [[0, 1]], atol=1e-12)


@pytest.mark.parametrize("l", [(0, 2), (1, 1)])
def test_equal_masses_without_thresholds_are_waves_of_one_momentum(l):
    k = np.array([0.2, 0.7, 1.5])
    same = [Channel(l=one, reduced_mass=1.3, threshold=0.0) for one in l]
    S = coupled_s_matrix(PAIR, k**2 / 2.6, channels=same)
    np.testing.assert_allclose(S, coupled_s_matrix(PAIR, k=k, reduced_mass=1.3, l=l), atol=1e-12)
    split = [Channel(l=l[0], reduced_mass=1.3), Channel(l=l[1], reduced_mass=1.3, threshold=1e-12)]
    np.testing.assert_allclose(coupled_s_matrix(PAIR, k**2 / 2.6, channels=split), S, atol=1e-8)
    masses = [Channel(l=one, masses=2.6) for one in l]
    W = 2 * np.sqrt(2.6**2 + k**2) - 5.2
    np.testing.assert_allclose(coupled_s_matrix(PAIR, W, channels=masses), S, atol=1e-10)
    np.testing.assert_allclose(coupled_s_matrix(PAIR, k=k, channels=masses), S, atol=1e-10)


def test_factorised_and_decomposed_interiors_are_the_same():
    """R and the number of levels, from H − diag ε and from the eigenvectors of H."""
    system = CoupledSystem(PAIR, channels=TWO)
    levels = system.inside(40)
    H = system.hamiltonian(40)
    pencil = Pencil(*H.scaled(), system.reduced_mass, system.radius)
    square = system.channels.momentum_squared(np.linspace(-3, 30, 50))
    for one, other in zip(levels(square), pencil(square), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-7)


def test_a_factorisation_on_a_level_is_not_a_number():
    """R = 1/2(1/2 − ε) + 1/2(2 − ε) of two levels; at ε = 2 it has no value."""
    one = np.ones(1)
    pencil = Pencil(np.diag([0.5, 2.0]), np.ones((1, 2)), np.ones(2), one, 1.0)
    epsilon = np.array([1.0, 2.0, 3.0])
    R, below = pencil(2 * epsilon[:, None])
    np.testing.assert_allclose(R.ravel(), [-0.5, np.nan, -0.7])
    assert below[[0, 2]].tolist() == [1, 2]


def test_bound_states_of_relativistic_channels():
    """Roots of det(1 − Jλ), and the same without relativity where it hardly matters."""
    for model in (BOUND, TENSOR, random_model(1, 2), random_model(4, 3)):
        for relativistic in (False, True):
            states = coupled_bound_states(model.interactions, relativistic=relativistic)
            sheet = np.ones(len(model.l))
            h = 1e-7
            left, right = (
                model.determinant(states.energy + x, sheet, relativistic).real for x in (-h, h)
            )
            assert states.energy.size
            assert np.all(left * right < 0)
            known = resolve_channels(model.channels, relativistic=relativistic)
            square = -known.momentum_squared(states.energy)
            np.testing.assert_allclose(states.kappa**2, square, rtol=1e-12)
            np.testing.assert_allclose(states.probability.sum(axis=1), 1)
    energies = [
        coupled_bound_states(model.interactions, relativistic=False).energy[0] * HBARC
        for model in (BOUND, TENSOR)
    ]
    np.testing.assert_allclose(energies, [-1.22365890047, -5.6246264282], atol=1e-6)


def test_a_bound_state_with_a_threshold_solves_the_equation():
    T = GaussianSum([-2.0], [0.5])
    states = coupled_bound_states([[STEEP, T], [T, STEEP]], channels=TWO)
    one, two = ((lambda s, wave=wave: s * wave(s)[0]) for wave in states.wave_function)
    x, w = np.polynomial.legendre.leggauss(200)
    r, w = 20 * (x + 1), 20 * w * 4 * np.pi
    share = [np.sum(w * u(r) ** 2) for u in (one, two)]
    np.testing.assert_allclose(share, states.probability[0], atol=1e-8)
    r, h = np.linspace(0.4, 12, 9), 0.02
    offsets, weights = h * np.arange(-2, 3), np.array([-1, 16, -30, 16, -1]) / (12 * h**2)
    for u, other, kappa, mu in zip(
        (one, two), (two, one), states.kappa[0], (1.0, 1.2), strict=True
    ):
        second = sum(c * u(r + d) for c, d in zip(weights, offsets, strict=True))
        right = 2 * mu * (STEEP(r) * u(r) + T(r) * other(r))
        np.testing.assert_allclose(second - kappa**2 * u(r), right, atol=2e-6)


def test_too_deep_for_relativistic_momenta():
    channels = [Channel(l=0, masses=(0.2, 3.0))]
    deep = [[GaussianSum([-40.0], [0.5])]]
    assert coupled_bound_states(deep, channels=channels, relativistic=False).energy.size
    with pytest.raises(ValueError, match="momenta must be real functions of the energy"):
        coupled_bound_states(deep, channels=channels)


def test_shapes_and_a_fitted_model():
    matrix = InteractionMatrix(PAIR, channels=TWO)

    class Fitted:
        interaction_ = matrix

    E = np.full((3, 2), 1.5)
    S = coupled_s_matrix(Fitted(), E)
    assert S.shape == (3, 2, 2, 2)
    np.testing.assert_array_equal(S, coupled_s_matrix(PAIR, E, channels=TWO))
    waves = coupled_phase_shifts(Fitted(), E)
    shapes = [part.shape for part in waves]
    assert shapes == [(3, 2, 2), (3, 2, 2), (3, 2), (3, 2, 2), (3, 2), (3, 2, 2, 2)]
    assert coupled_phase_shifts(matrix, 0.5).s_matrix.shape == (2, 2)
    assert np.isnan(coupled_phase_shifts(matrix, 0.5).mixing)
    assert coupled_s_matrix(matrix, []).shape == (0, 2, 2)


def test_av18_knows_its_waves():
    V = av18("3S1-3D1")
    S = coupled_s_matrix(V, k=[0.1, 1.0])
    rows = V.interactions
    given = coupled_s_matrix(rows, k=[0.1, 1.0], reduced_mass=V.reduced_mass, l=(0, 2))
    np.testing.assert_array_equal(S, given)


ONE = InteractionMatrix([[WELL]], channels=TWO[:1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "energy or k must be given, and not both"),
        ({"energy": 1.0, "k": 1.0}, "energy or k must be given, and not both"),
        ({"energy": [1.0, 0.0]}, "energy must be positive, above the lowest threshold, got 0"),
        ({"energy": -0.5}, "energy must be positive, above the lowest threshold, got -0.5"),
        ({"energy": np.nan}, "energy must"),
        ({"k": 1.0}, "k must be None for channels of different momenta"),
        ({"energy": 1.0, "channels": TWO[::-1]}, "channels must be in the order of their thresh"),
        ({"energy": 1.0, "channels": [TWO[1], TWO[1]]}, "threshold of the first channel must be 0"),
        ({"energy": 1.0, "channels": [*TWO, TWO[1]]}, "channels must be 2, one for each row"),
        (
            {"energy": 1.0, "channels": [Channel(masses=3.0), Channel(masses=2.0)]},
            "channels must be in the order of their thresholds",
        ),
        ({"energy": 1.0, "relativistic": True}, "channels must have masses for relativistic"),
        ({"energy": 1.0, "l": (0, 1)}, "l must be given once, or be the same"),
        ({"energy": 1.0, "channels": [Channel(), Channel()]}, "reduced_mass or masses of every"),
        ({"energy": 1.0, "interactions": [[WELL, TURN], [STEEP, WELL]]}, "must be a symmetric"),
    ],
)
def test_refusals(arguments, message):
    for call in (coupled_s_matrix, coupled_phase_shifts):
        with pytest.raises(ValueError, match=message):
            call(**({"interactions": PAIR, "channels": TWO} | arguments))


def test_one_fitted_channel_is_no_matrix():
    class Fitted:
        interaction_ = WELL

    with pytest.raises(TypeError, match=r"must be a list of lists, .* got Fitted"):
        coupled_s_matrix(Fitted(), 1.0, channels=TWO)


def test_a_jump_of_one_element_is_seen():
    """The mesh has the edges of all elements: the exact S of a square well with two thresholds."""
    V = np.array([[-0.5, 0.4], [0.4, -1.5]])
    square = [[Local(lambda r, v=v: v + 0 * r, radius=1.7) for v in row] for row in V]
    mu, E = np.array([1.0, 1.2]), 1.8
    k = np.sqrt(2 * mu * (E - np.array([0.0, 1.0])))
    root = np.sqrt(mu)
    value, vector = np.linalg.eigh(2 * np.outer(root, root) * V - np.diag(k**2))
    q = np.sqrt(-value.astype(complex))
    u, du = vector * np.sin(q * 1.7), vector * (q * np.cos(q * 1.7))
    R = (u @ np.linalg.inv(du)).real
    plus, minus = np.exp(1j * k * 1.7) / np.sqrt(k), np.exp(-1j * k * 1.7) / np.sqrt(k)
    left = np.diag(plus) - R @ np.diag(1j * k * plus)
    right = np.diag(minus) + R @ np.diag(1j * k * minus)
    S = coupled_s_matrix(square, E, channels=TWO)
    np.testing.assert_allclose(S, np.linalg.solve(left, right), atol=1e-8)
