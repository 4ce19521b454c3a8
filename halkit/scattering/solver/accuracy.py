"""Warnings that point to the line that called halkit, from however deep inside they come."""

import sys
from warnings import warn

from halkit.exceptions import AccuracyWarning

__all__ = ["warn_caller"]


def warn_caller(message: str, category: type[Warning] = AccuracyWarning) -> None:
    """Warn at the line of the first caller outside halkit."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "halkit":
        frame, depth = frame.f_back, depth + 1
    warn(message, category, stacklevel=depth)
