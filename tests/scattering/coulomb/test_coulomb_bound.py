"""Bound states of charged hadrons: atoms, pΩ⁻, a barrier, and Whittaker functions."""

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Interaction, Local, NonLocal, Separable
from halkit.scattering import bound_states, coulomb_bound_states, coulomb_potential
from halkit.scattering.coulomb.bound import whittaker_slope
from halkit.scattering.coulomb.charges import FINE_STRUCTURE
from halkit.units import from_mev, to_mev


def n_omega(r):
    """T. Iritani et al. (HAL QCD), Phys. Lett. B 792 (2019) 284, t/a = 12, unrounded."""
    pion = np.exp(-from_mev(146.0) * r) / r
    form = 1 - np.exp(-0.845829 * r**2)
    core = from_mev(-312.982) * np.exp(-81.70974 * r**2)
    return core + from_mev(-251.6464) * form * pion**2


M = float(from_mev(612.8453675))


def test_a_proton_and_an_omega():
    """−2.46054871 MeV, with nothing to warn of, and the atom above it."""
    states = coulomb_bound_states(Local(n_omega), reduced_mass=M, charge_product=-1, n_states=3)
    energy = to_mev(states.energy)
    assert energy[0] == pytest.approx(-2.46054871, abs=2e-8)
    one = coulomb_bound_states(Local(n_omega), reduced_mass=M, charge_product=-1)
    assert to_mev(one.energy) == pytest.approx([energy[0]], abs=2e-8)
    hydrogen = to_mev(FINE_STRUCTURE**2 * M / 2)
    # the strong bound state repels the atom: E_n = −(Zα)²m/2(n − δ)² with one δ < 0
    defect = np.array([1, 2]) - np.sqrt(hydrogen / -energy[1:])
    assert np.ptp(defect) < 0.01
    assert np.all(defect < -0.05)


@pytest.mark.parametrize("l", [0, 1, 3])
@pytest.mark.parametrize("m", [1e-2, 1.0, 50.0])
def test_hydrogen(l, m):
    strength = 1.3
    states = coulomb_bound_states(
        Interaction(), reduced_mass=m, charge_product=-strength / FINE_STRUCTURE, l=l, n_states=3
    )
    exact = -(strength**2) * m / (2 * (l + np.arange(1.0, 4.0)) ** 2)
    np.testing.assert_allclose(states.energy, exact, rtol=1e-6)
    np.testing.assert_allclose(states.kappa, np.sqrt(-2 * m * states.energy), rtol=1e-12)


@pytest.mark.parametrize(("Z", "l"), [(-2, 0), (-6, 1), (4, 0), (12, 1)])
def test_direct_integration(Z, l):
    """From the origin and from far out, joined in the middle."""
    V, m, middle, end = GaussianSum([-9.0], [0.8]), 1.1, 1.2, 30.0
    kappa = Z * FINE_STRUCTURE * m / (l + 1)

    def mismatch(energy):
        def slopes(r, y):
            pull = 2 * m * (float(V(r)) + Z * FINE_STRUCTURE / r - energy) + l * (l + 1) / r**2
            return [y[1], pull * y[0]]

        start, options = 1e-4, {"rtol": 1e-11, "atol": 1e-30, "method": "DOP853"}
        first = [start * (1 + kappa * start), l + 1 + (l + 2) * kappa * start]
        u, du = solve_ivp(slopes, (start, middle), first, **options).y[:, -1]
        far = -np.sqrt(-2 * m * energy)
        w, dw = solve_ivp(slopes, (end, middle), [1e-20, far * 1e-20], **options).y[:, -1]
        return u * dw / w - du

    energy = coulomb_bound_states(V, reduced_mass=m, charge_product=Z, l=l).energy[0]
    near = brentq(mismatch, energy * 1.001, energy * 0.999, xtol=1e-13)
    assert energy == pytest.approx(near, rel=1e-8)


def test_a_barrier_binds_a_finite_number():
    """As the solver without charges says it, with the barrier as a potential cut far out."""
    V, options = GaussianSum([-14.0], [0.5]), {"reduced_mass": 1.0}
    states = coulomb_bound_states(V, charge_product=10, n_states=9, **options)
    barrier = Local(lambda r: coulomb_potential(r, charge_product=10), radius=80.0)
    far = bound_states(V + barrier, **options)
    assert states.energy.size == far.energy.size >= 2
    np.testing.assert_allclose(states.energy, far.energy, rtol=1e-7)
    none = coulomb_bound_states(GaussianSum([-0.1], [0.5]), charge_product=10, **options)
    assert none.energy.shape == (0,)


def test_little_charge_is_no_charge():
    for V in (GaussianSum([-3.0], [1.0]), Separable(-0.017, 1.0)):
        neutral = bound_states(V, reduced_mass=3.3).energy
        for Z in (1e-7, -1e-7):
            charged = coulomb_bound_states(V, reduced_mass=3.3, charge_product=Z)
            assert charged.energy[0] == pytest.approx(neutral[0], rel=1e-6)


def test_atoms_far_larger_than_the_interaction_are_refused():
    V = GaussianSum([-3.0], [1.0])
    n = bound_states(V, reduced_mass=3.3).energy.size
    message = f"n_states must be at most {n}, got {n + 1}: .* Bohr radii of 4.15e\\+06"
    with pytest.raises(ValueError, match=message):
        coulomb_bound_states(V, reduced_mass=3.3, charge_product=-1e-5, n_states=n + 1)


def test_dipoles_bind_less():
    V, options = GaussianSum([-3.0], [1.0]), {"reduced_mass": 1.0, "charge_product": -30}
    points, dipoles = (
        coulomb_bound_states(V, dipole_radius=d, **options).energy[0] for d in (None, 0.8)
    )
    cut = Local(lambda r: coulomb_potential(r, charge_product=-30, dipole_radius=0.8), radius=60.0)
    assert points < dipoles - 1e-2
    assert bound_states(V + cut, reduced_mass=1.0).energy[0] == pytest.approx(dipoles, rel=1e-7)


@pytest.mark.parametrize("l", [0, 1, 3])
@pytest.mark.parametrize("bohr", [-1.0, -0.02, 0.3, 5.0])
@pytest.mark.parametrize("kappa", [0.02, 0.5, 3.0])
def test_slopes_of_whittaker_functions(l, bohr, kappa):
    r = 5.0 + 2.2 * max(-bohr, 0.0) / kappa**2
    with mpmath.workdps(30):
        W = mpmath.whitw(-bohr / kappa, l + 0.5, 2 * kappa * r)
        slope = r * mpmath.diff(lambda x: mpmath.whitw(-bohr / kappa, l + 0.5, 2 * kappa * x), r)
    assert whittaker_slope(l, bohr, kappa, r) == pytest.approx(float(slope / W), rel=1e-9)


@pytest.mark.parametrize("l", [0, 2])
def test_slopes_at_zero_energy(l):
    """√r K_{2l+1}(√(8 bohr r)) is the limit of κ → 0."""
    limit = whittaker_slope(l, 2.0, 0.0, 5.0)
    assert whittaker_slope(l, 2.0, 3e-3, 5.0) == pytest.approx(limit, rel=1e-5)
    with mpmath.workdps(30):
        u = mpmath.mpf(5) ** 0.5 * mpmath.besselk(2 * l + 1, mpmath.sqrt(80))
        slope = 5 * mpmath.diff(
            lambda x: x**0.5 * mpmath.besselk(2 * l + 1, mpmath.sqrt(16 * x)), 5
        )
    assert limit == pytest.approx(float(slope / u), rel=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_states": 0}, "n_states must be an integer ≥ 1, got 0"),
        ({"charge_product": 0}, "charge_product must be a number other than 0"),
        ({"l": -1}, "l must be an integer ≥ 0"),
        (
            {"interaction": NonLocal(lambda r, s: -0.02 * np.exp(-r - 1.3 * s))},
            r"interaction must be symmetric, U\(r, r'\) = U\(r', r\)",
        ),
    ],
)
def test_refusals_say_what_came(arguments, message):
    given = {"interaction": GaussianSum([-3.0], [1.0]), "reduced_mass": 1.0, "charge_product": 1}
    with pytest.raises(ValueError, match=message):
        coulomb_bound_states(**(given | arguments))


def test_a_strong_interaction_that_is_cut_is_warned_of():
    V = GaussianSum([-3.0], [0.05])
    with pytest.warns(AccuracyWarning, match="has not decayed at the channel radius 3"):
        coulomb_bound_states(V, reduced_mass=1.0, charge_product=1, channel_radius=3.0)
