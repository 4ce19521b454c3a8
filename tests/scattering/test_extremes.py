"""Extreme arguments: a result is finite and right, or a ValueError says what is out of range."""

import warnings

import numpy as np
import pytest

from halkit import scattering as sc
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Separable
from halkit.radial import RadialGrid, Wedge, radial_laplacian, trapezoid_weights
from halkit.scattering.coulomb.charges import FINE_STRUCTURE

EXTREMES = [5e-324, 1e-300, 1e-160, 1e-61, 1e-59, 1e-30, 1e30, 1e59, 1e61, 1e160, 1e300]
V = GaussianSum([-1.0], [1.0])
M = {"reduced_mass": 1.0}
CHARGE = {"reduced_mass": 1.0, "charge_product": 1}
GRID, WEDGE = RadialGrid.gauss_legendre(5.0, 20), Wedge(4)
R = np.arange(1, 21) / 20


def well(depth):
    return GaussianSum([-depth], [1.0])


def coupled(x, depth=1.0, **options):
    options = {"reduced_mass": 1.0} | options
    W = well(depth)
    return sc.coupled_phase_shifts([[W, V], [V, W]], k=x, **options)


CALLS = {
    "phase_shift k": lambda x: sc.phase_shift(V, x, **M),
    "phase_shift k l": lambda x: sc.phase_shift(V, x, l=4, **M),
    "phase_shift m": lambda x: sc.phase_shift(V, 1.0, reduced_mass=x),
    "phase_shift V": lambda x: sc.phase_shift(well(x), 1.0, **M),
    "phase_shift a": lambda x: sc.phase_shift(V, 1.0, channel_radius=x, **M),
    "scattering_length m": lambda x: sc.scattering_length(V, reduced_mass=x),
    "scattering_length a": lambda x: sc.scattering_length(V, channel_radius=x, **M),
    "waves k": lambda x: sc.scattering_wave_functions(V, x, **M)([0.0, 1.0, 1e3]),
    "waves k l": lambda x: sc.scattering_wave_functions(V, x, l=4, **M)([0.5, 1e3]),
    "waves m": lambda x: sc.scattering_wave_functions(V, 1.0, reduced_mass=x)([0.0, 1.0]),
    "waves r": lambda x: sc.scattering_wave_functions(V, 1.0, l=1, **M)([x]),
    "bound m": lambda x: sc.bound_states(well(9.0), reduced_mass=x).energy,
    "bound a": lambda x: sc.bound_states(well(9.0), channel_radius=x, **M).kappa,
    "bound waves r": lambda x: sc.bound_wave_functions(well(9.0), l=1, **M).wave_function(x),
    "bound waves m": lambda x: sc.bound_wave_functions(V, reduced_mass=x).rms_radius,
    "coupled k": lambda x: coupled(x).phase_shift,
    "coupled a": lambda x: coupled(1.0, channel_radius=x).mixing,
    "coulomb k": lambda x: sc.coulomb_phase_shift(V, x, **CHARGE),
    "coulomb k l": lambda x: sc.coulomb_phase_shift(V, x, l=2, **CHARGE),
    "coulomb m": lambda x: sc.coulomb_phase_shift(V, 1.0, reduced_mass=x, charge_product=1),
    "coulomb -Z": lambda x: sc.coulomb_phase_shift(V, 1.0, charge_product=-x, **M),
    "coulomb a0 Z": lambda x: sc.coulomb_scattering_length(V, charge_product=x, **M),
    "coulomb a0 -Z": lambda x: sc.coulomb_scattering_length(V, charge_product=-x, **M),
    "coulomb a0 d": lambda x: sc.coulomb_scattering_length(V, dipole_radius=x, **CHARGE),
    "coulomb a0 a": lambda x: sc.coulomb_scattering_length(V, channel_radius=x, **CHARGE),
    "coulomb r_eff Z": lambda x: sc.coulomb_effective_range(V, charge_product=x, **M),
    "coulomb r_eff a": lambda x: sc.coulomb_effective_range(V, channel_radius=x, **CHARGE),
    "coulomb V r": lambda x: sc.coulomb_potential(x, charge_product=1, dipole_radius=1.0),
    "coulomb V d": lambda x: sc.coulomb_potential([0, 1], charge_product=1, dipole_radius=x),
    "coulomb F rho": lambda x: sc.coulomb_functions(0, 1.0, x)[:2],
    "coulomb F rho l": lambda x: sc.coulomb_functions(2, -1.0, x)[:2],
    "coulomb F eta": lambda x: sc.coulomb_functions(0, x, 1.0)[:1],
    "coulomb F -eta": lambda x: sc.coulomb_functions(0, -x, 1.0),
    "C k": lambda x: sc.correlation_function(V, x, source=sc.GaussianSource(1.0), **M),
    "C m": lambda x: sc.correlation_function(V, 1.0, source=sc.GaussianSource(1.0), reduced_mass=x),
    "C R": lambda x: sc.correlation_function(V, 1.0, source=sc.GaussianSource(x), **M),
    "source r": lambda x: sc.GaussianSource(1.0)([x]),
    "source R": lambda x: sc.GaussianSource(x)([0.0, 1.0]),
    "LL k": lambda x: sc.lednicky_lyuboshitz(x, R=1.0, scattering_length=2.0),
    "LL R": lambda x: sc.lednicky_lyuboshitz(1.0, R=x, scattering_length=2.0),
    "LL a0": lambda x: sc.lednicky_lyuboshitz(1.0, R=1.0, scattering_length=-x),
    "LL r_eff": lambda x: sc.lednicky_lyuboshitz(
        1.0, R=1.0, scattering_length=1.0, effective_range=x
    ),
    "luscher L": lambda x: sc.luscher_k_cot_delta(0.1, L=x, **M),
    "luscher m": lambda x: sc.luscher_k_cot_delta(-0.1, L=9.0, reduced_mass=x),
    "levels L": lambda x: sc.luscher_levels(lambda k2: 0.5 + k2, L=x, n_levels=2, **M),
    "levels k": lambda x: sc.luscher_levels(lambda _: -x, L=9.0, n_levels=2, **M),
    "box R": lambda x: sc.spherical_box_states(V, radius=x, n_states=2, **M).energy,
    "box m": lambda x: sc.spherical_box_states(V, radius=9.0, reduced_mass=x).energy,
    "box r": lambda x: sc.spherical_box_states(V, radius=9.0, **M).wave_function(x),
    "lattice m": lambda x: sc.lattice_spectrum(V, L=4, reduced_mass=x, n_states=2)[0],
    "lattice a": lambda x: sc.lattice_spectrum(V, L=4, spacing=x, n_states=2, **M)[1],
    "lattice V": lambda x: sc.lattice_spectrum(well(x), L=4, n_states=2, **M)[0],
    "lattice all V": lambda x: sc.lattice_spectrum(well(x), L=4, n_states=2, sector="all", **M)[0],
    "fourier p": lambda x: sc.fourier_potential(V, GRID.r, x * np.array([1.0, 2.0])),
    "fourier w": lambda x: sc.fourier_potential(
        Separable(-1.0, 1.0), GRID.r, [1.0], weights=x * GRID.weights
    ),
    "inverse fourier": lambda x: sc.inverse_fourier_potential(x * np.ones((20, 20)), GRID.r, [1.0]),
    "discrete fourier": lambda x: sc.discrete_fourier_potential(x * np.ones((3, 3))),
    "sine grids": lambda x: [grid.weights for grid in sc.sine_grids(x, 5)],
    "laplacian r": lambda x: radial_laplacian(np.exp(-R), x * R),
    "laplacian r 8": lambda x: radial_laplacian(np.exp(-R), x * R, order=8),
    "laplacian r l": lambda x: radial_laplacian(np.exp(-R), x * R, l=2, order="spline"),
    "laplacian first r": lambda x: radial_laplacian(np.exp(-R), np.sort(np.append(R[1:], x))),
    "laplacian f": lambda x: radial_laplacian(x * np.exp(-R), R),
    "trapezoid": lambda x: trapezoid_weights(x * R),
    "Gauss": lambda x: RadialGrid.gauss_legendre(x, 5).weights,
    "wedge": lambda x: WEDGE.laplacian(x * np.cos(WEDGE.distance_squared)),
    "shells": lambda x: WEDGE.to_shells(x * np.ones(len(WEDGE.xyz))),
}


@pytest.mark.parametrize("name", CALLS)
def test_finite_or_refused(name):
    for x in EXTREMES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AccuracyWarning)
            result, message = result_or_message(CALLS[name], x)
        assert not message or any(word in message for word in WORDS), (x, message)
        for part in result if isinstance(result, tuple | list) else [result]:
            assert np.all(np.isfinite(part)), (x, part)


def result_or_message(call, x):
    try:
        return call(x), ""
    except ValueError as error:
        return [], str(error)


# What the messages of halkit say, and those of numpy do not.
WORDS = [
    "must be",
    "must hold",
    "must have nodes further apart",
    "overflow",
    "has not decayed",
    "is not finite",
    "a mesh of",
    "too small for",
    "cannot be computed",
    "levels are found",
    "must be normalised",
    "must end before",
]


@pytest.mark.parametrize("scale", [1e-50, 1e-20, 1.0, 1e20, 1e50])
def test_results_scale_with_the_unit_of_length(scale):
    """r → sr, k → k/s, m → m/s, V → V/s: nothing but the unit changes."""
    one, other = (
        {
            "delta": sc.phase_shift(GaussianSum([-2.0 / s], [1 / s**2]), 1 / s, reduced_mass=1 / s),
            "a0": sc.scattering_length(GaussianSum([-2.0 / s], [1 / s**2]), reduced_mass=1 / s) / s,
            "E": sc.bound_states(GaussianSum([-2.0 / s], [1 / s**2]), reduced_mass=1 / s).energy
            * s,
            "∇²": radial_laplacian(np.exp(-R), s * R) * s**2,
            "C": sc.correlation_function(
                GaussianSum([-2.0 / s], [1 / s**2]),
                1 / s,
                reduced_mass=1 / s,
                source=sc.GaussianSource(s),
            ),
            "charged": sc.coulomb_phase_shift(
                GaussianSum([-2.0 / s], [1 / s**2]), 1 / s, reduced_mass=1 / s, charge_product=1
            ),
            "k cot δ": sc.luscher_k_cot_delta(0.1 / s, L=9 * s, reduced_mass=1 / s) * s,
        }
        for s in (1.0, scale)
    )
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, rtol=1e-7, err_msg=name)


def test_two_nodes_that_are_one_in_rounding_are_refused():
    with pytest.raises(ValueError, match=r"further apart than 1e-09 .* got 0 and 1e-30: leave one"):
        radial_laplacian(np.exp(-R), np.append(1e-30, R[1:]))
    with pytest.raises(ValueError, match=r"got 0\.5 and 0\.5: leave one"):
        radial_laplacian(np.exp(-R), np.sort(np.append(R[1:], 0.5 + 1e-13)))
    near = radial_laplacian(np.exp(-R), np.append(1e-7, R[1:]))
    np.testing.assert_allclose(near[5:], (1 - 2 / R[5:]) * np.exp(-R[5:]), rtol=2e-3)


def test_geometric_nodes_are_taken():
    """Eight decades, ten nodes to each: no window holds nodes that are close on its own scale."""
    r = np.geomspace(1e-8, 1.0, 81)
    inner = slice(8, -4)
    np.testing.assert_allclose(
        radial_laplacian(np.exp(-r), r, order=6)[inner],
        (1 - 2 / r[inner]) * np.exp(-r[inner]),
        rtol=1e-3,
    )


def test_slow_charged_hadrons_do_not_feel_each_other():
    """δ → 0 behind the barrier, like e^{−2πη}: at k = 1e-30 as well."""
    k = np.array([1e-30, 1e-10, 1e-4])
    delta = sc.coulomb_phase_shift(V, k, **CHARGE)
    n = sc.bound_states(V, **M).energy.size
    np.testing.assert_allclose(delta, n * np.pi, atol=1e-12)
    assert np.pi * FINE_STRUCTURE / k[-1] > 200


def test_slow_neutral_hadrons():
    """δ → nπ − k a0, relative to itself, down to k = 1e-50."""
    weak = GaussianSum([-0.3], [1.0])
    a0 = sc.scattering_length(weak, **M)
    k = np.array([1e-50, 1e-20, 1e-6])
    np.testing.assert_allclose(sc.phase_shift(weak, k, **M), -k * a0, rtol=1e-5)
