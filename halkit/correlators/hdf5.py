"""Correlators in HDF5 files: only hard links are followed, and sizes are read before data.

Soft and external links, external storage and virtual data sets are refused: they can read other
files of the user. `halkit.correlators.hdf5_bytes` checks a file before the library opens it.
"""

import math
import zlib
from functools import cached_property

import numpy as np

from halkit.correlators.groups import DEEPEST
from halkit.correlators.hdf5_bytes import (
    SEAL,
    is_sealed,
    longest_heap,
    validate_structures,
    write_seal,
)
from halkit.correlators.limits import MOST_ENTRIES

__all__ = ["Hdf5", "import_h5py", "write_hdf5"]

DATA_SETS = ("R", "r", "xyz", "t", "mass_bins")
# Names of the parts of a complex number.
PAIRS = (("re", "im"), ("real", "imag"), ("r", "i"), ("Re", "Im"), ("real", "imaginary"))
# HDF5 allows 64 kB.
LONGEST_ATTRIBUTE = 60_000
SHUFFLE, DEFLATE, FLETCHER32, LZF = 2, 1, 3, 32000
# LZF expands by at most a factor of 88.
LZF_EXPANSION = 88


def write_hdf5(file, packed):
    """Write groups, {name: {key: value}}, to an open file, and seal it."""
    with import_h5py().File(file, "w", userblock_size=SEAL) as hdf5:
        for name, values in packed.items():
            group = hdf5.require_group(name)
            for key, value in values.items():
                _write(group, key, value)
    write_seal(file)


def _write(group, key, value):
    """Texts in a list have one length in attributes, and each its own in data sets."""
    fixed = np.char.encode(value, "utf-8") if isinstance(value, list) and value else value
    if key in DATA_SETS or np.asarray(fixed).nbytes > LONGEST_ATTRIBUTE:
        group.create_dataset(key, data=value)
    else:
        group.attrs[key] = fixed


class Hdf5:
    """Groups of an open HDF5 file."""

    def __init__(self, path, budget):
        self.h5py, self.path, self.budget = import_h5py(), path, budget
        self.verifiable = is_sealed(path)
        if not self.verifiable:
            validate_structures(path)
        self.file = self.h5py.File(path, "r")
        try:
            self.contents = self._walk()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.file.close()

    def _walk(self):
        """The data sets of each group: {name: (identifier, keys)}; the root is ''."""
        h5g, h5o = self.h5py.h5g, self.h5py.h5o
        root = h5g.open(self.file.id, b"/")
        pending, found, n_entries = [("", root, ())], {}, 0
        while pending:
            name, group, around = pending.pop()
            n_entries += group.get_num_objs()
            if n_entries > MOST_ENTRIES or len(around) > DEEPEST:
                raise ValueError(
                    f"{self.path} must hold at most {MOST_ENTRIES} links, {DEEPEST} groups deep"
                )
            keys, inner = [], []
            for link in group:
                self._validate_link(group, link, name)
                status = h5o.get_info(group, link)
                if status.type == h5o.TYPE_DATASET:
                    keys.append(link.decode())
                elif status.type == h5o.TYPE_GROUP:
                    where = f"{name}/{link.decode()}".strip("/")
                    if status.addr in around:
                        raise ValueError(f"{where} of {self.path} is a group around itself")
                    inner.append((where, h5g.open(group, link), (*around, status.addr)))
            found[name] = (group, keys)
            pending += reversed(inner)
        return found

    def _validate_link(self, group, link, name):
        if group.links.get_info(link).type != self.h5py.h5l.TYPE_HARD:
            raise ValueError(
                f"{name}/{link.decode(errors='replace')} of {self.path} is a soft or external "
                "link; only hard links are followed: copy the data there"
            )

    @cached_property
    def groups(self):
        """Groups with an R."""
        return {name: at for name, at in self.contents.items() if name and "R" in at[1]}

    def names(self):
        return list(self.groups)

    def data_sets(self):
        """Full names of all data sets: groups, then the data set."""
        return [
            f"{name}/{key}".lstrip("/") for name, (_, keys) in self.contents.items() for key in keys
        ]

    def header(self, name):
        """Shape and type of a data set."""
        group, _, key = name.rpartition("/")
        data_set = self.h5py.h5d.open(self.contents[group][0], key.encode())
        return data_set.shape, data_set.dtype

    def array(self, name):
        """The values of one data set, which may be complex as pairs of numbers."""
        group, _, key = name.rpartition("/")
        return complex_pairs(self._data_set(self.contents[group][0], key, group, pairs=True))

    def kind(self, name):
        group, keys = self.groups[name]
        self.budget.restart()
        if self.h5py.h5a.exists(group, b"kind"):
            return self._attribute(group, b"kind", name)
        return self._data_set(group, "kind", name) if "kind" in keys else None

    def read(self, name):
        """The values of a group."""
        group, keys = self.groups[name]
        self.budget.restart()
        if (n_attributes := self.h5py.h5a.get_num_attrs(group)) > MOST_ENTRIES:
            raise ValueError(f"{name} of {self.path} has {n_attributes} attributes")
        attributes = []
        self.h5py.h5a.iterate(group, attributes.append)
        values = {key: self._data_set(group, key, name) for key in keys}
        return {**values, **{a.decode(): self._attribute(group, a, name) for a in attributes}}

    def _attribute(self, group, key, name):
        where = f"{key.decode()} of {name} of {self.path}"
        attribute = self.h5py.h5a.open(group, key)
        single = attribute.get_space().get_simple_extent_npoints() == 1
        self._admit(attribute, where, 0 if single else self.longest_text)
        value = self.h5py.AttributeManager(self.h5py.Group(group))[key.decode()]
        self.budget.spend(len(value) if isinstance(value, str | bytes) else 0, where)
        return value

    def _data_set(self, group, key, name, *, pairs=False):
        h5d, where = self.h5py.h5d, f"{key} of {name} of {self.path}"
        data_set = h5d.open(group, key.encode())
        creation = data_set.get_create_plist()
        layout = creation.get_layout()
        if layout == h5d.VIRTUAL or creation.get_external_count():
            raise ValueError(f"{where} lies in other files; only data in the file are read")
        self._admit(data_set, where, 0, pairs=pairs)
        n_bytes = math.prod(data_set.shape) * data_set.get_type().get_size()
        if layout == h5d.CHUNKED:
            self._validate_chunks(data_set, creation, where)
        elif layout == h5d.CONTIGUOUS and data_set.get_storage_size() < n_bytes:
            raise ValueError(f"{where} must hold data, but they were never written")
        if data_set.shape and data_set.dtype.kind == "O":
            return self._texts(data_set, where)
        return self.h5py.Dataset(data_set)[()]

    def _texts(self, data_set, where):
        """Texts of variable length, in parts that fit whatever their lengths are."""
        per_row = 64 + self.longest_text * math.prod(data_set.shape[1:])
        if per_row > self.budget.limit:
            self.budget.spend(per_row, where)
        step, parts = self.budget.limit // per_row, []
        for begin in range(0, data_set.shape[0], step):
            parts.append(self.h5py.Dataset(data_set)[begin : begin + step])
            self.budget.spend(sum(map(len, parts[-1].ravel())), where)
        return np.concatenate(parts) if parts else np.empty(data_set.shape, object)

    def _admit(self, item, where, longest, *, pairs=False):
        """Check type and size of a data set or an attribute before it is read."""
        space, dtype = item.get_space(), item.dtype
        if space.get_simple_extent_type() == self.h5py.h5s.NULL:
            raise ValueError(f"{where} must hold numbers or texts, got an empty value")
        text = self.h5py.check_string_dtype(dtype)
        if text is not None:
            dtype = np.dtype(("S", text.length or longest))
        elif self.h5py.check_enum_dtype(dtype) is not None:
            raise ValueError(f"{where} must hold numbers or texts, got an enumeration")
        elif pairs and is_pair(dtype):
            dtype = np.dtype(complex)
        self.budget.admit(dtype, space.get_simple_extent_dims(), where)

    @cached_property
    def longest_text(self):
        """The longest heap of the file, which bounds a text of variable length.

        The length of a text is known only after reading it, and many may share one place.
        """
        return longest_heap(self.path)

    def _validate_chunks(self, data_set, creation, where):
        """Each chunk is there once, and unpacks to its size."""
        filters = [creation.get_filter(i)[0] for i in range(creation.get_nfilters())]
        if set(filters) - {SHUFFLE, DEFLATE, FLETCHER32, LZF}:
            raise ValueError(
                f"{where} must be packed by gzip, shuffle, lzf or not at all, got the filters "
                f"{filters}: repack it (h5repack -f GZIP=4)"
            )
        chunk, chunks = creation.get_chunk(), []
        counts = [-(-n // size) for n, size in zip(data_set.shape, chunk, strict=True)]
        n_bytes, expected = math.prod(chunk) * data_set.get_type().get_size(), math.prod(counts)
        self.budget.spend(n_bytes, f"a chunk of {where}")
        if (found := data_set.get_num_chunks()) != expected:
            raise ValueError(f"{where} must have {expected} chunks, but {found} were written")
        data_set.chunk_iter(chunks.append)
        if len({info.chunk_offset for info in chunks}) < expected:
            raise ValueError(f"{where} must have {expected} different chunks")
        for info in chunks:
            active = [code for i, code in enumerate(filters) if not info.filter_mask >> i & 1]
            self._validate_chunk(data_set, info, active, n_bytes, where)

    def _validate_chunk(self, data_set, info, filters, n_bytes, where):
        """A packed chunk has the bytes that its filters make of `n_bytes`."""
        packer = next((code for code in filters if code in (DEFLATE, LZF)), None)
        before = filters[: filters.index(packer)] if packer else filters
        after = filters[len(before) + 1 :]
        plain, rest = (n_bytes + 4 * before.count(FLETCHER32), 4 * after.count(FLETCHER32))
        whole = set(after) <= {FLETCHER32} and 0 < info.size <= 2 * plain + 64
        if packer is None:
            whole = whole and info.size == plain
        elif packer == LZF:
            whole = whole and LZF_EXPANSION * info.size <= self.budget.limit
        elif whole:
            stream = zlib.decompressobj()
            unpacked = stream.decompress(
                data_set.read_direct_chunk(info.chunk_offset)[1], plain + 1
            )
            whole = len(unpacked) == plain and len(stream.unused_data) == rest
        if not whole:
            raise ValueError(
                f"{where} must have chunks of {n_bytes} bytes, but the one at {info.chunk_offset} "
                "unpacks to another number"
            )


def is_pair(dtype):
    """Tell whether a type is a compound of a real and an imaginary part."""
    return dtype.names in PAIRS and all(dtype[name].kind == "f" for name in dtype.names)


def complex_pairs(values):
    """Complex numbers for a compound of a real and an imaginary part."""
    if not is_pair(values.dtype):
        return values
    real, imaginary = values.dtype.names
    return values[real] + 1j * values[imaginary]


def import_h5py():
    """Return h5py, or raise an ImportError that names the extra."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError("HDF5 files need h5py: pip install 'halkit[io]'") from error
    return h5py
