"""What a class of the user returns for a part: another shape or type is named, not broadcast."""

import numpy as np
import pytest

from halkit.interactions import GaussianSum, Interaction
from halkit.scattering import bound_states, fourier_potential, lattice_spectrum, phase_shift

r = np.linspace(0.1, 6, 25)


def number(*points):
    return -1.0


def first_alone(r, *others):
    return -np.exp(-np.asarray(r)) * np.ones(1)[:, None]


def cut(*points):
    return -np.exp(-sum(points))[1:]


def one_more_axis(*points):
    return -np.exp(-sum(points))[..., None]


def text(*points):
    return np.full(np.broadcast_shapes(*map(np.shape, points)), "-1")


def complex_values(*points):
    return -1j * np.exp(-sum(points))


WRONG = {
    number: "{} must have shape",
    first_alone: "{} must have shape",
    cut: "{} must have shape",
    one_more_axis: "{} must have shape",
    text: "{} must hold real numbers",
    complex_values: "Complex data not supported: {}",
}
PARTS = {
    "local_potential": r"V\(r\) of Mine",
    "laplacian_potential": r"V2\(r\) of Mine",
    "nonlocal_potential": r"U\(r, r'\) of Mine",
    "kernel": r"K\(r, r'\) of Mine",
}
SOLVERS = {
    "phase shift": lambda V: phase_shift(V, 0.5, reduced_mass=1.0),
    "given mesh": lambda V: phase_shift(V, 0.5, reduced_mass=1.0, channel_radius=8.0, n_mesh=40),
    "bound": lambda V: bound_states(V, reduced_mass=1.0),
    "lattice": lambda V: lattice_spectrum(V, L=4, reduced_mass=1.0, n_states=1),
    "Fourier": lambda V: fourier_potential(V, r, [0.5]),
}


# The lattice and the Fourier transform take no V2.
CASES = [
    (part, solver)
    for part in PARTS
    for solver in SOLVERS
    if part != "laplacian_potential" or solver not in ("lattice", "Fourier")
]


@pytest.mark.parametrize(("part", "solver"), CASES)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda f: f.__name__)
def test_solvers_name_a_part_of_another_shape(wrong, part, solver):
    Mine = type("Mine", (Interaction,), {part: lambda _, *points: wrong(*points)})
    message = WRONG[wrong].format(PARTS[part])
    for V in (Mine(), Mine() + GaussianSum([-0.5], [1.0]), 2 * Mine()):
        with pytest.raises((TypeError, ValueError), match=message):
            SOLVERS[solver](V)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda f: f.__name__)
def test_so_do_calls(wrong):
    parts = {part: lambda _, *points: wrong(*points) for part in [*PARTS][::2]}
    mine = type("Mine", (Interaction,), parts)()
    with pytest.raises(
        (TypeError, ValueError), match=WRONG[wrong].format(PARTS["local_potential"])
    ):
        mine(r)
    message = WRONG[wrong].format(PARTS["nonlocal_potential"])
    with pytest.raises((TypeError, ValueError), match=message):
        mine(r[:, None], r[:3])
