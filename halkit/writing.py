"""Files that appear as a whole, without a name until moved into place; and files to be read."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["existing_file", "whole_file"]

BINARY = getattr(os, "O_BINARY", 0)


def existing_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that is to be read.

    Raises
    ------
    IsADirectoryError, FileNotFoundError
        If it is a folder, or missing.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    if not path.exists():
        raise FileNotFoundError(f"no file at {path}")
    return path


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of `path` when the block ends without an error.

    Readers see the old file or the new one, never a part. The bytes reach the disk before the
    name does. If several processes create the same path, exactly one succeeds.

    On Linux the file has no name while it is written, so that a killed process leaves nothing
    behind. Without ``O_TMPFILE`` (NFS, other systems) a hidden file ``.NAME.xxxxxxxx.part``
    beside `path` is written. A killed process leaves it behind, and it can be deleted.

    Parameters
    ----------
    path : str or path
        If it is a symbolic link, the file that it points to is written, and the link stays.
    overwrite : bool
        Whether an existing file may be replaced. Its mode is kept, and its owner where the
        system allows it. The umask sets the mode of a new file.

    Yields
    ------
    file
        Open for reading and writing bytes.

    Raises
    ------
    FileExistsError
        If the file exists, or has appeared meanwhile, and `overwrite` is False; or if the path
        names something other than a regular file.
    PermissionError
        If the old file or the folder is write-protected.
    OSError
        If the system fails in another way, for example on a full disk.
    """
    target = Path(os.path.realpath(path))
    old = _status(target, path, overwrite)
    handle, name = _new_file(target)
    try:
        with os.fdopen(handle, "w+b") as file:
            if old is not None:
                _set_mode(handle, 0o600)
            yield file
            file.flush()
            if old is not None:
                _keep_rights(handle, old)
            os.fsync(handle)
            if name is None and overwrite:
                name = _linked(handle, _hidden(target))
            elif name is None:
                _link(handle, target, path)
        if overwrite:
            os.replace(name, target)
        elif name is not None:
            _link(name, target, path)
    finally:
        if name is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    _sync_folder(target.parent)


def _set_mode(handle, mode):
    if hasattr(os, "fchmod"):
        os.fchmod(handle, mode)


def _keep_rights(handle, old):
    if hasattr(os, "fchown"):
        with contextlib.suppress(PermissionError):
            os.fchown(handle, old.st_uid, old.st_gid)
    _set_mode(handle, stat.S_IMODE(old.st_mode))


def _status(target, path, overwrite):
    """The status of the file that will be replaced, or None."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(old.st_mode):
        raise FileExistsError(errno.EEXIST, "path must name a regular file", str(path))
    if not overwrite:
        raise _exists(path)
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected", str(path))
    return old


def _exists(path):
    return FileExistsError(f"there is a file {path} already; overwrite=True replaces it")


def _hidden(target):
    return target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")


def _new_file(target):
    """A handle of a new file in the folder of `target`, and its name (None without a name)."""
    if hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd"):
        try:
            return os.open(target.parent, os.O_TMPFILE | os.O_RDWR, 0o666), None
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.EISDIR):
                raise
    name = _hidden(target)
    return os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR | BINARY, 0o666), name


def _linked(handle, name):
    """Give a file without a name its first one."""
    # With src_dir_fd Python calls linkat, which follows the link in /proc.
    os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=handle, follow_symlinks=True)
    return name


def _link(source, target, path):
    """Give the file its name, or raise if another file has it."""
    try:
        if isinstance(source, int):
            _linked(source, target)
        else:
            os.link(source, target)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        if isinstance(source, int) or error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
            raise
        _claim(target, path)  # a file system without hard links
        os.replace(source, target)


def _claim(target, path):
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError as error:
        raise _exists(path) from error


def _sync_folder(folder):
    """Bring the name to disk, where the system syncs folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
