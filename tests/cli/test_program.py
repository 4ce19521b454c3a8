"""The program as a whole: exit status, streams, quickness, and errors of users in one line."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest

import halkit
from halkit.cli import main, program
from halkit.cli.arguments import COMMANDS, ESTIMATORS
from halkit.cli.estimators import CLASSES
from halkit.correlators import save_correlators
from halkit.datasets import make_time_dependent
from halkit.interactions import GaussianSum
from halkit.resampling import blocks

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with correlators, a fitted model, and files of other kinds."""
    folder = tmp_path_factory.mktemp("files")
    d = make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
        hadron_mass=2.0, times=range(12, 19), noise=1e-4, n_bins=6, random_state=0,
    )  # fmt: skip
    save_correlators(folder / "nn.npz", {"nn": d.correlators})
    prior = halkit.GaussianProcessPotentialRegressor(local="only")
    model = halkit.CorrelatorRegressor(prior, times=[15]).fit(blocks(d.correlators))
    halkit.save(model, folder / "nn.halkit")
    halkit.save(halkit.CorrelatorRegressor(prior), folder / "unfitted.halkit")
    halkit.save([1.0, 2.0], folder / "list.halkit")
    data = (folder / "nn.halkit").read_bytes()
    (folder / "changed.halkit").write_bytes(data[:5000] + b"X" + data[5001:])
    (folder / "cut.halkit").write_bytes(data[:-100])
    joblib.dump(model, folder / "pickle.halkit")
    (folder / "prose.txt").write_text("not a number\n", encoding="utf-8")
    np.savez(folder / "raw.npz", C_NN=np.ones((8, 6, 10)), C_N=np.ones((8, 6)))
    np.save(folder / "one.npy", np.ones((8, 6, 10)))
    (folder / "folder").mkdir()
    (folder / "taken").write_bytes(b"old")
    return folder


K = ["--k", "0.1"]
WRONG = {
    "missing file": (["info", "nothing"], "no file at nothing"),
    "missing model": (["phase-shift", "nothing", *K], "no file at nothing"),
    "folder": (["info", "folder"], "folder is a folder, not a file"),
    "folder as a model": (["phase-shift", "folder", *K], "folder is a folder, not a file"),
    "prose": (["info", "prose.txt"], "must be correlators"),
    "pickle": (["phase-shift", "pickle.halkit", *K], "is a pickle, as of joblib.dump"),
    "pickle to info": (["info", "pickle.halkit"], "is a pickle, as of joblib.dump"),
    "changed model": (["phase-shift", "changed.halkit", *K], "changed.halkit is damaged"),
    "cut model": (["info", "cut.halkit"], "cut.halkit is cut off or changed"),
    "correlators as a model": (["phase-shift", "nn.npz", *K], "nn.npz is an npz archive of arrays"),
    "model as correlators": (["fit", "nn.halkit", "-o", "new"], "nn.halkit must hold arrays"),
    "list": (["observables", "list.halkit"], "must hold a fitted potential, got a list"),
    "unfitted": (["phase-shift", "unfitted.halkit", *K], "is not fitted yet"),
    "source": (["fit", "nn.npz", "--sources", "wal", "-o", "new"], "among ['wall', 'exp']"),
    "times": (["fit", "nn.npz", "--times", "3-5", "-o", "new"], "--times: times must be among"),
    "group": (["fit", "nn.npz", "--group", "xx", "-o", "new"], "group must be one of ['nn']"),
    "raw arrays": (["fit", "raw.npz", "-o", "new"], "got ['C_N', 'C_NN']: halkit convert, or"),
    "an array": (["fit", "one.npy", "-o", "new"], "got a single array: halkit convert, or"),
    "a text": (["fit", "prose.txt", "-o", "new"], "ends in .h5 or .hdf5: halkit convert, or"),
    "volume": (["fit", "nn.npz", "--volumes", "64", "-o", "new"], "volumes must be among"),
    "parameter": (
        ["fit", "nn.npz", "--set", "amplitud=1", "-o", "new"], "did you mean 'amplitude'?",
    ),
    "value": (["fit", "nn.npz", "--set", "amplitude=-1", "-o", "new"], "amplitude must be"),
    "no seed": (
        ["fit", "nn.npz", "--estimator", "est", "--seed", "1", "-o", "new"], "no random numbers",
    ),
    "file that exists": (["fit", "nn.npz", "-o", "taken"], "taken already: --force replaces it"),
    "input as output": (["fit", "nn.npz", "-o", "nn.npz", "--force"], "must be another file"),
    "model as table": (
        ["phase-shift", "nn.halkit", *K, "-o", "nn.halkit", "--force"], "must be another file",
    ),
    "table that exists": (
        ["phase-shift", "nn.halkit", *K, "-o", "taken"], "taken already: --force replaces it",
    ),
    "no folder": (["fit", "nn.npz", "-o", "none/new"], "there is no folder none"),
    "output is a folder": (["fit", "nn.npz", "-o", "folder"], "folder is a folder"),
    "momentum": (["phase-shift", "nn.halkit", "--k", "0,1"], "must be above 0"),
    "momentum in another unit": (
        ["phase-shift", "nn.halkit", "--k", "6000"],
        "k = 6000 [1/a] is 955 times π/a = 6.283 [1/a] of the nodes of the fit; momenta and",
    ),
    "picture in another unit": (
        ["plot", "nn.halkit", "--energy", "1,6000", "--units", "fm", "--inverse-spacing", "2000",
         "-o", "new.png"], "π/a = 63.68 [1/fm] of the nodes of the fit; momenta and energies are",
    ),
    "word as a momentum": (["phase-shift", "nn.halkit", "--k", "a"], "must be a number, got 'a'"),
    "NaN": (["phase-shift", "nn.halkit", "--k", "nan"], "must be a number, got 'nan'"),
    "grid": (["phase-shift", "nn.halkit", "--k", "1:2"], "first:last:count"),
    "nothing asked": (["phase-shift", "nn.halkit"], "one of the arguments --k --energy"),
    "no spacing": (["phase-shift", "nn.halkit", *K, "--units", "MeV"], "--inverse-spacing"),
    "other units": (
        ["phase-shift", "nn.halkit", *K, "--model-units", "fm"], "must be lattice, as of the fit",
    ),
    "command": (["fitt"], "invalid choice: 'fitt'"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_errors_of_users_are_one_line_and_status_2(words, message, files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    before = sorted(path.name for path in files.iterdir())
    with pytest.raises(SystemExit) as caught:
        main(words)
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("halkit")
    assert message in line
    assert sorted(path.name for path in files.iterdir()) == before
    assert Path("taken").read_bytes() == b"old"


def test_help_is_quick_and_imports_nothing_large():
    code = (
        "import sys, time; t = time.perf_counter()\n"
        "from halkit.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print({'numpy', 'sklearn', 'torch', 'scipy'} & set(sys.modules), time.process_time())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found, seconds = done.stdout.splitlines()[-1].rsplit(" ", 1)
    assert found == "set()"
    assert float(seconds) < 0.3
    assert all(name in done.stdout for name in COMMANDS)


def test_correlators_are_shown_and_converted_without_torch(files):
    code = (
        "import sys, halkit.cli.convert; from halkit.cli import main\n"
        "main(sys.argv[1:]); print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "info", str(files / "nn.npz")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Correlators of wall, exp" in done.stdout
    assert "missing: inverse_spacing (no MeV and fm), mass_bins" in done.stdout
    assert done.stdout.endswith("False\n")


def test_every_command_has_help(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert f"usage: halkit {name}" in capsys.readouterr().out


def test_the_names_of_estimators_are_their_classes():
    assert tuple(CLASSES) == ESTIMATORS


@pytest.fixture
def command(monkeypatch):
    """Replace what `halkit info` does."""

    def replace(function):
        module = type(sys)("halkit.cli.info")
        module.run = function
        monkeypatch.setattr(program, "import_module", lambda *_: module)

    return replace


def test_warnings_are_one_line_each_on_stderr(command, capsys):
    command(lambda _: warnings.warn("first\n   line", UserWarning, stacklevel=1))
    before = warnings.showwarning
    assert main(["info", "x"]) is None
    assert capsys.readouterr() == ("", "warning: first line\n")
    assert warnings.showwarning is before


BUGS = {
    "of numpy": lambda _: np.ones(3) + np.ones(4),
    "assertion": lambda _: contextlib.suppress(1 / 0),
    "of a library": lambda _: int("x"),
}


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_bugs_keep_their_traceback(bug, command):
    command(bug)
    with pytest.raises((ValueError, ZeroDivisionError)):
        main(["info", "x"])


def test_failures_of_the_system_have_status_1(command, capsys):
    def full(_):
        raise OSError(28, "No space left on device", "model.halkit")

    command(full)
    assert main(["info", "x"]) == 1
    assert capsys.readouterr().err == "halkit info: error: model.halkit: No space left on device\n"


def test_interruption_has_status_130(command, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    command(interrupted)
    assert main(["info", "x"]) == 130
    assert capsys.readouterr() == ("", "halkit info: interrupted\n")


def test_ctrl_c_in_a_process(files):
    """SIGINT in the middle of a fit: status 130, one line, no model."""
    code = (  # a shell may have told its background jobs to ignore SIGINT
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from halkit.cli import main\n"
        "import halkit.cli.fit; print('ready', flush=True); sys.exit(main(sys.argv[1:]))"
    )
    words = ["fit", "nn.npz", "--estimator", "network", "--set", "n_init=500", "-o", "slow.halkit"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=files, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "halkit fit: interrupted"
    assert "Traceback" not in err
    assert not (files / "slow.halkit").exists()


def test_a_closed_pipe_is_no_error(files):
    """As with ``halkit info … | head -0``."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "halkit", "info", "nn.npz"], cwd=files, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 141
    process.stderr.close()
