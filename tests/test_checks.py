"""What one argument may be."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from halkit.checks import (
    as_numbers,
    check_array,
    check_choice,
    check_integer,
    check_integers,
    check_number,
    check_positive,
)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), Fraction(2)])
def test_numbers_come_back_as_floats(value):
    assert type(check_number(value, "x")) is float
    assert check_positive(value, "x") == 2.0


@pytest.mark.parametrize(
    "value",
    ["2", True, np.True_, None, 2j, [2.0], np.ones(1), torch.tensor(2.0, requires_grad=True)],
)
def test_values_that_are_not_numbers(value):
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


def test_none_is_accepted_only_if_optional():
    assert check_positive(None, "x", optional=True) is None
    assert check_integer(None, "x", optional=True) is None
    with pytest.raises(TypeError, match="x must be an integer ≥ 1, got None"):
        check_integer(None, "x", least=1)


@pytest.mark.parametrize("value", [2.0, True, "2", np.array(2)])
def test_values_that_are_not_integers(value):
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


@pytest.mark.parametrize(
    "values",
    [
        3, 3.0, np.float32(3), np.array(3.0), Fraction(3), [3], ((3,),), range(3, 4),
        np.ones((1, 5))[::-1], np.ones((5, 1))[:, ::-1], np.ones((2, 3, 4)).T,
        np.broadcast_to(1.0, (2, 3)), np.ones(3, ">f4"), [],
    ],
)  # fmt: skip
def test_the_result_is_plain(values):
    array = check_array(values, "x")
    assert type(array) is np.ndarray
    assert array.dtype == np.float64
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert min(array.strides, default=0) >= 0
    assert array.shape == np.shape(values)
    np.testing.assert_array_equal(array, values)


def test_the_result_shares_no_memory_unless_allowed():
    values = np.ones((3, 2))
    assert not np.may_share_memory(check_array(values, "x"), values)
    assert check_array(values, "x", copy=False) is values
    assert not np.may_share_memory(check_array(np.float64([1, 2])[::-1], "x", copy=False), values)


def test_single_precision_stays_on_request():
    assert check_array(np.ones(2, np.float32), "x", single=True).dtype == np.float32
    assert check_array(np.ones(2, np.float16), "x", single=True).dtype == np.float64


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1.0, np.nan, np.inf], {}, "x must be finite, got 2 NaN or infinite entries"),
        ([10**400], {}, "x must be finite, got an integer beyond float64"),
        ([np.longdouble("1e400")], {}, "x must be finite"),
        ([0.0, -1.0], {"sign": "≥ 0"}, "x must not be negative, got -1"),
        ([0.0, 1.0], {"sign": "> 0"}, "x must be positive, got 0"),
        ([np.nan], {"sign": "≥ 0", "finite": False}, "x must not be negative or NaN, got nan"),
        ([1.0], {"shape": (2,)}, r"x must have shape \(2,\), got \(1,\)"),
        (1.0, {"n": 1}, r"x must have 1 entries on its last axis, got shape \(\)"),
        ([[1], [1, 2]], {}, "x must be an array with axes of one length"),
        ([1.0, np.ma.masked], {}, "x must have no masked entries: drop or fill them"),
        ([1.0, 2j], {}, "Complex data not supported: x"),
    ],
)
def test_arrays_of_another_value(values, options, message):
    with pytest.raises(ValueError, match=message):
        check_array(values, "x", **options)


@pytest.mark.parametrize("values", [[True], np.array([True], object), {"a": 1}, "12", b"13", {1.0}])
def test_arrays_that_do_not_hold_numbers(values):
    with pytest.raises(TypeError, match="x must hold real numbers"):
        check_array(values, "x")


def test_booleans_count_only_if_allowed():
    np.testing.assert_array_equal(check_array([True, False], "x", booleans=True), [1.0, 0.0])


def test_sparse_matrices_and_tensors_name_the_way_out():
    sparse = pytest.importorskip("scipy.sparse")
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"x must be a dense array, got a sparse .*toarray"):
        check_array(sparse.eye_array(2), "x")
    with pytest.raises(TypeError, match=r"x must be an array of numbers: .*detach"):
        check_array(torch.ones(2, requires_grad=True), "x")
    np.testing.assert_array_equal(check_array(torch.ones(2), "x"), [1.0, 1.0])


def test_integers_in_arrays():
    assert check_integers(np.uint8([1, 2]), "x").dtype == np.int64
    with pytest.raises(ValueError, match=r"x must be below 2\^63"):
        check_integers(np.array([2**63], np.uint64), "x")
    with pytest.raises(TypeError, match="x must hold integers, got an array of dtype float64"):
        check_integers([1.0], "x")


def test_complex_numbers_are_accepted_on_request():
    assert as_numbers([1j], "x", kinds="iufc").dtype == np.complex128
    assert as_numbers(np.array([1j, 2], object), "x", kinds="iufc").dtype == np.complex128
