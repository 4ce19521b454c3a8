"""HDF5 files: damage is found before the library sees it, and nothing leads out of the file."""

import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.correlators import iter_correlators, load_correlators

h5py = pytest.importorskip("h5py")

foreign = pytest.mark.filterwarnings("ignore:.*has no digest:halkit.exceptions.IntegrityWarning")
R = np.random.default_rng(0).standard_normal((4, 3, 6))
VALUES = {"R": R, "r": np.linspace(1.0, 6.0, 6), "t": [3, 4, 5]}
TEXTS = {"kind": "jackknife", "units": "lattice", "hadron_mass": 0.5}


@pytest.fixture
def other(tmp_path):
    """Return a function that writes a file of another program, and lets a function change it."""

    def write(change=None, leave_out=(), **options):
        path = tmp_path / "other.h5"
        with h5py.File(path, "w", **options) as file:
            made = file.create_group("a")
            for key in set(VALUES) - set(leave_out):
                made[key] = VALUES[key]
            made.attrs.update({k: v for k, v in TEXTS.items() if k not in leave_out})
            if change is not None:
                change(file)
        return path

    return write


def refused(path, message, **options):
    begin = time.process_time()
    with pytest.raises(ValueError, match=message) as caught:
        load_correlators(path, **options)
    assert str(path) in str(caught.value)
    assert time.process_time() - begin < 5.0


# Ways out of the file


def secret(path):
    """A file of the reader that no other file may bring to light."""
    np.full((4, 3, 6), 42.0).tofile(path.with_name("secret"))
    with h5py.File(path.with_name("secret.h5"), "w") as file:
        file["R"] = np.full((4, 3, 6), 42.0)
    return path.with_name("secret")


def external(file, key="R"):
    secret_path = secret(Path(file.filename))
    file["a"].create_dataset(
        key, (4, 3, 6), "f8", external=[(str(secret_path), 0, h5py.h5f.UNLIMITED)]
    )


def virtual(file, key="R"):
    path = f"{secret(Path(file.filename))}.h5"
    layout = h5py.VirtualLayout((4, 3, 6), "f8")
    layout[:] = h5py.VirtualSource(path, "R", (4, 3, 6))
    file["a"].create_virtual_dataset(key, layout)


def virtual_itself(file):
    file["b"] = R
    layout = h5py.VirtualLayout((4, 3, 6), "f8")
    layout[:] = h5py.VirtualSource(".", "b", (4, 3, 6))
    file["a"].create_virtual_dataset("R", layout)


def link(target):
    def change(file):
        secret(Path(file.filename))
        file["b"] = R
        file["a/R"] = target

    return change


@foreign
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external, "R of a of .* lies in other files"),
        (virtual, "R of a of .* lies in other files"),
        (virtual_itself, "R of a of .* lies in other files"),
        (link(h5py.ExternalLink("secret.h5", "R")), "a/R of .* is a soft or external link"),
        (link(h5py.ExternalLink("other.h5", "b")), "a/R of .* is a soft or external link"),
        (link(h5py.SoftLink("/b")), "a/R of .* is a soft or external link"),
        (link(h5py.SoftLink("/nowhere")), "a/R of .* is a soft or external link"),
        (link(h5py.SoftLink("R")), "a/R of .* is a soft or external link"),
    ],
    ids=range(8),
)
def test_nothing_leads_out_of_the_file(other, change, message):
    refused(other(change, ["R"]), message)


@foreign
@pytest.mark.parametrize("make", [external, virtual])
@pytest.mark.parametrize("key", ["kind", "xyz", "note"])
def test_other_entries_do_not_lead_out_either(other, make, key):
    refused(other(lambda file: make(file, key), [key]), f"{key} of a of .* lies in other files")


@foreign
def test_a_linked_group_is_refused(other):
    def change(file):
        file["b"] = h5py.ExternalLink("secret.h5", "/")

    refused(other(change), "b of .* is a soft or external link")


@foreign
def test_hard_links_are_followed(other):
    def change(file):
        file["b"] = file["a"]
        file["a/again"] = file["a/R"]

    path = other(change)
    assert [name for name, _ in iter_correlators(path)] == ["a", "b"]
    assert_array_equal(load_correlators(path, group="b").attributes["again"], R)


@foreign
@pytest.mark.parametrize(("name", "target"), [("a/a", "a"), ("a/root", "/"), ("a/b/c", "a")])
def test_circles_of_hard_links(other, name, target):
    def change(file):
        file.require_group("a/b")
        file[name] = file[target]

    refused(other(change), "is a group around itself")


# What an entry may be


def committed(file):
    file["a/type"] = np.dtype("f4")
    file["a"].create_dataset("shift", data=2.5, dtype=file["a/type"])


@foreign
def test_committed_types_are_types(other):
    c = load_correlators(other(committed))
    assert dict(c.attributes) == {"shift": 2.5}


def put(value=None, **options):
    def change(file):
        file["a"].create_dataset("note", data=value, **options)

    return change


def attribute(value, **options):
    def change(file):
        file["a"].attrs.create("note", value, **options)

    return change


def reference(file):
    file["a"].attrs["note"] = file["a/R"].ref


def region(file):
    file["a/note"] = np.array([file["a/R"].regionref[:2]], dtype=h5py.regionref_dtype)


def bitfield(file):
    kind = h5py.h5t.TypeID.copy(h5py.h5t.STD_B8LE)
    h5py.h5d.create(file["a"].id, b"note", kind, h5py.h5s.create_simple((3,)))


RAGGED = np.array([np.arange(2), np.arange(3)], dtype=object)
PAIRS = np.array([(1, 2.0)], dtype=[("a", int), ("b", float)])
COLOURS = h5py.enum_dtype({"red": 0, "green": 1})


@foreign
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(PAIRS), "must hold numbers or texts"),
        (attribute(PAIRS), "must hold numbers or texts"),
        (put(RAGGED, dtype=h5py.vlen_dtype(int)), "must hold numbers or texts"),
        (put(np.void(b"abc")), "must hold numbers or texts"),
        (put([1, 0], dtype=COLOURS), "must hold numbers or texts, got an enumeration"),
        (attribute(1, dtype=COLOURS), "must hold numbers or texts, got an enumeration"),
        (put(h5py.Empty("f8")), "got an empty value"),
        (attribute(h5py.Empty("S1")), "got an empty value"),
        (reference, "must hold numbers or texts"),
        (region, "must hold numbers or texts"),
        (bitfield, "note of a"),
        (put(R, scaleoffset=4), r"got the filters \[6\]"),
    ],
    ids=range(12),
)
def test_entries_of_other_types(other, change, message):
    refused(other(change), message)


@foreign
@pytest.mark.parametrize("key", ["kind", "units", "sources"])
@pytest.mark.parametrize("value", [np.nan, [np.nan, 1.0], True])
def test_numbers_in_the_place_of_texts(other, key, value):
    def change(file):
        file["a"].attrs[key] = value

    refused(other(change), f"a of .*{key} must|{key} of a of")


@foreign
def test_attributes_that_are_no_text(other):
    def change(file):
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(3)
        h5py.h5a.create(file["a"].id, b"m\xfcller", kind, space).write(np.array(b"abc"))

    refused(other(change), "cannot be read")


# Sizes


@foreign
@pytest.mark.parametrize(
    "options",
    [
        {"shape": (2**20, 2**20), "chunks": (1024, 1024), "compression": "gzip"},
        {"shape": (2**20, 2**20), "chunks": (1024, 1024)},
        {"shape": (2**20, 2**20)},
        {"shape": (4, 3, 2**37)},
        {"shape": (2**23,), "dtype": "S64", "chunks": (1024,)},
        {"shape": (1,), "dtype": "S1000000000", "chunks": (1,)},
        {"shape": (2**23,), "dtype": h5py.string_dtype(), "chunks": (1024,)},
    ],
    ids=range(7),
)
@pytest.mark.parametrize("key", ["R", "note"])
def test_claims_of_memory(other, options, key):
    def change(file):
        file["a"].create_dataset(key, **{"dtype": "f8", **options})

    refused(other(change, [key]), f"{key} of a of .* brings it to .*: a larger max_bytes reads it")


@foreign
def test_a_packed_file_that_grows(other):
    def change(file):
        note = file["a"].create_dataset(
            "note", (2**26,), "f8", chunks=(2**21,), compression="gzip", compression_opts=1
        )
        packed = zlib.compress(bytes(2**24), 1)
        for begin in range(0, 2**26, 2**21):
            note.id.write_direct_chunk((begin,), packed)

    path = other(change)
    assert path.stat().st_size < 2**22
    refused(path, "brings it to .*: a larger max_bytes reads it")


@foreign
def test_the_limit_can_be_set(other):
    path = other(put(np.zeros(10_000), compression="gzip"))
    refused(path, "must have at most max_bytes = 1000 bytes", max_bytes=1000)
    refused(path, "must need at most max_bytes = 50000 bytes", max_bytes=50_000)
    assert load_correlators(path, max_bytes=200_000).attributes["note"].shape == (10_000,)
    for wrong in (0, -1, 1e9, "many"):
        with pytest.raises((ValueError, TypeError), match="max_bytes"):
            load_correlators(path, max_bytes=wrong)


@foreign
def test_a_file_of_holes(other):
    path = other()
    with path.open("r+b") as file:
        file.truncate(2**43)
    refused(path, "must have at most max_bytes = 268435456 bytes, got 8796093022208")


@foreign
@pytest.mark.parametrize("name", ["/".join("a" * 3000), "a/" + "/".join("b" * 40)])
def test_deep_groups(other, name):
    refused(other(lambda file: file.create_group(name)), "32 groups deep")


@foreign
def test_many_links(other, monkeypatch):
    """Twelve groups, and twice as many ways with each of them."""

    def change(file):
        for i in range(13):
            file.create_group(f"x{i}")
        for i in range(12):
            file[f"x{i}/a"] = file[f"x{i}/b"] = file[f"x{i + 1}"]

    monkeypatch.setattr("halkit.correlators.hdf5.MOST_ENTRIES", 5000)
    refused(other(change), "must hold at most 5000 links")


@foreign
@pytest.mark.parametrize("written", [0, 1])
@pytest.mark.parametrize(
    "options", [{}, {"chunks": (2, 3, 6)}, {"chunks": (2, 3, 6), "compression": "lzf"}]
)
def test_data_that_were_never_written(other, written, options):
    """They read as zeros."""

    def change(file):
        R = file["a"].create_dataset("R", (4, 3, 6), "f8", **options)
        if written and options:
            R[:2] = 1.0

    refused(other(change, ["R"]), "were written|never written")


@foreign
@pytest.mark.parametrize(
    "options",
    [
        {}, {"compression": "gzip"}, {"compression": "gzip", "shuffle": True, "fletcher32": True},
        {"compression": "lzf", "shuffle": True}, {"fletcher32": True}, {"shuffle": True},
    ],
)  # fmt: skip
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_packed_data_are_read(other, options, libver):
    def change(file):
        file["a"].create_dataset("R", data=R, chunks=(3, 2, 4), **options)

    path = other(change, ["R"], libver=libver)
    assert_array_equal(load_correlators(path).R["R"], np.moveaxis(R, 0, 1))


def chunk(content, mask=0, **options):
    def change(file):
        made = file["a"].create_dataset("R", (4, 3, 6), "f8", chunks=(4, 3, 6), **options)
        made.id.write_direct_chunk((0, 0, 0), content, mask)

    return change


BOMB = zlib.compress(bytes(2**27), 9)


@foreign
@pytest.mark.parametrize(
    "change",
    [
        chunk(BOMB[:600], compression="gzip"),
        chunk(BOMB, compression="gzip"),
        chunk(b"x" * 7, compression="gzip"),
        chunk(b"x" * 7, mask=1, compression="gzip"),
        chunk(b"x", compression="lzf"),
        chunk(b"\xff" * 50, compression="lzf"),
        chunk(bytes(100)),
    ],
    ids=range(7),
)
def test_chunks_that_unpack_to_other_sizes(other, change):
    message = "(R of )?a of .*(another number|cannot be read, the file is damaged)"
    refused(other(change, ["R"]), message)


@foreign
def test_many_texts_at_one_place(other):
    """Descriptors of texts can all name one long text: memory is that of all."""
    long = 2**20

    def change(file):
        file["a"].create_dataset("note", data=["x" * long, *["y"] * 5000])

    path = other(change)
    assert len(load_correlators(path).attributes["note"]) == 5001
    with h5py.File(path) as file:
        offset = file["a/note"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[offset : offset + 16 * 5001] = content[offset : offset + 16] * 5001
    path.write_bytes(content)
    refused(path, "note of a of .* a larger max_bytes reads it")


def test_raw_correlators_are_sent_to_convert(tmp_path):
    """Without a word about a digest that they do not have."""
    path = tmp_path / "raw.h5"
    with h5py.File(path, "w") as file:
        file["C_NN"], file["two/C_N"] = np.ones((8, 6, 10)), np.ones((8, 6))
    refused(path, r"got \['C_NN', 'two/C_N'\]: halkit convert, or two_hadron_ratio")
