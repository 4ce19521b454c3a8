"""The main job as a report, from wave functions and correlators to phases, and U(1) links.

Each section fits through the public estimators, compares with the truth or with the published
result, and returns a `halkit.report.Section`. `reproduce` writes them as ``index.html`` with
pictures, and their numbers as ``metrics.json``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from halkit.report import Section, check_matplotlib, make_folder, run_sections
from halkit.reproduce.links import u1_links
from halkit.reproduce.nucleons import two_nucleons
from halkit.reproduce.omega import omega_ccc_like
from halkit.reproduce.toy import toy_model
from halkit.reproduce.xi import TITLE, xixi, xixi_rows

__all__ = [
    "omega_ccc_like",
    "reproduce",
    "toy_model",
    "two_nucleons",
    "u1_links",
    "xixi",
    "xixi_rows",
]

NO_DATA = (
    "Left out: no file was given. With the correlators of arXiv:1812.08539 at hand, name them by "
    "--data or HALKIT_DATA."
)


def reproduce(
    out: str | os.PathLike[str] = "report",
    *,
    data: str | os.PathLike[str] | None = None,
    random_state: int = 0,
) -> dict[str, dict[str, Any]]:
    """Run the five sections and write their report.

    Parameters
    ----------
    out : path
        Folder for ``index.html``, the pictures and ``metrics.json``; made if missing.
    data : path, optional
        The real ΞΞ(¹S₀) correlators; without them their section says that it is left out.
    random_state : int
        Seed of the starts and of the synthetic data.

    Returns
    -------
    dict
        The numbers in ``metrics.json``.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    ValueError, OSError
        If `data` does not hold the correlators, or `out` cannot be written; before any fit.
    """
    check_matplotlib()
    make_folder(out)
    if data is not None:
        xixi_rows(data)
    seeded: dict[str, Callable[..., Section]] = {
        "toy": toy_model,
        "nn": two_nucleons,
        "omega_ccc": omega_ccc_like,
        "xixi": _left_out if data is None else partial(xixi, data),
        "u1": u1_links,
    }
    jobs = {name: partial(job, random_state=random_state) for name, job in seeded.items()}
    return run_sections(out, jobs)


def _left_out(*, random_state):  # noqa: ARG001
    """The section of the real correlators where they are not at hand."""
    return Section(TITLE, NO_DATA)
