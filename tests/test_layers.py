"""Imports run one way: the table of rooms, read from the source.

A room is a folder or file right under ``halkit/``. If an arrow is missing from
the table, change the table and the import in one commit, and say why.
"""

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "halkit"
DOCUMENT = PACKAGE.parent / "docs" / "architecture.md"

# The parts of gauge and what each may import; the __init__ of gauge may import all of them.
PARTS = {
    "theory": set(),
    "chains": {"theory"},
    "diffusion": {"theory", "chains", "training", "modules", "versions", "callbacks"},
}
COMMON = {
    "checks",
    "exceptions",
    "scaling",
    "seeds",
    "typing",
    "warn",
}  # every room may import them
ARROWS = {
    "phases": set(),
    "checks": {"phases"},
    "exceptions": set(),
    "scaling": set(),
    "seeds": set(),
    "typing": set(),
    "warn": set(),
    "radial": {"wedge"},
    "wedge": set(),
    "units": set(),
    "samples": set(),
    "callbacks": set(),
    "writing": set(),
    "checkpoint": {"writing"},
    "training": {"callbacks", "checkpoint"},
    "modules": set(),
    "stamp": set(),
    "versions": {"callbacks", "stamp"},
    "kinematics": set(),
    "channels": {"units", "kinematics"},
    "interactions": {"radial", "units", "channels"},
    "correlators": {"radial", "units", "samples", "writing"},
    "equations": {"radial", "units", "samples", "correlators", "channels", "phases"},
    "scattering": {
        "radial",
        "interactions",
        "units",
        "samples",
        "channels",
        "kinematics",
        "stamp",
    },
    "potentials": {
        "radial",
        "channels",
        "kinematics",
        "samples",
        "interactions",
        "equations",
        "scattering",
        "training",
        "modules",
        "versions",
        "callbacks",
    },
    "resampling": {
        "channels",
        "units",
        "potentials",
        "samples",
        "scattering",
        "correlators",
        "equations",
        "training",
        "versions",
        "callbacks",
    },
    "gauge": {"training", "modules", "versions", "callbacks"},
    "datasets": {
        "radial",
        "channels",
        "kinematics",
        "units",
        "interactions",
        "correlators",
        "equations",
        "scattering",
        "potentials",
        "gauge",
    },
    "displays": {"units", "kinematics", "channels", "interactions", "scattering"},
    "persistence": {"correlators", "stamp", "writing"},
}
ARROWS["report"] = {"stamp", "writing"}
ARROWS["gallery"] = {"report"}
ARROWS["reproduce"] = set(ARROWS)
ARROWS["cli"] = set(ARROWS)
ARROWS["__main__"] = set(ARROWS)
ARROWS["__init__"] = set()

LEARNING = {"numpy", "scipy", "sklearn", "joblib", "skorch", "torch", "tqdm"}
PACKAGES = {
    "displays": {"numpy"},
    "callbacks": {"sklearn", "skorch", "tqdm"},
    "checkpoint": {"numpy", "torch", "skorch"},
    "training": LEARNING,
    "modules": {"joblib"},
    "versions": {"sklearn"},
    "persistence": {"numpy", "sklearn"},
    "potentials": LEARNING,
    "gauge": LEARNING,
    "resampling": {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "tqdm"},
    "report": {"tqdm"},
    "gallery": set(),
    "reproduce": {"numpy", "scipy", "sklearn", "joblib"},
    "cli": {"numpy", "sklearn"},
}
ARRAYS = {"numpy", "scipy", "sklearn.utils", "sklearn.exceptions"}
OPTIONAL = {"dask", "distributed", "gvar", "h5py", "matplotlib", "pyerrors", "skops"}
STANDARD = sys.stdlib_module_names


def read_package():
    """Return the source of every module, by its dotted name; packages end in ``__init__``."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path.read_text()
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imports(module, source):
    """Yield (imported dotted name, whether inside a function, line number)."""
    tree = ast.parse(source)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: -node.level]
                base = ".".join([*parents, base] if base else parents)
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and dynamic_halkit_import(node):
            names = ["halkit"]
        else:
            continue
        for name in names:
            yield name, id(node) in inside, node.lineno


def dynamic_halkit_import(call):
    """Tell whether a call is ``import_module("halkit...")``, also with an f-string."""
    called = (
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    )
    literals = [node for argument in call.args for node in ast.walk(argument)]
    return called in {"import_module", "__import__"} and any(
        isinstance(node, ast.Constant) and str(node.value).startswith("halkit") for node in literals
    )


def room_of(module):
    return module.split(".")[1]


def resolve(name, sources):
    """Return the module that an imported halkit name stands for, or None if it's none."""
    while name not in sources and f"{name}.__init__" not in sources and name.count("."):
        name = name.rpartition(".")[0]
    if name in sources:
        return name
    return f"{name}.__init__" if f"{name}.__init__" in sources else None


def arrow_fault(module, name, inside, sources):
    """Return what is wrong with the import of a halkit name, or None."""
    target = resolve(name, sources)
    if name == "halkit.__version__":
        return None
    if target in {None, "halkit.__init__"}:
        return f"imports {name}: name the room and its module"
    if inside:
        return f"imports {name} inside a function"
    room, other = room_of(module), room_of(target)
    if room not in ARROWS:
        return f"is in the room {room!r}, which the table does not have"
    allowed = {room} | COMMON | ARROWS[room]
    if part_of(module) and other in allowed:
        room, other = part_of(module), part_of(target) or other
        allowed = {room} | COMMON | PARTS[room]
    if other not in allowed:
        return f"imports {name}: the table has no arrow {room} -> {other}"
    return None


def part_of(module):
    """Return the part of gauge that a module belongs to, or None."""
    room, part = [*module.split("."), ""][1:3]
    return part if room == "gauge" and part in PARTS else None


def package_fault(module, name, inside):
    """Return what is wrong with the import of another package's name, or None."""
    top = name.partition(".")[0]
    if top in STANDARD:
        return None
    if top in OPTIONAL:
        return None if inside else f"imports the optional {top} at the top"
    allowed = PACKAGES.get(room_of(module), ARRAYS)
    if part_of(module) in ("theory", "chains"):
        allowed = ARRAYS | {"tqdm"}
    if not any(f"{name}.".startswith(f"{package}.") for package in allowed):
        return f"imports {name}: {room_of(module)} may import only {', '.join(sorted(allowed))}"
    return None


def faults(sources):
    """Return every import that breaks a law, as "module:line what"."""
    found = []
    for module, source in sources.items():
        for name, inside, line in imports(module, source):
            if module == "halkit.__init__" and name == "halkit":
                continue
            if name.partition(".")[0] == "halkit":
                fault = arrow_fault(module, name, inside, sources)
            else:
                fault = package_fault(module, name, inside)
            if fault:
                found.append(f"{module}:{line} {fault}")
    return found


def circle(sources):
    """Return a circle of modules that import each other, or None."""
    graph = {
        module: {
            resolve(name, sources)
            for name, _, _ in imports(module, source)
            if name.startswith("halkit.")
        }
        - {None, "halkit.__init__"}
        for module, source in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def test_every_arrow_is_in_the_table():
    assert faults(read_package()) == []


def documented(text):
    """Return the arrows of the table in the document; "all" are those that stand before."""
    order, found = list(ARROWS), {}
    rows = re.findall(r"^\| (`[^|]+`) \|[^|]+\| ([^|]+) \|$", text, re.MULTILINE)
    for rooms, allowed in rows:
        for room in re.findall(r"`(\w+)`", rooms):
            before = set(order[: order.index(room)])
            found[room] = before if allowed == "all" else set(re.findall(r"\w+", allowed))
    return found


def test_the_document_has_the_same_table():
    arrows = documented(DOCUMENT.read_text())
    assert arrows == {room: ARROWS[room] for room in ARROWS if not room.startswith("__")}


def test_the_document_has_the_parts_of_gauge():
    rows = re.findall(
        r"^\| `gauge/(\w+)` \|[^|]+\| ([^|]+) \|$", DOCUMENT.read_text(), re.MULTILINE
    )
    assert {part: set(re.findall(r"\w+", allowed)) for part, allowed in rows} == PARTS


def test_no_module_imports_itself_in_a_circle():
    assert circle(read_package()) is None


def test_the_table_has_no_circle():
    TopologicalSorter({room: arrows - {room} for room, arrows in ARROWS.items()}).prepare()


PLANTED = {
    "up": ("halkit.radial", "from halkit.equations import time_dependent_rows"),
    "relative": ("halkit.interactions.local", "from ..scattering import phase"),
    "room by name": ("halkit.displays.potential", "from halkit import potentials"),
    "lazy name": ("halkit.cli", "from halkit import RadialGrid"),
    "whole package": ("halkit.cli", "import halkit"),
    "module": ("halkit.equations", "import halkit.scattering.phase"),
    "inside": ("halkit.cli", "def f():\n    from halkit.radial import RadialGrid"),
    "lambda": ("halkit.cli", "f = lambda: __import__('halkit.radial')"),
    "dynamic": ("halkit.radial", "import importlib\nimportlib.import_module('halkit.equations')"),
    "f-string": ("halkit.radial", "from importlib import *\nimport_module(f'halkit.{1}')"),
    "torch": ("halkit.scattering.phase", "import torch"),
    "torch inside": ("halkit.radial", "def f():\n    from torch import nn"),
    "sklearn": ("halkit.equations", "from sklearn.linear_model import Ridge"),
    "scipy in a display": ("halkit.displays.potential", "import scipy"),
    "optional": ("halkit.displays.potential", "from matplotlib import pyplot"),
    "type checking": ("halkit.radial", "if True:\n    from halkit.equations import x"),
    "up in gauge": ("halkit.gauge.theory.exact", "from halkit.gauge.chains import hmc"),
    "back to gauge": ("halkit.gauge.chains.hmc", "from halkit.gauge import wrap"),
    "training in theory": ("halkit.gauge.theory.exact", "import halkit.training"),
    "torch in chains": ("halkit.gauge.chains.hmc", "import torch"),
    "unknown room": ("halkit.helpers", "from halkit.radial import RadialGrid"),
}


SKELETON = dict.fromkeys(
    [
        "halkit.__init__",
        "halkit.checks",
        "halkit.cli",
        "halkit.exceptions",
        "halkit.radial",
        "halkit.equations",
        "halkit.displays.__init__",
        "halkit.gauge.__init__",
        "halkit.gauge.chains.__init__",
        "halkit.gauge.chains.hmc",
        "halkit.gauge.theory.__init__",
        "halkit.gauge.theory.exact",
        "halkit.training",
        "halkit.displays.potential",
        "halkit.interactions.__init__",
        "halkit.interactions.local",
        "halkit.potentials.__init__",
        "halkit.scattering.__init__",
        "halkit.scattering.phase",
    ],
    "",
)


@pytest.mark.parametrize(("module", "source"), PLANTED.values(), ids=PLANTED)
def test_a_bad_import_is_found(module, source):
    found = faults({**SKELETON, module: source})
    assert len(found) == 1
    assert found[0].startswith(f"{module}:")


ALLOWED = {
    "down": ("halkit.scattering.phase", "from halkit.interactions import local, Local"),
    "own room": ("halkit.interactions.__init__", "from .local import Local"),
    "exceptions": ("halkit.radial", "from halkit.exceptions import AccuracyWarning"),
    "checks": ("halkit.gauge", "from halkit.checks import check_number"),
    "down in gauge": ("halkit.gauge.chains.hmc", "from halkit.gauge.theory import exact"),
    "version": ("halkit.cli", "from halkit import __version__"),
    "lazy": ("halkit.displays.potential", "def f():\n    from matplotlib import pyplot"),
    "sklearn": ("halkit.equations", "from sklearn.utils.validation import check_array"),
    "learning": ("halkit.potentials.__init__", "import torch\nfrom sklearn.base import clone"),
}


@pytest.mark.parametrize(("module", "source"), ALLOWED.values(), ids=ALLOWED)
def test_a_good_import_is_left_alone(module, source):
    assert faults({**SKELETON, module: source}) == []


def test_a_circle_within_a_room_is_found():
    planted = {
        "halkit.interactions.__init__": "from halkit.interactions.local import Local",
        "halkit.interactions.local": "from halkit.interactions import Sum",
    }
    assert set(circle({**SKELETON, **planted})) == set(planted)
