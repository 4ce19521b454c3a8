"""What all estimators have: the version of halkit in every file, and their picture in a notebook.

Another version warns when it reads an estimator. A notebook shows what a fit has stored, computes
nothing, and links to the reference if the metadata of the package name its documentation.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from sklearn.base import BaseEstimator

from halkit.callbacks import Watched
from halkit.stamp import stamped, unstamped

__all__ = ["Versioned"]

# Where the site keeps the page of a class.
PAGE = "reference/names/{}.html"


@cache
def documentation() -> str:
    """Address of the documentation, the project URL "Documentation"; empty where there is none."""
    try:
        entries = metadata("halkit").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses = dict(entry.split(", ", 1) for entry in entries)
    return addresses.get("Documentation", "")


def public_name(kind: type) -> str:
    """The name of a class under which the reference lists it: halkit.potentials.X."""
    return ".".join((*kind.__module__.split(".")[:2], kind.__qualname__))


class Versioned(Watched, BaseEstimator):
    """Base of the estimators; pickles, joblib files and copies of them carry the version."""

    _doc_link_module = "halkit"

    def _get_doc_link(self) -> str:
        """Address of the page of the class, empty where the documentation has no address."""
        address, name = documentation(), public_name(type(self))
        known = address and name.startswith("halkit.")
        return f"{address.rstrip('/')}/{PAGE.format(name)}" if known else ""

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """The stored attributes; scikit-learn would compute all properties of the class."""
        kind = type(type(self).__name__, (BaseEstimator,), {"__doc__": type(self).__doc__})
        shown = kind()
        vars(shown).update(
            {name: value for name, value in vars(self).items() if not name.startswith("_")}
        )
        return BaseEstimator._get_fitted_attr_html(shown, doc_link)

    def __getstate__(self) -> dict[str, Any]:
        return stamped(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(unstamped(state, type(self).__name__))
