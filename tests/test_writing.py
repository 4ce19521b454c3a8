"""Files that appear as a whole: exclusive, with the old mode, through links, without remains."""

import os
import signal
import stat
import subprocess
import sys
import threading

import pytest

from halkit.writing import whole_file


def write(path, content=b"new", **options):
    with whole_file(path, **options) as file:
        file.write(content)


@pytest.fixture(params=["unnamed", "hidden", "no hard links"])
def folder(request, tmp_path, monkeypatch):
    """A folder on file systems of three kinds."""
    if request.param != "unnamed":
        monkeypatch.delattr("os.O_TMPFILE", raising=False)
    if request.param == "no hard links":

        def refuse(*arguments, **options):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("os.link", refuse)
    return tmp_path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_mode_of_the_umask(folder):
    before = os.umask(0o027)
    try:
        write(folder / "a")
    finally:
        os.umask(before)
    assert (folder / "a").read_bytes() == b"new"
    assert mode(folder / "a") == 0o640
    assert list(folder.iterdir()) == [folder / "a"]


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664, 0o700, 0o200])
def test_the_mode_of_an_old_file_is_kept(folder, kept):
    path = folder / "a"
    path.write_bytes(b"old")
    path.chmod(kept)
    write(path, overwrite=True)
    assert (mode(path), list(folder.iterdir())) == (kept, [path])
    path.chmod(0o600)
    assert path.read_bytes() == b"new"


def test_nobody_else_reads_a_private_file_while_it_is_written(folder):
    path = folder / "a"
    path.touch(mode=0o600)
    with whole_file(path, overwrite=True) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600


def test_the_owner_of_an_old_file_is_kept(folder):
    path = folder / "a"
    path.touch()
    try:
        os.chown(path, 12345, 23456)
    except PermissionError:
        assert os.geteuid() != 0
    old = path.stat()
    write(path, overwrite=True)
    assert (path.stat().st_uid, path.stat().st_gid) == (old.st_uid, old.st_gid)


def test_a_link_stays_and_its_file_is_written(folder):
    (folder / "inner").mkdir()
    target, chain = folder / "inner" / "target", folder / "chain"
    target.write_bytes(b"old")
    (folder / "link").symlink_to("inner/target")
    chain.symlink_to("link")
    write(chain, overwrite=True)
    assert chain.is_symlink()
    assert (folder / "link").is_symlink()
    assert target.read_bytes() == b"new"
    assert list((folder / "inner").iterdir()) == [target]


def test_a_link_to_nothing_makes_its_file(folder):
    (folder / "link").symlink_to("target")
    write(folder / "link")
    assert (folder / "link").is_symlink()
    assert (folder / "target").read_bytes() == b"new"
    with pytest.raises(FileExistsError):
        write(folder / "link")


def test_an_old_file_is_replaced_on_demand_only(folder):
    (folder / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError, match=r"there is a file .*a already; overwrite=True"):
        write(folder / "a")
    assert (folder / "a").read_bytes() == b"old"


def test_a_file_that_appeared_meanwhile_stays(folder):
    entered = whole_file(folder / "a")
    entered.__enter__().write(b"second")
    (folder / "a").write_bytes(b"first")
    with pytest.raises(FileExistsError, match="already"):
        entered.__exit__(None, None, None)
    assert (folder / "a").read_bytes() == b"first"
    assert list(folder.iterdir()) == [folder / "a"]


def test_one_of_many_threads_wins(folder):
    results, start = [], threading.Barrier(8)

    def run(number):
        start.wait()
        try:
            write(folder / "a", bytes([number]) * 1000)
            results.append(number)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1
    assert (folder / "a").read_bytes() == bytes(results) * 1000
    assert list(folder.iterdir()) == [folder / "a"]


WRITER = """
import sys, time
from halkit.writing import whole_file
print("ready", flush=True)
sys.stdin.readline()
with whole_file(sys.argv[1]) as file:
    file.write(sys.argv[2].encode())
    file.flush()
    print("writing", flush=True)
    sys.stdin.readline()
"""


def writer(path, content):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), content],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def test_one_of_two_processes_wins(tmp_path):
    both = [writer(tmp_path / "a", content) for content in ("first", "second")]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "writing\n"
    ends = [process.communicate("end\n") for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    assert sum("FileExistsError" in errors for _, errors in ends) == 1
    winner = [process.returncode for process in both].index(0)
    assert (tmp_path / "a").read_text() == ("first", "second")[winner]


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="the system has no unnamed files")
def test_a_killed_process_leaves_nothing(tmp_path):
    process = writer(tmp_path / "a", "half")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file(folder, error):
    (folder / "a").write_bytes(b"old")

    def fail(path, overwrite):
        with whole_file(path, overwrite=overwrite) as file:
            file.write(b"half")
            raise error

    for overwrite, name in ((True, "a"), (False, "b")):
        with pytest.raises(type(error)):
            fail(folder / name, overwrite)
    assert (folder / "a").read_bytes() == b"old"
    assert list(folder.iterdir()) == [folder / "a"]


def test_bytes_are_on_disk_before_the_name(folder, monkeypatch):
    steps = []
    for name in ("fsync", "replace"):
        true = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, f=true: (steps.append(n), f(*a))[1])
    write(folder / "a", overwrite=True)
    assert steps == ["fsync", "replace", "fsync"]


def test_write_protection_holds(folder, monkeypatch):
    (folder / "a").write_bytes(b"old")
    (folder / "a").chmod(0o400)
    monkeypatch.setattr("os.access", lambda *_: False)  # as of another user than root
    with pytest.raises(PermissionError, match="write-protected"):
        write(folder / "a", overwrite=True)
    assert (folder / "a").read_bytes() == b"old"


@pytest.mark.parametrize("overwrite", [True, False])
def test_only_regular_files_are_replaced(folder, overwrite):
    (folder / "d").mkdir()
    os.mkfifo(folder / "pipe")
    for name in ("d", "pipe"):
        with pytest.raises(FileExistsError, match="must name a regular file"):
            write(folder / name, overwrite=overwrite)


def test_a_missing_folder_is_named(folder):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write(folder / "nowhere" / "a")
