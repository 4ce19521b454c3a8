"""mypy accepts correct calls of the public functions, and refuses wrong ones."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import halkit

ROOT = Path(__file__).parents[1]
IMPORTS = """\
from typing import Any, assert_type

import numpy as np

import halkit
from halkit import checks, displays, interactions, radial, scattering, units
from halkit.interactions import GaussianSum, Interaction, Local, NonLocal, Separable, as_interaction
from halkit.typing import Array

V = GaussianSum([-1.0, 2.0], [0.5, 1.5])
U = Separable(-0.017, 1.0)
r = np.linspace(0.1, 5.0, 20)
k = [0.1, 0.2]
E = scattering.Ensemble([V, V], kind="jackknife", reduced_mass=1.0)


class Fitted:
    interaction_: Interaction = V

"""
# The lines of each list stand alone, below the imports.
RIGHT = [
    "assert_type(V(1.0), Array)",
    "assert_type(V([0.1, 0.2]), Array)",
    "assert_type(U(r[:, None], r), Array)",
    "GaussianSum(np.float32(1.0), (2,))",
    "GaussianSum.from_ranges(strengths=[1, 2], ranges=range(1, 3))",
    "assert_type(V + U, interactions.Sum)",
    "assert_type(V + Fitted(), interactions.Sum)",
    "sum([V, U])",
    "Local(lambda r: -np.exp(-r), radius=2.0) + NonLocal(lambda r, s: -np.exp(-r - s))",
    "assert_type(as_interaction(V), Interaction)",
    "as_interaction(Fitted())",
    "as_interaction(-np.exp(-r), r)",
    "as_interaction([[1.0, 0.0], [0.0, 1.0]], [0.5, 1.0])",
    "interactions.Tabulated(np.ones((20, 20)), r, degree=3)",
    "interactions.DerivativeExpansion(V, lambda r: -0.1 * np.exp(-r))",
    "assert_type(interactions.av18('1S0'), interactions.AV18)",
    "assert_type(interactions.av18('3S1-3D1').matrix(r), Array)",
    "interactions.av18('1S0', 'pp', electromagnetic=['C1'])",
    "assert_type(interactions.omega_ccc(inverse_spacing=2333), GaussianSum)",
    "assert_type(interactions.reduced_mass(interactions.N_OMEGA_MASSES), float)",
    "assert_type(units.reduced_mass(2), float)",
    "U.phase_shift([0.1, 0.2], reduced_mass=units.from_mev(900.0) / 2)",
    "U.k_cot_delta(0.1j, reduced_mass=1.0)",
    "assert_type(halkit.RadialGrid.uniform(8, 40).r, Array)",
    "halkit.RadialGrid([0.1, 0.2], (1, 1))",
    "radial.radial_laplacian(np.ones((3, 20)), r, l=1, order='spline')",
    "assert_type(checks.check_positive(1.0, 'm'), float)",
    "assert_type(checks.check_positive(None, 'm', optional=True), float | None)",
    "displays.PhaseShiftDisplay(r, r, phase_shift_std=0.1 * r).plot(units='MeV')",
    "assert_type(scattering.phase_shift(V, k, reduced_mass=1), Array)",
    "scattering.phase_shift(Fitted(), 0.1, reduced_mass=np.float64(1.0), l=1, channel_radius=5)",
    "scattering.phase_shift(-np.exp(-r), k, reduced_mass=1.0, r=r, n_mesh=40)",
    "assert_type(scattering.scattering_length(V, reduced_mass=1.0, sign='lattice'), float)",
    "assert_type(scattering.bound_states(U, reduced_mass=1.0), scattering.BoundStates)",
    "assert_type(U.bound_states(reduced_mass=1.0), scattering.BoundStates)",
    "assert_type(scattering.scattering_wave_functions(V, k, reduced_mass=1.0)(r), Array)",
    "assert_type(E.phase_shift(k), Array)",
    "assert_type(E.phase_shift(k, n_mesh=40, return_std=True), tuple[Array, Array])",
    "assert_type(E.scattering_length(sign='lattice'), float)",
    "assert_type(E.bound_states(return_std=True)[1].kappa, Array)",
    "scattering.coupled_phase_shifts(interactions.av18('3S1-3D1'), k=k)",
    "scattering.coupled_s_matrix([[V, None], [None, U]], k=k, reduced_mass=2.4, l=(0, 0))",
    "scattering.correlation_function(V, k, reduced_mass=1.0, source=scattering.GaussianSource(2))",
    "scattering.correlation_function([(0.25, V)], k, reduced_mass=1.0, source=np.exp, spin=0.5)",
    "scattering.correlation_function([(0.2, V), (0.7, V, 1)], k, reduced_mass=1.0, source=np.exp)",
    "scattering.correlation_function(interactions.av18('3S1-3D1'), k, source=np.exp, observed=1)",
    "assert_type(scattering.pair_waves(V, k, reduced_mass=1.0).correlation(np.exp), Array)",
    "scattering.smear_momentum(r, r, 0.1)",
    "scattering.lattice_spectrum(V, L=12, reduced_mass=0.5, sector='T1')",
    "scattering.spherical_box_states(V, radius=10, reduced_mass=0.5, l=1)",
    "scattering.scattering_wave_functions(V, k, reduced_mass=0.5, charge_product=-1)",
    "scattering.luscher_levels(lambda k2: 0.5 + 0.1 * k2, L=10, reduced_mass=0.5)",
    "scattering.lattice_spectrum(V, L=12, reduced_mass=0.5, sector='all', laplacian='spectral')",
    "assert_type(scattering.coulomb_functions(0, 0.5, r).F, Array)",
    "scattering.lattice_spectrum(V, L=12, masses=(1, 2.0))",
    "scattering.luscher_k_cot_delta(0.1, L=12, masses=(r, 2.0))",
    "scattering.Ensemble.from_parameters(lambda p: GaussianSum(p, p), [[1, 2]], 'draws')",
    "assert_type(scattering.tail_phase_shift(r, r, 0.5).error, Array)",
]
WRONG = [
    "GaussianSum('text', [1.0])",
    "GaussianSum([1.0], ['text'])",
    "GaussianSum([None], [1.0])",
    "GaussianSum([1.0])",
    "GaussianSum.from_ranges([1.0], None)",
    "V('1.0')",
    "V(None)",
    "V + 3",
    "interactions.Sum(V, 'U')",
    "Local(3.0)",
    "Local(np.exp, radius='2 fm')",
    "Separable('-0.017', 1.0)",
    "as_interaction('Yukawa')",
    "as_interaction(None)",
    "as_interaction(r, r='r')",
    "interactions.Tabulated(r, r, degree=2)",
    "interactions.DerivativeExpansion(V, 0.1)",
    "interactions.av18('1S0', 'pn')",
    "interactions.minnesota(2)",
    "interactions.omega_ccc(2333)",
    "interactions.omega_ccc(inverse_spacing='2333')",
    "interactions.reduced_mass('np')",
    "interactions.xixi_leading_order('point')",
    "units.reduced_mass([None])",
    "U.phase_shift('text', reduced_mass=1.0)",
    "U.phase_shift(0.1, reduced_mass=[None])",
    "U.phase_shift(0.1)",
    "halkit.RadialGrid.uniform('8', 40)",
    "halkit.RadialGird",
    "radial.radial_laplacian(r, r, order=3)",
    "displays.PhaseShiftDisplay(r, r, errors=r)",
    "scattering.phase_shift('no', k='text', reduced_mass=[None])",
    "scattering.phase_shift(V, 'text', reduced_mass=1.0)",
    "scattering.phase_shift(V, k, reduced_mass=[None])",
    "scattering.phase_shift(V, k, 1.0)",
    "scattering.phase_shift(V, k, reduced_mass=1.0, l='s')",
    "scattering.phase_shift(V, k, reduced_mass=1.0, n_mesh=40.5)",
    "scattering.scattering_length(V, reduced_mass=1.0, sign='hep')",
    "scattering.bound_states(V, reduced_mass=1.0).kapa",
    "scattering.bound_wave_functions(V, reduced_mass=1.0).wave_function('0.1')",
    "E.phase_shift(k, return_std='yes')",
    "E.scattering_length(signs='lattice')",
    "scattering.Ensemble([V], kind='bins')",
    "scattering.Ensemble([3.0], kind='jackknife')",
    "scattering.coupled_phase_shifts(V, k=k, reduced_mass=2.4)",
    "scattering.correlation_function(V, k, reduced_mass=1.0, source=2.0)",
    "scattering.correlation_function([('a', V)], k, reduced_mass=1.0, source=np.exp)",
    "scattering.luscher_levels(0.5, L=10, reduced_mass=0.5)",
    "scattering.lattice_spectrum(V, L=12, reduced_mass=0.5, sector='B7')",
    "scattering.spherical_box_states(V, radius=10, reduced_mass=0.5, boundary='periodic')",
    "scattering.coulomb_functions('s', 0.5, r)",
    "scattering.lattice_spectrum(V, L=12, masses='N')",
    "scattering.Ensemble.from_parameters(np.sum, [[1, 2]])",
    "scattering.tail_phase_shift(r, r)",
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """The lines of `RIGHT` and `WRONG` that mypy refuses, with its messages."""
    snippet = tmp_path_factory.mktemp("types") / "snippet.py"
    snippet.write_text("\n".join([IMPORTS, *RIGHT, *WRONG, ""]), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(snippet)]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    found = re.findall(r"^.*snippet\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    lines = snippet.read_text(encoding="utf-8").splitlines()
    return {lines[int(number) - 1]: message for number, message in found}


@pytest.mark.parametrize("line", RIGHT)
def test_a_correct_call_passes(line, refused):
    assert line not in refused, refused[line]


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_call_is_refused(line, refused):
    assert line in refused


def test_only_the_lines_of_the_lists_are_refused(refused):
    assert set(refused) <= {*RIGHT, *WRONG}
    assert not set(RIGHT) & set(WRONG)


ROOMS = [
    "__init__", "__main__", "checks", "cli", "displays", "exceptions", "gallery", "interactions",
    "modules", "potentials", "radial", "report", "resampling", "samples", "scaling", "scattering",
    "scattering/coulomb", "scattering/coupled", "scattering/finite_volume", "scattering/solver",
    "training", "typing", "units", "writing",
]  # fmt: skip
MODULES = [
    path
    for room in ROOMS
    for path in [ROOT / "halkit" / f"{room}.py", *(ROOT / "halkit" / room).glob("*.py")]
    if path.is_file()
]


def public_functions(body):
    """Yield the functions and methods that users call; overloads stand for what they overload."""
    overloaded = {node.name for node in body if "overload" in decorators(node)}
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        elif isinstance(node, ast.FunctionDef):
            public = node.name in {"__init__", "__call__"} or not node.name.startswith("_")
            if public and ("overload" in decorators(node) or node.name not in overloaded):
                yield node


def decorators(node):
    return {getattr(decorator, "id", "") for decorator in getattr(node, "decorator_list", [])}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_functions_have_types(path):
    functions = list(public_functions(ast.parse(path.read_text(encoding="utf-8")).body))
    for node in functions:
        of = node.args
        given = [*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg]
        untyped = [a.arg for a in given if a is not None and a.annotation is None]
        assert set(untyped) <= {"self", "cls"}, node.name
        assert node.returns is not None, node.name


def test_type_checkers_see_the_lazy_names():
    tree = ast.parse((ROOT / "halkit" / "__init__.pyi").read_text(encoding="utf-8"))
    names = {alias.asname for node in tree.body[1:-1] for alias in node.names}
    assert names | {tree.body[-1].target.id} == set(halkit.__all__)
