"""Common tools of all trainings: one thread, private generators, devices, errors.

A network is kept as a dictionary of numpy arrays; nothing of torch is pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ContextDecorator, contextmanager
from numbers import Integral
from threading import Lock, local
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from torch import nn
from torch.overrides import TorchFunctionMode

from halkit.callbacks import OF_A_FIT, StopTraining
from halkit.checkpoint import Checkpoint
from halkit.checks import check_integer
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = [
    "Interrupted",
    "StopTraining",
    "TrainedNet",
    "available_device",
    "check_device",
    "check_module",
    "check_options",
    "evaluate",
    "learning",
    "load_parameters",
    "one_thread",
    "output_of",
    "parameter_arrays",
    "seeded",
    "state_arrays",
    "unchanged_on_error",
]


class _OneThread(ContextDecorator):
    """One torch thread inside: the matrices are small, and more threads only wait.

    Torch keeps the number for each thread that calls it, and gives new threads the last number
    that was set. So every thread restores its own; if several are inside, all restore the number
    that the first one found.
    """

    def __init__(self):
        self.lock, self.inside, self.n_threads = Lock(), 0, 1
        self.depth = local()

    def __enter__(self):
        self.depth.value = getattr(self.depth, "value", 0) + 1
        if self.depth.value > 1:
            return
        with self.lock:
            if self.inside == 0:
                self.n_threads = torch.get_num_threads()
            self.inside += 1
            torch.set_num_threads(1)

    def __exit__(self, *error):
        self.depth.value -= 1
        if self.depth.value:
            return
        with self.lock:
            self.inside -= 1
            torch.set_num_threads(self.n_threads)


_ONE_THREAD = _OneThread()


def one_thread() -> AbstractContextManager[None]:
    """Context in which torch uses one thread."""
    return _ONE_THREAD


class seeded(TorchFunctionMode):  # noqa: N801
    """Context in which torch draws from a private generator, only in this thread.

    Every function of torch that takes a `generator` gets this one, unless it was given another.
    The global generators of torch and of numpy stay unchanged, also for other threads. A seed
    gives the same numbers as with `torch.manual_seed`.

    Parameters
    ----------
    seed : int
        Seed of a generator on the CPU.

    Examples
    --------
    >>> import torch
    >>> from halkit.training import seeded
    >>> with seeded(0):
    ...     weights = torch.nn.Linear(2, 2).weight
    >>> with seeded(0):
    ...     again = torch.nn.Linear(2, 2).weight
    >>> bool((weights == again).all())
    True
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(int(seed))

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in _RANDOM and kwargs.get("generator") is None:
            kwargs = {**kwargs, "generator": self.generator}
        return function(*args, **kwargs)


# The functions that draw random numbers and take a generator by name.
_RANDOM = frozenset(
    getattr(room, name)
    for room, names in (
        (torch, ("bernoulli", "multinomial", "normal", "poisson", "rand", "randint", "randn")),
        (torch, ("rand_like", "randint_like", "randn_like", "randperm")),
        (torch.Tensor, ("bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_")),
        (torch.Tensor, ("normal_", "random_", "uniform_")),
        (nn.init, ("kaiming_normal_", "kaiming_uniform_", "normal_", "orthogonal_", "sparse_")),
        (nn.init, ("trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_")),
    )
    for name in names
)


def parameter_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """The parameters of a module as numpy arrays, by name."""
    return {n: p.detach().cpu().numpy().copy() for n, p in module.named_parameters()}


def state_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """The parameters and the persistent buffers of a module as numpy arrays, by name."""
    state = {n: value for n, value in module.state_dict().items() if torch.is_tensor(value)}
    return {n: value.detach().cpu().numpy().copy() for n, value in state.items()}


def check_options(model: Any) -> None:
    """Refuse invalid `verbose`, `callbacks` or `device`, and a `Checkpoint` without a seed."""
    if not isinstance(model.verbose, bool):
        check_integer(model.verbose, "verbose", least=0)
    if not isinstance(model.callbacks, tuple | list | None):
        raise TypeError(f"callbacks must be a list of skorch callbacks, got {model.callbacks!r}")
    kept = any(isinstance(one, Checkpoint) for one in model.callbacks or ())
    if kept and not isinstance(model.random_state, Integral):
        raise ValueError(
            "random_state must be an integer with a Checkpoint, which cannot go on with other "
            f"random numbers, got {model.random_state!r}"
        )
    check_device(model.device)


def load_parameters(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Load the result of `parameter_arrays` or `state_arrays` into a module.

    Raises
    ------
    ValueError
        If a parameter is missing, or an array does not belong to the module.
    """
    places = {name: value.shape for name, value in state_arrays(module).items()}
    wrong = {name for name, _ in module.named_parameters()} - arrays.keys()
    wrong |= {name for name, value in arrays.items() if places.get(name) != np.shape(value)}
    if wrong:
        raise ValueError(
            "a module must have the parameters that were kept, with the same shapes, got others "
            f"for {', '.join(sorted(wrong))}: its class may have changed since"
        )
    state = {name: torch.tensor(value) for name, value in arrays.items()}
    module.load_state_dict(state, strict=False)


def check_module(
    make: Callable[[], Any], name: str, evaluate: Callable[[Any], torch.Tensor]
) -> None:
    """Refuse a module that cannot be repeated from its seed, or restored.

    Parameters
    ----------
    make : callable
        Returns a new module, with parameters drawn from torch's generator.
    name : str
        Name of the argument, for messages.
    evaluate : callable
        Returns the output of a module as a tensor, or raises an error about it.

    Raises
    ------
    TypeError
        If `make` does not return a module, or if its parameters are not real numbers.
    ValueError
        If there are no parameters, or constant ones; if two modules share parameters; if
        parameters do not follow from the seed; if an output does not follow from the parameters
        and persistent buffers.
    """
    made = []
    for seed in (1, 1, 2):
        with seeded(seed):
            made.append(make())
        _check_parameters(made[-1], name)
    first, again, other = made
    if {id(p) for p in first.parameters()} & {id(p) for p in again.parameters()}:
        raise ValueError(f"{name} must make a new module at each call, got an earlier one again")
    if not _same_arrays(state_arrays(first), state_arrays(again)):
        raise ValueError(
            f"{name} must draw its parameters only from torch's generator, got two different "
            "modules from one seed"
        )
    output = evaluate(first)
    if not torch.equal(output, evaluate(first)):
        raise ValueError(f"{name} must be a function, got two outputs of one input (dropout?)")
    load_parameters(other, state_arrays(first))
    if not torch.equal(output, evaluate(other)):
        raise ValueError(
            f"{name} must follow from its parameters and buffers, got another output after they "
            "were restored: keep constants drawn in the constructor with register_buffer"
        )


def output_of(module: Any, name: str, *tensors: torch.Tensor) -> torch.Tensor:
    """Return the output of a module, of the shape and type of the first tensor.

    Raises
    ------
    ValueError, TypeError
        If it does not take the tensors, or returns something else.
    """
    shape, dtype = tuple(tensors[0].shape), str(tensors[0].dtype).removeprefix("torch.")
    shapes = ", ".join({str(tuple(x.shape)): None for x in tensors})
    try:
        values = module(*tensors)
    except Exception as error:
        raise ValueError(
            f"{name} must take {len(tensors)} tensor(s) of {dtype} and shape {shapes}, got "
            f"{type(error).__name__}: {error}"
        ) from error
    if not torch.is_tensor(values):
        raise TypeError(f"{name} must return a tensor, got {type(values).__name__}")
    if values.shape != shape:
        raise ValueError(
            f"{name} must return one value for each of its inputs, shape {shape}, got shape "
            f"{tuple(values.shape)}"
        )
    if values.dtype != tensors[0].dtype:
        raise TypeError(f"{name} must return {dtype}, got {values.dtype}")
    return values


def _check_parameters(module, name):
    if not isinstance(module, nn.Module):
        raise TypeError(f"{name} must make a torch.nn.Module, got {type(module).__name__}")
    parameters = dict(module.named_parameters())
    if not parameters:
        raise ValueError(f"{name} must have parameters to learn, got a module without")
    for parameter, value in parameters.items():
        if not value.is_floating_point():
            raise TypeError(f"{name} must have real parameters, got {parameter} of {value.dtype}")
        if not value.requires_grad:
            raise ValueError(
                f"{name} must learn all of its parameters, got {parameter} without requires_grad: "
                "keep a constant with register_buffer"
            )


def _same_arrays(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(value, other[name], equal_nan=True) for name, value in one.items()
    )


def evaluate(function: Any, *arrays: ArrayLike, **keywords: Any) -> Array:
    """Evaluate a torch module, or a method of one, on numpy arrays in float64."""
    module = getattr(function, "__self__", function)
    device = next(module.parameters()).device
    tensors = (torch.tensor(np.array(a, dtype=np.float64), device=device) for a in arrays)
    with torch.no_grad(), one_thread():
        return function(*tensors, **keywords).cpu().numpy()


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a fit whose model has been set to the best parameters so far."""

    def __init__(self, message: str, model: Any = None) -> None:
        super().__init__(message)
        self.model = model


class TrainedNet(NeuralNet):
    """A net of skorch that distinguishes stopping rules from Ctrl-C.

    skorch ends a training silently at any KeyboardInterrupt. Here only `StopTraining` and skorch's
    `EarlyStopping` do so; any other KeyboardInterrupt, from the keyboard or from a callback, ends
    the training and is raised again.

    Attributes
    ----------
    stopped_ : bool
        Whether a rule ended the training.
    generator_ : torch.Generator or None
        Of the random numbers of the training, if it draws any.
    """

    stopped_: bool
    generator_: torch.Generator | None = None

    def restore(self, parameters: Mapping[str, NDArray[Any]] | None = None) -> Self:
        """Initialise, with the parameters if any; the optimiser comes with the first training step.

        Torch imports its compiler with its optimisers, which takes over a second.
        """
        self._bare = True
        self.initialize()
        self._bare = False
        if parameters is not None:
            load_parameters(self.module_, parameters)
        return self

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> Self:
        """Make the optimiser, unless the net is only restored."""
        if getattr(self, "_bare", False):
            self.optimizer_ = None
            return self
        return super().initialize_optimizer(*args, **kwargs)

    def _validate_params(self):
        """skorch knows the settings of an optimiser once there is one."""
        if self.optimizer_ is not None:
            super()._validate_params()

    def fit_loop(self, X: Any, y: Any = None, epochs: Any = None, **kwargs: Any) -> Self:
        """Train, and note how the training ended; a `Checkpoint` tells where to begin."""
        self.stopped_, self._interrupt = False, None
        for checkpoint in self._checkpoints:
            epochs = checkpoint.resume(self, X, y)
            if epochs == 0:
                return self
        try:
            super().fit_loop(X, y, epochs=epochs, **kwargs)
        except KeyboardInterrupt as error:
            self.stopped_ = isinstance(error, StopTraining) or self._stopped_early()
            self._interrupt = None if self.stopped_ else error
            if self.stopped_:
                self._write(ended=True)
            raise
        self._write(ended=True)
        return self

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin an epoch, after a checkpoint of all those before it."""
        self._write()
        super().on_epoch_begin(net, **kwargs)

    def _write(self, *, ended=False):
        for checkpoint in self._checkpoints:
            checkpoint.keep(self, ended=ended)

    @property
    def _checkpoints(self):
        return [one for _, one in self.callbacks_ if isinstance(one, Checkpoint)]

    def partial_fit(self, *args: Any, **kwargs: Any) -> Self:
        """Train, and raise an interrupt again."""
        if self.initialized_ and self.optimizer_ is None:
            self._initialize_optimizer()
        super().partial_fit(*args, **kwargs)
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt
        return self

    def _stopped_early(self):
        rules = (rule for _, rule in self.callbacks_ if isinstance(rule, EarlyStopping))
        return any(rule.misses_ >= rule.patience for rule in rules)


@contextmanager
def learning() -> Iterator[None]:
    """Context in which gradients are known, also within ``torch.inference_mode()``."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def unchanged_on_error(model: Any) -> Iterator[None]:
    """Context that restores the attributes of a model after an error inside.

    After a KeyboardInterrupt ``model.interrupted_`` is None or, if the fit of this model raised
    `Interrupted`, a model of the same class and parameters with the best fit so far. After a
    complete fit it is None.
    """
    before = dict(vars(model))
    try:
        yield
        model.interrupted_ = None
    except BaseException as error:
        found = {k: v for k, v in vars(model).items() if k not in OF_A_FIT} | {"interrupted_": None}
        vars(model).clear()
        vars(model).update(before)
        if isinstance(error, KeyboardInterrupt):
            whole = isinstance(error, Interrupted) and error.model is model
            model.interrupted_ = _with(model, found) if whole else None
        raise


def _with(model, attributes):
    """Another model of the same class with the given attributes."""
    other = object.__new__(type(model))
    vars(other).update(attributes)
    return other


def check_device(device: Any) -> None:
    """Refuse a device that torch does not know, and CUDA if torch does not find it."""
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            "device must be 'cpu', 'cuda', 'cuda:0', 'mps' or another that torch knows, got "
            f"{device!r}"
        ) from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device must be available, got {device!r}: torch finds no CUDA here")


def available_device(device: str) -> str:
    """Return the device of a fitted model, or the CPU, with a warning, if it is not available."""
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        warn_caller(
            f"the model was fitted on {device!r}, which is not available here: it runs on the CPU",
            RuntimeWarning,
        )
        return "cpu"
    return device
