"""The package as a whole: what importing it costs, what it promises, how it is written."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import halkit

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "halkit").rglob("*.py"))
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITION = (*FUNCTION, ast.ClassDef)
ROOMS = [name for name in halkit.__all__ if hasattr(getattr(halkit, name), "__file__")]


@cache
def tree_of(path):
    return ast.parse(path.read_text())


def public_definitions(path):
    """Public functions and classes at any depth of a module."""
    nodes = [node for node in ast.walk(tree_of(path)) if isinstance(node, DEFINITION)]
    return [node for node in nodes if not node.name.startswith("_")]


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def python(code):
    """Run code in a fresh interpreter and return what it prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def body_lines(node):
    """Return how many lines a function or class has below its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_import_is_light():
    """Of all these rooms together, and so of each."""
    rooms = "halkit.displays", "halkit.scattering", "halkit.datasets"
    loaded = set(python(f"import {', '.join(rooms)}, sys; print(*sys.modules)"))
    assert loaded >= {"halkit", *rooms}
    assert loaded.isdisjoint({"torch", "skorch", "matplotlib", "h5py", "tqdm", "dask"})


FIRST_FITS = """
import sys, warnings
import numpy as np
state = np.random.get_state()[1].copy()
import halkit.datasets, halkit.potentials
print("untouched" if np.array_equal(np.random.get_state()[1], state) else "drawn")
import halkit, pickle
warnings.simplefilter("ignore")
d = halkit.datasets.make_separable(n_k=4)
settings = {"reduced_mass": 3.3, "n_init": 1, "max_iter": 3, "random_state": 0}
model = halkit.NonLocalPotentialRegressor(d.r, **settings).fit(d.data, d.target)
bins = np.stack([d.data, 1.01 * d.data]), np.stack([d.target, 1.02 * d.target])
halkit.JackknifeRegressor(model, refit="linear").fit(*bins)
halkit.FrozenBasisRegressor(model).fit(d.data, d.target)
pickle.loads(pickle.dumps(model))._repr_html_()
links = halkit.gauge.sample_exact(8, 1.0, (3, 3), random_state=0)
sampler = halkit.U1DiffusionSampler(network="plaquette").fit(links)
pickle.loads(pickle.dumps(sampler)).sample(2, random_state=0)
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def first_fits():
    """What FIRST_FITS prints: the state of the generator after the imports, and all modules."""
    state, *loaded = python(FIRST_FITS)
    return state, set(loaded)


def test_the_first_fit_does_not_load_the_compiler_of_torch(first_fits):
    """Levenberg-Marquardt and restored nets make no optimiser of torch, which would load it."""
    _, loaded = first_fits
    assert {"torch", "skorch"} <= loaded
    assert loaded.isdisjoint({"torch._dynamo", "torch._inductor", "torch.onnx", "sympy"})
    assert loaded.isdisjoint({"matplotlib", "dask", "h5py", "skops"})


def test_import_leaves_the_random_state_alone(first_fits):
    assert first_fits[0] == "untouched"


@pytest.mark.parametrize("name", halkit.__all__)
def test_every_lazy_name_is_there(name):
    assert getattr(halkit, name) is not None
    assert name in dir(halkit)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'halkit' has no attribute 'nothing'"):
        _ = halkit.nothing


def test_the_package_is_typed():
    assert (ROOT / "halkit" / "py.typed").is_file()


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    newest = re.search(r"^## \[.*", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert project["version"] == halkit.__version__
    assert citation[1] == halkit.__version__
    assert halkit.__version__ in newest[0]


def test_one_licence_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause License")
    assert "license: BSD-3-Clause\n" in (ROOT / "CITATION.cff").read_text()


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    tested = ("plot", "io", "docs", "test")
    wanted = project["dependencies"] + [line for extra in tested for line in extras[extra]]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in wanted}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {line.split("==")[0].lower() for line in lines if not line.startswith("#")}
    assert names <= pins


def test_every_module_names_its_idea_and_its_names():
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []
    for path in MODULES:
        if path.name != "__main__.py":
            module = import_module(name_of(path))
            assert sorted(set(module.__all__)) == sorted(module.__all__), path
            assert [name for name in module.__all__ if not hasattr(module, name)] == [], path


def test_every_public_object_has_a_docstring():
    for path in MODULES:
        nodes = [node for node in tree_of(path).body if isinstance(node, DEFINITION)]
        public = [node for node in nodes if not (node.name.startswith("_") or is_overload(node))]
        assert [node.name for node in public if not ast.get_docstring(node)] == [], path


def is_overload(node):
    """Tell whether a function only adds types to the one that follows it."""
    return [getattr(decorator, "id", "") for decorator in node.decorator_list] == ["overload"]


def test_bars_in_public_docstrings_are_literal():
    """A bare |x| is a substitution in reStructuredText: the documents would not build."""
    for path in MODULES:
        prose = [
            (node.name, without_literals(ast.get_docstring(node) or ""))
            for node in public_definitions(path)
        ]
        assert [name for name, text in prose if re.search(r"\|\S[^|\n]*\|", text)] == [], path


def without_literals(doc):
    """Return a docstring without its ``literals`` and doctests."""
    return re.sub(r"(?s:``.*?``)|(?m:^ *>>>.*)", "", doc)


def test_files_and_functions_are_short():
    for path in MODULES:
        nodes = [node for node in ast.walk(tree_of(path)) if isinstance(node, DEFINITION)]
        functions = [node for node in nodes if isinstance(node, FUNCTION)]
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        assert len(path.read_text().splitlines()) <= 450, path
        assert [node.name for node in functions if body_lines(node) > 40] == [], path
        assert [
            node.name
            for node in classes
            if body_lines(node) - sum(docstring_lines(method) for method in node.body) > 200
        ] == [], path


def test_private_functions_stand_below_their_first_callers():
    for path in MODULES:
        nodes = [node for node in tree_of(path).body if isinstance(node, DEFINITION)]
        used = [{one.id for one in ast.walk(node) if isinstance(one, ast.Name)} for node in nodes]
        at_import = names_at_import(tree_of(path))
        for i, node in enumerate(nodes):
            private = isinstance(node, FUNCTION) and node.name.startswith("_")
            if private and node.name not in at_import:
                callers = [j for j, names in enumerate(used) if node.name in names and j != i]
                assert not callers or min(callers) < i, f"{node.name} of {path}"


def names_at_import(node):
    """Names that a module needs when it is imported: those outside the bodies of functions."""
    parts = (
        [*node.decorator_list, node.args]
        if isinstance(node, FUNCTION)
        else ast.iter_child_nodes(node)
    )
    found = {node.id} if isinstance(node, ast.Name) else set()
    return found.union(*map(names_at_import, parts))


def docstring_lines(node):
    """Return how many lines the docstring of a function takes."""
    if not isinstance(node, FUNCTION) or not ast.get_docstring(node):
        return 0
    return node.body[0].end_lineno - node.body[0].lineno + 1
