"""The record of correlators: what it holds, what it refuses, and that nothing changes it."""

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import Correlators, load_correlators, save_correlators
from halkit.exceptions import AccuracyWarning
from halkit.radial import Wedge
from halkit.units import HBARC

RNG = np.random.default_rng(0)


def make(**changes):
    given = {
        "R": {source: RNG.standard_normal((5, 4, 6)) for source in ("wall", "exp")},
        "r": np.linspace(0.5, 3.0, 6), "t": np.arange(10, 15), "kind": "jackknife",
        "bin_size": 4, "hadron_mass": 0.665, "units": "lattice", "inverse_spacing": 2194.0,
    }  # fmt: skip
    return Correlators(**{**given, **changes})


def on_wedge(L=6, **changes):
    wedge = Wedge(L)
    return make(R={"wall": np.ones((5, 4, len(wedge.xyz)))}, r=None, wedge=wedge, **changes)


def test_sizes_and_sources():
    c = make(hadron_mass=[0.4, 0.7])
    assert (c.sources, c.n_t, c.n_bins, c.n_points) == (("wall", "exp"), 5, 4, 6)
    assert (c.hadron_mass, c.bin_size, c.L, c.system) == ((0.4, 0.7), 4, None, "lattice")
    assert c.t.dtype == int
    assert on_wedge(7).L == 7
    assert make(L=48.0).L == 48
    assert make(t=[0.5, 1.0, 1.5, 2.0, 2.5]).t.tolist() == [0.5, 1.0, 1.5, 2.0, 2.5]


def test_the_record_says_what_it_holds():
    assert repr(make(t=[1, 2, 3, 4, 5])) == (
        "Correlators of wall, exp\n"
        "  t = 1 … 5 (5 slices), 4 jackknife bins of 4 configurations\n"
        "  6 radial nodes, r = 0.5 … 3\n"
        "  hadron_mass = 0.665, lattice units, 1/a = 2194 MeV, a = 0.08994 fm"
    )
    known = make(kind="bootstrap", n_configs=80)
    assert "4 bootstrap bins of 4 configurations, 80 configurations in all\n" in repr(known)
    other = on_wedge(bin_size=None, inverse_spacing=None, units="fm", kind="configs")
    assert repr(other).splitlines()[1:] == [
        "  t = 10 … 14 (5 slices), 4 configs bins",
        "  20 points in the wedge of L = 6",
        "  hadron_mass = 0.665, fm units",
    ]


@pytest.mark.parametrize(
    ("units", "mev", "fm"),
    [("lattice; a remark", 2194.0, HBARC / 2194.0), ("fm", HBARC, 1.0), ("MeV", 1.0, HBARC)],
)
def test_one_call_to_mev_and_fm(units, mev, fm):
    c, x = make(units=units), np.array([0.5, 2.0])
    assert_allclose(c.to_mev(x), x * mev, rtol=1e-14)
    assert_allclose(c.to_fm(x), x * fm, rtol=1e-14)
    assert_allclose(c.from_mev(c.to_mev(x)), x, rtol=1e-14)
    assert_allclose(c.from_fm(c.to_fm(x)), x, rtol=1e-14)


def test_lattice_units_need_a_spacing():
    for convert in (make(inverse_spacing=None).to_mev, make(inverse_spacing=None).from_fm):
        with pytest.raises(ValueError, match="inverse_spacing must be known to convert lattice"):
            convert(1.0)


def arrays_of(c):
    return [*c.R.values(), c.t, *(() if c.r is None else (c.r,)), c.attributes["note"]]


def unpickled(record):
    return pickle.loads(pickle.dumps(record))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, replace, unpickled])
@pytest.mark.parametrize("build", [make, on_wedge])
def test_nothing_changes_a_record(build, again):
    before = build(attributes={"note": np.arange(3.0), "names": ["a"]}, citation="whom to cite")
    c = again(before)
    for entry in fields(Correlators):
        if entry.name not in ("R", "attributes"):
            assert_array_equal(getattr(c, entry.name), getattr(before, entry.name))
    for mine, other in zip(arrays_of(c), arrays_of(before), strict=True):
        assert_array_equal(mine, other)
        with pytest.raises(ValueError, match="read-only"):
            mine[...] = 0
    with pytest.raises(FrozenInstanceError):
        c.t = None
    for mapping in (c.R, c.attributes):
        with pytest.raises(TypeError):
            mapping["new"] = 1.0
    assert c != before


def test_replace_checks_again():
    with pytest.raises(ValueError, match="kind must be one of"):
        replace(make(), kind="jack")
    assert replace(make(), kind="bootstrap").kind == "bootstrap"


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        ({"kind": "bootstrap", "n_configs": 80}, 20),
        ({"kind": "bootstrap", "n_configs": 80, "bin_size": None}, 80),
        ({"kind": "bootstrap"}, None),
        ({"n_configs": 16}, None),  # jackknife bins are counted themselves
        ({"n_configs": 18.0}, None),  # the last bin may be larger, or smaller
        ({"n_configs": 14, "bin_size": 3.5}, None),
        ({"kind": "configs", "n_configs": 4, "bin_size": None}, None),
    ],
)
def test_bins_that_bootstrap_samples_are_drawn_from(changes, drawn):
    assert make(**changes).n_drawn == drawn


def nan_in(bin_number):
    R = np.ones((5, 4, 6))
    R[2, bin_number, 3] = np.nan
    return {"wall": np.ones((5, 4, 6)), "exp": R}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"t": np.array([10, 11, 13, 14, 15])}, r"t must increase in equal steps, got \[10"),
        ({"t": np.arange(14, 9, -1)}, "t must increase in equal steps"),
        ({"t": np.arange(2)}, "t must list three slices at least"),
        ({"t": np.array([1.0, np.nan, 3.0])}, "t must be finite"),
        ({"t": np.arange(6)}, r"must have shape .* = \(6, n_bins, 6\).*got \(5, 4, 6\)"),
        ({"kind": "jack"}, r"kind must be one of \['configs', .*got 'jack'"),
        ({"kind": "mean"}, "kind must be 'mean' of one bin only, got 4 bins"),
        ({"units": "cm"}, r"units must begin with one of \['lattice', 'fm', 'MeV'\].*'cm'"),
        ({"attributes": {"r_units": "fm"}}, r"units = 'lattice' .* \{'r_units': 'fm'\}: convert"),
        (
            {"units": "fm", "attributes": {"mass_units": "1/a"}},
            r"units = 'fm' stands for .* got \{'mass_units': '1/a'\}",
        ),
        ({"hadron_mass": -1.0}, "hadron_mass must be one mass or two, > 0, got -1"),
        ({"hadron_mass": (1.0, 1.0, 1.0)}, "must be one mass or two"),
        ({"R": {}}, "R must hold one source at least, got none"),
        ({"R": nan_in(3)}, "R must be finite, got NaN or infinite values in bin 3 of 'exp'"),
        ({"R": {"wall": np.ones((5, 6))}}, r"R\['wall'\] must have shape \(n_t, .*got \(5, 6\)"),
        ({"R": {"wall": np.ones((5, 0, 6))}}, r"got \(5, 0, 6\)"),
        ({"R": {"wall": np.ones((5, 4, 7))}}, r"\(5, n_bins, 6\).*got \(5, 4, 7\)"),
        ({"R": {"wall": np.ones((5, 4, 6)) * 1j}}, "Complex data not supported"),
        (
            {"R": {"a": np.ones((5, 4, 6)), "b": np.ones((5, 3, 6))}},
            r"R\['b'\] must have shape .* = \(5, 4, 6\).*got \(5, 3, 6\)",
        ),
        ({"r": None}, "must have either r or a wedge, got neither"),
        ({"wedge": Wedge(6)}, "must have either r or a wedge, got both"),
        ({"r": np.linspace(3, 0.5, 6)}, "r must be strictly increasing"),
        ({"inverse_spacing": 0.0}, "inverse_spacing must be a finite number > 0 or None, got 0"),
        ({"pion_mass": np.nan}, "pion_mass must be a finite number > 0 or None, got nan"),
        ({"n_configs": -1}, "n_configs must be a finite number > 0 or None, got -1"),
        ({"n_configs": 3, "bin_size": None}, "≥ 4 for 4 jackknife bins, or None, got 3"),
        ({"n_configs": 16.5}, r"must be a whole number ≥ 4 for .*, got 16\.5"),
        ({"n_configs": 20}, "n_configs must be 16 for 4 jackknife bins of bin_size = 4, got 20"),
        ({"n_configs": 7, "kind": "bootstrap"}, "≥ 8 for 4 bootstrap bins, or None, got 7"),
        ({"bin_size": -1}, "bin_size must be a finite number > 0 or None, got -1"),
        *(
            ({"attributes": {key: 3}}, f"attributes must not hold '{key}', which the record has")
            for key in ("R", "sources", "xyz", "n_bins", "wedge", "kind", "attributes")
        ),
    ],
)
def test_what_does_not_hold_together(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"R": np.ones((5, 4, 6))}, "R must be a mapping of names of quark sources to arrays"),
        ({"R": {b"wall": np.ones((5, 4, 6))}}, "R must be a mapping of names of quark sources"),
        ({"r": None, "wedge": 6}, "wedge must be a halkit.radial.Wedge, got 6"),
        ({"inverse_spacing": "2194"}, "inverse_spacing must be a finite number > 0 or None"),
        ({"attributes": ["a"]}, r"attributes must be a mapping, got \['a'\]"),
    ],
)
def test_other_types_in_a_record(changes, message):
    with pytest.raises(TypeError, match=message):
        make(**changes)


def test_a_wedge_knows_its_lattice():
    with pytest.raises(ValueError, match="L must be 5 as of the wedge, got 99"):
        replace(on_wedge(5), L=99)


# Digests of two groups as they were written before correlators were a record.
RADIAL = "9277f9c9db34a52094c7d193b0b5b4f17acc47f5f13fe188a04ca5514d0fbf30"
LATTICE = "d13feb54478c2b2d44ddeb8eae1e7a6ed3a629a40edf7341c7c18dfb4c527782"


def test_the_layout_of_files_stays(tmp_path):
    well = Correlators(
        R={s: np.arange(120.0).reshape(5, 4, 6) * n for n, s in ((1, "wall"), (2, "exp"))},
        r=np.linspace(0.5, 3, 6), t=np.arange(10, 15), kind="jackknife", bin_size=4,
        hadron_mass=(0.4, 0.7), units="lattice", inverse_spacing=2194.0,
        attributes={"names": ["a", "bc"], "configs": np.arange(5), "remark": "ħ"},
    )  # fmt: skip
    xixi = Correlators(
        R={"wall": np.arange(560.0).reshape(7, 4, 20) + 1}, wedge=Wedge(6), t=np.arange(4, 11),
        kind="jackknife", hadron_mass=0.665, units="lattice units; a remark", pion_mass=510.0,
        citation="text",
    )  # fmt: skip
    save_correlators(tmp_path / "a.npz", {"rad": well, "x/wed": xixi})
    with np.load(tmp_path / "a.npz") as archive:
        assert archive["sha256"].tolist() == [f"{RADIAL} rad", f"{LATTICE} x/wed"]


def test_a_mean_in_a_file(tmp_path):
    mean = make(kind="mean", R={"wall": np.ones((5, 1, 6))})
    assert "5 slices), the mean\n" in repr(mean)
    save_correlators(tmp_path / "a.npz", {"a": mean})
    loaded = load_correlators(tmp_path / "a.npz")
    assert (loaded.kind, loaded.n_bins) == ("mean", 1)


@pytest.mark.parametrize(
    ("spacing", "message"),
    [
        (2.2, r"got 2\.2; a⁻¹ = 2\.2 GeV is inverse_spacing=2200$"),
        (0.09, r"got 0\.09; a = 0\.09 fm is inverse_spacing=2192\.52$"),
        (60.0, r"a⁻¹ in MeV, got 60$"),
        (2.2e6, r"a⁻¹ in MeV, got 2\.2e\+06$"),
    ],
)
def test_a_spacing_in_another_unit_is_named(spacing, message):
    with pytest.warns(AccuracyWarning, match=message):
        make(inverse_spacing=spacing)


def test_spacings_of_lattices_are_not():
    for spacing in (None, 197.3, 1000.0, 10_000.0):
        make(inverse_spacing=spacing)
