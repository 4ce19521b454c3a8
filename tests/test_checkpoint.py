"""A fit that was killed and goes on ends with the bits of a fit that nobody killed."""

import signal
import subprocess
import sys

import numpy as np
import pytest
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


def test_a_checkpoint_belongs_to_one_fit(tmp_path):
    make, (X, y) = FITS["lm"]
    callbacks = [Checkpoint(tmp_path / "fit")]
    make(callbacks).fit(X, y)
    for change in ({"random_state": 1}, {"max_iter": 5}, {"rank": 3}, {"weight_decay": 0.5}):
        with pytest.raises(ValueError, match="must be of this fit, got one with other data"):
            make([Checkpoint(tmp_path / "fit")]).set_params(**change).fit(X, y)
    for data in ((1.1 * X, y), (X, 1.1 * y)):
        with pytest.raises(ValueError, match="must be of this fit, got one with other data"):
            make([Checkpoint(tmp_path / "fit")]).fit(*data)


def test_a_file_that_is_no_checkpoint(tmp_path):
    make, data = FITS["lm"]
    path = tmp_path / "fit"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="must be a whole checkpoint of halkit"):
        make([Checkpoint(path)]).fit(*data)
    with pytest.raises(ValueError, match="every must be"):
        make([Checkpoint(tmp_path / "other", every=-1)]).fit(*data)
