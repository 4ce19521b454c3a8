"""Interactions add, scale, broadcast, end at their radius, pickle, and refuse what is none."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.integrate import quad

from halkit.exceptions import AccuracyWarning
from halkit.interactions import (
    DerivativeExpansion,
    GaussianSum,
    Interaction,
    Laplacian,
    Local,
    NonLocal,
    PereyBuck,
    Separable,
    Sum,
    Tabulated,
    TwoPionTail,
    Yamaguchi,
    Yukawa,
    as_interaction,
    av18,
    omega_ccc,
    xixi_leading_order,
)
from halkit.interactions.xixi import XI_MASS
from halkit.scattering import fourier_potential, lattice_spectrum, phase_shift

r = np.linspace(0.1, 6, 25)


def exponential(r):
    return -np.exp(-r)


def lopsided(r, s):
    return np.exp(-r - 2 * s)


EVERY = [
    Interaction(),
    Local(exponential),
    NonLocal(lopsided, radius=4.0),
    Separable(-0.017, 1.0),
    Yamaguchi(0.2316053, 1.3918324, reduced_mass=2.379),
    Yukawa(2.0, 1.0),
    GaussianSum([1.0, -2.0], [3.0, 0.5]),
    omega_ccc(),
    Tabulated(exponential(2 * r), r),
    Tabulated(lopsided(r[:, None], r), r),
    Yukawa(2.0, 1.0) + Separable(-0.017, 1.0),
    -2 * NonLocal(lopsided, radius=4.0) - Local(exponential, radius=3.0) / 2,
]


@pytest.mark.parametrize("interaction", EVERY, ids=repr)
class TestEvery:
    def test_shapes_broadcast(self, interaction):
        assert interaction.local_potential(r).shape == r.shape
        assert interaction.local_potential(r.reshape(5, 5)).shape == (5, 5)
        assert interaction.nonlocal_potential(r[:, None], r[:7]).shape == (25, 7)
        assert interaction.kernel(r[:, None], r[:7]).shape == (25, 7)

    def test_kernel_is_4_pi_r_r_times_u(self, interaction):
        s = r[:, None]
        U = interaction.nonlocal_potential(r, s)
        np.testing.assert_allclose(interaction.kernel(r, s), 4 * np.pi * r * s * U, rtol=1e-14)

    def test_says_which_part_it_has(self, interaction):
        if not interaction.has_local:
            assert np.all(interaction.local_potential(r) == 0)
        if not interaction.has_nonlocal:
            assert np.all(interaction.nonlocal_potential(r, r) == 0)

    def test_vanishes_beyond_its_radius(self, interaction):
        if interaction.radius is not None:
            beyond = interaction.radius * np.array([1.001, 2.0, 30.0])
            assert np.all(interaction.local_potential(beyond) == 0)
            assert np.all(interaction.nonlocal_potential(beyond, 0.5) == 0)
            assert np.all(interaction.nonlocal_potential(0.5, beyond) == 0)

    def test_pickle(self, interaction):
        again = pickle.loads(pickle.dumps(interaction))
        assert repr(again) == repr(interaction)
        np.testing.assert_array_equal(again.local_potential(r), interaction.local_potential(r))
        np.testing.assert_array_equal(again.kernel(r, r), interaction.kernel(r, r))

    def test_passes_through(self, interaction):
        assert as_interaction(interaction) is interaction


def test_sum_adds_both_parts():
    V, U = Yukawa(2.0, 1.0), Separable(-0.017, 1.0)
    total = V + U + V
    np.testing.assert_allclose(total.local_potential(r), 2 * V(r), rtol=1e-15)
    np.testing.assert_array_equal(total.nonlocal_potential(r, 1.0), U.nonlocal_potential(r, 1.0))
    assert repr(V + U) == "Yukawa(alpha=2, mu=1) + Separable(omega=-0.017, mu=1)"


def test_radius_of_a_sum():
    short, long = Local(exponential, radius=2.0), NonLocal(lopsided, radius=3.0)
    assert (short + long).radius == 3.0
    assert (short + Yukawa(1.0, 1.0)).radius is None
    assert Sum().radius is None


CALLS = {
    "one": [V for V in EVERY if V.has_local and not isinstance(V, Sum)]
    + [TwoPionTail(-1.0, 0.5, 0.7), av18("1S0"), av18("3S1-3D1").matrix, *EVERY[-2:]],
    "two": [*EVERY[2:5], EVERY[9], *EVERY[-2:], PereyBuck(0.36, 7.2, 0.65, 0.85)],
}


@pytest.mark.parametrize("bad", [-1.0, np.nan, [1.0, -1.0], [[2.0], [np.nan]]], ids=str)
class TestDistances:
    @pytest.mark.parametrize("V", CALLS["one"], ids=repr)
    def test_of_a_local_potential(self, V, bad):
        with pytest.raises(ValueError, match=r"^r must not be negative or NaN, got (-1|nan)$"):
            V(bad)

    @pytest.mark.parametrize("U", CALLS["two"], ids=repr)
    def test_of_a_nonlocal_potential(self, U, bad):
        with pytest.raises(ValueError, match=r"^r must not be negative or NaN"):
            U(bad, 1.0)
        with pytest.raises(ValueError, match=r"^r_prime must not be negative or NaN"):
            U(1.0, bad)


def test_distances_may_be_lists_zero_or_infinite():
    V = GaussianSum([1.0], [0.5])
    np.testing.assert_array_equal(V([0, np.inf]), [1.0, 0.0])
    assert V([]).shape == (0,)
    with pytest.raises(TypeError, match="r must hold real numbers"):
        V("1")


@pytest.mark.filterwarnings("ignore:V is .* at the last node")
def test_tables_are_functions():
    """Of r for a vector of values, of r and r' for a matrix."""
    V, U = Tabulated(exponential(r), r), Tabulated(lopsided(r[:, None], r), r)
    np.testing.assert_array_equal(V(r), V.local_potential(r))
    np.testing.assert_allclose(V(1.234), exponential(1.234), rtol=1e-6)
    np.testing.assert_array_equal(U(r[:, None], r[:3]), U.nonlocal_potential(r[:, None], r[:3]))
    assert V(7.0) == U(7.0, 1.0) == 0
    with pytest.raises(TypeError, match=r"Tabulated.* is a function of r, got 2 arguments"):
        V(1.0, 1.0)
    with pytest.raises(TypeError, match=r"Tabulated.* of r and r_prime, got 1 arguments"):
        U(1.0)
    with pytest.raises(TypeError, match="Sum is a function of r or of r and r_prime, got 3"):
        EVERY[-2](1.0, 1.0, 1.0)


class Fitted:
    """What a fitted estimator offers: its interaction."""

    def __init__(self, interaction):
        self.interaction_ = interaction


def test_a_fitted_estimator_stands_for_its_interaction():
    learned = Local(exponential) + NonLocal(lopsided)
    model = Fitted(learned)
    assert as_interaction(model) is learned
    for total in (model + Yukawa(1.0, 1.0), Yukawa(1.0, 1.0) + model):
        expected = exponential(r) * (1 + 1 / r)
        np.testing.assert_allclose(total.local_potential(r), expected, rtol=1e-14)
        np.testing.assert_array_equal(total(r, 2.0), lopsided(r, 2.0))
    with pytest.raises(TypeError, match=r"not with Fitted\(...\)$"):
        as_interaction(model, r)


class Quacks:
    """The functions of an interaction make no interaction."""

    has_local, has_nonlocal, radius = True, False, None

    def local_potential(self, r):
        return exponential(r)


@pytest.mark.parametrize("other", [Quacks(), Fitted(Quacks()), Fitted([Yukawa(1.0, 1.0)])])
def test_what_only_looks_like_an_interaction_is_refused(other):
    with pytest.raises(TypeError, match=r"must be an interaction|must have one interaction"):
        as_interaction(other)
    with pytest.raises(TypeError, match="unsupported operand"):
        Yukawa(1.0, 1.0) + other
    with pytest.raises(TypeError, match="terms must be interactions"):
        Sum(other)


class Well(Interaction):
    """V = −3 inside r = 2, by its radius alone."""

    has_local = True
    radius = 2.0

    def local_potential(self, r):
        return -3.0 + 0 * np.asarray(r)


class Block(Interaction):
    """U = −1 inside r, r' = 1.5, by its radius alone."""

    has_nonlocal = True
    radius = 1.5

    def nonlocal_potential(self, r, r_prime):
        return -np.ones(np.broadcast_shapes(np.shape(r), np.shape(r_prime)))


def test_each_term_of_a_sum_ends_at_its_own_radius():
    total = Well() + Block() + Local(np.zeros_like, radius=5.0)
    assert total.radius == 5.0
    s = np.array([0.0, 1.5, 1.6, 2.0, 2.1, 5.0, 5.1])
    inside = s <= 1.5
    np.testing.assert_array_equal(total(s), np.where(s <= 2, -3.0, 0.0))
    np.testing.assert_array_equal(total(s, 1.0), np.where(inside, -1.0, 0.0))
    square = -1.0 * np.outer(inside, inside)
    np.testing.assert_array_equal(total(s[:, None], s), square)
    kernel = 4 * np.pi * np.outer(s, s) * square
    np.testing.assert_allclose(total.kernel(s[:, None], s), kernel, rtol=1e-15)
    np.testing.assert_allclose((total + Yukawa(1.0, 1.0)).kernel(s[:, None], s), kernel, rtol=1e-15)


def test_a_square_well_in_a_sum_keeps_its_phase_shift():
    """δ = arctan(k/K tan Ka) − ka, K² = k² + 2mV, with two bound states: δ(0+) = 2π."""
    k, a = np.array([0.1, 1.0]), 2.0
    K = np.sqrt(k**2 + 6.0)
    exact = np.arctan(k / K * np.tan(K * a)) - k * a + np.array([2, 2]) * np.pi
    np.testing.assert_allclose(phase_shift(Well(), k, reduced_mass=1.0), exact, atol=1e-9)
    delta = phase_shift(Well() + Local(np.zeros_like, radius=5.0), k, reduced_mass=1.0)
    np.testing.assert_allclose(delta, exact, atol=1e-9)


class Smooth(Interaction):
    """V = −3 (1 − r²/4)³ inside r = 2; it would go on like r⁶."""

    has_local = True
    radius = 2.0

    def local_potential(self, r):
        return -3 * (1 - np.square(r) / 4) ** 3


def test_a_smooth_well_in_a_sum_keeps_its_phase_shift():
    k = np.array([0.1, 1.0])
    alone = phase_shift(Smooth(), k, reduced_mass=1.0)
    total = phase_shift(Smooth() + Local(np.zeros_like, radius=5.0), k, reduced_mass=1.0)
    np.testing.assert_allclose(total, alone, atol=1e-6)


def test_a_subclass_is_a_function():
    assert Well()(1.0) == -3
    assert Block()(1.0, 0.5) == -1
    with pytest.raises(ValueError, match="r_prime must not be negative"):
        Block()(1.0, -0.5)
    with pytest.raises(TypeError, match="Well is a function of r, got 0"):
        Well()()
    with pytest.raises(TypeError, match="Laplacian is a function of r, got 2 arguments"):
        Laplacian(np.cos)(1.0, 0.5)


def test_sum_of_a_list():
    terms = [Yukawa(2.0, 1.0), GaussianSum([1.0], [0.5]), Separable(-0.017, 1.0)]
    total = sum(terms)
    assert repr(total) == " + ".join(map(repr, terms))
    assert sum(terms[:1]) is terms[0]
    with pytest.raises(TypeError, match="unsupported operand"):
        1 + terms[0]


def test_a_part_that_is_overridden_counts():
    class Mine(Interaction):
        def local_potential(self, r):
            return -np.ones(np.shape(r))

    class Kernel(Mine):
        def kernel(self, r, r_prime):
            return lopsided(r, r_prime)

    class Denied(Mine):
        has_local = False

    assert (Mine().has_local, Mine().has_nonlocal) == (True, False)
    assert (Kernel().has_local, Kernel().has_nonlocal) == (True, True)
    assert Denied().has_local is False


def test_partial_wave_that_an_interaction_is_made_for():
    p_wave, d_wave = (PereyBuck(0.36, 7.2, 0.65, 0.85, l=l) for l in (1, 2))
    assert av18("1P1").l == p_wave.l == 1
    assert Yukawa(1.0, 1.0).l is None
    assert Sum().l is None
    assert (p_wave + Yukawa(1.0, 1.0) + av18("1P1")).l == 1
    assert Sum(Yukawa(1.0, 1.0), Sum(d_wave)).l == 2
    with pytest.raises(ValueError, match=r"must have the same l, got \[1, 2\]"):
        p_wave + d_wave


def test_a_laplacian_adds_to_the_rest():
    V2 = Laplacian(exponential, radius=3.0)
    total = Yukawa(1.0, 1.0) + V2 + DerivativeExpansion(Separable(-1.0, 1.0), lambda r: r)
    assert total.has_laplacian
    assert not Yukawa(1.0, 1.0).has_laplacian
    expected = np.where(r <= 3, exponential(r), 0.0) + r
    np.testing.assert_allclose(total.laplacian_potential(r), expected, rtol=1e-14)
    np.testing.assert_array_equal(V2(r), V2.laplacian_potential(r))
    assert DerivativeExpansion(Local(exponential, radius=2.0), V2).radius == 3.0


def test_values_are_copied():
    c, b, nodes = np.array([1.0]), np.array([2.0]), np.arange(1.0, 9)
    table, U = np.exp(-nodes), np.exp(-nodes[:, None] - nodes)
    made = GaussianSum(c, b), Tabulated(table, nodes), Tabulated(U, nodes)
    before = [made[0](1.5), made[1](1.5), made[2](1.5, 2.5), made[1].values[0], made[2].r[0]]
    for array in (c, b, table, U, nodes):
        np.multiply(array, 3, out=array)
    after = [made[0](1.5), made[1](1.5), made[2](1.5, 2.5), made[1].values[0], made[2].r[0]]
    assert before == after


@pytest.mark.parametrize("degree", [1, 3, 5, 7])
def test_table_interpolates_its_values(degree):
    U = lopsided(r[:, None], r)
    table = Tabulated(U, r, degree=degree)
    np.testing.assert_allclose(table.nonlocal_potential(r[:, None], r), U, atol=1e-14)
    np.testing.assert_allclose(
        Tabulated(U[3], r, degree=degree).local_potential(r), U[3], atol=1e-14
    )


def test_table_reproduces_a_polynomial_also_below_the_first_node():
    s = np.linspace(0, 6, 40)
    table = Tabulated(np.outer(r**5 - r, r**4 + 1), r)
    expected = np.outer(s**5 - s, s**4 + 1)
    np.testing.assert_allclose(table.nonlocal_potential(s[:, None], s), expected, atol=1e-6)


def shells(low, high):
    """Distances of the sites of a cubic lattice."""
    x = np.arange(int(high) + 1) ** 2
    r = np.sqrt(np.unique(x[:, None, None] + x[:, None] + x))
    return r[(r >= low) & (r <= high)]


@pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning")
@pytest.mark.parametrize(
    ("low", "n_seeds", "tolerance"), [(1, 10, 0.01), (2, 40, 0.01), (3, 10, 0.05)]
)
def test_noise_of_a_table_of_v_makes_no_deep_states(low, n_seeds, tolerance):
    """ΞΞ with errors of 5e-4: extrapolated with degree 5, 3 of 40 seeds had a state from r ≥ 2."""
    V, r, m = xixi_leading_order(), shells(low, 20.0), XI_MASS / 2
    exact = phase_shift(V, 0.1, reduced_mass=m)
    for seed in range(n_seeds):
        noise = np.random.default_rng(seed).normal(scale=5e-4, size=r.size)
        table = Tabulated(V(r) + noise, r)
        assert phase_shift(table, 0.1, reduced_mass=m) == pytest.approx(exact, abs=tolerance)


@pytest.mark.parametrize("first", [0.1, 0.3, 0.5])
def test_a_table_of_v_without_noise_is_extrapolated_with_its_spline(first):
    V, nodes = GaussianSum([-1.0], [0.5]), np.arange(first, 25, 0.1)
    table = Tabulated(V(nodes), nodes)
    exact = phase_shift(V, [0.1, 0.5], reduced_mass=1.0)
    np.testing.assert_allclose(phase_shift(table, [0.1, 0.5], reduced_mass=1.0), exact, atol=1e-6)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_table_of_few_nodes_lowers_the_degree(n):
    nodes = np.arange(1.0, n + 1)
    table = Tabulated(np.outer(nodes, nodes), nodes)
    np.testing.assert_allclose(table.nonlocal_potential(nodes, nodes), nodes**2, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Tabulated(np.ones((3, 4)), np.arange(4.0)), ValueError, "values must have shape"),
        (lambda: Tabulated(np.ones(3), np.arange(4.0)), ValueError, "values must have 4 entries"),
        (lambda: Tabulated(np.full(4, np.nan), np.arange(4.0)), ValueError, "must be finite"),
        (lambda: Tabulated(np.ones(4) * 1j, np.arange(4.0)), ValueError, "Complex data"),
        (lambda: Tabulated(np.ones(4), np.arange(4.0)[::-1]), ValueError, "strictly increasing"),
        (lambda: Tabulated([1.0], [1.0]), ValueError, "r must have at least 2 nodes"),
        (lambda: Tabulated(np.ones(9), np.arange(9.0), degree=2), ValueError, "degree must be"),
        (lambda: Local(3.0), TypeError, "f must be callable, got float"),
        (lambda: Local(exponential, radius=-1), ValueError, "radius must be a finite number > 0"),
        (
            lambda: Local(exponential, radius="1 fm"),
            TypeError,
            "radius must be a finite number > 0",
        ),
        (lambda: Local(exponential, radius="1"), TypeError, "number > 0, got '1'"),
        (
            lambda: Local(exponential, radius=True),
            TypeError,
            "radius must be a finite number > 0, got True",
        ),
        (lambda: Local(exponential, radius=[1.0]), TypeError, r"number > 0, got \[1.0\]"),
        (lambda: Local(np.sum)(r), ValueError, r"V\(r\) must have shape \(25,\)"),
        (lambda: Local(lambda r: r * 1j)(r), ValueError, r"Complex data not supported: V\(r\)"),
        (lambda: NonLocal(np.vdot)(r, r), ValueError, r"U\(r, r'\) must have"),
        (lambda: as_interaction(np.ones((3, 3))), TypeError, "got ndarray without r"),
        (lambda: as_interaction("Yukawa"), TypeError, "must be an interaction, .* got str"),
        (lambda: as_interaction(Yukawa(1.0, 1.0), r), TypeError, "r must come with an array"),
        (lambda: Yukawa(1.0, 1.0) + 3, TypeError, "unsupported operand"),
    ],
)
def test_refusals_say_what_came(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Separable("-0.017", 1.0), "omega must be a finite number, got '-0.017'"),
        (lambda: Yukawa("2", 1.0), "alpha must be a finite number, got '2'"),
        (lambda: Yukawa([2.0], 1.0), r"alpha must be a finite number, got \[2.0\]"),
    ],
)
def test_strengths_are_numbers(make, message):
    with pytest.raises(TypeError, match=message):
        make()


class Mixin:
    def local_potential(self, r):
        return -np.exp(-np.square(r))


class Mixed(Mixin, Interaction):
    """Its V comes from a class that is no interaction."""


class Bent(Sum):
    def local_potential(self, r):
        return -np.exp(-np.square(r))


class KernelOnly(Interaction):
    def kernel(self, r, r_prime):
        return -3 * np.multiply(r, r_prime) * np.exp(-np.add(r, r_prime))


class Short(Separable):
    nonlocal_radius = 2.0


def test_a_part_that_is_inherited_counts():
    expected = phase_shift(Local(lambda r: -np.exp(-(r**2))), [0.5], reduced_mass=1.0)
    for V in (Mixed(), Bent(Separable(1e-9, 1.0))):
        assert V.has_local
        np.testing.assert_allclose(phase_shift(V, [0.5], reduced_mass=1.0), expected, atol=1e-6)


def test_a_kernel_alone_is_a_potential():
    """U = K/(4πrr'), in each solver the same."""
    U, same = KernelOnly(), Separable(-3 / (4 * np.pi), 1.0)
    np.testing.assert_allclose(U(r[:, None], r), same(r[:, None], r), rtol=1e-13)
    np.testing.assert_allclose(
        fourier_potential(U, r, [0.5, 1.0]), fourier_potential(same, r, [0.5, 1.0]), rtol=1e-12
    )
    with pytest.raises(TypeError, match="Half must override nonlocal_potential with its kernel"):
        type("Half", (Separable,), {"kernel": KernelOnly.kernel})


def test_u_ends_at_its_own_radius_in_every_solver():
    U = Short(-3 / (4 * np.pi), 1.0)
    cut = NonLocal(Separable(-3 / (4 * np.pi), 1.0).nonlocal_potential, radius=2.0)
    assert U(3.0, 1.0) == U(1.0, 3.0) == 0
    wider = GaussianSum([-0.1], [0.1])
    for one, other in ((U, cut), (U + wider, cut + wider)):
        delta = phase_shift(one, [0.5], reduced_mass=1.0)
        assert delta == pytest.approx(phase_shift(other, [0.5], reduced_mass=1.0), abs=1e-7)
        levels = [
            lattice_spectrum(V, L=10, reduced_mass=1.0, n_states=2).energy for V in (one, other)
        ]
        np.testing.assert_allclose(*levels, atol=1e-10)


@pytest.mark.parametrize(
    "ends", [{"radius": -1.0}, {"radius": "2"}, {"nonlocal_radius": 0.0}, {"edges": (-2.0,)}]
)
def test_ends_of_a_class_are_checked(ends):
    wrong = type("Wrong", (Separable,), ends)(-1.0, 1.0)
    with pytest.raises((TypeError, ValueError), match=f"{next(iter(ends))} must"):
        phase_shift(wrong, [0.5], reduced_mass=1.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_table_that_ends_inside_v_is_named(seed):
    """Beyond a core, by the rest of ∫ V r² dr: 5 % and more are named, 0.5 % and less are not."""
    random = np.random.default_rng(seed)
    depths, ranges = random.uniform([-1, 0], [-0.3, 3]), random.uniform([2, 0.5], [3, 1])
    V, radii = GaussianSum.from_ranges(depths, ranges), np.linspace(2.5, 9.0, 50)
    beyond = [quad(lambda r: V(r) * r**2, end, 20.0)[0] for end in radii]
    share = np.abs(beyond) / quad(lambda r: abs(V(r)) * r**2, 0, 20.0)[0]
    for end, part in zip(radii, share, strict=True):
        nodes = np.linspace(0.05, end, 40)
        noise = 1e-3 * random.standard_normal(40)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", AccuracyWarning)
            Tabulated(V(nodes) + noise * np.exp(-nodes), nodes)
        if not 0.005 < part < 0.05:
            assert len(told) == (part >= 0.05), (end, part)


def test_a_misspelt_method_is_named():
    """It would be an interaction without a potential."""
    with pytest.warns(UserWarning, match=r"Well\.local_potental is not used: .* local_potential"):
        type("Well", (Interaction,), {"local_potental": exponential})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = ("local_potential", "potential", "total_potential", "kernels", "local_width")
        type("Well", (Interaction,), dict.fromkeys(names, exponential))
