"""Separable matrices: S, bound states and poles against published digits and another method.

The numbers of `CASES` come from a matrix inversion of the Lippmann-Schwinger equation and from an
R-matrix in r, which agree to 1e-9; MeV and fm. λ_ab, β and n as in `SeparableMatrix`.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import spherical_jn

from halkit import Channel
from halkit.interactions import InteractionMatrix, Separable, SeparableMatrix, Yamaguchi
from halkit.scattering import (
    bound_states,
    coupled_bound_states,
    coupled_s_matrix,
    phase_shift,
    resonances,
)
from halkit.units import HBARC

LL_NX = [(1115.683, 1115.683), (938.919, 1318.285)]
CASES = {
    "quasi-bound": {
        "masses": LL_NX, "l": (0, 0), "powers": (0, 0), "beta": (2.0, 1.5),
        "strengths": [[-1.591799, 0.685932], [0.685932, -1.847373]],
        "pole": 20.9523278094 - 2.67765246084j, "sheet": (-1, 1),
        "S": {
            0.517: [0.845468460964 + 0.534025356622j],
            26.355: [0.782294917277 + 0.404749059517j, 0.0857944027362 + 0.465652425831j,
                     0.586676756477 - 0.656976043845j],
            77.514: [0.719438880645 + 0.586321882305j, 0.344840777583 - 0.140425017223j,
                     -0.105176110753 + 0.922119102058j],
            361.732: [0.961942311055 + 0.249752648314j, 0.0346315297963 - 0.105315060685j,
                      0.922433210846 + 0.36990048211j],
        },
    },
    "bound": {
        "masses": LL_NX, "l": (0, 0), "powers": (1, 1), "beta": (2.5, 2.0),
        "strengths": [[-15.658664, 3.975354], [3.975354, -4.983929]],
        "pole": -1.22365890047 + 0j, "sheet": (1, 1),
        "S": {
            0.517: [0.217336026178 - 0.976096845464j],
            26.355: [0.000573641339328 + 0.0213407146895j, 0.710262618849 + 0.703613002366j,
                     -0.0213451663088 - 0.000372884827484j],
            77.514: [0.478200910051 + 0.801390081894j, 0.303129684711 - 0.192899508853j,
                     0.523428630418 + 0.77260898428j],
            361.732: [0.986949223703 + 0.15529456023j, 0.00484741219139 - 0.042324130114j,
                      0.996503703401 + 0.0718716892354j],
        },
    },
    "light": {
        "masses": [(138.04, 1193.15), (495.65, 938.919)], "l": (0, 0), "powers": (0, 0),
        "beta": (3.0, 2.5), "strengths": [[-21.10019, 10.536066], [10.536066, -14.613965]],
        "pole": 58.2794246392 - 41.0406879633j, "sheet": (-1, 1),
        "S": {
            2.068: [0.730000952796 + 0.683446127297j],
            105.447: [0.883347038504 + 0.0102666234032j, 0.141204618832 + 0.446826433452j,
                      0.717033672873 - 0.516013668381j],
            1447.306: [0.876921138515 + 0.413988680025j, 0.105307113058 - 0.220302295895j,
                       0.872882216087 + 0.422438098663j],
        },
        "relativistic": {
            20.0: [-0.67922697088 + 0.733928281257j],
            100.0: [0.968465599563 - 0.249147310768j],
            300.0: [0.69172563569 + 0.459581926409j, 0.522747651916 - 0.192444771984j,
                    -0.228612548145 + 0.798396020145j],
        },
    },
    "tensor": {
        "masses": [(938.919, 938.919)] * 2, "l": (0, 2), "powers": (1, 2), "beta": (2.2, 2.2),
        "strengths": [[-13.0, -10.0], [-10.0, 15.0]],
        "pole": -5.6246264282 + 0j, "sheet": (1, 1),
        "S": {
            1.0: [0.439829038622 - 0.89806453353j, -0.00292347814018 - 0.00468654197382j,
                  0.999984740135 - 9.53744874259e-05j],
            80.0: [0.24714962038 + 0.911561770891j, -0.136516771931 + 0.29889023734j,
                   0.850802269402 - 0.410077182228j],
            300.0: [0.949338263923 + 0.231233370319j, 0.0271312002445 + 0.211073179435j,
                    0.859998606156 - 0.463804278017j],
        },
    },
}  # fmt: skip
# ĝ(k) of each (l, n); `test_transforms_are_integrals` compares them with quadrature.
TRANSFORMS = {
    (0, 0): lambda k, b: k / (k**2 + b**2),
    (0, 1): lambda k, b: 2 * b * k / (k**2 + b**2) ** 2,
    (1, 1): lambda k, b: 2 * k**2 / (k**2 + b**2) ** 2,
    (1, 2): lambda k, b: 8 * b * k**2 / (k**2 + b**2) ** 3,
    (2, 2): lambda k, b: 8 * k**3 / (k**2 + b**2) ** 3,
}
FORMS = [*TRANSFORMS]


def model(case):
    masses = [tuple(np.array(pair) / HBARC) for pair in case["masses"]]
    channels = [Channel(l=l, masses=pair) for l, pair in zip(case["l"], masses, strict=True)]
    return SeparableMatrix(case["strengths"], case["beta"], case["powers"], channels=channels)


def three_channels(seed, forms=((0, 0), (1, 2), (2, 2))):
    """A random matrix with three thresholds."""
    random = np.random.default_rng(seed)
    beta = random.uniform(1.5, 3.0, 3)
    size = beta ** (np.array([n for _, n in forms]) + 1.5)
    strengths = random.normal(size=(3, 3)) * np.outer(size, size) * 0.3
    masses = [(2.0, 2.5), (1.8, 2.9), (2.4, 2.5)]
    channels = [Channel(l=l, masses=m) for (l, _), m in zip(forms, masses, strict=True)]
    powers = [n for _, n in forms]
    return SeparableMatrix(strengths + strengths.T, beta, powers, channels=channels)


def one_channel(form, strength, beta=1.7, reduced_mass=2.0):
    l, n = form
    channels = [Channel(l=l, reduced_mass=reduced_mass)]
    return SeparableMatrix([[strength]], [beta], [n], channels=channels)


def lippmann_schwinger(matrix, energy, relativistic):
    """S at one energy: T = V + V G T on 80 Gauss points, with the pole of G subtracted."""
    channels = matrix.resolved(relativistic=relativistic)
    z, w = np.polynomial.legendre.leggauss(80)
    q, w = 1.5 * (1 + z) / (1 - z), w * 3.0 / (1 - z) ** 2
    k2, mu = channels.momentum_squared(energy), np.array(channels.reduced_mass)
    k = np.sqrt(np.maximum(k2, 0.0))
    forms = zip(channels.l, matrix.powers, strict=True)
    bra = [
        TRANSFORMS[form](np.append(q, one), beta)
        for form, one, beta in zip(forms, k, matrix.beta, strict=True)
    ]
    V = np.block([[matrix.strengths[a, b] * np.outer(bra[a], bra[b]) for b in range(3)]
                  for a in range(3)])  # fmt: skip
    G = []
    for a in range(3):
        weight = 2 / np.pi * w / (k2[a] - q**2)
        on_shell = -weight.sum() - 1j / k[a] if k2[a] > 0 else 0.0
        G.append(2 * mu[a] * np.append(weight, on_shell))
    T = np.linalg.solve(np.eye(len(V)) - V * np.concatenate(G), V)
    at = 81 * np.arange(3) + 80
    with np.errstate(divide="ignore", invalid="ignore"):
        side = np.sqrt(mu / k)
        return np.eye(3) - 4j * side[:, None] * T[np.ix_(at, at)] * side, k2 > 0


@pytest.mark.parametrize("name", CASES)
def test_published_s_matrices(name):
    case = CASES[name]
    for kind in ("S", "relativistic"):
        for energy, expected in case.get(kind, {}).items():
            S = model(case).s_matrix(energy / HBARC, relativistic=kind == "relativistic")[0]
            n = 1 if len(expected) == 1 else 2
            assert_allclose(S[:n, :n][np.triu_indices(n)], expected, atol=1e-9)
            assert np.all(np.isnan([S[n:], S[:, n:].T]))


@pytest.mark.parametrize("name", CASES)
def test_published_poles(name):
    case = CASES[name]
    U, pole = model(case), case["pole"]
    start = (pole * 1.03 + 0.05j) / HBARC
    found = U.pole(start, sheet=case["sheet"], relativistic=False) * HBARC
    assert abs(found - pole) < 1e-9
    energies = U.bound_states(relativistic=False).energy * HBARC
    expected = [pole.real] if case["sheet"] == (1, 1) else []
    assert_allclose(energies, expected, atol=1e-9)


@pytest.mark.parametrize("relativistic", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_against_the_lippmann_schwinger_equation(seed, relativistic):
    matrix = three_channels(seed)
    for energy in (0.1, 0.3, 0.9):  # thresholds at 0, 0.2 and 0.4
        expected, is_open = lippmann_schwinger(matrix, energy, relativistic)
        S = matrix.s_matrix(energy, relativistic=relativistic)[0]
        pair = np.ix_(is_open, is_open)
        assert_allclose(S[pair], expected[pair], atol=2e-9)
        assert np.all(np.isnan(S[~is_open]))


@pytest.mark.parametrize("seed", range(5))
def test_s_is_symmetric_and_unitary(seed):
    forms = np.random.default_rng(seed).permutation(FORMS)[:3]
    matrix = three_channels(seed, tuple(map(tuple, forms.tolist())))
    S = matrix.s_matrix([0.5, 1.0, 3.0])
    assert_allclose(S, S.transpose(0, 2, 1), atol=1e-12)
    assert_allclose(S @ S.conj().transpose(0, 2, 1), np.eye(3) + 0 * S, atol=1e-12)
    eta = matrix.inelasticity([0.1, 0.5])
    assert_allclose(eta[0], [1, np.nan, np.nan], atol=1e-12)
    assert np.all(eta[1] < 1)


@pytest.mark.parametrize("form", FORMS)
def test_one_channel_meets_the_solver(form):
    k, m = np.array([0.2, 0.7, 1.6, 3.0]), 2.0
    n = form[1]
    for strength in (-3.0 * 1.7 ** (2 * n + 2), 2.0 * 1.7 ** (2 * n + 2)):
        U = one_channel(form, strength)
        delta = phase_shift(U[0, 0], k, reduced_mass=m, l=form[0])
        closed = U.phase_shift(k**2 / (2 * m))[:, 0]
        assert_allclose(np.exp(2j * closed), np.exp(2j * delta), atol=2e-7)
        found = bound_states(U[0, 0], reduced_mass=m, l=form[0]).energy
        assert_allclose(U.bound_states().energy, found, rtol=1e-6)


@pytest.mark.parametrize("relativistic", [False, True])
def test_the_solver_gives_the_same_in_the_same_types(relativistic):
    for U in (model(CASES["light"]), model(CASES["tensor"]), three_channels(2)):
        energy = np.linspace(0.01, 2.0, 10)
        closed = U.s_matrix(energy, relativistic=relativistic)
        solved = coupled_s_matrix(U, energy, relativistic=relativistic)
        assert (closed.shape, closed.dtype) == (solved.shape, solved.dtype)
        assert_allclose(closed, solved, atol=1e-8)
        states = U.bound_states(relativistic=relativistic)
        other = coupled_bound_states(U, relativistic=relativistic)
        assert_allclose(states.energy, other.energy, rtol=1e-7)
        assert_allclose(states.kappa, other.kappa, rtol=1e-7)


@pytest.mark.parametrize("name", ["quasi-bound", "light"])
def test_the_solver_finds_the_poles(name):
    case = CASES[name]
    U = model(case)
    start = case["pole"] / HBARC
    found = resonances(U, start, sheet=case["sheet"]).energy
    assert_allclose(found, U.pole(start, sheet=case["sheet"]), atol=1e-8)


def test_one_channel_is_yamaguchi_or_separable():
    k, m = np.array([0.1, 0.5, 1.5]), 2.0
    yamaguchi = Yamaguchi(0.3, 1.7, reduced_mass=m)
    U = one_channel((0, 0), -1.7 * 2.0**2 / m)
    for one, delta in (
        (U, yamaguchi.phase_shift(k)),
        (
            one_channel((0, 1), 4 * np.pi * -0.4),
            Separable(-0.4, 1.7).phase_shift(k, reduced_mass=m),
        ),
        (
            one_channel((1, 1), 4 * np.pi * -0.4),
            Separable(-0.4, 1.7).phase_shift(k, reduced_mass=m, l=1),
        ),
    ):
        S = one.s_matrix(k**2 / (2 * m))[:, 0, 0]
        assert_allclose(S, np.exp(2j * delta), atol=1e-12)
    assert_allclose(U[0, 0](0.4, 0.9), yamaguchi(0.4, 0.9), rtol=1e-12)
    assert_allclose(U.bound_states().energy, yamaguchi.bound_states().energy, rtol=1e-12)
    assert_allclose(U.bound_states().kappa, [[0.3]], rtol=1e-12)


def test_p_wave_with_a_source_that_vanishes_at_the_origin():
    """U_1 = ω r r' e^{−(r + r')} binds from ω = −1/14πm on."""
    critical, m = -1 / (14 * np.pi * 3.3), 3.3
    for factor, n_bound in ((0.99, 0), (1.01, 1)):
        U = one_channel((1, 2), 4 * np.pi * critical * factor, beta=1.0, reduced_mass=m)
        assert U.bound_states().energy.size == n_bound


def test_channels_without_coupling_are_alone():
    strengths = [[-15.7, 0.0], [0.0, -5.0]]
    masses = CASES["bound"]["masses"]
    both = model({**CASES["bound"], "strengths": strengths})
    energy = np.array([0.05, 0.3, 1.0])
    S = both.s_matrix(energy)
    alone = model({**CASES["bound"], "strengths": [[-15.7]], "beta": [2.5], "powers": [1],
                   "l": [0], "masses": masses[:1]}).s_matrix(energy)  # fmt: skip
    assert_allclose(S[:, 0, 0], alone[:, 0, 0], atol=1e-13)
    assert_allclose(S[1:, 0, 1], 0, atol=1e-13)


def test_a_bound_state_is_a_pole_on_the_first_sheet():
    for relativistic in (False, True):
        U = model(CASES["tensor"])
        (energy,) = U.bound_states(relativistic=relativistic).energy
        found = U.pole(energy * 1.1, sheet=(1, 1), relativistic=relativistic)
        assert_allclose(found, energy, atol=1e-12)


def test_all_states_are_found():
    """Two deep channels with a weak coupling bind twice, below the lowest threshold."""
    U = SeparableMatrix(
        [[-9.0, 0.3], [0.3, -9.0]], [2.0, 2.0], [0, 0],
        channels=[Channel(reduced_mass=2.0), Channel(reduced_mass=2.0, threshold=0.05)],
    )  # fmt: skip
    states = U.bound_states()
    assert states.kappa.shape == (2, 2)
    assert states.energy[0] < states.energy[1] < 0
    assert_allclose(states.kappa**2 / 4, -states.energy[:, None] + [0.0, 0.05], rtol=1e-12)


def test_it_is_a_matrix_of_interactions():
    U = model(CASES["tensor"])
    r, s = np.array([0.3, 1.0]), 0.7
    K = 4 * np.pi * r * s * U(r, s)
    assert_allclose(K[0, 1], -10 * r * np.exp(-2.2 * r) * s**2 * np.exp(-2.2 * s), rtol=1e-12)
    assert_allclose(U[0, 1].kernel(r, s), K[0, 1], rtol=1e-12)
    assert_allclose(U(0.0, 0.0)[0, 0], -13 / (4 * np.pi))
    assert (U.l, U.has_local) == ((0, 2), False)
    total = U + InteractionMatrix([[None, None], [None, None]])
    assert_allclose(total(r, s), U(r, s))


@pytest.mark.parametrize("form", FORMS)
def test_transforms_are_integrals(form):
    (l, n), k, b = form, 0.8, 1.7
    integral, _ = quad(lambda r: k * r * spherical_jn(l, k * r) * r**n * np.exp(-b * r), 0, 40)
    assert_allclose(TRANSFORMS[form](k, b), integral, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strengths": [[1.0, 0.5], [0.4, 1.0]]}, "strengths must be symmetric"),
        ({"strengths": [[1.0]]}, r"strengths must have shape \(2, 2\)"),
        ({"beta": (1.0, -1.0)}, "beta must be positive"),
        ({"powers": (0,)}, "powers must be 2 integers, one for each channel"),
        ({"powers": (0, 2)}, r"\(l, powers\) must be among .* got \(0, 2\)"),
        ({"l": (3, 0)}, r"must be among .* got \(3, 0\)"),
    ],
)
def test_bad_matrices_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        model({**CASES["quasi-bound"], **change})


def test_bad_questions_are_refused():
    U = model(CASES["quasi-bound"])
    with pytest.raises(ValueError, match="energy must be positive"):
        U.s_matrix([0.1, -0.1])
    with pytest.raises(ValueError, match="sheet must be 2 signs, 1 or -1"):
        U.pole(0.1, sheet=(1, 0))
    with pytest.raises(ValueError, match="start must be near a pole"):
        U.pole(1e8 + 1e8j, sheet=(1, 1))
    with pytest.raises(ValueError, match="channels must have masses for relativistic"):
        one_channel((0, 0), -1.0).s_matrix(0.1, relativistic=True)
    deep = model({**CASES["light"], "strengths": [[-4e3, 10.0], [10.0, -15.0]]})
    with pytest.raises(ValueError, match="must bind by less than"):
        deep.bound_states()
