"""Correlators in npz archives, read without unpickling and verified.

Zip stores a CRC-32 of each member and two copies of its name. `write_npz` adds an entry
``sha256``: for each group the SHA-256 of the names, dtypes, shapes and bytes of its arrays.
"""

import hashlib
import io
import math
import zipfile
from collections import defaultdict

import numpy as np

from halkit.correlators.groups import group_of, plain_single, validate_name
from halkit.correlators.limits import MOST_ENTRIES

__all__ = ["Npy", "Npz", "read_header", "validate_magic", "write_npz"]

DIGESTS = "sha256"
LONGEST_DIRECTORY = 2**24
LONGEST_HEADER = 2_000
LONGEST_KIND = 2**12
BLOCK = 2**20


def write_npz(file, packed):
    """Write groups, {name: {key: array}}, to an open file."""
    groups = {
        name: {key: np.asarray(value) for key, value in group.items()}
        for name, group in packed.items()
    }
    arrays = {f"{name}/{key}": a for name, group in groups.items() for key, a in group.items()}
    arrays[DIGESTS] = np.array([f"{_digest(group)} {name}" for name, group in groups.items()])
    np.savez_compressed(file, **arrays)


def _digest(arrays):
    total = hashlib.sha256()
    for key in sorted(arrays):
        array = np.asarray(arrays[key])
        total.update(repr((key, array.dtype.str, array.shape)).encode())
        if array.itemsize:
            total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return total.hexdigest()


class Npz:
    """Groups of an open npz file."""

    verifiable = True

    def __init__(self, path, budget):
        self.path, self.budget, self.digests = path, budget, None
        self.stream = path.open("rb")
        try:
            validate_magic(self.stream, path)
            self.file = zipfile.ZipFile(_ShortReads(self.stream))
            self.entries = self._entries()
        except BaseException:
            self.close()
            raise
        self.file.fp.longest = None
        self.groups = defaultdict(list)
        for key in self.entries:
            self.groups[group_of(key)].append(key)

    def close(self):
        self.stream.close()

    def _entries(self):
        """The members by key; the two copies of each name agree."""
        entries = {}
        for info in self.file.infolist():
            if info.is_dir() and not info.file_size:
                continue
            key = info.filename.removesuffix(".npy")
            if info.filename != info.orig_filename or not info.filename.endswith(".npy"):
                raise ValueError(f"{self.path} must hold arrays (.npy), got {info.orig_filename!r}")
            if key in entries:
                raise ValueError(f"{self.path} must hold each array once, got {key!r} twice")
            if info.flag_bits & 1 or info.compress_type not in (
                zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED,
            ):  # fmt: skip
                raise ValueError(f"{key} of {self.path} must be stored or deflated, not encrypted")
            self.file.open(info).close()
            entries[key] = info
        if len(entries) > MOST_ENTRIES:
            raise ValueError(f"{self.path} must hold at most {MOST_ENTRIES} arrays")
        return entries

    def data_sets(self):
        """Names of all arrays."""
        return [key for key in self.entries if key != DIGESTS]

    def header(self, key):
        """Shape and type of an array."""
        with self.file.open(self.entries[key]) as stream:
            dtype, shape, *_ = read_header(
                stream, self.entries[key].file_size, f"{key} of {self.path}"
            )
        return shape, dtype

    def names(self):
        names = [group_of(key) for key in self.entries if key.endswith("/R")]
        for name in names:
            validate_name(name, self.path)
        if DIGESTS in self.entries:
            lines = self.array(DIGESTS).astype(str).tolist()
            self.digests = dict(reversed(line.split(" ", 1)) for line in lines)
            if set(self.digests) != set(names):
                raise ValueError(
                    f"{self.path} must hold the groups of its entry {DIGESTS!r}, "
                    f"{sorted(self.digests)}, got {names}"
                )
        return names

    def kind(self, name):
        key = f"{name}/kind"
        if key not in self.entries:
            return None
        if self.entries[key].file_size > LONGEST_KIND:
            raise ValueError(f"{key} of {self.path} must be a word")
        return plain_single(self.array(key))

    def read(self, name):
        """The arrays of a group."""
        self.budget.restart()
        arrays = {key.rpartition("/")[2]: self.array(key) for key in self.groups[name]}
        if self.digests is not None and self.digests[name] != _digest(arrays):
            raise ValueError(
                f"{name} of {self.path} is damaged, or was changed after it was saved: SHA-256 "
                f"differs from the entry {DIGESTS!r}; remove that entry if the change is meant"
            )
        return arrays

    def array(self, key):
        """Read one array, after its header; the archive verifies the check sum at its end."""
        if key not in self.entries:
            raise ValueError(
                f"{self.path} must hold the key {key!r}, got {sorted(self.entries)[:100]}"
            )
        info, where = self.entries[key], f"{key} of {self.path}"
        with self.file.open(info) as stream:
            return _array(stream, info.file_size, self.budget, where)


class Npy:
    """The array of an open npy file."""

    def __init__(self, path, budget):
        self.path, self.budget, self.stream = path, budget, path.open("rb")

    def close(self):
        self.stream.close()

    def header(self):
        """Shape and type."""
        with self.stream:
            dtype, shape, *_ = read_header(self.stream, self.path.stat().st_size, str(self.path))
        return shape, dtype

    def array(self, _=""):
        """The array, after its header."""
        return _array(self.stream, self.path.stat().st_size, self.budget, str(self.path))


class _ShortReads:
    """A stream that gives a zip directory of limited length."""

    def __init__(self, stream):
        self.stream, self.longest = stream, LONGEST_DIRECTORY

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def read(self, n=-1):
        if self.longest is not None and n > self.longest:
            raise ValueError(f"the zip directory must have at most {self.longest} bytes, got {n}")
        return self.stream.read(n)


def validate_magic(stream, path, hint=""):
    """Raise a ValueError, whose message ends with the hint, unless a zip archive begins."""
    begin = stream.read(4)
    if begin.startswith(b"\x93NUM"):
        raise ValueError(f"{path} must be an npz archive, got a single array{hint}")
    if begin and not begin.startswith(b"PK"):
        raise ValueError(
            f"{path} must be an npz archive, or an HDF5 file that ends in .h5 or .hdf5{hint}"
        )


def read_header(stream, size, where):
    """dtype, shape, order and bytes of the array of an npy stream with `size` bytes in all."""
    dtype, shape, by_column, offset = _header(stream.read(12), stream, where)
    if dtype.hasobject:
        raise ValueError(f"{where} holds objects; halkit reads with allow_pickle=False")
    n_bytes = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or size != offset + n_bytes:
        raise ValueError(
            f"{where} must have {n_bytes} bytes for {shape} of {dtype}, got {size - offset}"
        )
    return dtype, shape, by_column, n_bytes


def _array(stream, size, budget, where):
    dtype, shape, by_column, n_bytes = read_header(stream, size, where)
    budget.admit(dtype, shape, where)
    data = _filled(stream, n_bytes, where)
    return np.ndarray(shape, dtype, data, order="F" if by_column else "C")


def _header(begin, stream, where):
    """dtype, shape, order and length of the header of the npy format 1.0 or 2.0."""
    version = np.lib.format.read_magic(io.BytesIO(begin))
    forms = {
        (1, 0): (10, np.lib.format.read_array_header_1_0),
        (2, 0): (12, np.lib.format.read_array_header_2_0),
    }
    if version not in forms:
        raise ValueError(f"{where} must be of the npy format 1.0 or 2.0, got {version}")
    offset, parse = forms[version]
    length = int.from_bytes(begin[8:offset], "little")
    if not 2 <= length <= LONGEST_HEADER:
        raise ValueError(f"{where} must have a header of at most {LONGEST_HEADER} bytes")
    text = begin[8:] + stream.read(length - (12 - offset))
    shape, by_column, dtype = parse(io.BytesIO(text))
    return dtype, shape, by_column, offset + length


def _filled(stream, n_bytes, where):
    """A buffer with all bytes of a member; the last read compares the check sum."""
    buffer = bytearray(n_bytes)
    view, done = memoryview(buffer), 0
    while done < n_bytes and (part := stream.read(min(BLOCK, n_bytes - done))):
        view[done : done + len(part)] = part
        done += len(part)
    if done < n_bytes or stream.read(1):
        raise ValueError(f"{where} must have {n_bytes} bytes, got {done}")
    return buffer
