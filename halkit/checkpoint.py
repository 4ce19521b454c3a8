"""Checkpoints of a training: a fit that was killed goes on where it was, to the same bits.

Between two epochs a training is a set of numbers: parameters and buffers, the state of the
optimiser, of the rules that end the training, and of the random numbers. They are written
as a whole, so that a kill leaves the file before, and read without running code of the file.
"""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from halkit.checks import check_number
from halkit.writing import whole_file

__all__ = ["Checkpoint"]

PLAIN = (bool, int, float, str, type(None))


class Checkpoint(Callback):
    """Keeps the state of a training in a file, and goes on from it.

    Give it to `callbacks` of `NonLocalPotentialRegressor`, `TimeDependentHALRegressor` or
    `U1DiffusionSampler`, and call `fit` again with the same parameters and data after a kill. The
    fit ends with the numbers of a fit that nobody has killed, bit for bit, on the same machine. A
    fit that had ended returns at once. Starts that had ended are not trained again.

    Parameters
    ----------
    path : str or path
        File of one fit, such as ``"fit.checkpoint"``. Delete it to begin anew.
    every : float
        Least time between two writings, in seconds.

    Raises
    ------
    ValueError
        From `fit`, if the file belongs to a fit with other data, parameters or seeds, or to none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import halkit
    >>> from halkit.checkpoint import Checkpoint
    >>> d = halkit.datasets.make_separable(n_k=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = halkit.NonLocalPotentialRegressor(
    ...         d.r, n_init=1, random_state=0, callbacks=[Checkpoint(Path(folder) / "fit")]
    ...     )
    ...     loss = model.fit(d.data, d.target).loss_
    ...     bool(model.fit(d.data, d.target).loss_ == loss)
    True
    """

    def __init__(self, path: str | os.PathLike[str], every: float = 60.0) -> None:
        self.path = path
        self.every = every

    def resume(self, net: Any, X: Any, y: Any = None) -> int:
        """Give the net the state of the file, if there is one; return how many epochs are left.

        Parameters
        ----------
        net : TrainedNet
            Right before its first epoch.
        X, y
            What it is trained on.
        """
        check_number(self.every, "every", least=0.0)
        self.start_, self.written_ = digest(net, X, y), time.monotonic()
        self.starts_, mine = _read(self.path), set(getattr(self, "mine_", ()))
        state = self.starts_.get(self.start_)
        if state is None and not mine >= self.starts_.keys():
            raise ValueError(
                f"the checkpoint {self.path} must be of this fit, got one with other data, "
                "parameters or seeds: random_state must be an integer; delete the file to begin "
                "anew"
            )
        self.mine_ = mine | {self.start_} | self.starts_.keys()
        if state is None:
            return net.max_epochs
        restore(net, state)
        return 0 if state["ended"] else net.max_epochs - len(net.history)

    def keep(self, net: Any, *, ended: bool = False) -> None:
        """Write the state of the net, if it is time or the training has `ended`."""
        if not ended and time.monotonic() < self.written_ + self.every:
            return
        self.starts_[self.start_] = {**state_of(net), "ended": ended}
        data = io.BytesIO()
        torch.save({"halkit_checkpoint": 1, "starts": self.starts_}, data)
        with whole_file(self.path, overwrite=True) as file:
            file.write(data.getvalue())
        self.written_ = time.monotonic()


def _read(path):
    """The states of all starts in a file, by their digests; none without a file."""
    path = Path(path)
    if not path.exists():
        return {}
    try:
        found = torch.load(path, weights_only=True)
        if found["halkit_checkpoint"] == 1:
            return found["starts"]
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{path} must be a whole checkpoint of halkit, got {error}") from error
    raise ValueError(f"{path} must be a checkpoint of this version of halkit, got a newer one")


def digest(net: Any, X: Any, y: Any = None) -> str:
    """Return what tells one training from another: its data, its settings and its start."""
    found = hashlib.sha256()
    _, valid = net.get_split_datasets(X, y)
    arrays = {"X": X, "y": y, "valid": getattr(valid, "X", None)}
    arrays |= dict(net.module_.named_parameters()) | dict(net.module_.named_buffers())
    for name, values in arrays.items():
        if torch.is_tensor(values):
            array = np.ascontiguousarray(values.detach().cpu().numpy())
            found.update(f"{name} {array.shape} {array.dtype}".encode() + array.tobytes())
    rules = (rule for _, rule in net.callbacks_ if type(rule).__module__.startswith("halkit."))
    for part in (net, *net.module_.modules(), *rules):
        settings = {
            name: value
            for name, value in sorted(vars(part).items())
            if isinstance(value, PLAIN) and not name.endswith("_") and name not in SHOWN
        }
        if not isinstance(part, Checkpoint):
            found.update(f"{type(part).__name__} {settings}".encode())
    if getattr(net, "generator_", None) is not None:
        found.update(net.generator_.get_state().numpy().tobytes())
    return found.hexdigest()


# Settings that change no number.
SHOWN = {"verbose", "training", "description", "initialized_", "stopped_"}


def state_of(net: Any) -> dict[str, Any]:
    """Return the state of a training between two epochs, of tensors and plain values."""
    optimizer = net.optimizer_
    return {
        "module": {name: value.clone() for name, value in net.module_.state_dict().items()},
        "optimizer": optimizer.state_dict() if _has_state(optimizer) else dict(_plain(optimizer)),
        "callbacks": {name: _state_of_callback(callback) for name, callback in net.callbacks_},
        "history": [_of_numbers(row) for row in net.history],
        "generator": None if net.generator_ is None else net.generator_.get_state(),
        "stopped": net.stopped_,
    }


def restore(net: Any, state: dict[str, Any]) -> None:
    """Give a net, right before its first epoch, the state of `state_of`."""
    net.module_.load_state_dict(state["module"])
    if _has_state(net.optimizer_):
        net.optimizer_.load_state_dict(state["optimizer"])
    else:
        vars(net.optimizer_).update(state["optimizer"])
    for name, callback in net.callbacks_:
        kept = state["callbacks"].get(name, {"states": {}, "values": {}})
        for attribute, value in kept["states"].items():
            getattr(callback, attribute).load_state_dict(value)
        vars(callback).update(kept["values"])
    del net.history[:]
    net.history.extend(state["history"])
    if net.generator_ is not None:
        net.generator_.set_state(state["generator"])
    net.stopped_ = state["stopped"]


def _has_state(thing):
    return not isinstance(thing, type) and hasattr(thing, "load_state_dict")


def _state_of_callback(callback):
    """What a callback has learned, in attributes that end in an underscore."""
    if isinstance(callback, Checkpoint):
        return {"states": {}, "values": {}}
    learned = {name: value for name, value in vars(callback).items() if name.endswith("_")}
    states = {name: value.state_dict() for name, value in learned.items() if _has_state(value)}
    return {"states": states, "values": {k: v for k, v in _plain(callback) if k in learned}}


def _plain(thing: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that are plain numbers and texts."""
    for name, value in vars(thing).items():
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, PLAIN):
            yield name, plain


def _of_numbers(row):
    """A row of a history with plain numbers."""
    if isinstance(row, dict):
        return {name: _of_numbers(value) for name, value in row.items()}
    if isinstance(row, list | tuple):
        return [_of_numbers(value) for value in row]
    return row.item() if isinstance(row, np.generic) or torch.is_tensor(row) else row
