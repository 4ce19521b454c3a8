"""Checks of the bytes of an HDF5 file before the library opens it.

A *seal* of 512 bytes names the SHA-256 of all bytes between it and its copy: one is the user block
at the beginning of the file, the other follows the end. If the seal fits, the file has the bytes
that were written; if not, it is refused before the library opens it.

Files without a seal are searched for heaps of texts and for trees in which the library would loop
forever (HDF5 File Format Specification 3.0, III.A.1 and III.E). This cannot find all damage: a
malicious file may still crash the library.
"""

import hashlib
import mmap
import re
from contextlib import contextmanager
from itertools import takewhile

__all__ = ["SEAL", "is_sealed", "longest_heap", "validate_structures", "write_seal"]

SEAL = 512
MARK = b"halkit correlators. SHA-256 of the bytes between this block and its copy at the end: "
BLOCK = 2**20
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def write_seal(file):
    """Seal an open file that begins with an empty user block."""
    file.flush()
    seal = _seal(file, file.seek(0, 2) - SEAL)
    file.write(seal)
    file.seek(0)
    file.write(seal)


def _seal(file, n_bytes):
    """The seal of this many bytes behind the user block."""
    digest = hashlib.sha256()
    file.seek(SEAL)
    while n_bytes > 0 and (part := file.read(min(BLOCK, n_bytes))):
        digest.update(part)
        n_bytes -= len(part)
    return (MARK + digest.hexdigest().encode()).ljust(SEAL, b"\0")


def is_sealed(path):
    """Tell whether a file has a seal; refuse a seal that does not fit."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - SEAL, 0))
        tail = file.read()
        file.seek(0)
        head = file.read(SEAL)
        if not head.startswith(MARK) and not tail.startswith(MARK):
            return False
        if not head == tail == _seal(file, size - 2 * SEAL):
            raise ValueError(
                f"{path} is damaged, or was changed after it was saved: SHA-256 differs from its "
                "user block; if the change is meant, copy the groups to a new HDF5 file"
            )
    return True


def validate_structures(path):
    """Refuse a file whose heaps or trees would make the library loop forever."""
    with _mapped(path) as data:
        _heap_sizes(data, path)
        base = next((n for n in _signature_places(len(data)) if data[n : n + 8] == SIGNATURE), 0)
        places = [found.start() for found in re.finditer(b"TREE[\\0\\1]", data)]
        after = {place - base: _number(data, place + 16) for place in places}
        levels = {place - base: int.from_bytes(data[place + 5 : place + 6]) for place in places}
        if _has_circle(after) or any(_is_above(data, place, levels) for place in places):
            raise ValueError(f"{path} is damaged: nodes of an index follow each other in a circle")


def _has_circle(after):
    seen = set()
    for begin in after:
        node, chain = begin, set()
        while node in after and node not in seen:
            seen.add(node)
            chain.add(node)
            node = after[node]
        if node in chain:
            return True
    return False


def _is_above(data, place, levels):
    """Tell whether a node has a child that is not below it.

    A key has 8 bytes in trees of groups and 8 (2 + rank) in trees of chunks. The node does not
    tell the rank: the right one makes all children nodes.
    """
    kind, level, *count = data[place + 4 : place + 8].ljust(4, b"\0")
    n_children = int.from_bytes(count, "little")
    for key in () if level == 0 else (8,) if kind == 0 else range(24, 8 * 35, 8):
        begin = place + 24 + key
        children = (
            levels.get(_number(data, at))
            for at in range(begin, begin + n_children * (key + 8), key + 8)
        )
        found = list(takewhile(lambda child: child is not None, children))
        if len(found) == n_children and max(found, default=0) >= level:
            return True
    return False


def longest_heap(path):
    """Return the size of the longest heap, which bounds a text of variable length.

    The length of a text is known only after reading it, and many may share one place.
    """
    with _mapped(path) as data:
        return max(_heap_sizes(data, path), default=1)


@contextmanager
def _mapped(path):
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        yield data


def _signature_places(size):
    """0, 512, 1024, 2048, ..."""
    place = 0
    while place < size:
        yield place
        place = 2 * place or 512


def _number(data, at):
    return int.from_bytes(data[at : at + 8], "little")


def _heap_sizes(data, path):
    """The sizes of the global heaps, whose entries follow each other up to the end."""
    sizes = []
    for found in re.finditer(b"GCOL\\x01\\0\\0\\0", data):
        size, at = _number(data, found.start() + 8), found.start() + 16
        end = found.start() + size
        while end <= len(data) and end - at >= 16:
            free, length = data[at : at + 2] == b"\0\0", _number(data, at + 8)
            at = at + length if free else at + 16 + -(-length // 8) * 8
            if free and at != end:
                break
        if not at <= end <= len(data) or end - at >= 16:
            raise ValueError(f"{path} is damaged: a heap of texts does not fill its {size} bytes")
        sizes.append(size)
    return sizes
