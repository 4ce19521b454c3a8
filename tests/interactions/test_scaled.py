"""Multiples, differences and quotients of interactions: every part scales, ends stay."""

from fractions import Fraction

import numpy as np
import pytest

from halkit.interactions import (
    DerivativeExpansion,
    GaussianSum,
    Interaction,
    Laplacian,
    Local,
    Scaled,
    Separable,
    Yukawa,
)
from halkit.interactions.edges import stated_edges
from halkit.scattering import phase_shift

r = np.linspace(0.1, 6, 25)
WELL = Local(lambda r: -3.0 + 0 * r, radius=2.0)


def exponential(r):
    return -np.exp(-r)


def lopsided(r, s):
    return np.exp(-r - 2 * s)


class Kinked(Interaction):
    """Every part, with an end of its own and an edge."""

    radius, nonlocal_radius, edges, l = 4.0, 2.5, (1.5,), 1

    def local_potential(self, r):
        return exponential(r) + np.where(np.asarray(r) < 1.5, 0.2, 0.0)

    def laplacian_potential(self, r):
        return -0.1 * exponential(r)

    def nonlocal_potential(self, r, r_prime):
        return lopsided(r, r_prime)


@pytest.mark.parametrize("factor", [2, -0.3, np.float64(2.5), np.float32(0.5), np.int64(-3), 0.0])
def test_a_number_times_an_interaction_scales_every_part(factor):
    V, scaled = Kinked(), factor * Kinked()
    for one in (scaled, V * factor, Scaled(factor, V)):
        assert isinstance(one, Scaled)
        for part in ("local_potential", "laplacian_potential"):
            inside = np.where(r <= 4, getattr(V, part)(r), 0.0)
            np.testing.assert_allclose(getattr(one, part)(r), factor * inside, rtol=1e-15)
        for part in ("nonlocal_potential", "kernel"):
            inside = (r[:, None] <= 2.5) & (r <= 2.5)
            expected = factor * np.where(inside, getattr(V, part)(r[:, None], r), 0.0)
            np.testing.assert_allclose(getattr(one, part)(r[:, None], r), expected, rtol=1e-15)
    assert (scaled.radius, scaled.nonlocal_radius, scaled.l) == (4.0, 2.5, 1)
    assert stated_edges(scaled) == {1.5, 2.5, 4.0}
    assert (scaled.has_local, scaled.has_laplacian, scaled.has_nonlocal) == (True, True, True)
    assert not (2 * Yukawa(1.0, 1.0)).has_nonlocal


def test_differences_negatives_and_quotients():
    V, U = Yukawa(2.0, 1.0), Separable(-0.017, 1.0)
    np.testing.assert_array_equal((-V)(r), -V(r))
    np.testing.assert_allclose((V / 4)(r), V(r) / 4, rtol=1e-15)
    np.testing.assert_allclose((V * Fraction(1, 4))(r), V(r) / 4, rtol=1e-15)
    np.testing.assert_array_equal((V - V)(r), 0 * r)
    mean = (V - U + 2 * V) / 3
    np.testing.assert_allclose(mean(r), V(r), rtol=1e-14)
    np.testing.assert_allclose(mean(r, 1.0), -U(r, 1.0) / 3, rtol=1e-14)
    assert repr(mean).endswith(" + 2 * Yukawa(alpha=2, mu=1))")
    assert sum([V, -V])(0.5) == 0
    np.testing.assert_array_equal((3 * Laplacian(exponential, radius=2.0))([1.0, 2.1]), [
        3 * exponential(1.0), 0.0])  # fmt: skip


def test_zero_times_a_pole_or_a_hard_core_is_zero():
    """An exchange is switched off for good, where 0 · ∞ would be no number."""
    core = Local(lambda r: np.where(r < 0.5, np.inf, 0.0), edges=[0.5])
    for V in (Yukawa(1.0, 1.0), core):
        np.testing.assert_array_equal((0 * V).local_potential(np.array([0.0, 0.1, 1.0])), 0.0)
        np.testing.assert_array_equal((0.0 * V)([0.0, 0.1, 1.0]), 0.0)
    k = np.array([0.2, 0.9])
    hard = phase_shift(core + 0 * core, k, reduced_mass=1.0)
    np.testing.assert_allclose(hard, -0.5 * k, atol=1e-9)


def test_the_phase_shift_of_a_multiple_is_the_closed_form_of_the_multiplied_strength():
    k = np.array([0.1, 0.5, 1.0])
    exact = Separable(-0.034, 1.0).phase_shift(k, reduced_mass=3.3)
    U = Separable(-0.017, 1.0)
    for twice in (2 * U, np.float64(2) * U, U / 0.5, 3 * U - U, -2 * -U):
        np.testing.assert_allclose(phase_shift(twice, k, reduced_mass=3.3), exact, atol=1e-8)
    K, a = np.sqrt(k**2 + 6.0), 2.0
    well = np.arctan(k / K * np.tan(K * a)) - k * a
    delta = phase_shift(1.5 * (WELL / 1.5), k, reduced_mass=1.0)
    np.testing.assert_allclose(np.sin(delta - well), 0, atol=1e-9)


def test_a_multiple_is_a_factor_of_the_laplacian():
    V0, V2 = GaussianSum([-0.5], [1.0]), GaussianSum([-0.1], [1.0])
    exact = phase_shift(DerivativeExpansion(V0, lambda r: -0.2 * np.exp(-(r**2))), 0.5,
                        reduced_mass=1.0)  # fmt: skip
    for twice in (2 * V2, 2 * Laplacian(V2)):
        delta = phase_shift(DerivativeExpansion(V0, twice), 0.5, reduced_mass=1.0)
        assert delta == pytest.approx(exact, abs=1e-9)
    step = DerivativeExpansion(V0, 2 * Local(exponential, radius=2.0, edges=[1.0]))
    assert stated_edges(step) == {1.0, 2.0}


@pytest.mark.parametrize(
    "other", [True, 2j, np.arange(3.0), np.array(2.0), Yukawa(1.0, 1.0)], ids=repr
)
def test_only_real_numbers_multiply(other):
    V = Yukawa(1.0, 1.0)
    for wrong in (lambda: V * other, lambda: other * V, lambda: V / other, lambda: other / V):
        with pytest.raises(TypeError, match="operand"):
            wrong()
    for wrong in (lambda: V - 1, lambda: 1 - V, lambda: 2 / V):
        with pytest.raises(TypeError, match="operand"):
            wrong()


def test_factors_are_finite():
    V = Yukawa(1.0, 1.0)
    with pytest.raises(ValueError, match="factor must be a finite number, got nan"):
        V * np.nan
    with pytest.raises(ValueError, match=r"factor must be a finite number, got .*inf"):
        np.float64(np.inf) * V
    with pytest.raises(ValueError, match="factor must be a finite number, got inf"):
        V / 1e-310
    with pytest.raises(ZeroDivisionError):
        V / 0
    with pytest.raises(TypeError, match=r"factor must be a finite number, got \[2.0\]"):
        Scaled([2.0], V)
    with pytest.raises(TypeError, match="terms must be interactions, got float"):
        Scaled(2.0, 3.0)
