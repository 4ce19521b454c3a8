"""What a fit tells others: the callbacks of scikit-learn, from 1.9 on, and bars.

A fit is a tree of tasks: starts with their epochs, steps of θ, bins with the fit of each. Without
callbacks, or with an older scikit-learn, nobody is told and nothing is computed for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from skorch.callbacks import Callback

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Without callbacks."""

    def with_callbacks(method):
        return method


__all__ = ["OF_A_FIT", "Epochs", "ProgressBar", "StopTraining", "Task", "Watched", "with_callbacks"]

# What scikit-learn keeps on an estimator while it is fitted.
OF_A_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown", "_parent_callback_ctx")


class Task:
    """One part of a fit, which callbacks follow; a context that begins and ends it.

    Parameters
    ----------
    model : estimator, optional
    context : CallbackContext or None
        None where nobody follows.
    whole : bool
        Whether it is the fit itself, after which the model is fitted.
    **data
        ``X``, ``y`` and ``metadata`` of the fit.
    """

    def __init__(
        self, model: Any = None, context: Any = None, *, whole: bool = False, **data: Any
    ) -> None:
        self.model, self.context, self.whole, self.data = model, context, whole, data

    def part(
        self, name: str, *, n_parts: int | None = 0, number: int | None = None,
        numbered: bool = False,
    ) -> Task:  # fmt: skip
        """Return a part of this task.

        Parameters
        ----------
        name : str
        n_parts : int or None
            Number of its own parts, None if it is not known.
        number : int, optional
            Its number, if this task is `numbered`.
        numbered : bool
            Whether its parts come in any order and have numbers.
        """
        if self.context is None:
            return self
        context = self.context.subcontext(
            name, task_id=number, max_subtasks=n_parts, sequential_subtasks=not numbered
        )
        # numbered parts may go to other processes, without the data of all parts
        return Task(self.model, context, **(self.data if number is None else {}))

    def begin(self) -> Self:
        """Tell that the task begins."""
        if self.context is not None:
            self.context.call_on_fit_task_begin(estimator=self.model, **self.data)
        return self

    def end(self, fitted: Callable[[], Mapping[str, Any]] | None = None) -> bool:
        """Tell that the task has ended, and return whether a callback wants to stop.

        Parameters
        ----------
        fitted : callable, optional
            Returns the attributes of a model that has been fitted so far.
        """
        if self.context is None:
            return False
        return self.context.call_on_fit_task_end(
            estimator=self.model, reconstruction_attributes=fitted, **self.data
        )

    def __enter__(self) -> Self:
        return self.begin()

    def __exit__(self, kind: Any, *error: Any) -> None:
        if kind is None:
            self.end(dict if self.whole else None)

    @contextmanager
    def fit_of(self, other: Any) -> Iterator[None]:
        """Context in which another estimator is fitted, as this task."""
        if self.context is None:
            yield
            return
        with self.context.propagate_callback_context(other):
            self.begin()
            yield
        self.end()


class Watched(CallbackSupportMixin):
    """An estimator whose fit tells the callbacks of scikit-learn what it does."""

    def _task(self, X: Any, y: Any = None, sample_weight: Any = None, **parts: Any) -> Task:
        """The fit as a task, before anything is changed.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        **parts
            ``max_subtasks`` and ``sequential_subtasks``; none by default.
        """
        if not getattr(self, "_skl_callbacks", None):
            return Task()
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        context = self._init_callback_context(**parts)
        return Task(self, context, whole=True, X=X, y=y, metadata=metadata)


class StopTraining(KeyboardInterrupt):
    """Raised by a callback to end the training of one network and keep its parameters.

    skorch ends a training at any KeyboardInterrupt; this one says that a rule has been met.
    """


class Epochs(Callback):
    """Makes every epoch of a training a part of a task.

    Parameters
    ----------
    task : Task
    fitted : callable
        Returns the attributes of a model with the net as it is.
    """

    def __init__(self, task: Task, fitted: Callable[[Any], Mapping[str, Any]]) -> None:
        self.task, self.fitted = task, fitted

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.epoch_ = self.task.part("epoch").begin()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: ARG002
        if self.epoch_.end(lambda: self.fitted(net)):
            raise StopTraining


class ProgressBar(Callback):
    """A tqdm bar over the epochs of a training, with the loss beside it.

    Parameters
    ----------
    description : str
        Text before the bar.
    """

    def __init__(self, description: str = "fit") -> None:
        self.description = description

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        from tqdm.auto import tqdm

        self.bar_ = tqdm(total=net.max_epochs, desc=self.description, leave=False)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.bar_.set_postfix(loss=f"{net.history[-1, 'train_loss']:.2e}", refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        self.bar_.close()
        del self.bar_
