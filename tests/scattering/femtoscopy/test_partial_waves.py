"""Partial waves above l = 0: a square well in closed form, and wave functions with angles."""

import numpy as np
import pytest
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local, av18
from halkit.scattering import (
    GaussianSource,
    TabulatedWaves,
    correlation_function,
    scattering_wave_functions,
)

M, K = 2.1, np.array([0.2, 0.6, 1.3])
DEPTH, END = 0.8, 1.4
WELL = Local(lambda r: np.full_like(r, -DEPTH), radius=END)
SOURCE = GaussianSource(1.1)


def gauss(low, high, n=80):
    x, w = np.polynomial.legendre.leggauss(n)
    return low + (high - low) * (1 + x) / 2, (high - low) * w / 2


def square_well(l, k, r):
    """ψ_l = A j_l(qr) inside, cos δ j_l(kr) − sin δ y_l(kr) outside; and δ."""
    q = np.sqrt(k**2 + 2 * M * DEPTH)
    inside = spherical_jn(l, q * END), q * spherical_jn(l, q * END, derivative=True)
    j, y = (
        (f(l, k * END), k * f(l, k * END, derivative=True)) for f in (spherical_jn, spherical_yn)
    )
    top, bottom = (inside[0] * x[1] - inside[1] * x[0] for x in (j, y))
    delta = np.arctan2(top, bottom)
    outside = np.cos(delta) * spherical_jn(l, k * r) - np.sin(delta) * spherical_yn(l, k * r)
    A = (np.cos(delta) * j[0] - np.sin(delta) * y[0]) / inside[0]
    return np.where(r < END, A * spherical_jn(l, q * r), outside), delta


@pytest.mark.parametrize("l", [1, 2, 4])
def test_a_square_well(l):
    C = correlation_function([(2 * l + 1, WELL, l)], K, reduced_mass=M, source=SOURCE)
    half = correlation_function([(1.0, WELL, l)], K, reduced_mass=M, source=SOURCE)
    for k, value, part in zip(K, C, half, strict=True):
        change = 0.0
        for r, w in (gauss(1e-9, END), gauss(END, 13.0)):
            square = square_well(l, k, r)[0] ** 2 - spherical_jn(l, k * r) ** 2
            change += np.sum(w * 4 * np.pi * r**2 * SOURCE(r) * square)
        assert value == pytest.approx(1 + (2 * l + 1) * change, abs=1e-8)
        assert part == pytest.approx(1 + change, abs=1e-8)


def test_all_waves_of_a_force_without_spin():
    """The sum over l is the average of the wave Ψ(r, θ) over angles."""
    states = [(2 * l + 1, WELL, l) for l in range(6)]
    C = correlation_function(states, K, reduced_mass=M, source=SOURCE)
    x, v = gauss(-1, 1, 40)
    for k, value in zip(K, C, strict=True):
        total = 0.0
        for r, w in (gauss(1e-9, END, 40), gauss(END, 13.0, 60)):
            wave = np.exp(1j * k * np.outer(r, x))
            for l in range(6):
                psi, delta = square_well(l, k, r)
                change = np.exp(1j * delta) * psi - spherical_jn(l, k * r)
                wave += (2 * l + 1) * 1j**l * np.outer(change, eval_legendre(l, x))
            total += np.sum(w * 4 * np.pi * r**2 * SOURCE(r) * (np.abs(wave) ** 2 @ v / 2))
        assert value == pytest.approx(total, abs=1e-8)


@pytest.mark.parametrize(("spin", "parity"), [(0.5, 1), (0.5, -1), (0, 1)])
def test_identical_hadrons_by_the_symmetric_wave_function(spin, parity):
    """(Ψ(r) ± Ψ(−r))/√2 in a part of the spin states, a plane wave in the others."""
    sign = parity if spin else 1
    part = {1: 0.25, -1: 0.75}[parity] if spin else 1.0
    waves = (0, 2, 4) if sign == 1 else (1, 3, 5)
    states = [(part * (2 * l + 1), WELL, l) for l in waves]
    C = correlation_function(states, K, reduced_mass=M, source=SOURCE, spin=spin)
    x, v = gauss(-1, 1, 40)
    for k, value in zip(K, C, strict=True):
        total = 0.0
        for r, w in (gauss(1e-9, END, 40), gauss(END, 13.0, 60)):
            plane = np.exp(1j * k * np.outer(r, x))
            full, other = (plane + s * plane.conj() for s in (sign, -sign))
            for l in waves:
                psi, delta = square_well(l, k, r)
                change = np.exp(1j * delta) * psi - spherical_jn(l, k * r)
                full += 2 * (2 * l + 1) * 1j**l * np.outer(change, eval_legendre(l, x))
            square = part * np.abs(full) ** 2 + (1 - part) * np.abs(other) ** 2
            total += np.sum(w * 4 * np.pi * r**2 * SOURCE(r) * (square @ v / 4))
        assert value == pytest.approx(total, abs=1e-8)


def test_neutrons_in_triplet_p_waves():
    """(2J+1)/4 of ³P_0 and ³P_1; each adds 2 w ∫ S (ψ² − j₁²)."""
    waves = [(1 / 4, av18("3P0", "nn"), 1), (3 / 4, av18("3P1", "nn"), 1)]
    m = waves[0][1].reduced_mass
    options = {"reduced_mass": m, "source": SOURCE, "spin": 0.5}
    C = correlation_function(waves, K, **options)
    r, w = gauss(1e-9, 13.0, 160)
    expected = correlation_function([], K, **options)
    for weight, V, l in waves:
        psi = scattering_wave_functions(V, K, reduced_mass=m, l=l)(r)
        square = psi**2 - spherical_jn(1, np.outer(K, r)) ** 2
        expected = expected + 2 * weight * square @ (w * 4 * np.pi * r**2 * SOURCE(r))
    np.testing.assert_allclose(C, expected, atol=1e-8)


@pytest.mark.parametrize(
    ("states", "spin", "message"),
    [
        ([(3.1, WELL, 1)], None, "a sum of at most 3 for l = 1, got"),
        ([(3.0, WELL, 1)], 0.5, "l = 1 must add up to at most 2.25 for two identical hadrons"),
        ([(0.8, WELL, 2), (0.5, WELL, 2)], 0.5, "l = 2 must add up to at most 1.25"),
        ([(0.1, WELL, 1)], 0, "l = 1 must add up to at most 0 for two identical hadrons"),
        ([(1.0, WELL, -1)], None, "l must be an integer ≥ 0"),
        ([(0.5, av18("3P0"))], None, "is made for l = 1, got l = 0"),
    ],
)
def test_weights_and_waves_that_are_refused(states, spin, message):
    with pytest.raises(ValueError, match=message):
        correlation_function(states, 0.3, reduced_mass=M, source=SOURCE, spin=spin)


SMOOTH = GaussianSum([-0.8], [0.7])


def test_a_table_of_waves():
    for l in (0, 1):
        waves = scattering_wave_functions(SMOOTH, K, reduced_mass=M, l=l)
        r = np.linspace(0.03, 12.0, 400)
        table = TabulatedWaves(waves(r), r, K, l)
        options = {"reduced_mass": M, "source": SOURCE}
        exact = correlation_function([(1.0, SMOOTH, l)], K, **options)
        for given in ([(1.0, table)], [(1.0, table, l)], [(1.0, waves)]):
            found = correlation_function(given, K, **options)
            np.testing.assert_allclose(found, exact, atol=1e-7)
        bare = correlation_function(table, K, **options)
        whole = correlation_function([(2 * l + 1, SMOOTH, l)], K, **options)
        np.testing.assert_allclose(bare, whole, atol=1e-7)


def test_a_table_has_to_reach_as_far_as_the_source():
    r = np.linspace(0.0, 6.0, 200)
    table = TabulatedWaves(scattering_wave_functions(SMOOTH, K, reduced_mass=M)(r), r, K)
    with pytest.raises(ValueError, match=r"must reach to r = 1.*, got a table that ends at 6"):
        correlation_function(table, K, reduced_mass=M, source=GaussianSource(2.0))
    with pytest.raises(ValueError, match="l must be 0, that of the wave functions, got 1"):
        correlation_function([(1.0, table, 1)], K, reduced_mass=M, source=SOURCE)
    with pytest.raises(ValueError, match="k must be the momenta of the given waves"):
        correlation_function(table, 1.1 * K, reduced_mass=M, source=SOURCE)


def test_a_coarse_table_is_warned_of():
    waves = scattering_wave_functions(SMOOTH, [3.0], reduced_mass=M)
    for n, warned in ((25, True), (120, False)):
        r = np.linspace(0.0, 12.0, n)
        if warned:
            with pytest.warns(AccuracyWarning, match="if every other node is left out"):
                TabulatedWaves(waves(r), r, [3.0])
        else:
            TabulatedWaves(waves(r), r, [3.0])


R = np.linspace(0, 5, 50)
ONES = np.ones((3, 50))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"psi": ONES[:2]}, ValueError, r"psi must have shape \(3, 50\) or \(n_channels, 3, 50\)"),
        ({"psi": ONES * np.nan}, ValueError, "psi must be finite"),
        ({"psi": "text"}, TypeError, "psi must"),
        ({"k": [0.1, 0.2, -1.0]}, ValueError, "k must be positive"),
        ({"r": R[::-1]}, ValueError, "r must"),
        ({"r": R[:4], "psi": ONES[:, :4]}, ValueError, "r must have 6 nodes or more"),
        ({"l": -1}, ValueError, "l must be an integer ≥ 0"),
    ],
)
def test_tables_that_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        TabulatedWaves(**({"psi": ONES, "r": R, "k": K} | arguments))
