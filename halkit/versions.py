"""The version of halkit in every kept estimator: another version warns when it reads it."""

import warnings
from typing import Any

from sklearn.base import BaseEstimator

from halkit import __version__
from halkit.exceptions import VersionWarning

__all__ = ["Versioned"]

STAMP = "_halkit_version"


class Versioned(BaseEstimator):
    """Base of the estimators; pickles, joblib files and copies of them carry the version."""

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), STAMP: __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        written = state.get(STAMP, "of an unknown version")
        if written != __version__:
            warnings.warn(
                f"this {type(self).__name__} was kept by halkit {written} and is read by halkit "
                f"{__version__}: its numbers may differ, or it may fail; fit it again, or read it "
                "with the version that kept it",
                VersionWarning,
                stacklevel=2,
            )
        super().__setstate__({key: value for key, value in state.items() if key != STAMP})
