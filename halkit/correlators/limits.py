"""Type and size that a stored entry may have, decided before its data are read.

A number counts at least 8 bytes, as the float64 that it becomes; a text counts 64 bytes beside its
characters. A group may need `default_limit` bytes: 16 times the size of the file on disk, but at
least 256 MiB. Noise of correlators hardly compresses, so measured files stay far below the limit; a
few kilobytes that claim to be gigabytes do not.
"""

import contextlib
import errno
import math
import os

from halkit.checks import check_integer

__all__ = ["CONVERT", "MOST_ENTRIES", "Budget", "named_errors"]

MOST_ENTRIES = 100_000
LEAST_LIMIT = 2**28
EXPANSION = 16
# Ends the message for a file of raw correlators.
CONVERT = (
    "halkit convert, or two_hadron_ratio and save_correlators, make a correlator file of raw "
    "correlators"
)


def default_limit(path):
    """Return the bytes that a group of this file may need by default."""
    status = os.stat(path)
    taken = min(status.st_size, 512 * getattr(status, "st_blocks", status.st_size))
    return max(LEAST_LIMIT, EXPANSION * taken)


class Budget:
    """The bytes that may be read from one file.

    Parameters
    ----------
    path : Path
        The file.
    max_bytes : int or None
        The limit; None: `default_limit`.
    """

    def __init__(self, path, max_bytes=None):
        self.path = path
        self.limit = (
            default_limit(path) if max_bytes is None
            else check_integer(max_bytes, "max_bytes", least=1)
        )  # fmt: skip
        size = os.stat(path).st_size
        if not 0 < size <= self.limit:
            raise ValueError(
                f"{path} must be a whole file, got an empty one" if not size else
                f"{path} must have at most max_bytes = {self.limit} bytes, got {size}"
            )  # fmt: skip
        self.restart()

    def restart(self):
        """Begin a new group."""
        self.spent = 0

    def spend(self, n_bytes, what):
        """Count the bytes of an entry; refuse it beyond the limit."""
        self.spent += n_bytes
        if self.spent > self.limit:
            raise ValueError(
                f"{self.path} must need at most max_bytes = {self.limit} bytes for a group, but "
                f"{what} brings it to {self.spent}: a larger max_bytes reads it"
            )

    def admit(self, dtype, shape, what):
        """Refuse an entry that is not of numbers or texts, or is too large."""
        if dtype.kind not in "biufcSU" or dtype.metadata:
            raise ValueError(f"{what} must hold numbers or texts, got the type {dtype}")
        per_entry = dtype.itemsize + 64 if dtype.kind in "SU" else max(dtype.itemsize, 8)
        self.spend(math.prod(map(int, shape)) * per_entry, what)


@contextlib.contextmanager
def named_errors(path, name=None):
    """Turn what libraries raise on a damaged file into one ValueError that names the file.

    Errors of the operating system, such as a missing permission, stay as they are.
    """
    where = str(path) if name is None else f"{name} of {path}"
    try:
        yield
    except (ImportError, Warning):
        raise
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{where} cannot be read: {error}") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, 0, errno.EINVAL):
            raise
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"{where} cannot be read, the file is damaged: {what}") from error
