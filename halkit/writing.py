"""Files that appear as a whole: written without a name, then linked or moved into their place."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

__all__ = ["whole_file"]

BINARY = getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def whole_file(path, *, overwrite=False):
    """Open a new file that takes the place of `path` when the block ends without an error.

    Readers see the old file or the new one, never a part. The bytes are on disk before the
    name is. Of several processes that create one path, exactly one succeeds.

    On Linux the file has no name while it is written, so that a killed process leaves nothing
    behind. File systems without ``O_TMPFILE`` (NFS, other systems) use a hidden file
    ``.NAME.xxxxxxxx.part`` beside `path`, which a kill leaves there; it can be deleted.

    Parameters
    ----------
    path : str or path
        A symbolic link is followed: the file that it names is written, and the link stays.
    overwrite : bool
        Whether a file that is there may be replaced. Its mode is kept, and its owner where the
        system allows it. A new file has the mode that the umask gives.

    Yields
    ------
    file
        Open for reading and writing bytes.

    Raises
    ------
    FileExistsError
        If there is such a file and `overwrite` is not set, also one that appeared meanwhile;
        or if something that is no regular file has this name.
    PermissionError
        If the old file is write-protected, or the folder is.
    OSError
        If the system fails otherwise, as on a full disk.
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
    """A handle of a new file in the folder of `target`, and its name, None if it has none."""
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
    # Python calls linkat, which follows the link in /proc, if it gets a descriptor of a folder.
    os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=handle, follow_symlinks=True)
    return name


def _link(source, target, path):
    """Give the file its name, unless another file has it."""
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
    """The name is on disk too, where the system syncs folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
