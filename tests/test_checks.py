"""What one argument may be."""

from fractions import Fraction

import numpy as np
import pytest

from halkit.checks import check_choice, check_integer, check_number, check_positive


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), Fraction(2)])
def test_numbers_come_back_as_floats(value):
    assert type(check_number(value, "x")) is float
    assert check_positive(value, "x") == 2.0


@pytest.mark.parametrize("value", ["2", True, np.True_, None, 2j, [2.0], np.ones(1)])
def test_what_is_no_number(value):
    with pytest.raises(TypeError, match="x must be a finite number, got "):
        check_number(value, "x")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1, 1.0])
def test_numbers_out_of_bounds(value):
    with pytest.raises(ValueError, match="x must be a finite number ≥ 0 and < 1, got "):
        check_number(value, "x", least=0, below=1)


def test_zero_is_not_positive():
    with pytest.raises(ValueError, match="x must be a finite number > 0 or None, got 0"):
        check_positive(0, "x", optional=True)
    assert check_number(0, "x", least=0) == 0.0


def test_none_only_where_it_is_allowed():
    assert check_positive(None, "x", optional=True) is None
    assert check_integer(None, "x", optional=True) is None
    with pytest.raises(TypeError, match="x must be an integer ≥ 1, got None"):
        check_integer(None, "x", least=1)


@pytest.mark.parametrize("value", [2.0, True, "2", np.array(2)])
def test_what_is_no_integer(value):
    with pytest.raises(TypeError, match="x must be an integer, got "):
        check_integer(value, "x")


def test_integers():
    assert type(check_integer(np.int32(-3), "x")) is int
    with pytest.raises(ValueError, match="x must be an integer ≥ 1, got 0"):
        check_integer(0, "x", least=1)


def test_choices():
    assert check_choice("a", "x", ["a", None]) == "a"
    assert check_choice(None, "x", ["a", None]) is None
    with pytest.raises(ValueError, match=r"x must be one of \['a', None\], got 'b'"):
        check_choice("b", "x", ["a", None])
