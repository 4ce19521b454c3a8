"""Classes and functions of users as parameters of an estimator, kept by their qualified name.

An estimator calls such a factory without arguments; `functools.partial` binds arguments. A pickle
holds the name, ``module.name``, and the arguments of a partial, not the code: the module has to be
importable where a model is loaded. If it is missing, the error names it; skops lists it among the
types to trust.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import joblib

__all__ = ["Named", "by_name", "check_factory", "qualified_name", "unnamed"]

ADVICE = (
    "define it at the top level of a module that can be imported, and bind arguments with "
    "functools.partial"
)


def qualified_name(factory: Callable[..., Any]) -> str:
    """Return ``module.name`` of a class or function, or of the target of a partial.

    Examples
    --------
    >>> import functools
    >>> from fractions import Fraction
    >>> from halkit.modules import qualified_name
    >>> qualified_name(functools.partial(Fraction, 1, 3))
    'fractions.Fraction'
    """
    target = _target(factory)
    return f"{target.__module__}.{target.__qualname__}"


def check_factory(factory: Any, name: str) -> Callable[[], Any]:
    """Return a factory after a check that it can be imported by name and called without arguments.

    Parameters
    ----------
    factory : class, function or functools.partial
    name : str
        Name of the parameter, for messages.

    Raises
    ------
    TypeError
        If it is something else, or takes arguments that are not bound.
    ValueError
        If it, or a class or function among the arguments of a partial, cannot be imported by
        its name: a lambda, code inside a function or class, or code that its module has replaced.
        A class of ``__main__`` is accepted without this check, because other processes do not see
        that module.
    """
    if not _is_code(_target(factory)):
        what = f"an instance of {type(factory).__name__}" if callable(factory) else repr(factory)
        raise TypeError(
            f"{name} must be a class, a function or a functools.partial of one, got {what}"
        )
    _check_importable(_target(factory), name)
    args, keywords = _arguments(factory)
    for value in filter(_is_code, (*args, *keywords.values())):
        _check_importable(value, f"an argument of {name}")
    try:
        inspect.signature(_target(factory)).bind(*args, **keywords)
    except TypeError as error:
        raise TypeError(
            f"{name} must be callable without arguments, got {qualified_name(factory)} with "
            f"{error}: bind it with functools.partial"
        ) from error
    except ValueError:  # written in C, without a signature
        pass
    return factory


class Named:
    """A factory, the value of a parameter, that a pickle holds by its name.

    Two are equal if they have the same name and the same arguments.

    Parameters
    ----------
    value : class, function or functools.partial
    parameter : str
    """

    def __init__(self, value: Callable[..., Any], parameter: str) -> None:
        self.value, self.parameter = value, parameter

    def __eq__(self, other):
        if not isinstance(other, Named):
            return NotImplemented
        return joblib.hash(self._parts()) == joblib.hash(other._parts())

    def __hash__(self):
        return hash(qualified_name(self.value))

    def __repr__(self):
        return f"{self.parameter}={qualified_name(self.value)}"

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        target = _target(self.value)
        if target.__module__ == "__main__":
            return Named, (self.value, self.parameter)
        check_factory(self.value, self.parameter)
        bound = _arguments(self.value) if isinstance(self.value, functools.partial) else None
        return _named, (self.parameter, target.__module__, target.__qualname__, bound)

    def _parts(self):
        return qualified_name(self.value), *_arguments(self.value)


def by_name(state: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the state of an estimator with factories among the named parameters as `Named`."""
    found = {name: state[name] for name in names if callable(state.get(name))}
    return {**state, **{name: Named(value, name) for name, value in found.items()}}


def unnamed(state: dict[str, Any]) -> dict[str, Any]:
    """Undo `by_name`."""
    return {
        name: value.value if isinstance(value, Named) else value for name, value in state.items()
    }


def _named(parameter, module, attribute, bound):
    """The `Named` of a pickle, with the bound arguments of a partial."""
    try:
        target = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f"{parameter}={module}.{attribute} of this file was kept by its name, and cannot be "
            f"imported here: {error}. Put the module where Python finds it, and load again",
            name=module,
        ) from error
    if bound is not None:
        args, keywords = bound
        target = functools.partial(target, *args, **keywords)
    return Named(target, parameter)


def _target(factory):
    return factory.func if isinstance(factory, functools.partial) else factory


def _arguments(factory):
    """The arguments that a partial binds, by position and by name."""
    bound = isinstance(factory, functools.partial)
    return (factory.args, factory.keywords) if bound else ((), {})


def _is_code(value):
    return inspect.isclass(value) or inspect.isroutine(value)


def _check_importable(value, name):
    """Refuse code that an import by its name does not give."""
    module, attribute = getattr(value, "__module__", None), value.__qualname__
    found = value
    if module != "__main__":
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, TypeError, ValueError):
            found = None
    if found is not value or not attribute.isidentifier():
        raise ValueError(
            f"{name} must be a class or function that can be imported by its name, got "
            f"{value!r}: {ADVICE}"
        )
