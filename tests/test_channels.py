"""Channels: kinematics against exact arithmetic, and contradictions that are refused."""

import pickle
from numbers import Real

import mpmath
import numpy as np
import pytest
import torch

from halkit import Channel
from halkit.channels import resolve_channels

MASSES = [(0.7, 6.05), (2.51, 4.76), (3.0, 4.5)]
CHANNELS = [Channel(l=l, masses=pair) for l, pair in zip((0, 2, 1), MASSES, strict=True)]


def exact(energy, relativistic):
    """k_a² in 50 digits, from the definition: E_1(k) + E_2(k) = W, or 2μ(E − Δ)."""
    with mpmath.workdps(50):
        first = mpmath.mpf(MASSES[0][0]) + MASSES[0][1]
        values = []
        for pair in MASSES:
            m1, m2 = map(mpmath.mpf, pair)
            if relativistic:
                W = first + mpmath.mpmathify(energy)
                first_energy = (W**2 + m1**2 - m2**2) / (2 * W)
                values.append(first_energy**2 - m1**2)
            else:
                x = mpmath.mpmathify(energy) - (m1 + m2 - first)
                values.append(2 * m1 * m2 / (m1 + m2) * x)
        return [complex(value) for value in values]


@pytest.mark.parametrize("relativistic", [True, False])
@pytest.mark.parametrize("energy", [1e-9, 0.3, 2.7, 40.0, -0.4, 0.6 - 0.2j])
def test_momenta(energy, relativistic):
    channels = resolve_channels(CHANNELS, relativistic=relativistic)
    square, expected = channels.momentum_squared(energy), exact(energy, relativistic)
    np.testing.assert_allclose(square[0], expected[0], rtol=1e-14)
    np.testing.assert_allclose(square, expected, rtol=1e-13)
    mu = [m1 * m2 / (m1 + m2) for m1, m2 in MASSES]
    np.testing.assert_allclose(channels.kinetic_energy(energy), square / np.multiply(2, mu))
    h = 1e-5
    ends = (channels.kinetic_energy(energy + x) for x in (h, -h))
    slope = np.subtract(*ends) / (2 * h)
    np.testing.assert_allclose(channels.kinetic_slope(energy), slope, rtol=1e-7)


def test_shapes_of_energies():
    channels = resolve_channels(CHANNELS)
    E = np.linspace(0.1, 1, 6).reshape(2, 3)
    for function in (channels.momentum_squared, channels.kinetic_energy, channels.kinetic_slope):
        values = function(E)
        assert values.shape == (2, 3, 3)
        np.testing.assert_array_equal(values[1, 2], function(E[1, 2]))
        assert channels._replace(relativistic=False).kinetic_slope(E).shape == (2, 3, 3)


def test_what_masses_say():
    channels = resolve_channels(CHANNELS)
    assert channels.relativistic
    assert channels.l == (0, 2, 1)
    assert channels.size == 3
    np.testing.assert_allclose(channels.threshold, [0, 0.52, 0.75], atol=1e-14)
    np.testing.assert_allclose(channels.reduced_mass[1], 2.51 * 4.76 / 7.27, rtol=1e-15)
    assert channels.masses == tuple(MASSES)
    assert not resolve_channels(CHANNELS, relativistic=False).relativistic
    assert not channels.alike


@pytest.mark.parametrize(
    ("channels", "relativistic", "alike"),
    [
        ([Channel(masses=2.0), Channel(l=2, masses=(2.0, 2.0))], True, True),
        ([Channel(masses=(2.0, 3.0)), Channel(l=2, masses=(3.0, 2.0))], True, True),
        ([Channel(reduced_mass=1.0), Channel(reduced_mass=1.0)], False, True),
        ([Channel(reduced_mass=1.0), Channel(reduced_mass=1.0, threshold=0.1)], False, False),
        ([Channel(reduced_mass=1.0), Channel(reduced_mass=1.1, threshold=0.0)], False, False),
        ([Channel(reduced_mass=1.0)], False, True),
    ],
)
def test_channels_of_one_momentum(channels, relativistic, alike):
    known = resolve_channels(channels)
    assert known.relativistic is relativistic
    assert known.alike is alike
    square = known.momentum_squared([0.3, 2.0])
    assert np.allclose(square.min(axis=1), square.max(axis=1), rtol=1e-14) is alike


def test_arguments_fill_what_channels_lack():
    plain = [Channel(), Channel(l=2)]
    known = resolve_channels(plain, reduced_mass=1.5)
    assert known.l == (0, 2)
    assert known.reduced_mass == (1.5, 1.5)
    assert known.threshold == (0, 0)
    assert known.masses is None
    assert resolve_channels([Channel(), Channel()], l=(1, 3), reduced_mass=1.0).l == (1, 3)
    assert resolve_channels([Channel()], l=1, hadron_mass=(2.0, 3.0)).masses == ((2.0, 3.0),)
    assert resolve_channels([Channel(masses=2.0)], reduced_mass=1.0).reduced_mass == (1.0,)


@pytest.mark.parametrize(
    ("channels", "arguments", "message"),
    [
        (CHANNELS[::-1], {}, "channels must be in the order of their thresholds, got"),
        ([], {}, "channels must have at least one entry"),
        ([Channel()], {}, "reduced_mass or masses of every channel must be given"),
        (CHANNELS[:1], {"l": 1}, "l must be given once, or be the same, got 1 for all"),
        (CHANNELS, {"l": (0, 2)}, "l must have one entry for each of the 3 channels"),
        (CHANNELS[:1], {"reduced_mass": 1.0}, "reduced_mass must be 0.6274"),
        (CHANNELS[:1], {"hadron_mass": 2.0}, "hadron_mass must be None or the masses"),
        ([Channel(reduced_mass=1.0)], {"reduced_mass": 2.0}, "reduced_mass must be given once"),
        ([CHANNELS[0], Channel(reduced_mass=1.0)], {}, "must all have masses, or none of them"),
        ([Channel(reduced_mass=1.0, threshold=0.2)], {}, "threshold of the first channel must be"),
        (
            [Channel(reduced_mass=1.0), Channel(reduced_mass=1.2)], {},
            "threshold must be given for channels of another reduced mass",
        ),
        (
            [CHANNELS[0], Channel(masses=MASSES[1], threshold=0.5)], {},
            r"threshold must be 0.52 for masses \(2.51, 4.76\), got 0.5",
        ),
        ([Channel(reduced_mass=1.0)], {"relativistic": True}, "must have masses for relativistic"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(channels, arguments, message):
    with pytest.raises(ValueError, match=message):
        resolve_channels(channels, **arguments)


@pytest.mark.parametrize("channels", [Channel(), "ab", [1], [{"l": 0}], None])
def test_other_types_are_refused(channels):
    with pytest.raises(TypeError, match=r"channels must be a list of halkit\.Channel"):
        resolve_channels(channels, reduced_mass=1.0)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"l": -1}, ValueError),
        ({"l": 1.0}, TypeError),
        ({"masses": 0.0}, ValueError),
        ({"masses": (1.0, 2.0, 3.0)}, ValueError),
        ({"masses": (1.0, -2.0)}, ValueError),
        ({"reduced_mass": 0}, ValueError),
        ({"reduced_mass": "1"}, TypeError),
        ({"threshold": -0.1}, ValueError),
        ({"threshold": np.nan}, ValueError),
        ({"masses": 2.0, "reduced_mass": 1.1}, ValueError),
    ],
)
def test_a_channel_refuses_bad_values(arguments, error):
    (name,) = list(arguments)[-1:]
    with pytest.raises(error, match=name):
        Channel(**arguments)


@pytest.mark.parametrize("make", [np.array, np.float32, np.int64, torch.tensor])
def test_a_channel_keeps_plain_numbers(make):
    """No array of the caller, that changes later or has no hash."""
    one = Channel(reduced_mass=make(2), threshold=make(1))
    assert one == Channel(reduced_mass=2.0, threshold=1.0)
    assert hash(one) == hash(Channel(reduced_mass=2.0, threshold=1.0))
    assert all(isinstance(x, Real) for x in (one.reduced_mass, one.threshold))


def test_a_channel_is_a_value():
    one = Channel(l=1, masses=[2.0, 3.0])
    assert one == Channel(l=1, masses=(2.0, 3.0)) == pickle.loads(pickle.dumps(one))
    assert hash(one) == hash(Channel(l=1, masses=(2.0, 3.0)))
    assert repr(one) == "Channel(l=1, masses=(2.0, 3.0))"
    assert repr(Channel()) == "Channel()"
    assert Channel(masses=2.0) == Channel(masses=(2.0, 2.0))
    with pytest.raises(AttributeError):
        one.l = 2
