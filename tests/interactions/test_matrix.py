"""Matrices of interactions: elements, sums, copies, and what they refuse."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from halkit import Channel
from halkit.interactions import (
    DerivativeExpansion,
    GaussianSum,
    InteractionMatrix,
    Separable,
    Transposed,
    av18,
)
from halkit.scattering import coupled_s_matrix

S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
U = Separable(-0.1, 1.0)
TWO = [Channel(l=0, reduced_mass=1.0), Channel(l=2, reduced_mass=1.0)]
V = InteractionMatrix([[S, T], [T, U]], channels=TWO)
R = np.array([0.0, 0.4, 2.0])


def lopsided(r, s):
    return r**2 * np.exp(-r - 2 * s)


class Lopsided(Separable):
    """A U(r, r') that is not symmetric."""

    def nonlocal_potential(self, r, r_prime):
        return lopsided(r, r_prime)


def test_elements():
    assert len(V) == 2
    assert V[0, 1] is T
    assert V.l == (0, 2)
    assert (V.has_local, V.has_nonlocal) == (True, True)
    values = V(R)
    assert values.shape == (2, 2, 3)
    np.testing.assert_array_equal(values[0], [S(R), T(R)])
    np.testing.assert_array_equal(values[1, 1], 0)
    pairs = V(R[:, None], R)
    assert pairs.shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(pairs[1, 1], U(R[:, None], R))
    np.testing.assert_array_equal(pairs[0], 0)
    np.testing.assert_array_equal(V.local_potential(R)[0, 0], S.local_potential(R))
    np.testing.assert_array_equal(V.nonlocal_potential(R, R)[1, 1], U.nonlocal_potential(R, R))


def test_an_element_ends_at_its_own_radius():
    cut = GaussianSum([-1.0], [0.5])
    cut.radius = 1.0
    np.testing.assert_array_equal(InteractionMatrix([[cut, S], [S, cut]])(2.0)[0, 0], 0)
    assert InteractionMatrix([[cut, S], [S, cut]])(2.0)[0, 1] != 0


def test_none_is_zero():
    matrix = InteractionMatrix([[S, None], [None, None]])
    np.testing.assert_array_equal(matrix(R)[1], 0)
    assert matrix.l is None
    assert not matrix.has_nonlocal


def test_sums():
    total = V + InteractionMatrix([[D, None], [None, S]])
    np.testing.assert_allclose(total(R)[0, 0], S(R) + D(R))
    np.testing.assert_allclose(total(R)[1, 1], S(R))
    np.testing.assert_allclose(total(R, R)[1, 1], U(R, R))
    assert total.channels == V.channels
    with pytest.raises(ValueError, match="matrices must have one size to add, got 2 and 1"):
        V + InteractionMatrix([[S]])
    other = InteractionMatrix([[S, T], [T, S]], channels=[TWO[0], Channel(l=1, reduced_mass=1.0)])
    with pytest.raises(ValueError, match="terms must have the same channels to add"):
        V + other
    with pytest.raises(TypeError):
        V + S


def test_transposed():
    one = Lopsided(-0.1, 1.0)
    turned = Transposed(one)
    np.testing.assert_array_equal(turned(R[:, None], R), one(R[:, None], R).T)
    np.testing.assert_array_equal(turned.kernel(R[:, None], R), one.kernel(R[:, None], R).T)
    np.testing.assert_array_equal(Transposed(S)(R), S(R))
    matrix = InteractionMatrix([[S, one], [turned, S]], channels=TWO)
    scattered = coupled_s_matrix(matrix, 0.5)
    np.testing.assert_allclose(scattered, scattered.T, atol=1e-10)
    assert abs(scattered[0, 1]) > 1e-4
    with pytest.raises(ValueError, match="must be a symmetric matrix"):
        coupled_s_matrix(InteractionMatrix([[S, one], [one, S]], channels=TWO), 0.5)


@pytest.mark.parametrize("matrix", [V, av18("3S1-3D1"), InteractionMatrix([[S, None], [None, U]])])
def test_copies(matrix):
    again = pickle.loads(pickle.dumps(matrix))
    np.testing.assert_array_equal(again(R), matrix(R))
    np.testing.assert_array_equal(again(R, R), matrix(R, R))
    assert again.channels == matrix.channels
    assert type(again) is type(matrix)


def test_av18_is_a_matrix():
    tensor = av18("3S1-3D1", inverse_spacing=2333.0)
    assert tensor.l == (0, 2)
    assert [channel.reduced_mass for channel in tensor.channels] == [tensor.reduced_mass] * 2
    np.testing.assert_array_equal(np.moveaxis(tensor(R), (0, 1), (-2, -1)), tensor.matrix(R))
    np.testing.assert_array_equal(tensor.interactions[0][1](R), tensor.matrix(R)[..., 0, 1])


class Model(BaseEstimator):
    def __init__(self, channels=None, truth=None):
        self.channels, self.truth = channels, truth


def test_parameters_of_estimators_are_cloned():
    twin = clone(Model(channels=TWO, truth=V))
    assert twin.channels == TWO
    assert twin.truth is not V
    np.testing.assert_array_equal(twin.truth(R), V(R))


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (S, TypeError, "interactions must be a list of lists, .* got GaussianSum"),
        ([S, T], TypeError, r"got list of \['GaussianSum', 'GaussianSum'\]"),
        (3.0, TypeError, "interactions must be a list of lists, .* got float"),
        ([[S, T]], ValueError, r"interactions must be n lists of n, got 1 of lengths \[2\]"),
        ([[S, T], [T]], ValueError, r"got 2 of lengths \[2, 1\]"),
        ([], ValueError, "interactions must be n lists of n, got 0"),
        ([[S, 2.0], [2.0, S]], TypeError, "potential must be an interaction"),
        ([[DerivativeExpansion(S, T)]], TypeError, "must not have a V2"),
    ],
)
def test_refusals(rows, error, message):
    with pytest.raises(error, match=message):
        InteractionMatrix(rows)


def test_channels_and_points_that_do_not_fit():
    with pytest.raises(ValueError, match="channels must be 2, one for each row of interactions"):
        InteractionMatrix([[S, T], [T, S]], channels=TWO[:1])
    with pytest.raises(ValueError, match="channels must be given, got None"):
        InteractionMatrix([[S]]).resolved()
    assert V.resolved().threshold == (0, 0)
    with pytest.raises(TypeError, match="a matrix is a function of r or r and r_prime, got 3"):
        V(R, R, R)
    for points in ((-1.0,), (R, np.nan)):
        with pytest.raises(ValueError, match="r"):
            V(*points)


def test_repr():
    assert repr(InteractionMatrix([[S]])) == "InteractionMatrix(1 × 1)"
    assert "Channel(l=2, reduced_mass=1.0)" in repr(V)
    assert "3S1-3D1" in repr(av18("3S1-3D1"))


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (2 * V, 2), (V * 2.0, 2), (np.float64(2) * V, 2), (V * np.int64(2), 2), (-V, -1),
        (V / 2, 0.5), (np.float32(0.5) * V, 0.5), (0 * V, 0), (V - 3 * V, -2), (sum([V]), 1),
        (sum([V, V, V]), 3), (V - V, 0),
    ],
)  # fmt: skip
def test_multiples_and_differences(matrix, expected):
    np.testing.assert_allclose(matrix(R), expected * V(R), rtol=1e-15)
    np.testing.assert_allclose(matrix(R, R), expected * V(R, R), rtol=1e-15)
    assert matrix.channels == V.channels
    assert type(matrix) is InteractionMatrix
    k = np.array([0.3, 1.0])
    by_hand = InteractionMatrix([[expected * one for one in row] for row in V.interactions])
    np.testing.assert_allclose(
        coupled_s_matrix(matrix, k=k),
        coupled_s_matrix(by_hand, k=k, channels=TWO),
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("combine", "message"),
    [
        (
            lambda: V + S,
            "terms must be an InteractionMatrix of 2 channels, or a fit of them, got G",
        ),
        (lambda: S + V, "2 channels, or a fit of them, got GaussianSum"),
        (lambda: S - V, "a fit of them, got GaussianSum"),
        (lambda: V - S, "of them, got GaussianSum"),
        (lambda: V + 1, "of them, got int"),
        (lambda: 1 + V, "got int"),
        (lambda: V + list(V.interactions), "got list"),
        (lambda: V + None, "got NoneType"),
        (lambda: np.array([1.0, 2.0]) * V, "must be a real number, got ndarray"),
        (lambda: True * V, "must be a real number, got bool"),
        (lambda: V * 2j, "must be a real number, got complex"),
        (lambda: V / "2", "must be a real number, got str"),
        (lambda: V * V, "must be a real number, got InteractionMatrix"),
    ],
)
def test_what_does_not_combine(combine, message):
    with pytest.raises(TypeError, match=message):
        combine()


def test_differences_need_one_size_and_the_same_channels():
    with pytest.raises(ValueError, match="matrices must have one size to add, got 2 and 1"):
        V - InteractionMatrix([[S]])
    with pytest.raises(ValueError, match="factor must be a finite number, got nan"):
        np.nan * V
