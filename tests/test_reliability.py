"""Every test that docs/reliability.md names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
NAMED = dict.fromkeys(re.findall(r"`(tests/\S+\.py)::(test_\w+)`", PAGE))


@cache
def functions_of(path):
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_it_names_many():
    assert len(NAMED) >= 60


@pytest.mark.parametrize(("path", "name"), NAMED, ids="::".join)
def test_a_named_test_exists(path, name):
    assert name in functions_of(path)
