"""Exact U(1) against printed values and enumeration; the sampler against both, by z-scores.

The tables were computed beside this package, from the character expansion of A. A. Migdal,
Sov. Phys. JETP 42, 413 (1975) and B. Rusakov, Mod. Phys. Lett. A 5, 693 (1990), P(Q) in two
ways that agree to 1e-9.
"""

import time

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.special import iv, ive

from halkit.gauge import (
    action,
    charge_probability,
    exact_log_prob,
    exact_susceptibility,
    exact_wilson_loop,
    plaquette,
    polyakov_loop,
    sample_exact,
    tail_length,
    topological_charge,
    wilson_loop,
    wrap,
)
from halkit.gauge.theory.bessel import log_bessel, log_bessel_ratio
from halkit.gauge.theory.exact import _fourier_table, _rare
from halkit.gauge.theory.independent import close, closing_acceptance

# (L, beta): plaquette, W(2x2), W(3x3), W(4x4), chi; rounded to the digits shown.
TABLE = {
    (8, 1): (0.4463899659, 0.0397061424, 0.0007037685, 2.4856e-06, 0.0406362361),
    (8, 2): (0.697774658, 0.2370613596, 0.0392136042, 0.0031582566, 0.0193640455),
    (8, 3): (0.8099855474, 0.4304381241, 0.1500789555, 0.0343672183, 0.011060047),
    (8, 4): (0.8635300425, 0.5560986206, 0.2672405587, 0.0964399815, 0.0075314989),
    (8, 5): (0.8934212498, 0.6374306865, 0.3640571314, 0.1688863743, 0.00563621063),
    (8, 6): (0.9124549149, 0.6940000124, 0.442213112, 0.2414107243, 0.00436251321),
    (8, 7): (0.9257003644, 0.735829708, 0.5062542507, 0.3100757028, 0.00339235676),
    (8, 8): (0.9354770909, 0.7680885729, 0.5594192873, 0.3730513962, 0.00262142208),
    (8, 9): (0.9429960453, 0.7936926222, 0.603902484, 0.4295134574, 0.00200721778),
    (8, 10): (0.9489569239, 0.8144440139, 0.6413136548, 0.479318967, 0.00152332107),
    (8, 11): (0.9537954608, 0.8315404959, 0.6729212332, 0.5227856954, 0.00114734852),
    (16, 1): (0.4463899659, 0.0397061424, 0.0007037685, 2.4856e-06, 0.0406362361),
    (16, 2): (0.697774658, 0.2370613592, 0.0392136017, 0.0031582251, 0.0193640456),
    (16, 3): (0.809985294, 0.4304359493, 0.1500701115, 0.0343268651, 0.0110607997),
    (16, 4): (0.863522611, 0.5560256873, 0.2669705923, 0.0955827282, 0.00755421306),
    (16, 5): (0.893383137, 0.6370169714, 0.3625264987, 0.1646660288, 0.00575580726),
    (16, 6): (0.9123593044, 0.692888928, 0.438019201, 0.2304912732, 0.00466680253),
    (16, 7): (0.9255322109, 0.7337804756, 0.4983378145, 0.2899109484, 0.0039313053),
    (16, 8): (0.9352354942, 0.7650396197, 0.5473799061, 0.3425593239, 0.00339866332),
    (16, 9): (0.9426899276, 0.7897242742, 0.5879222995, 0.3889577308, 0.0029941593),
    (16, 10): (0.9485998411, 0.8097151598, 0.6219392147, 0.4298637017, 0.00267607787),
    (16, 11): (0.9534018183, 0.8262360523, 0.6508565619, 0.4660380263, 0.00241905449),
    (32, 1): (0.4463899659, 0.0397061424, 0.0007037685, 2.4856e-06, 0.0406362361),
    (32, 2): (0.697774658, 0.2370613592, 0.0392136017, 0.0031582251, 0.0193640456),
    (32, 3): (0.809985294, 0.4304359493, 0.1500701115, 0.0343268651, 0.0110607997),
    (32, 4): (0.863522611, 0.5560256873, 0.2669705923, 0.0955827282, 0.00755421306),
    (32, 5): (0.893383137, 0.6370169714, 0.3625264987, 0.1646660288, 0.00575580726),
    (32, 6): (0.9123593044, 0.692888928, 0.4380192009, 0.2304912729, 0.00466680256),
    (32, 7): (0.9255322108, 0.7337804749, 0.4983378117, 0.2899109412, 0.00393130607),
    (32, 8): (0.9352354935, 0.7650396116, 0.5473798738, 0.3425592421, 0.00339867165),
    (32, 9): (0.9426899237, 0.7897242244, 0.5879220992, 0.3889572223, 0.00299420876),
    (32, 10): (0.948599826, 0.8097149587, 0.6219383909, 0.4298615993, 0.0026762738),
    (32, 11): (0.9534017731, 0.8262354433, 0.6508540288, 0.4660315128, 0.00241963835),
}
# (L, beta): P(Q) for Q = 0, 1, ...
CHARGES = {
    (8, 1): [
        0.24730683,
        0.2040946,
        0.11469543,
        0.0438692,
        0.01141005,
        0.00201537,
        0.0002413,
        1.954e-05,
        1.07e-06,
        4e-08,
    ],
    (8, 7): [0.78458854, 0.10742253, 0.00028319, 2e-08],
    (16, 2): [
        0.17925874,
        0.16203255,
        0.1196738,
        0.07223762,
        0.03564914,
        0.01439027,
        0.00475439,
        0.00128662,
        0.00028544,
        5.197e-05,
        7.77e-06,
        9.6e-07,
        1e-07,
    ],
    (16, 7): [0.39771105, 0.2419514, 0.05449931, 0.00455095, 0.00014118, 1.63e-06, 1e-08],
    (32, 11): [
        0.25344916,
        0.20713144,
        0.11306169,
        0.04122027,
        0.01003811,
        0.00163292,
        0.00017745,
        1.288e-05,
        6.3e-07,
        2e-08,
    ],
}
CHI_INFINITE_VOLUME = {
    1: 0.0406362361,
    2: 0.0193640456,
    3: 0.0110607997,
    4: 0.00755421306,
    5: 0.00575580726,
    6: 0.00466680256,
    7: 0.00393130607,
    8: 0.00339867165,
    9: 0.00299420876,
    10: 0.0026762738,
    11: 0.00241963835,
}


@pytest.mark.parametrize("case", TABLE, ids=str)
def test_printed_values(case):
    (size, beta), (*loops, chi) = case, TABLE[case]
    areas = np.array([1, 4, 9, 16])
    assert np.allclose(exact_wilson_loop(areas, beta, (size, size)), loops, rtol=0, atol=6e-11)
    assert exact_susceptibility(beta, (size, size)) == pytest.approx(chi, rel=1e-8)


@pytest.mark.parametrize("case", CHARGES, ids=str)
def test_printed_charges(case):
    (size, beta), printed = case, CHARGES[case]
    charge = np.arange(len(printed))
    probability = charge_probability(charge, beta, (size, size))
    assert np.allclose(probability, printed, rtol=0, atol=6e-9)
    assert np.array_equal(charge_probability(-charge, beta, (size, size)), probability)


@pytest.mark.parametrize("beta", CHI_INFINITE_VOLUME)
def test_large_volume(beta):
    chi = exact_susceptibility(beta, (48, 40))
    assert chi == pytest.approx(CHI_INFINITE_VOLUME[beta], rel=1e-8)
    ratio = ive(1, beta) / ive(0, beta)
    assert exact_wilson_loop(6, beta, (48, 40)) == pytest.approx(ratio**6, rel=1e-6)


@pytest.mark.parametrize("beta", [0, 1e-3, 0.5, 7, 100, 1e4])
@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (16, 12), (64, 64)])
def test_probabilities_add_up(beta, shape):
    charge = np.arange(-600, 601)
    probability = charge_probability(charge, beta, shape)
    assert probability.sum() == pytest.approx(1, abs=2e-11)
    chi = (charge**2 * probability).sum() / np.prod(shape)
    assert chi == pytest.approx(exact_susceptibility(beta, shape), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (8, 16)])
def test_no_coupling(shape):
    volume = np.prod(shape)
    assert exact_susceptibility(0, shape) == pytest.approx(1 / 12, abs=1e-12)
    assert np.array_equal(exact_wilson_loop([0, 1, volume], 0, shape), [1, 0, 1])
    assert charge_probability(0, 0, (2, 2)) == pytest.approx(2 / 3, abs=1e-12)


@pytest.mark.parametrize("beta", [0.3, 2.0, 7.0])
def test_small_torus_by_enumeration(beta):
    """Three angles of the 2 x 2 torus on a grid; the fourth is minus their sum."""
    grid = 2 * np.pi * (np.arange(96) + 0.5) / 96 - np.pi
    a, b, c = np.meshgrid(grid, grid, grid, indexing="ij", sparse=True)
    weight = np.exp(beta * (np.cos(a) + np.cos(b) + np.cos(c) + np.cos(a + b + c)))
    assert exact_wilson_loop(1, beta, (2, 2)) == pytest.approx(
        (weight * np.cos(a)).sum() / weight.sum(), rel=1e-12
    )
    assert exact_wilson_loop(2, beta, (2, 2)) == pytest.approx(
        (weight * np.cos(a + b)).sum() / weight.sum(), rel=1e-12
    )
    # The charge jumps inside the grid, which costs the sum its exponential accuracy.
    jumps = np.abs(np.rint((a + b + c) / (2 * np.pi) - 1e-12))
    assert charge_probability(1, beta, (2, 2)) * 2 == pytest.approx(
        (weight * (jumps == 1)).sum() / weight.sum(), abs=3e-3
    )


def test_a_cold_limit():
    """Gaussian plaquettes: 1 - W(A) = A(V - A)/(2 beta V) at leading order."""
    area = np.array([1, 6, 30])
    loss = 1 - exact_wilson_loop(area, 1e4, (8, 8))
    assert np.allclose(loss, area * (64 - area) / (2e4 * 64), rtol=2e-3)


def z_score(values, exact):
    return (values.mean() - exact) / (values.std(ddof=1) / np.sqrt(len(values)))


def charge_moments(beta, shape):
    charge = np.arange(-400, 401)
    probability = charge_probability(charge, beta, shape)
    square = (charge**2 * probability).sum()
    return square, np.sqrt((charge**4 * probability).sum() - square**2)


def histogram_p_value(charge, beta, shape):
    """Chi-squared test of the charges; sectors that expect fewer than 8 entries are pooled."""
    n, sectors = len(charge), np.arange(-400, 401)
    expected = n * charge_probability(sectors, beta, shape)
    common = expected >= 8
    observed = np.array([(charge == sector).sum() for sector in sectors[common]])
    rest = n - expected[common].sum()
    observed = np.append(observed, n - observed.sum())
    expected = np.append(expected[common], rest)
    keep = expected > 1
    statistic = ((observed - expected)[keep] ** 2 / expected[keep]).sum()
    return stats.chi2.sf(statistic, keep.sum() - 1)


SAMPLED = [
    *[((8, 8), beta, 4096) for beta in (0.5, *range(1, 12))],
    *[((16, 16), beta, 2048) for beta in range(2, 12, 2)],
    ((6, 15), 5.0, 4096),
    *[((32, 32), beta, 700) for beta in range(1, 12, 2)],
]


@pytest.mark.parametrize(("shape", "beta", "n"), SAMPLED, ids=str)
def test_samples_have_the_exact_moments(shape, beta, n):
    theta = sample_exact(n, beta, shape, random_state=11)
    for R, T in [(1, 1), (2, 2), (1, 3), (3, 3)]:
        exact = exact_wilson_loop(R * T, beta, shape)
        assert abs(z_score(wilson_loop(theta, R, T), exact)) < 4
    charge = topological_charge(theta)
    square, deviation = charge_moments(beta, shape)
    assert abs((charge**2).mean() - square) < 4 * deviation / np.sqrt(n)
    assert abs(charge.mean()) < 4 * np.sqrt(square / n)
    assert histogram_p_value(charge, beta, shape) > 1e-3


CLOSED = [(0.0, (2, 2)), (1.2, (2, 2)), (6.0, (4, 4)), (11.0, (8, 8)), (1e4, (3, 5))]


@pytest.mark.parametrize(("beta", "shape"), CLOSED, ids=str)
def test_configurations_are_closed_as_often_as_the_formula_says(beta, shape):
    """The accepted part of 20 000 proposals, each of them counted by its plaquettes."""
    counts, volume = [], int(np.prod(shape))
    rng = np.random.default_rng(0)

    def draw(count):
        counts.append(count // volume)
        return rng.vonmises(0, beta, count)

    n = 20_000
    close(draw, n, beta, shape, np.random.default_rng(1))
    acceptance, tried = closing_acceptance(beta, shape), sum(counts)
    error = np.sqrt(tried * acceptance * (1 - acceptance))
    last = 4 * error + 0.02 * counts[-1] / acceptance + 4 * np.sqrt(counts[-1]) + 3
    assert abs(tried * acceptance - n) < last
    assert acceptance > 0.76


def test_the_normalised_density_of_the_smallest_torus():
    """∫ p d⁸θ = 1 on 2 × 2: three plaquettes on a grid, the fourth minus their sum."""
    grid = 2 * np.pi * np.arange(24) / 24
    a, b, c = np.meshgrid(grid, grid, grid, indexing="ij", sparse=True)
    theta = np.zeros((24, 24, 24, 2, 2, 2))
    theta[..., 0, 0, 1], theta[..., 0, 1, 1], theta[..., 1, 1, 1] = -a, -b, a + c
    theta = wrap(theta.reshape(-1, 2, 2, 2))
    for beta in (0.0, 1.0, 3.0):
        total = np.exp(exact_log_prob(theta, beta)).sum() * (2 * np.pi) ** 8 / 24**3
        assert total == pytest.approx(1, rel=1e-9)


def test_every_link_and_line_is_uniform():
    theta = sample_exact(4000, 5.0, (4, 6), random_state=2)
    for angle in (theta, np.angle(polyakov_loop(theta, 0)), np.angle(polyakov_loop(theta, 1))):
        uniform = np.exp(1j * angle).mean(axis=0) * np.sqrt(4000)
        assert np.abs(uniform).max() < 4
    between = polyakov_loop(theta, 0)[:, 0] * polyakov_loop(theta, 1)[:, 0]
    assert abs(between.mean()) * np.sqrt(4000) < 4


def test_no_plaquette_is_special():
    loops = np.cos(plaquette(sample_exact(20000, 3.0, (3, 4), random_state=3)))
    z = (loops.mean(axis=0) - exact_wilson_loop(1, 3.0, (3, 4))) / loops.std(axis=0) * 20000**0.5
    assert np.abs(z).max() < 4


@pytest.mark.parametrize("beta", [0, 1e-12, 1e-4, 1e4])
def test_extreme_couplings(beta):
    theta = sample_exact(200, beta, (8, 8), random_state=4)
    assert abs(z_score(wilson_loop(theta, 1, 1), exact_wilson_loop(1, beta, (8, 8)))) < 4
    assert (-np.pi <= theta).all()
    assert (theta < np.pi).all()


def test_seeds():
    first = sample_exact(3, 2.0, (4, 4), random_state=5)
    assert np.array_equal(first, sample_exact(3, 2.0, (4, 4), random_state=5))
    assert np.abs(first - sample_exact(3, 2.0, (4, 4), random_state=6)).max() > 0.1
    one, two = np.random.default_rng(1), np.random.default_rng(1)
    assert np.array_equal(
        sample_exact(3, 2.0, (4, 4), random_state=one),
        sample_exact(3, 2.0, (4, 4), random_state=two),
    )


BAD = {
    "n": (lambda: sample_exact(0, 1.0, (4, 4)), ValueError, "n must be an integer ≥ 1"),
    "real n": (lambda: sample_exact(2.0, 1.0, (4, 4)), TypeError, "n must be an integer"),
    "beta": (lambda: sample_exact(1, -1.0, (4, 4)), ValueError, "beta must be a finite number ≥ 0"),
    "nan": (lambda: sample_exact(1, np.nan, (4, 4)), ValueError, "finite"),
    "size": (lambda: sample_exact(1, 1.0, (1, 4)), ValueError, "at least 2"),
    "area": (lambda: exact_wilson_loop(17, 1.0, (4, 4)), ValueError, "between 0 and 16"),
    "real area": (
        lambda: exact_wilson_loop(1.5, 1.0, (4, 4)),
        TypeError,
        "area must hold integers",
    ),
    "charge": (lambda: charge_probability(0.5, 1.0, (4, 4)), TypeError, "integer"),
}


@pytest.mark.parametrize(("call", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_small_integers_are_areas():
    small = exact_wilson_loop(np.array([1, 4], dtype=np.int8), 1.0, (16, 16))
    assert np.array_equal(small, exact_wilson_loop(np.array([1, 4]), 1.0, (16, 16)))


# From the smallest to the largest couplings


@pytest.mark.parametrize("beta", [1e-8, 1e-3, 1.0, 29.0, 999.0, 1001.0, 1e5, 1e8, 1e12])
@mpmath.workdps(40)
def test_bessel_ratios_of_every_coupling(beta):
    """log(I_n/I_0) against 40 digits; the width of i_n^V at V = 4 is about n = √β/2."""
    for order in (0.5, 1, 2, 7.25, 20, 0.5 * beta**0.5, 3 * beta**0.5):
        exact = mpmath.log(mpmath.besseli(order, beta) / mpmath.besseli(0, beta))
        if exact > -600:
            got = float(log_bessel_ratio(order, beta))
            assert got == pytest.approx(float(exact), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("beta", [0.0, 1.0, 999.0, 1001.0, 1e6, 1e12])
@mpmath.workdps(30)
def test_free_energy_of_a_plaquette(beta):
    exact = mpmath.log(mpmath.besseli(0, beta)) - beta
    assert log_bessel(beta) == pytest.approx(float(exact), rel=1e-12, abs=1e-15)


@mpmath.workdps(40)
def summed_loop(area, beta, volume):
    """The character expansion, term by term, to 40 digits."""
    largest = 30 + int(10 * (beta / volume) ** 0.5)
    ratio = [mpmath.besseli(n, beta) / mpmath.besseli(0, beta) for n in range(largest + 2)]
    orders = range(-largest, largest + 1)
    loops = sum(ratio[abs(n)] ** (volume - area) * ratio[abs(n + 1)] ** area for n in orders)
    return loops / sum(ratio[abs(n)] ** volume for n in orders)


@pytest.mark.parametrize(
    ("beta", "shape"),
    [(1e-8, (4, 4)), (1e-2, (2, 2)), (40.0, (2, 3)), (1e3, (4, 4)), (3e3, (8, 8)), (2e3, (2, 3))],
)
def test_loops_of_every_coupling(beta, shape):
    volume = int(np.prod(shape))
    areas = [1, 3, volume - 1, volume]
    for area, loop in zip(areas, exact_wilson_loop(areas, beta, shape), strict=True):
        exact = summed_loop(area, beta, volume)
        assert loop == pytest.approx(float(exact), rel=1e-12)
        assert 1 - loop == pytest.approx(float(1 - exact), rel=1e-9, abs=5e-16)


@pytest.mark.parametrize("beta", [1e6, 1e9, 1e12, 1e100])
@pytest.mark.parametrize("shape", [(2, 2), (4, 4), (7, 300)])
def test_loops_in_the_limit_of_no_noise(beta, shape):
    volume, areas = int(np.prod(shape)), np.array([1, 2, 4])
    loss = areas * (volume - areas) / (2 * beta * volume)
    assert np.allclose(1 - exact_wilson_loop(areas, beta, shape), loss, rtol=2e-6, atol=3e-16)


@pytest.mark.parametrize("beta", [1e-8, 1e-6, 1e-5])
def test_susceptibility_in_the_limit_of_no_coupling(beta):
    """χ = 1/12 − β/2π² + O(β²) on lattices where no loop winds in this order."""
    loss = 1 / 12 - exact_susceptibility(beta, (8, 8))
    assert loss == pytest.approx(beta / (2 * np.pi**2), rel=1e-3, abs=1e-14)


# 2π²β/V from 37 to 120, where P(1) is 1e-16 to 1e-52.
RARE = [((4, 4), 40.0), ((3, 5), 60.0), ((8, 8), 400.0), ((10, 10), 200.0)]


@pytest.mark.parametrize(("shape", "beta"), RARE, ids=str)
@mpmath.workdps(90)
def test_rare_charges_to_their_last_digits(shape, beta):
    """The same integral over real k, with 90 digits to cancel; φ(k) = I_k/I_0 at this β."""
    volume = int(np.prod(shape))
    step, end = mpmath.mpf(1) / 4, 22 * (beta / volume) ** 0.5
    ks = [step * j for j in range(int(end / step))]
    power = [(mpmath.besseli(k, beta) / mpmath.besseli(0, beta)) ** volume for k in ks]
    # cos 2πk·1 at k = j/4; Q ± 4, the aliases of the step, are rarer by e^{−8·2π²β/V}.
    integral = (
        2 * sum(p * mpmath.cos(2 * mpmath.pi * k) for p, k in zip(power, ks, strict=True))
        - power[0]
    )
    ratio = [mpmath.besseli(n, beta) / mpmath.besseli(0, beta) for n in range(200)]
    partition = 2 * sum(r**volume for r in ratio) - 1
    exact = float(step * integral / partition)
    assert charge_probability(1, beta, shape) == pytest.approx(exact, rel=1e-9)
    assert exact_susceptibility(beta, shape) == pytest.approx(2 * exact / volume, rel=1e-9)


@pytest.mark.parametrize("volume", [8, 9, 12, 16, 40, 256, 900])
def test_both_integrals_of_a_charge_agree(volume):
    """From where one takes over until the rounding of the other is felt."""
    for beta in volume * np.array([0.36, 0.45, 0.6]):
        table = _fourier_table(beta, volume)
        for charge in (1, 2) if volume >= 16 else (1,):
            rare = _rare(charge, beta, volume)
            assert table[charge] == pytest.approx(rare, rel=1e-10, abs=1e-16 * (100 + volume))


@pytest.mark.parametrize("beta", [1e-8, 1.0, 1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("shape", [(2, 2), (4, 4), (16, 12), (300, 300)])
def test_every_function_answers_at_once(beta, shape):
    begin = time.process_time()
    chi = exact_susceptibility(beta, shape)
    probability = charge_probability(np.arange(-6000, 6001), beta, shape)
    loop = exact_wilson_loop(1, beta, shape)
    length = tail_length(beta, shape)
    assert time.process_time() - begin < 10
    assert 0 <= chi < 0.0834
    assert probability.sum() == pytest.approx(1, abs=1e-10)
    assert 0 < loop <= 1
    assert 40 <= length < 3000


def test_charges_of_any_size():
    charges = np.array([-(2**63), -(2**40), 2**40, 2**63 - 1])
    assert not charge_probability(charges, 1.0, (4, 4)).any()
    with pytest.raises(ValueError, match=r"below 2\^63"):
        charge_probability(np.uint64(2**64 - 1), 1.0, (4, 4))


@pytest.mark.parametrize("beta", [1e-8, 1e3, 1e6, 1e9, 1e12])
def test_samples_of_every_coupling(beta):
    """The action of links without noise is that of (V − 1) oscillators, ½ each."""
    theta = sample_exact(400, beta, (4, 4), random_state=12)
    exact = beta * 16 * (1 - exact_wilson_loop(1, beta, (4, 4)))
    assert abs(z_score(action(theta, beta), exact)) < 4
    if beta > 100:
        assert exact == pytest.approx(7.5, rel=3e-3)
        assert not topological_charge(theta).any()


def test_a_lattice_larger_than_a_batch():
    """One configuration of 270² sites: the mean plaquette is I_1/I_0 of the infinite one."""
    beta, size = 0.5, 270
    theta = sample_exact(1, beta, (size, size), random_state=0)
    mean, z = iv(1, beta) / iv(0, beta), wilson_loop(theta, 1, 1)[0]
    spread = np.sqrt((1 + iv(2, beta) / iv(0, beta)) / 2 - mean**2) / size
    assert abs(z - mean) < 4 * spread
