"""The version of halkit in pickles, joblib files and model files; another version warns."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from halkit import __version__
from halkit.exceptions import VersionWarning
from halkit.warn import warn_caller

__all__ = ["installed_versions", "stamped", "unstamped"]

STAMP = "_halkit_version"


def installed_versions(*packages: str) -> dict[str, str]:
    """Return the versions of halkit, Python and the packages."""
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"halkit": __version__, "python": platform.python_version(), **found}


def stamped(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with the version."""
    return {**state, STAMP: __version__}


def unstamped(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the state without the version, and warn of another one; `name` is the class."""
    written = state.get(STAMP, "of an unknown version")
    if written != __version__:
        warn_caller(
            f"this {name} was kept by halkit {written} and is read by halkit {__version__}: its "
            "numbers may differ, or it may fail; fit it again, or read it with the version that "
            "kept it",
            VersionWarning,
        )
    return {key: value for key, value in state.items() if key != STAMP}
