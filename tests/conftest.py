"""Where the published correlators are, and what holds for every test."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir():
    """Folder that HALKIT_DATA names (default ../shared/data beside the repository)."""
    folder = Path(os.environ.get("HALKIT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "xixi_1s0_rcorr.npz").is_file():
        pytest.skip(f"{folder} has no xixi_1s0_rcorr.npz; set HALKIT_DATA to the folder that has")
    return folder


@pytest.fixture(autouse=True)
def _no_figures_left():
    """Close what a test has drawn: matplotlib warns of more than twenty open figures."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, so that no process ends long after the other."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
