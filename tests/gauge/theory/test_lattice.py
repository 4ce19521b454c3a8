"""Laws of the gauge observables: invariance, Stokes, planted fluxes, force from the action."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from halkit.gauge import (
    action,
    flux_links,
    force,
    gauge_transform,
    plaquette,
    polyakov_loop,
    sine_charge,
    susceptibility,
    topological_charge,
    wilson_loop,
    wrap,
)

SHAPES = [(4, 4), (3, 7), (8, 2)]


@pytest.mark.parametrize("lattice_shape", SHAPES)
def test_a_wilson_loop_around_the_lattice_is_two_polyakov_loops(lattice_shape):
    """The sides that close lie on each other: ⟨Re P(x)* P(x + R)⟩, in either direction."""
    theta = rough(lattice_shape)
    for mu, (size, across) in enumerate([lattice_shape, lattice_shape[::-1]]):
        P = polyakov_loop(theta, mu)
        for R in range(1, across + 1):
            sides = (size, R) if mu == 0 else (R, size)
            pairs = np.real(np.conj(P) * np.roll(P, -R, axis=1)).mean(axis=1)
            assert np.allclose(wilson_loop(theta, *sides), pairs, atol=1e-12)


def rough(lattice_shape, n=5, seed=0):
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (n, 2, *lattice_shape))


def observables(theta):
    size_0, size_1 = theta.shape[2:]
    return {
        "wilson 1 1": wilson_loop(theta, 1, 1),
        "wilson 2 1": wilson_loop(theta, 2, 1),
        "wilson whole": wilson_loop(theta, size_0, size_1 - 1),
        "polyakov 0": polyakov_loop(theta, 0).mean(axis=1),
        "polyakov 1": polyakov_loop(theta, 1).mean(axis=1),
        "action": action(theta, 2.5),
        "charge": topological_charge(theta),
        "sine charge": sine_charge(theta),
    }


def assert_same(one, other):
    for name, value in one.items():
        assert np.allclose(value, other[name], rtol=0, atol=1e-12), name


@given(arrays(np.float64, 6, elements=st.floats(-50, 50)))
def test_wrap(angle):
    wrapped = wrap(angle)
    assert (-np.pi <= wrapped).all()
    assert (wrapped < np.pi).all()
    assert np.allclose(np.exp(1j * wrapped), np.exp(1j * angle), atol=1e-13)


def test_wrap_at_the_edge():
    edge = np.array([np.pi, -np.pi, 3 * np.pi, np.nextafter(-np.pi, -4), 1e-20])
    assert np.allclose(wrap(edge), [-np.pi, -np.pi, -np.pi, np.pi, 1e-20], rtol=1e-15)
    assert (wrap(edge.astype(np.float32)) < np.float32(np.pi)).all()
    assert wrap(edge.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("shape", SHAPES)
def test_gauge_invariance(shape):
    theta = rough(shape)
    alpha = np.random.default_rng(1).uniform(-np.pi, np.pi, (len(theta), *shape))
    assert_same(observables(theta), observables(gauge_transform(theta, alpha)))
    turned = gauge_transform(gauge_transform(theta, alpha), -alpha)
    assert np.allclose(np.exp(1j * turned), np.exp(1j * theta), atol=1e-13)
    assert np.abs(gauge_transform(theta, alpha) - theta).max() > 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("axis", [2, 3])
def test_translation_by_one_site(shape, axis):
    theta = rough(shape)
    moved = np.roll(theta, 1, axis=axis)
    assert_same(observables(theta), observables(moved))
    assert np.allclose(plaquette(moved), np.roll(plaquette(theta), 1, axis=axis - 1), atol=1e-13)
    assert np.allclose(force(moved, 2.0), np.roll(force(theta, 2.0), 1, axis=axis), atol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_charge_conjugation(shape):
    theta = rough(shape)
    assert np.array_equal(topological_charge(-theta), -topological_charge(theta))
    assert np.allclose(sine_charge(-theta), -sine_charge(theta))
    assert np.allclose(action(-theta, 1.0), action(theta, 1.0))


@pytest.mark.parametrize("shape", SHAPES)
def test_exchange_of_the_axes(shape):
    theta = rough(shape)
    swapped = theta[:, ::-1].transpose(0, 1, 3, 2)
    assert np.array_equal(topological_charge(swapped), -topological_charge(theta))
    assert np.allclose(wilson_loop(swapped, 1, 2), wilson_loop(theta, 2, 1))
    assert np.allclose(polyakov_loop(swapped, 1), polyakov_loop(theta, 0))


@pytest.mark.parametrize("shape", SHAPES)
def test_force_against_finite_differences(shape):
    theta, step, beta = rough(shape, n=2), 1e-5, 3.0
    for index in np.ndindex(2, *shape):
        shift = np.zeros((1, 2, *shape))
        shift[(0, *index)] = step
        slope = (action(theta + shift, beta) - action(theta - shift, beta)) / (2 * step)
        assert np.allclose(force(theta, beta)[:, *index], -slope, atol=1e-8)


@pytest.mark.parametrize("sides", [(1, 1), (2, 3), (3, 5), (5, 1)])
def test_stokes(sides):
    theta = rough((5, 6))
    angle = plaquette(theta)
    inside = sum(
        np.roll(angle, (-i, -j), axis=(1, 2)) for i in range(sides[0]) for j in range(sides[1])
    )
    assert np.allclose(wilson_loop(theta, *sides), np.cos(inside).mean(axis=(1, 2)), atol=1e-13)


def site_by_site_charge(theta):
    """Q of one configuration from the complex links, with a loop over the sites."""
    link, (size_0, size_1) = np.exp(1j * theta), theta.shape[1:]
    total = 0.0
    for x in range(size_0):
        for y in range(size_1):
            right, up = (x + 1) % size_0, (y + 1) % size_1
            loop = link[0, x, y] * link[1, right, y] / (link[0, x, up] * link[1, x, y])
            total += np.angle(loop)
    return total / (2 * np.pi)


def polyakov_winding(theta):
    """Number of turns of the Polyakov loop on its way around; Q if the field is smooth."""
    phase = np.angle(polyakov_loop(theta, 1))
    return wrap(np.roll(phase, -1, axis=1) - phase).sum(axis=1) / (2 * np.pi)


@pytest.mark.parametrize("shape", SHAPES)
def test_two_definitions_of_the_charge_on_rough_links(shape):
    theta = rough(shape, n=40)
    charge = topological_charge(theta)
    assert charge.dtype == np.int64
    assert len(set(charge)) > 2
    assert np.allclose([site_by_site_charge(one) for one in theta], charge, atol=1e-12)


@pytest.mark.parametrize("shape", [(8, 8), (7, 12), (12, 5)])
@pytest.mark.parametrize("charge", [-2, -1, 0, 1, 2])
def test_planted_flux(shape, charge):
    smooth = flux_links(charge, shape)
    assert np.allclose(plaquette(smooth), 2 * np.pi * charge / np.prod(shape), atol=1e-13)
    noise = np.random.default_rng(3).normal(scale=0.02, size=(6, 2, *shape))
    alpha = np.random.default_rng(4).uniform(-np.pi, np.pi, shape)
    planted = gauge_transform(smooth + noise, alpha)
    assert np.array_equal(topological_charge(planted), [charge] * 6)
    assert np.allclose(polyakov_winding(planted), charge, atol=1e-12)
    least = np.prod(shape) * (1 - np.cos(2 * np.pi * charge / np.prod(shape)))
    assert np.allclose(action(smooth, 3.0), 3 * least)


def test_sine_charge_is_another_quantity():
    theta = rough((6, 6))
    assert np.abs(sine_charge(theta) - topological_charge(theta)).max() > 0.1
    smooth = flux_links(1, (32, 32))
    assert np.allclose(sine_charge(smooth), 1, atol=1e-4)


def test_susceptibility():
    theta = np.concatenate([flux_links(q, (4, 6)) for q in (0, 1, -1, 2, 0)])
    squares = np.array([0, 1, 1, 4, 0]) / 24
    chi = susceptibility(theta)
    assert chi.value == pytest.approx(squares.mean())
    assert chi.error == pytest.approx(squares.std(ddof=1) / np.sqrt(5))
    assert susceptibility(theta, tau_int=2.0).error == pytest.approx(2 * chi.error)


def test_rows_are_configurations():
    theta = rough((3, 5))
    rows, shape = theta.reshape(len(theta), -1), (3, 5)
    assert np.array_equal(plaquette(rows, lattice_shape=shape), plaquette(theta))
    assert np.array_equal(action(rows, 2, lattice_shape=shape), action(theta, 2))
    assert force(rows, 2, lattice_shape=shape).shape == rows.shape
    assert gauge_transform(rows, np.ones(shape), lattice_shape=shape).shape == rows.shape
    assert susceptibility(rows, lattice_shape=shape) == susceptibility(theta)
    with pytest.raises(ValueError, match="24 angles; got 30"):
        plaquette(rows, lattice_shape=(3, 4))
    with pytest.raises(ValueError, match="with lattice_shape; got"):
        plaquette(rows)


def test_single_precision_stays():
    theta = rough((4, 6)).astype(np.float32)
    assert plaquette(theta).dtype == force(theta, 2.0).dtype == np.float32
    assert np.array_equal(topological_charge(theta), topological_charge(theta.astype(float)))


def test_degrees_are_wrapped_with_a_warning():
    theta = rough((4, 4))
    with pytest.warns(UserWarning, match="radians are expected"):
        turned = plaquette(theta + 4 * np.pi)
    assert np.allclose(np.exp(1j * turned), np.exp(1j * plaquette(theta)), atol=1e-12)


NAN = np.full((1, 2, 4, 4), np.nan)
BAD = {
    "three axes": (lambda: plaquette(np.zeros((2, 4, 4))), ValueError, "shape"),
    "three directions": (lambda: plaquette(np.zeros((1, 3, 4, 4))), ValueError, "shape"),
    "size one": (lambda: plaquette(np.zeros((1, 2, 1, 4))), ValueError, "at least 2"),
    "none": (lambda: plaquette(np.zeros((0, 2, 4, 4))), ValueError, "at least one"),
    "other lattice": (
        lambda: plaquette(np.zeros((1, 2, 4, 4)), lattice_shape=(4, 6)), ValueError, "not on",
    ),
    "lattice shape": (lambda: plaquette(np.zeros((1, 32)), lattice_shape=4), ValueError, "two int"),
    "nan": (lambda: plaquette(NAN), ValueError, "finite"),
    "complex": (lambda: plaquette(np.ones((1, 2, 4, 4)) + 0j), ValueError, "Complex data"),
    "loop": (lambda: wilson_loop(np.zeros((1, 2, 4, 6)), 5, 2), ValueError, "longer"),
    "empty loop": (lambda: wilson_loop(np.zeros((1, 2, 4, 6)), 0, 2), ValueError, "integer ≥ 1"),
    "half loop": (lambda: wilson_loop(np.zeros((1, 2, 4, 6)), 1.5, 2), TypeError, "integer"),
    "mu": (lambda: polyakov_loop(np.zeros((1, 2, 4, 6)), 2), ValueError, "mu must be"),
    "beta": (lambda: action(np.zeros((1, 2, 4, 6)), -1), ValueError, "number ≥ 0"),
    "infinite": (lambda: force(np.zeros((1, 2, 4, 6)), np.inf), ValueError, "finite"),
    "word": (lambda: force(np.zeros((1, 2, 4, 6)), "7"), TypeError, "number ≥ 0"),
    "alpha": (
        lambda: gauge_transform(np.zeros((1, 2, 4, 6)), np.zeros((6, 4))), ValueError, "alpha must",
    ),
    "alpha nan": (lambda: gauge_transform(np.zeros((1, 2, 4, 4)), NAN[0, 0]), ValueError, "finite"),
    "one": (lambda: susceptibility(np.zeros((1, 2, 4, 4))), ValueError, "two configurations"),
    "tau": (lambda: susceptibility(np.zeros((2, 2, 4, 4)), tau_int=0), ValueError, "tau_int"),
    "flux": (lambda: flux_links(8, (4, 4)), ValueError, "below V/2"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("mu", [True, 1.0, 2])
def test_a_direction_is_an_integer(mu):
    with pytest.raises((TypeError, ValueError), match="mu must be"):
        polyakov_loop(np.zeros((1, 2, 4, 6)), mu)
