"""The record of coupled channels: what it shares, and what it refuses."""

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import halkit
from halkit.correlators import Correlators, CoupledCorrelators
from halkit.radial import Wedge

RNG = np.random.default_rng(0)
MASSES = (0.51, (0.43, 0.6), (0.44, 0.62))


def make(n=2, **changes):
    given = {
        "R": {source: RNG.standard_normal((5, 4, 6)) for source in ("wall", "exp")},
        "r": np.linspace(0.5, 3.0, 6), "t": np.arange(10, 15), "kind": "jackknife",
        "bin_size": 4, "units": "lattice", "inverse_spacing": 2194.0, "L": 32,
    }  # fmt: skip
    return [Correlators(**{**given, **changes}, hadron_mass=mass) for mass in MASSES[:n]]


def test_it_has_what_the_channels_share():
    channels = make(3)
    record = CoupledCorrelators(channels)
    assert record.channels == tuple(channels)
    assert (record.n_channels, record.sources, record.n_bins) == (3, ("wall", "exp"), 4)
    assert (record.kind, record.system, record.L, record.wedge) == (
        "jackknife", "lattice", 32, None
    )  # fmt: skip
    assert record.inverse_spacing == 2194.0
    assert_array_equal(record.t, np.arange(10, 15))
    assert_array_equal(record.r, np.linspace(0.5, 3.0, 6))
    assert record.hadron_mass == ((0.51, 0.51), (0.43, 0.6), (0.44, 0.62))
    wedges = [Wedge(6), Wedge(6)]
    points = {"r": None, "L": None, "R": {"wall": RNG.standard_normal((5, 4, wedges[0].size))}}
    on_lattice = CoupledCorrelators(
        [replace(c, wedge=w, **points) for c, w in zip(make(), wedges, strict=True)]
    )
    assert on_lattice.wedge == wedges[0]
    assert (on_lattice.L, on_lattice.r) == (6, None)


def test_one_source_is_taken_from_every_channel():
    channels = make()
    turned = replace(channels[1], R=dict(reversed(channels[1].R.items())))
    record = CoupledCorrelators([channels[0], turned])
    assert record.sources == ("wall", "exp")
    alone = record.of_source("exp")
    assert alone.sources == ("exp",)
    for one, channel in zip(alone.channels, channels, strict=True):
        assert_array_equal(one.R["exp"], channel.R["exp"])
        assert one.hadron_mass == channel.hadron_mass
    assert channels[0].of_source("wall").sources == ("wall",)
    for one in (record, channels[0]):
        with pytest.raises(ValueError, match=r"source must be one of .*, got 'point'"):
            one.of_source("point")


def test_it_is_frozen_kept_and_no_list(tmp_path):
    record = CoupledCorrelators(make())
    with pytest.raises(FrozenInstanceError):
        record.channels = ()
    halkit.save(record, tmp_path / "record.halkit")
    for copy in (pickle.loads(pickle.dumps(record)), halkit.load(tmp_path / "record.halkit")):
        assert repr(copy) == repr(record)
        assert_array_equal(copy.channels[1].R["exp"], record.channels[1].R["exp"])
    with pytest.raises(ValueError, match="X must be a list of blocks"):
        len(record)
    bins = CoupledCorrelators(
        [replace(c, mass_bins=np.tile(np.atleast_1d(c.hadron_mass), (4, 1))
                 .reshape(4, *np.shape(c.hadron_mass))) for c in make()]
    )  # fmt: skip
    assert repr(bins).splitlines() == [
        "CoupledCorrelators of wall, exp",
        "  2 channels, hadron_mass = 0.51 ± 0 by bins; 0.43 ± 0 and 0.6 ± 0 by bins",
        "  t = 10 … 14 (5 slices), 4 jackknife bins of 4 configurations",
        "  6 radial nodes, r = 0.5 … 3",
        "  lattice units, 1/a = 2194 MeV, a = 0.08994 fm",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": np.arange(11, 16)}, "t must be the same in all channels"),
        ({"r": np.linspace(0.6, 3.0, 6)}, "r must be the same in all channels"),
        ({"units": "fm"}, "system must be the same in all channels, got lattice .* and fm"),
        ({"inverse_spacing": 2195.0}, "inverse_spacing must be the same in all channels"),
        ({"L": 48}, "L must be the same in all channels, got 32 in channel 1 and 48 in channel 2"),
        ({"L": None}, "L must be the same in all channels, got 32 in channel 1 and None"),
        ({"bin_size": 5}, "bin_size must be the same in all channels, got 4 .* and 5"),
        ({"pion_mass": 150.0}, "pion_mass must be the same in all channels"),
        ({"kind": "bootstrap"}, "kind must be the same in all channels"),
        ({"hadron_mass": 0.5}, r"order of their thresholds m1 \+ m2, got \[1.02, 1.0\]"),
        ({"R": {"wall": np.ones((5, 4, 6))}}, r"sources must be the same in all channels"),
        ({"R": {s: np.ones((5, 3, 6)) for s in ("wall", "exp")}}, "n_bins must be the same in"),
    ],
)
def test_channels_that_do_not_fit_together(change, message):
    first, second = make(pion_mass=146.0)
    with pytest.raises(ValueError, match=message):
        CoupledCorrelators([first, replace(second, **change)])


def test_what_is_not_known_does_not_differ():
    first, second = make()
    assert CoupledCorrelators([first, replace(second, bin_size=None, pion_mass=146.0)]).L == 32


@pytest.mark.parametrize(
    ("channels", "error", "message"),
    [
        (lambda c: c[0], TypeError, "channels must be a list with the Correlators .* Correlators"),
        (lambda c: {"ΛΛ": c[0]}, TypeError, "channels must be a list .* got a dict"),
        (lambda c: [c[0], c[1].R], TypeError, "channels must be a list of Correlators, got a map"),
        (lambda c: c[:0], ValueError, "channels must be two or more, got 0"),
        (lambda c: c[:1], ValueError, "got 1: a single channel is a Correlators"),
    ],
)
def test_what_is_not_a_list_of_channels(channels, error, message):
    with pytest.raises(error, match=message):
        CoupledCorrelators(channels(make()))
