"""Warnings that point to the line that called halkit, from however deep inside they come."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from halkit.exceptions import AccuracyWarning

__all__ = ["gathered", "is_ignored", "warn_caller", "warn_once"]

# Whose lines are not the caller's: what runs generators and fits of halkit, too.
OWN = ("halkit.", "contextlib.", "sklearn.callback.")


def warn_caller(message: str, category: type[Warning] = AccuracyWarning) -> None:
    """Warn at the line of the first caller outside halkit."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(OWN):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth)


def gathered(function: Callable[..., Any], *arguments: Any) -> tuple[Any, list[Any]]:
    """Return the result of a function, and its warnings as pairs of a category and a text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments)
    return result, [(one.category, str(one.message)) for one in caught]


def warn_once(caught: Mapping[Any, list[Any]], nouns: str) -> None:
    """Warn once of what several members of an ensemble warn of, with its first text.

    Parameters
    ----------
    caught : mapping of number to list of (category, text)
        What `gathered` returns, of every member, also of those without warnings. Texts that differ
        in their numbers alone are the same.
    nouns : str
        What the members are, as "draws".
    """
    found: dict[tuple[Any, str], dict[Any, str]] = {}
    for number, entries in caught.items():
        for category, text in entries:
            words = re.sub(r"[\d.]+(e[+-]?\d+)?", "", text)
            found.setdefault((category, words), {}).setdefault(number, text)
    for (category, _), texts in found.items():
        members = list(texts)
        warn_caller(
            f"in {len(members)} of {len(caught)} {nouns} ({', '.join(map(str, members))}): "
            f"{texts[members[0]]}",
            category,
        )


def is_ignored(category: type[Warning]) -> bool:
    """Tell whether all warnings of a category are ignored, as in the fits of bins.

    Costly checks are skipped then.
    """
    for action, message, kind, module, line in warnings.filters:
        if issubclass(category, kind):
            return action == "ignore" and message is None and module is None and not line
    return False
