"""One function on every bin, in this process or in others.

Each call runs on one thread, so that results do not depend on where it runs. A failure names its
bin, and warnings of the workers are gathered.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from joblib import Parallel, delayed
from threadpoolctl import ThreadpoolController

from halkit.training import one_thread
from halkit.typing import Array
from halkit.warn import gathered, warn_once

__all__ = ["run_bins"]


def run_bins(
    function: Callable[..., Any], *columns: Sequence[Any] | Array, n_jobs: int | None = None,
    numbers: Sequence[Any] | None = None, noun: str = "bin", verbose: int = 0,
) -> list[Any]:  # fmt: skip
    """Return [function(*arguments of bin b) for each b].

    Parameters
    ----------
    function : callable
    *columns : sequences of one length n_bins
        One sequence for each argument.
    n_jobs : int or None
        Number of processes of joblib; None is one, unless ``joblib.parallel_config`` sets another.
    numbers : sequence, optional
        Numbers or names of the bins in messages; 0 … n_bins − 1 by default.
    noun : str
        Another word for "bin" in messages.
    verbose : int
        Above 0 a bar shows how many bins are done, wherever they run.

    Raises
    ------
    Exception
        The first failure, with the number of the bin in front of its message.
    """
    rows = list(zip(*columns, strict=True))
    numbers = range(len(rows)) if numbers is None else numbers
    # threads leave each other's filters behind
    with _SINGLE(), warnings.catch_warnings():
        done = Parallel(n_jobs=n_jobs, return_as="generator" if verbose else "list")(
            delayed(_call)(f"{noun} {number}", function, *row)
            for number, row in zip(numbers, rows, strict=True)
        )
        done = list(_with_bar(done, len(rows), f"{noun}s") if verbose else done)
    warn_once({n: caught for n, (_, caught) in zip(numbers, done, strict=True)}, f"{noun}s")
    return [result for result, _ in done]


def _with_bar(done, total, description):
    from tqdm.auto import tqdm

    return tqdm(done, total=total, desc=description, leave=False)


def _call(name, function, *arguments):
    """Result and warnings of one bin."""
    with _SINGLE():
        try:
            return gathered(function, *arguments)
        except Exception as error:
            raise _named(error, name) from error


def _named(error, name):
    """The error with the bin in its message, of the same class if this takes a message."""
    message = f"{name}: {error}"
    try:
        return type(error)(message)
    except TypeError:
        return RuntimeError(message)


class _SingleThread:
    """One thread for torch and for the linear algebra of numpy, counted as `one_thread` is.

    Concurrent uses share one limit; the last use that ends lifts it.
    """

    def __init__(self):
        self.lock, self.depth, self.limit = Lock(), 0, None

    @contextmanager
    def __call__(self):
        with self.lock:
            if self.depth == 0:
                self.limit = _libraries().limit(limits=1)
            self.depth += 1
        try:
            with one_thread():
                yield
        finally:
            with self.lock:
                self.depth -= 1
                if self.depth == 0:
                    self.limit.restore_original_limits()


@cache
def _libraries():
    return ThreadpoolController()


_SINGLE = _SingleThread()
