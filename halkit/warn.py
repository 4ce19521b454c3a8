"""Warnings that point to the line that called halkit, from however deep inside they come."""

from __future__ import annotations

import sys
import warnings

from halkit.exceptions import AccuracyWarning

__all__ = ["is_ignored", "warn_caller"]

# Whose lines are not the caller's: what runs generators and fits of halkit, too.
OWN = ("halkit.", "contextlib.", "sklearn.callback.")


def warn_caller(message: str, category: type[Warning] = AccuracyWarning) -> None:
    """Warn at the line of the first caller outside halkit."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(OWN):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth)


def is_ignored(category: type[Warning]) -> bool:
    """Tell whether all warnings of a category are ignored, as in the fits of bins.

    Costly checks are skipped then.
    """
    for action, message, kind, module, line in warnings.filters:
        if issubclass(category, kind):
            return action == "ignore" and message is None and module is None and not line
    return False
