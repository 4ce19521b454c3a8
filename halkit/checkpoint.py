"""Checkpoints of a training: a fit that was killed goes on where it was, to the same bits.

Between two epochs a training is a set of numbers: parameters and buffers, the state of the
optimiser, of the rules that end the training, and of the random numbers. They are written
as a whole, so that a kill leaves the file before, and read without running code of the file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
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
        File of one fit, such as ``"fit.checkpoint"``. Delete it to begin anew. A search or a
        jackknife, which makes many fits, cannot use it.
    every : float
        Least time between two writings, in seconds, >= 0.

    Raises
    ------
    ValueError
        For a negative `every`. From `fit`, if `random_state` is not an integer; if the file belongs
        to a fit with other data, parameters or seeds, which the message names; if it is cut off or
        not a checkpoint.

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
        self.every = check_number(every, "every", least=0.0)

    def resume(self, net: Any, X: Any, y: Any = None) -> int:
        """Give the net the state of the file, if there is one; return how many epochs are left.

        Parameters
        ----------
        net : TrainedNet
            Right before its first epoch.
        X, y
            What it is trained on.
        """
        self.training_ = identity(net, X, y)
        self.start_, self.written_ = digest(self.training_), time.monotonic()
        self.starts_, mine = _read(self.path), set(getattr(self, "mine_", ()))
        state = self.starts_.get(self.start_)
        if state is None and not mine >= self.starts_.keys():
            other = next(iter(self.starts_.values())).get("training", {})
            raise ValueError(
                f"the checkpoint {self.path} must be of this fit, got one with "
                f"{differences(other, self.training_)}. A file keeps one fit, and a search or a "
                "jackknife makes many: give another file, or delete this one to begin anew"
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
        self.starts_[self.start_] = {**state_of(net), "training": self.training_, "ended": ended}
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
    data = io.BytesIO(path.read_bytes())
    try:
        if zipfile.ZipFile(data).testzip() is not None:
            raise ValueError("a part does not have its checksum")
        data.seek(0)
        found = torch.load(data, weights_only=True)
        version, starts = found["halkit_checkpoint"], found["starts"]
    except Exception:  # among others torch's, which advises to run the code of the file
        raise ValueError(
            f"{path} is cut off or not a checkpoint of halkit: delete it to begin anew"
        ) from None
    if version != 1:
        raise ValueError(f"{path} must be a checkpoint of this version of halkit, got a newer one")
    return starts


def identity(net: Any, X: Any, y: Any = None) -> dict[str, Any]:
    """Return what tells one training from another: its data, its settings and its start."""
    _, valid = net.get_split_datasets(X, y)
    arrays = {"X": X, "y": y, "configurations": getattr(valid, "X", None)}
    if torch.is_tensor(y) and y.ndim == WITH_WEIGHTS:
        arrays |= {"y": y[:, 0], "y_std or sample_weight": y[:, 1]}
    start = {**dict(net.module_.named_parameters()), **dict(net.module_.named_buffers())}
    if getattr(net, "generator_", None) is not None:
        start["random numbers"] = net.generator_.get_state()
    rules = (rule for _, rule in net.callbacks_ if type(rule).__module__.startswith("halkit."))
    parts = [one for one in (net, *net.module_.modules(), *rules) if type(one) is not Checkpoint]
    settings = {f"{i} {type(one).__name__}": _settings(one) for i, one in enumerate(parts)}
    return {
        "data": {name: _of_array(values) for name, values in arrays.items()},
        "settings": {**settings, "solver": {"solver": _name(net.optimizer)}},
        "start": {name: _of_array(values) for name, values in start.items()},
    }


def digest(training: dict[str, Any]) -> str:
    """Return one text for an `identity`."""
    return hashlib.sha256(json.dumps(training, sort_keys=True).encode()).hexdigest()


def differences(other: dict[str, Any], this: dict[str, Any]) -> str:
    """Say in which data, else settings, else seeds two trainings differ."""
    if not other:
        return "other data, parameters or seeds"
    data = [name for name, value in this["data"].items() if other["data"].get(name) != value]
    if data:  # weights of the residual follow from X and y without y_std
        return f"other {' and '.join(data[:-1] if data[-1] in FOLLOWING and data[1:] else data)}"
    shapes = [{k: v[0] for k, v in one["start"].items()} for one in (other, this)]
    old, new = other["settings"], this["settings"]
    if old.keys() != new.keys() or shapes[0] != shapes[1]:
        return "a network, a prior, or callbacks of another form"
    changed = {
        f"{PUBLIC.get(name, name)} = {old[part].get(name)} instead of {value}"
        for part, settings in new.items()
        for name, value in settings.items()
        if old[part].get(name) != value
    }
    return " and ".join(sorted(changed)) or "another random_state"


def _settings(part):
    return {k: v for k, v in _plain(part) if not k.endswith("_") and k not in SHOWN}


def _of_array(values):
    """Shape and digest of a tensor; nothing for other data."""
    if not torch.is_tensor(values):
        return [[], ""]
    array = np.ascontiguousarray(values.detach().cpu().numpy())
    return [
        list(array.shape),
        hashlib.sha256(f"{array.dtype}".encode() + array.tobytes()).hexdigest(),
    ]


def _name(optimizer):
    return getattr(optimizer, "__name__", type(optimizer).__name__)


# Number of axes of targets beside their weights; data that follow from others.
WITH_WEIGHTS, FOLLOWING = 3, ("configurations", "y_std or sample_weight")
# Names of settings as users know them.
PUBLIC = {"max_epochs": "max_iter (max_epochs)", "lr": "learning_rate", "decay": "weight_decay"}
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
