"""npz archives: damage, claims of memory and tricks with the directory end in one ValueError."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.correlators import Correlators, load_correlators, save_correlators

R = np.random.default_rng(0).standard_normal((4, 3, 6))
VALUES = {
    "a/R": R, "a/r": np.linspace(1.0, 6.0, 6), "a/t": np.array([3, 4, 5]),
    "a/kind": np.array("jackknife"), "a/units": np.array("lattice"), "a/hadron_mass": np.array(0.5),
}  # fmt: skip


def npy(array):
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def header(descr="<f8", shape="(3,)", data=bytes(24), version=(1, 0), order="False"):
    """An npy file that claims what it is told to."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + bytes(version) + length + text + data


def archive(path, *members, leave_out=(), **options):
    """The archive of another program: VALUES, and members given as (name, bytes)."""
    with zipfile.ZipFile(path, "w", **options) as file:
        for key, value in VALUES.items():
            if key not in leave_out:
                file.writestr(f"{key}.npy", npy(value))
        for name, content in members:
            file.writestr(name, content)
    return path


def refused(path, message, **options):
    begin = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message) as caught:
            load_correlators(path, **options)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert time.process_time() - begin < 5.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.npz"


@pytest.fixture
def saved(path):
    group = Correlators(
        R={"wall": R, "exp": 2 * R}, r=np.linspace(1.0, 6.0, 6), t=np.arange(4), hadron_mass=0.5,
        kind="jackknife", units="lattice", attributes={"names": ["one", "two"], "remark": "λ"},
    )  # fmt: skip
    save_correlators(path, {"a": group, "b/c": group})
    return path


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rezip(path, content):
    """Zip anew, with fitting check sums."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            file.writestr(name, data)


# The digest


@pytest.mark.parametrize("key", ["a/R", "a/r", "a/t", "a/hadron_mass", "a/names", "a/remark"])
def test_changed_members_are_found(saved, key):
    """The check sums of the archive fit; the digest does not."""
    content = members(saved)
    data = bytearray(content[f"{key}.npy"])
    data[-4 if key == "a/remark" else -8] ^= 1
    rezip(saved, {**content, f"{key}.npy": bytes(data)})
    refused(saved, "a of .* is damaged, or was changed after it was saved: SHA-256", group="a")
    assert load_correlators(saved, group="b/c").n_bins == 3


@pytest.mark.parametrize(
    ("old", "new"), [("<f8", "<i8"), ("<f8", ">f8"), ("False", "True "), ("(6,)", "(6, 1)")]
)
def test_changed_headers_are_found(saved, old, new):
    content = members(saved)
    key = "a/r.npy" if old == "(6,)" else "a/R.npy"
    data = content[key].replace(old.encode(), new.encode(), 1)
    size = int.from_bytes(data[8:10], "little") + len(new) - len(old)
    rezip(saved, {**content, key: data[:8] + size.to_bytes(2, "little") + data[10:]})
    refused(saved, "SHA-256 differs from the entry 'sha256'", group="a")


def test_members_that_are_missing_or_added_are_found(saved):
    content = members(saved)
    rezip(saved, {k: v for k, v in content.items() if k != "a/remark.npy"})
    refused(saved, "SHA-256 differs", group="a")
    rezip(saved, {**content, "a/more.npy": npy(1.0)})
    refused(saved, "SHA-256 differs", group="a")
    rezip(saved, {k: v for k, v in content.items() if not k.startswith("b/")})
    refused(saved, r"must hold the groups of its entry 'sha256', \['a', 'b/c'\], got \['a'\]")
    rezip(saved, {**content, **{k.replace("a/", "d/"): v for k, v in content.items()}})
    refused(saved, "must hold the groups of its entry")


@pytest.mark.parametrize("entry", ["", "a", ["x y", "a"], 3.0, [b"\xff\xfe a"], ["0 a", "0 b/c"]])
def test_a_damaged_digest(saved, entry):
    rezip(saved, {**members(saved), "sha256.npy": npy(entry)})
    refused(saved, "sha256|SHA-256|cannot be read", group="a")


def test_a_change_that_is_meant_needs_no_digest(saved):
    arrays = dict(np.load(saved))
    arrays["a/hadron_mass"] = 0.6
    np.savez(saved, **arrays)
    refused(saved, "remove that entry if the change is meant", group="a")
    np.savez(saved, **{key: value for key, value in arrays.items() if key != "sha256"})
    assert load_correlators(saved, group="a").hadron_mass == 0.6


def test_archives_of_other_programs_need_no_digest(path):
    """Zip has a check sum of each member and its name twice: no warning."""
    c = load_correlators(archive(path, ("a/", b"")))
    assert_array_equal(c.R["R"], np.moveaxis(R, 0, 1))


def test_any_change_of_the_bytes_is_found_or_has_no_effect(path):
    whole = archive(path).read_bytes()
    for at in range(0, len(whole), 11):
        damaged = bytearray(whole)
        damaged[at] ^= 16
        path.write_bytes(damaged)
        try:
            c = load_correlators(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:
            assert_array_equal(c.R["R"], np.moveaxis(R, 0, 1))
            assert (c.hadron_mass, c.units, c.t.tolist()) == (0.5, "lattice", [3, 4, 5])


# Claims of memory


def patched(path, name, file_size, method=None):
    """The directory and the local header claim another size, or way of packing, of a member."""
    data = bytearray(path.read_bytes())
    for signature, at_method, at, skip in ((b"PK\3\4", 8, 22, 30), (b"PK\1\2", 10, 24, 46)):
        begin = data.index(signature)
        while data[begin + skip : begin + skip + len(name)] != name.encode():
            begin = data.index(signature, begin + 1)
        data[begin + at : begin + at + 4] = struct.pack("<I", file_size)
        if method is not None:
            data[begin + at_method : begin + at_method + 2] = struct.pack("<H", method)
    path.write_bytes(data)


def test_a_megabyte_that_unpacks_to_a_gigabyte(path):
    size = 1200 * 2**20
    begin, stream = header(shape=f"({size // 8},)", data=b""), zlib.compressobj(9, wbits=-15)
    packed = stream.compress(begin) + stream.flush(zlib.Z_FULL_FLUSH)
    packed += 1200 * (stream.compress(bytes(2**20)) + stream.flush(zlib.Z_FULL_FLUSH))
    archive(path, ("a/note.npy", packed + stream.flush()))
    patched(path, "a/note.npy", len(begin) + size, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1.3e6
    refused(path, "a/note of .* a larger max_bytes reads it")


@pytest.mark.parametrize("size", [2**20, 2**31, 2**32 - 2, 2**32 - 1])
def test_sizes_in_the_directory(path, size):
    archive(path, ("a/note.npy", header(shape=f"({size // 8},)")))
    patched(path, "a/note.npy", size)
    refused(path, "a/note|cannot be read")


@pytest.mark.parametrize(
    ("descr", "shape"),
    [
        ("<f8", "(1000000000000,)"), ("<f8", "(2**40,)"), ("<f8", "(10**9, 10**9, 10**9)"),
        ("<U0", "(1000000000000,)"), ("|S0", "(10000000, 10000000)"), ("<U99999999", "(9,)"),
        ("<f8", "(-3,)"), ("<f8", "(-1, -3)"), ("<f8", "(True,)"), ("<f8", "3"), ("<f8", "None"),
        ("<f8", "(3.0,)"), ("|b1", "(99999999999999999999999,)"), ("<f8", "(0, 10**30)"),
    ],
)  # fmt: skip
def test_claims_of_headers(path, descr, shape):
    shape = str(eval(shape)) if "**" in shape else shape
    data = b"" if descr in ("<U0", "|S0") or shape.startswith("(0") else bytes(24)
    archive(path, ("a/note.npy", header(descr, shape, data)))
    refused(path, "a/note of|cannot be read")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x93NUM", b"\x93NUMPY\1\0", b"\x93NUMPY\1\0\xff\xff" + b"(" * 65535,
        b"\x93NUMPY\2\0\xff\xff\xff\x7f" + b"(" * 99, b"\x93NUMPY\1\0\x10\x27" + b"[" * 10000,
        b"\x93NUMPY\1\0\x04\0" + b"\0" * 9, b"\x93NUMPY\1\0\x10\x27" + b"{1:" * 3333 + b"1",
        header(version=(3, 0)), header(version=(9, 9)), header(order="1"), header(data=bytes(23)),
        header(data=bytes(25)), header("|O"), header("<M8[s]"), header("|V8"), b"PK\5\6" * 10,
        header("<f8")[:-24].replace(b"descr", b"descR") + bytes(24), header([("x", "<f8")]),
        b"\x93NUMPY\1\0\x10\x27" + b"-" * 9999 + b"1", b"plain text", header("<c999"),
    ],
    ids=range(22),
)  # fmt: skip
@pytest.mark.parametrize("key", ["a/note", "a/R"])
def test_headers_that_are_none(path, content, key):
    archive(path, (f"{key}.npy", content), leave_out=[key])
    refused(path, f"{key} of|a of .* cannot be read")


def test_the_limit_can_be_set(path):
    archive(path, ("a/note.npy", npy(np.zeros(10_000))), compression=zipfile.ZIP_DEFLATED)
    refused(path, "must have at most max_bytes = 1000 bytes", max_bytes=1000)
    refused(path, "must need at most max_bytes = 50000 bytes", max_bytes=50_000)
    assert load_correlators(path, max_bytes=100_000).attributes["note"].shape == (10_000,)


def test_small_numbers_count_as_large_as_they_become(path):
    note = np.zeros((2**13, 2**13), np.int8)
    archive(path, ("a/note.npy", npy(note)), compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    refused(path, "a/note of .* brings it to .*: a larger max_bytes reads it")


def test_long_texts_in_the_place_of_a_kind(path):
    archive(path, ("a/kind.npy", npy("x" * 5000)), leave_out=["a/kind"])
    refused(path, "a/kind of .* must be a word")


# The directory


def test_two_members_of_one_name(path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive(path, ("a/R.npy", npy(2 * R)))
    refused(path, "must hold each array once, got 'a/R' twice")


@pytest.mark.parametrize(
    "name",
    ["../R.npy", "../../etc/R.npy", "/R.npy", "a/../R.npy", "a//R.npy", "./R.npy", " /R.npy"],
)
def test_names_that_lead_elsewhere(path, name):
    archive(path, (name, npy(R)))
    refused(path, "must have names like 'xixi_1s0'")


def test_names_with_an_end_before_their_end(path):
    archive(path, ("a/Rx.npy", npy(2 * R)))
    path.write_bytes(path.read_bytes().replace(b"a/Rx.npy", b"a/R\0.npy"))
    refused(path, "a/R")


@pytest.mark.parametrize("name", ["a/readme.txt", "a/script.py", "a/note.npz", "readme"])
def test_members_of_other_types(path, name):
    archive(path, (name, b"text"))
    refused(path, rf"must hold arrays \(.npy\), got '{name}'")


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing(path, way):
    archive(path, compression=way)
    refused(path, "must be stored or deflated")


def test_encrypted_members(path):
    data = bytearray(archive(path).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    refused(path, "not encrypted")


def test_a_long_directory(path, monkeypatch):
    monkeypatch.setattr("halkit.correlators.npz.LONGEST_DIRECTORY", 200)
    refused(archive(path), "zip directory must have at most 200 bytes")


def test_many_members(path, monkeypatch):
    monkeypatch.setattr("halkit.correlators.npz.MOST_ENTRIES", 5)
    refused(archive(path), "must hold at most 5 arrays")


def test_claims_of_zip64(path):
    """An end of directory that lies 2**60 bytes away, or has 2**60 bytes."""
    whole = archive(path).read_bytes()
    end = whole.rindex(b"PK\5\6")
    for offset, size in ((2**60, 100), (100, 2**60), (2**64 - 1, 2**64 - 1)):
        record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 6, 6, size, offset)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
        path.write_bytes(whole[:end] + record + locator + last)
        refused(path, "cannot be read|zip directory")


def test_overlapping_members_stay_below_the_limit(path):
    """Many entries of the directory share one packed megabyte."""
    archive(path, ("a/n0.npy", npy(np.zeros(2**21))), compression=zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    begin, end = data.index(b"PK\1\2"), data.rindex(b"PK\5\6")
    directory, last = data[begin:end], bytearray(data[end:])
    entry = directory[directory.rindex(b"PK\1\2") :]
    many = b"".join(entry.replace(b"a/n0", f"a/n{i}".encode()) for i in range(1, 10))
    last[8:12] = struct.pack("<2H", 16, 16)
    last[12:16] = struct.pack("<L", len(directory) + len(many))
    path.write_bytes(data[:begin] + directory + many + last)
    refused(path, "File name in directory 'a/n1.npy' and header b'a/n0.npy' differ")


@pytest.mark.parametrize("way", ["sum", "stream", "short"])
def test_damage_of_a_member(path, way):
    data = bytearray(archive(path, compression=zipfile.ZIP_DEFLATED).read_bytes())
    if way == "sum":
        for begin, at in ((data.index(b"PK\3\4"), 14), (data.index(b"PK\1\2"), 16)):
            data[begin + at] ^= 1
    elif way == "stream":
        data[60:90] = bytes(30)
    else:
        data = data.replace(zlib.compress(b"")[2:3], b"", 1)
    path.write_bytes(data)
    refused(path, "cannot be read")


@pytest.mark.parametrize("key", ["kind", "units", "sources"])
@pytest.mark.parametrize("value", [np.nan, [np.nan, 1.0], True, 1j])
def test_numbers_in_the_place_of_texts(path, key, value):
    archive(path, (f"a/{key}.npy", npy(value)), leave_out=[f"a/{key}"])
    refused(path, f"a of .*{key} must|{key} of a of")


def test_the_published_form_is_guarded_too(path):
    """The file that has no groups: same reader, same limits."""
    rezip(path, {"L6_xyz.npy": header(shape=f"({10**12},)"), "t.npy": npy([1, 2, 3])})
    refused(path, "L6_xyz of .* must have 8000000000000 bytes", lattice="L6")
    rezip(path, {"L6_xyz.npy": b"no array"})
    refused(path, "a.npz cannot be read", lattice="L6")
