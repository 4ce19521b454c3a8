"""A fit that was killed and goes on ends with the bits of a fit that nobody killed."""

import io
import pickle
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

import halkit
from halkit.checkpoint import Checkpoint
from halkit.gauge import sample_exact

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

D = halkit.datasets.make_separable(n_k=4)
LINKS = sample_exact(48, 1.0, (3, 3), random_state=0)
TOY = {"reduced_mass": 3.3, "n_init": 2, "tol": 0.0, "random_state": 0}


class Kill(Callback):
    """Ends a training as the power does: with an error, in the middle of an epoch."""

    def __init__(self, after):
        self.after = after

    def on_batch_end(self, net, training=None, **kwargs):  # noqa: ARG002
        self.after -= bool(training)
        if self.after == 0:
            raise RuntimeError("no power")


def network(solver, max_iter):
    def make(callbacks):
        return halkit.NonLocalPotentialRegressor(
            D.r, solver=solver, max_iter=max_iter, callbacks=callbacks, **TOY
        )

    return make, (D.data, D.target)


def sampler(callbacks):
    return halkit.U1DiffusionSampler(
        hidden_channels=(4,), max_epochs=5, batch_size=16, random_state=0, callbacks=callbacks
    )


FITS = {
    "lm": network("lm", 12),
    "adam": network("adam", 12),
    "lbfgs": network("lbfgs", 60),
    "sampler": (sampler, (LINKS,)),
}


def numbers(model):
    """Everything that the fit has learned."""
    if hasattr(model, "_starts"):
        states = [parameters for _, _, parameters in model._starts]
        losses = [(loss, n_iter) for loss, n_iter, _ in model._starts]
        return states, losses, [row["train_loss"] for row in model.history_]
    rows = [(row["train_loss"], row["valid_loss"]) for row in model.history_]
    return [model._weights], [tuple(model.harmonics_)], rows


def assert_same(one, other):
    (states, *rest), (expected, *others) = numbers(one), numbers(other)
    assert rest == others
    for found, right in zip(states, expected, strict=True):
        assert found.keys() == right.keys()
        for name, value in right.items():
            np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("after", [3, 9])
@pytest.mark.parametrize("name", FITS)
def test_a_fit_goes_on_to_the_same_bits(name, after, tmp_path):
    make, data = FITS[name]
    keep = Checkpoint(tmp_path / "fit", every=0.0)
    with pytest.raises(RuntimeError, match="no power"):
        make([keep, Kill(after)]).fit(*data)
    assert (tmp_path / "fit").exists()
    plain = make(None).fit(*data)
    again = make([Checkpoint(tmp_path / "fit", every=0.0)]).fit(*data)
    assert_same(again, plain)
    ended = make([Checkpoint(tmp_path / "fit"), Kill(1)]).fit(*data)  # trains nothing
    assert_same(ended, plain)


CHILD = """
import sys
sys.path.insert(0, {folder!r})
import test_checkpoint as t
make, data = t.FITS["adam"]
make = t.network("adam", 120)[0]
print("ready", flush=True)
make([t.Checkpoint({path!r}, every=0.0)]).fit(*data)
"""


def test_a_killed_process_leaves_a_whole_file(tmp_path):
    path = tmp_path / "fit"
    code = CHILD.format(folder=str(__file__).rsplit("/", 1)[0], path=str(path))
    child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"ready\n"
        for _ in range(2000):
            if path.exists():
                break
            signal.sigtimedwait([], 0.02)
        child.kill()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    make, data = network("adam", 120)
    assert_same(make([Checkpoint(path)]).fit(*data), make(None).fit(*data))


OTHERS = {
    "another random_state": {"random_state": 1},
    "max_iter .* = 12 instead of 5": {"max_iter": 5},
    "a network, a prior, or callbacks of another form": {"rank": 3},
    "weight_decay = 0.0 instead of": {"weight_decay": 0.5},
    "amplitude = .* instead of 2.0": {"amplitude": 2.0},
    "solver = .* instead of": {"solver": "lbfgs"},
}


def test_a_checkpoint_belongs_to_one_fit(tmp_path):
    """The message names what differs."""
    make, (X, y) = FITS["lm"]
    make([Checkpoint(tmp_path / "fit")]).fit(X, y)
    for other, change in OTHERS.items():
        with pytest.raises(ValueError, match=f"must be of this fit, got one with .*{other}"):
            make([Checkpoint(tmp_path / "fit")]).set_params(**change).fit(X, y)
    weights = {"sample_weight": np.arange(1.0, 5.0)}
    for data, given, name in (
        ((1.1 * X, y), {}, "X"),
        ((X, 1.1 * y), {}, "y"),
        ((X, y), weights, "y_std or sample_weight"),
        ((X, y), {"y_std": np.full(y.shape, 0.1)}, "y_std or sample_weight"),
    ):
        with pytest.raises(ValueError, match=f"got one with other {name}. A file keeps one fit"):
            make([Checkpoint(tmp_path / "fit")]).fit(*data, **given)


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_the_first_fit_needs_a_seed(random_state, tmp_path):
    """Without one a fit would be refused when it goes on, after hours."""
    for make, data in (FITS["lm"], FITS["sampler"]):
        model = make([Checkpoint(tmp_path / "fit")]).set_params(random_state=random_state)
        with pytest.raises(ValueError, match="random_state must be an integer with a Checkpoint"):
            model.fit(*data)
    assert not (tmp_path / "fit").exists()


def test_a_search_says_that_a_file_keeps_one_fit(tmp_path):
    make, data = network("lm", 3)
    search = GridSearchCV(
        make([Checkpoint(tmp_path / "fit")]), {"max_iter": [3]}, cv=2, error_score="raise"
    )
    with pytest.raises(ValueError, match=r"other X and y\. A file keeps one fit, and a search"):
        search.fit(*data)


class Touch:
    """What a file may run when it is read: here it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_file_that_is_no_checkpoint(tmp_path):
    """Cut off, garbage, a pickle, an archive of another kind: one message that names the file."""
    make, data = network("lm", 3)
    path = tmp_path / "fit"
    make([Checkpoint(path)]).fit(*data)
    whole = path.read_bytes()
    archive = io.BytesIO()
    torch.save({"something": 1}, archive)
    other = pickle.dumps(Touch(tmp_path / "touched"))
    cuts = [whole[: len(whole) * part // 7] for part in range(7)]
    with zipfile.ZipFile(path) as parts:
        biggest = max(parts.infolist(), key=lambda one: one.file_size)
    at = whole.index(biggest.filename.encode(), biggest.header_offset) + biggest.file_size // 2
    flipped = bytearray(whole)
    flipped[at + 64] ^= 1
    for damaged in (*cuts, b"nothing", other, archive.getvalue(), bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="fit is cut off or not a checkpoint") as error:
            make([Checkpoint(path)]).fit(*data)
        assert "weights_only" not in str(error.value)
        assert error.value.__suppress_context__
        assert path.read_bytes() == damaged
    assert not (tmp_path / "touched").exists()
    with pytest.raises(ValueError, match="every must be"):
        Checkpoint(tmp_path / "other", every=-1)
