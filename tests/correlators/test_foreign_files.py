"""Correlator files of other programs: what they may do differently, and what is refused."""

import numpy as np
import pytest

from halkit.correlators import iter_correlators, load_correlators
from halkit.radial import Wedge

BYTES = np.array([b"wall", b"exp"])
TWO = np.ones((2, 4, 3, 20))

pytestmark = pytest.mark.filterwarnings("ignore:.*has no digest:halkit.exceptions.IntegrityWarning")


def raw(**changes):
    """A group as other programs would write it."""
    values = {
        "R": np.ones((4, 3, 20)), "xyz": Wedge(6).xyz, "t": [3, 4, 5], "L": 6, "kind": "jackknife",
        "hadron_mass": [0.5, 0.6], "units": "lattice", **changes,
    }  # fmt: skip
    return {key: value for key, value in values.items() if value is not None}


def raw_hdf5(path, **changes):
    with pytest.importorskip("h5py").File(path, "w") as file:
        for key, value in raw(**changes).items():
            if key in ("R", "xyz", "r", "t"):
                file.create_dataset(f"a/{key}", data=value)
            else:
                file["a"].attrs[key] = value
    return path


def raw_npz(path, **changes):
    np.savez(path, **{f"a/{key}": value for key, value in raw(**changes).items()})
    return path


def test_files_of_other_programs(tmp_path):
    c = load_correlators(raw_hdf5(tmp_path / "a.hdf5"))
    assert c.R["R"].shape == (3, 4, 20)
    assert (c.wedge, c.hadron_mass, c.n_bins, c.kind) == (Wedge(6), (0.5, 0.6), 4, "jackknife")
    assert load_correlators(raw_hdf5(tmp_path / "b.h5", kind=np.bytes_("bootstrap"))).kind == (
        "bootstrap"
    )


@pytest.mark.parametrize(
    "sources", [BYTES, BYTES[:, np.newaxis], ["wall", "exp"], BYTES.astype(object)]
)
def test_names_of_sources_of_other_programs(tmp_path, sources):
    path = raw_hdf5(tmp_path / "a.h5", R=TWO, sources=sources)
    assert load_correlators(path).sources == ("wall", "exp")
    path = raw_hdf5(tmp_path / "b.h5", R=TWO)
    with pytest.importorskip("h5py").File(path, "a") as file:
        file["a/sources"] = sources
    assert load_correlators(path).sources == ("wall", "exp")


def test_bytes_in_archives_of_other_programs(tmp_path):
    path = raw_npz(tmp_path / "a.npz", R=TWO, sources=BYTES, kind=b"configs", note=BYTES)
    c = load_correlators(path)
    assert (c.sources, c.kind) == (("wall", "exp"), "configs")
    assert dict(c.attributes) == {"note": ["wall", "exp"]}


def test_bytes_that_are_no_text_stay(tmp_path):
    latin = np.array([b"m\xfcller", b"exp"])
    c = load_correlators(raw_npz(tmp_path / "a.npz", note=latin, author=b"m\xfcller"))
    assert dict(c.attributes) == {"note": [b"m\xfcller", "exp"], "author": b"m\xfcller"}
    with pytest.raises(ValueError, match=r"sources of .* must be texts in UTF-8"):
        load_correlators(raw_npz(tmp_path / "b.npz", R=TWO, sources=latin))


@pytest.mark.parametrize(("write", "suffix"), [(raw_hdf5, ".h5"), (raw_npz, ".npz")])
def test_single_values_in_lists_of_one(tmp_path, write, suffix):
    path = write(
        tmp_path / f"a{suffix}", kind=np.array([b"configs"]), units=np.array([b"fm"]),
        r_units=np.array([b"fm"]), L=np.array([6]), n_bins=np.array([4]), sources=BYTES[:1],
    )  # fmt: skip
    c = load_correlators(path)
    assert (c.kind, c.units, c.attributes, c.L, c.n_bins) == (
        "configs", "fm", {"r_units": "fm"}, 6, 4,
    )  # fmt: skip
    assert c.sources == ("wall",)


def test_kinds_agree_however_they_are_stored(tmp_path):
    path = raw_hdf5(tmp_path / "a.h5")
    with pytest.importorskip("h5py").File(path, "a") as file:
        for name, kind in (("b", b"jackknife"), ("c", np.array(["jackknife"], dtype="S"))):
            file.copy("a", name)
            file[name].attrs["kind"] = kind
        file.copy("a", "d")
        del file["d"].attrs["kind"]
        file["d/kind"] = "jackknife"
    assert [(name, c.kind) for name, c in iter_correlators(path)] == [
        (name, "jackknife") for name in "abcd"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"R": np.ones((3, 20))}, r"must have shape \(n_bins, .*got shape \(3, 20\)"),
        ({"R": np.ones((4, 3, 21))}, r"got shape \(1, 4, 3, 21\)"),
        ({"R": TWO}, r"four axes with its sources \['R'\] first"),
        ({"xyz": Wedge(6).xyz[:-1]}, "all points of a wedge 3 ≥ x ≥ y ≥ z ≥ 0, got 19"),
        ({"xyz": Wedge(6).xyz[::-1]}, "must list the wedge of L = 6 with z fastest"),
        ({"L": 9}, "L of .* must be 6 or 7 for xyz, got 9"),
        ({"L": None}, "L of .* must be 6 or 7 for xyz, got None"),
        ({"xyz": None, "r": np.arange(20.0), "L": None, "r_units": "fm"}, "one system|convert to"),
        ({"units": None}, "must hold 'units'"),
        ({"r": np.arange(1.0, 21.0)}, "must hold either r or xyz"),
        ({"hadron_mass": -1.0}, "a of .* cannot be read: hadron_mass must be one mass or two"),
        ({"inverse_spacing": [2194.0, 10.0]}, "a of .* cannot be read.* inverse_spacing must be"),
        ({"t": [3, 5, 6]}, "a of .* cannot be read: t must increase in equal steps"),
        (
            {"kind": ["jackknife", "configs"]},
            r"a of .* cannot be read: kind must be one of .*got \['jackknife', 'con",
        ),
        ({"kind": [1.0, 2.0]}, r"kind must be one of"),
        ({"n_bins": 5}, "n_bins of .* must be 4 as of R, got 5"),
        ({"wedge": 6}, "attributes must not hold 'wedge', which the record has itself"),
    ],
)
def test_bad_files_of_other_programs(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        load_correlators(raw_hdf5(tmp_path / "a.h5", **changes))
