"""0.351(51)(28): values with their errors in parentheses, and arithmetic of quoted values."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.resampling import QuotedValue, quote
from halkit.resampling.quoted import quoted_value
from halkit.samples import standard_error

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.35123, 0.0512, 0.0281), "0.351(51)(28)"),
        ((-0.35123, 0.0512, 0.0281), "-0.351(51)(28)"),
        ((12.34, 1.2, 0.4), "12.3(1.2)(4)"),
        ((1234.4, 56.0, 7.0), "1234(56)(7)"),
        ((12345.0, 678.0, 50.0), "12340(680)(50)"),
        ((0.35, 0.0996, 0.02), "0.35(10)(2)"),
        ((0.35, 0.0994, 0.02), "0.350(99)(20)"),
        ((99.97, 9.96, 0.3), "100.0(10.0)(3)"),
        ((0.351, 0.051, 0.0004), "0.3510(510)(4)"),
        ((0.351, 0.051, 1e-9), "0.351(51)(0)"),
        ((0.351, 0.051), "0.351(51)"),
        ((0.351,), "0.351"),
        ((0.35, 0.05, 0.0), "0.350(50)(0)"),
        ((0.35, 0.0, 0.0), "0.35(0)(0)"),
        ((1.0, 0.0, 1.1e-16), "1(0)(0)"),
        ((0.0, 0.051, 0.02), "0.000(51)(20)"),
        ((-0.001, 0.3, 0.2), "0.00(30)(20)"),
        ((1.0, 25.0, 3.0), "1(25)(3)"),
        ((1.5, NAN, 0.1), "1.50(nan)(10)"),
        ((1.5, NAN, NAN), "1.5(nan)(nan)"),
        ((NAN, 0.05, 0.1), "nan(0.05)(0.1)"),
        ((INF, 1.0, NAN), "inf(1)(nan)"),
        ((1.5, INF, 0.1), "1.50(inf)(10)"),
        ((3.5e-5, 5.1e-6, 2.8e-6), "3.50(51)(28)e-05"),
        ((-3.5e8, 5.1e6, 2e5), "-3.500(51)(2)e+08"),
    ],
)
def test_digits(numbers, text):
    assert quote(*numbers) == text


def read(text):
    """Value and errors of a text, whose parentheses are in units of the last digit."""
    match = re.fullmatch(r"(-?[\d.]+)\(([\d.]+)\)\(([\d.]+)\)(e[+-]\d+)?", text)
    unit = 10.0 ** -len(match[1].partition(".")[2])
    power = float(f"1{match[4] or ''}")
    errors = [float(e) * (1 if "." in e else unit) * power for e in (match[2], match[3])]
    return float(match[1]) * power, errors


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_can_be_read(seed):
    """To half a digit of the larger error's second, over twenty orders of magnitude."""
    random = np.random.default_rng(seed)
    for _ in range(300):
        large = 10.0 ** random.uniform(-10, 10)
        errors = random.permutation([large, large * 10.0 ** random.uniform(-2.9, 0)])
        value = random.normal() * large * 10.0 ** random.uniform(-2, 3)
        found, sizes = read(quote(value, *errors))
        assert abs(found - value) <= 0.0501 * large
        assert abs(max(sizes) - large) <= 0.0501 * large
        assert abs(min(sizes) - errors.min()) <= 0.501 * errors.min() + 1e-12 * large


def test_negative_errors_are_refused():
    with pytest.raises(ValueError, match=r"errors must be ≥ 0, got -0\.1"):
        quote(1.0, 0.2, -0.1)


@pytest.fixture
def quoted():
    random = np.random.default_rng(0)
    centres = np.array([1.0, 2.0, 4.0])[:, None] + random.normal(size=(3, 5))
    bins = centres[:, None] + 0.1 * random.normal(size=(3, 8, 5))
    accepted = np.array([True, False, True])
    return quoted_value(centres, bins, "jackknife", accepted), centres, bins


def test_median_quantiles_and_the_error_of_the_bins_medians(quoted):
    quoted, centres, bins = quoted
    assert_allclose(quoted.value, (centres[0] + centres[2]) / 2, rtol=1e-15)
    # two values: their quantiles lie 16 % of the distance inside
    assert_allclose(quoted.systematic, 0.68 * np.abs(centres[0] - centres[2]) / 2, rtol=1e-12)
    medians = (bins[0] + bins[2]) / 2
    assert_allclose(quoted.statistical, standard_error(medians, "jackknife"), rtol=1e-12)
    assert_allclose(quoted.total**2, quoted.statistical**2 + quoted.systematic**2)
    assert_allclose(quoted.shift_errors[0], 0.0)
    assert_allclose(quoted.variation_errors[1], standard_error(bins[1], "jackknife"))


def test_entries_units_and_texts(quoted):
    quoted = quoted[0]
    assert len(quoted) == 5
    assert str(quoted[1]) == quote(quoted.value[1], quoted.statistical[1], quoted.systematic[1])
    assert str(quoted[:2]) == f"[{quoted[0]} {quoted[1]}]"
    assert quoted[1:].variations.shape == (3, 4)
    for scaled in (-2.0 * quoted, quoted * -2.0, np.float64(-2.0) * quoted, quoted / -0.5):
        assert isinstance(scaled, QuotedValue)
        assert_array_equal(scaled.value, -2.0 * quoted.value)
        assert_array_equal(scaled.total, 2.0 * quoted.total)
        assert_array_equal(scaled.variations, -2.0 * quoted.variations)
        assert_array_equal(scaled.shift_errors, 2.0 * quoted.shift_errors)
    assert_array_equal((-quoted).value, -quoted.value)
    with pytest.raises(TypeError, match="a number has no len"):
        len(quoted[0])
    with pytest.raises(AttributeError):
        quoted.value = 0.0


@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        (("0.3", 0.1), TypeError, "value must hold real numbers"),
        ((None, 0.1), TypeError, "value must hold real numbers"),
        ((0.3 + 1j, 0.1), ValueError, "Complex data not supported: value"),
        (([0.3, 0.4], 0.1), ValueError, r"value must be a number, got an array of shape \(2,\)"),
        ((0.3, "0.1"), TypeError, "errors must hold real numbers"),
        ((0.3, None), TypeError, "errors must hold real numbers"),
        ((0.3, 0.1, 0.1j), ValueError, "Complex data not supported: errors"),
        ((0.3, [0.1]), ValueError, r"errors must be numbers, got an array of shape \(1,\)"),
        ((True, 0.1), TypeError, "value must hold real numbers"),
    ],
)
def test_what_is_no_number_is_named(numbers, error, message):
    with pytest.raises(error, match=message):
        quote(*numbers)
