"""The bytes of HDF5 files: the digest around them, and structures in which the library hangs."""

import contextlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.correlators import Correlators, iter_correlators, load_correlators, save_correlators
from halkit.exceptions import IntegrityWarning

h5py = pytest.importorskip("h5py")

foreign = pytest.mark.filterwarnings("ignore:.*has no digest:halkit.exceptions.IntegrityWarning")
R = np.random.default_rng(0).standard_normal((4, 3, 6))


@pytest.fixture
def saved(tmp_path):
    group = Correlators(
        R={"wall": R, "exp": 2 * R}, r=np.linspace(1.0, 6.0, 6), t=np.arange(4), hadron_mass=0.5,
        kind="jackknife", units="lattice", attributes={"names": ["one", "two"], "remark": "λ"},
    )  # fmt: skip
    save_correlators(tmp_path / "a.h5", {"a": group})
    return tmp_path / "a.h5"


@pytest.fixture
def other(tmp_path):
    """A file of another program, in which a tree of chunks has two levels."""
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        a = file.create_group("a")
        a.create_dataset("R", data=R, chunks=(1, 1, 1), compression="gzip")
        a["r"], a["t"] = np.linspace(1.0, 6.0, 6), [3, 4, 5]
        a.attrs.update(kind="jackknife", units="lattice", hadron_mass=0.5, names=["one", "two"])
    return path


def refused(path, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_correlators(path)
    assert str(path) in str(caught.value)


def test_any_change_of_the_bytes_is_found(saved):
    """One bit anywhere, also in the digest and its copy; the file is never opened."""
    whole = saved.read_bytes()
    for at in [*range(0, len(whole), 97), 3, 83, 84, 147, 148, 511, len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[at] ^= 4
        saved.write_bytes(damaged)
        refused(saved, "is damaged, or was changed after it was saved: SHA-256 differs")


def test_other_damage(saved):
    d = saved.read_bytes()
    for damaged in (
        d[:-1], d + b"\0", d[:-512], d[1:], d[:3000] + d[2000:], d[:2000] + d[3000:], d[512:],
        bytes(512) + d[512:], d[:600], d[-512:] + d[512:-512], d[:512], d[512:-512] + d[:512],
    ):  # fmt: skip
        saved.write_bytes(damaged)
        refused(saved, "is damaged, or was changed")


def test_a_change_by_another_program_is_found(saved):
    with h5py.File(saved, "a") as file:
        file["a"].attrs["hadron_mass"] = 0.6
    refused(saved, "changed after it was saved.* copy the groups to a new HDF5 file")
    with h5py.File(saved) as file, h5py.File(saved.with_name("new.h5"), "w") as new:
        file.copy("a", new)
    with pytest.warns(IntegrityWarning):
        assert load_correlators(saved.with_name("new.h5")).hadron_mass == 0.6


def test_files_without_a_digest_warn_and_can_get_one(other):
    with pytest.warns(IntegrityWarning, match="other.h5 has no digest") as caught:
        c = load_correlators(other)
    assert caught[0].filename == __file__
    with pytest.warns(IntegrityWarning) as caught:
        groups = dict(iter_correlators(other))
    assert caught[0].filename == __file__
    save_correlators(other, groups, overwrite=True)
    assert_array_equal(load_correlators(other).R["R"], c.R["R"])


def test_other_programs_read_the_file(saved):
    with h5py.File(saved) as file:
        assert_array_equal(file["a/R"], np.moveaxis([R, 2 * R], 2, 1))
        assert file["a"].attrs["remark"] == "λ"
        assert file["a"].attrs["names"].tolist() == [b"one", b"two"]


@foreign
@pytest.mark.parametrize("at", [8, 16, 24])
def test_heaps_in_which_the_library_hangs(other, at):
    content = bytearray(other.read_bytes())
    begin = content.index(b"GCOL")
    content[begin + at : begin + 4096] = bytes(4096 - at)
    other.write_bytes(content)
    refused(other, "a heap of texts does not fill")


@foreign
@pytest.mark.parametrize("at", [6, 8, 16, 24, 32, 64])
def test_circles_in_trees(other, at):
    """A node that names itself in the place of its size, its neighbours, or what is below."""
    whole = other.read_bytes()
    begins = [n for n in range(len(whole)) if whole.startswith(b"TREE", n)]
    assert len(begins) == 5
    for begin in begins:
        content = bytearray(whole)
        content[begin + at : begin + at + 8] = begin.to_bytes(8, "little")
        other.write_bytes(content)
        if at == 16:
            refused(other, "nodes of an index follow each other in a circle")
            continue
        with contextlib.suppress(ValueError):
            c = load_correlators(other)
            assert_array_equal(c.R["R"], np.moveaxis(R, 0, 1))
