"""The unit of correlators: exact powers of two change nothing but the numbers that carry them."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.correlators import (
    Correlators,
    average_sources,
    effective_energy,
    effective_mass,
    fit_mass,
    fold,
    real_part,
    two_hadron_ratio,
)
from halkit.correlators.covariance import bins_of_samples
from halkit.exceptions import AccuracyWarning, ImaginaryPartWarning, MisfitWarning
from halkit.radial import Wedge, radial_weights
from halkit.resampling import bootstrap_samples, jackknife_samples

POWERS = [-1000, -515, 990]
T = np.arange(12)
RNG = np.random.default_rng(3)
CONFIGS = (
    np.exp(-0.45 * T)
    * (1 + 0.3 * np.exp(-0.5 * T))
    * (1 + 0.02 * RNG.standard_normal((24, 12)) + 0.01 * RNG.standard_normal((24, 1)))
)
SAMPLES = {
    "jackknife": ("jackknife", jackknife_samples(CONFIGS)),
    "few bins": ("jackknife", jackknife_samples(CONFIGS[:9])),
    "bootstrap": ("bootstrap", bootstrap_samples(CONFIGS[:11], 50)),
}
FITS = [
    {"window": (4, 9)}, {"window": (1, 6), "n_states": 2}, {"window": (4, 9), "correlated": False},
    {"window": (4, 9), "extent": 40.0},
]  # fmt: skip


def with_warnings(function):
    """The result, and the warnings without the numbers of the unit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function()
    assert all(issubclass(one.category, (AccuracyWarning, MisfitWarning)) for one in caught)
    return result, [str(one.message) for one in caught]


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize(("kind", "C"), SAMPLES.values(), ids=SAMPLES)
def test_masses(kind, C, power):
    for given in FITS:
        fit, told = with_warnings(lambda given=given: fit_mass(C, kind=kind, **given))
        scaled, again = with_warnings(
            lambda given=given: fit_mass(np.ldexp(C, power), kind=kind, **given)
        )
        assert told == again
        assert_array_equal(scaled.amplitudes, np.ldexp(fit.amplitudes, power))
        for name in ("mass", "std", "bins", "energies", "chi2", "dof", "p_value", "n_configs"):
            assert_array_equal(getattr(scaled, name), getattr(fit, name), name)


@pytest.mark.parametrize("power", [-515, 515])
def test_configurations_that_samples_show(power):
    _, C = SAMPLES["bootstrap"]
    assert bins_of_samples(np.ldexp(C, power)) == bins_of_samples(C) == (11, 11)
    each = np.ldexp(C, 80 * T - 400)  # every time in its own unit
    assert bins_of_samples(each) == (11, 11)


@pytest.mark.parametrize("step", [2.0**-30, 0.05, 2.0**20])
def test_the_unit_of_time(step):
    kind, C = SAMPLES["jackknife"]
    for given in FITS[:3]:
        fit = fit_mass(C, kind=kind, **given)
        window = tuple(step * T[list(given["window"])])
        of_times = fit_mass(C, kind=kind, t=step * T, **(given | {"window": window}))
        of_slices = fit_mass(C, kind=kind, dt=step, **given)
        for one in (of_times, of_slices):
            np.testing.assert_allclose(one.bins * step, fit.bins, rtol=1e-9)
            assert one.chi2 == pytest.approx(fit.chi2, rel=1e-9)


def test_an_amplitude_beyond_the_largest_number():
    C = np.ldexp(jackknife_samples(CONFIGS)[:, 6:] * np.exp(0.45 * 4), 1023)
    with pytest.raises(ValueError, match="the amplitude of C overflows: choose units"):
        fit_mass(C, t=T[6:], window=(6, 11), kind="jackknife")


@pytest.mark.parametrize("power", [*POWERS, 1023])
@pytest.mark.parametrize(
    "given", [{}, {"method": "cosh"}, {"method": "solve", "extent": 12.0}], ids=str
)
def test_effective_masses(given, power):
    C = CONFIGS / CONFIGS[:, :1]
    assert_array_equal(effective_mass(np.ldexp(C, power), **given), effective_mass(C, **given))


def pair_and_hadron():
    r = np.linspace(0.5, 6.0, 8)
    C_N = jackknife_samples(CONFIGS)
    return jackknife_samples(CONFIGS[..., None] ** 2 * (1 - np.exp(-r))), C_N, r


@pytest.mark.parametrize("power", [-500, 500])
def test_ratios(power):
    C_NN, C_N, r = pair_and_hadron()
    given = {"t": T, "r": r, "kind": "jackknife", "masses": 0.45}
    expected = two_hadron_ratio(C_NN, C_N, **given).R["R"]
    scaled = two_hadron_ratio(np.ldexp(C_NN, 2 * power), np.ldexp(C_N, power), **given).R["R"]
    assert_array_equal(scaled, expected)
    only = two_hadron_ratio(np.ldexp(C_NN, power), C_N, **given).R["R"]
    assert_array_equal(only, np.ldexp(expected, power))
    two = two_hadron_ratio(
        C_NN, np.ldexp(C_N, power), np.ldexp(C_N, -power), **(given | {"masses": (0.45, 0.45)})
    )
    assert_array_equal(two.R["R"], expected)


def test_a_ratio_beyond_the_largest_number():
    C_NN, C_N, r = pair_and_hadron()
    with pytest.raises(ValueError, match="R overflows: choose units"):
        two_hadron_ratio(
            np.ldexp(C_NN, 500), np.ldexp(C_N, -600), t=T, r=r, kind="jackknife", masses=0.45
        )


@pytest.mark.parametrize("on_wedge", [True, False])
@pytest.mark.parametrize("power", [-500, 500])
def test_energies_of_two_hadrons(power, on_wedge):
    points = Wedge(6).size if on_wedge else 40
    r = np.linspace(0.1, 9.0, points)
    first, second = np.sin(np.pi * r / 9) / r, np.sin(2 * np.pi * r / 9) / r
    R = jackknife_samples(CONFIGS[..., None] * (first + 0.1 * second))
    where = {"wedge": Wedge(6)} if on_wedge else {"r": r}
    weights = {} if on_wedge else {"weights": radial_weights(r)}

    def energies(R, sink):
        record = Correlators(
            R={"wall": np.moveaxis(R, 1, 0)}, t=T, hadron_mass=1.0, kind="jackknife",
            units="lattice", **where,
        )  # fmt: skip
        energy = effective_energy(record, sink, **weights)
        return energy, energy.fit((4, 9), correlated=False)

    psi = np.stack([first, second])
    for sink in (psi[0], psi, np.broadcast_to(psi, (24, *psi.shape))):
        expected, plateau = energies(R, sink)
        for scaled in (energies(R, np.ldexp(sink, power)), energies(np.ldexp(R, power), sink)):
            assert_array_equal(scaled[0].energy, expected.energy)
            assert_array_equal(scaled[0].std, expected.std)
            assert_array_equal(scaled[0].correlators, np.ldexp(expected.correlators, power))
            for name in ("energy", "std", "bins", "chi2"):
                assert_array_equal(getattr(scaled[1], name), getattr(plateau, name))
    with pytest.raises(ValueError, match="the sum of ψ R over r overflows"):
        energies(np.ldexp(R, 600), np.ldexp(psi, 600))


@pytest.mark.parametrize("power", [-1000, 1000])
def test_averages_and_bins(power):
    def scale(x):
        return np.ldexp(x, power)

    for function in (
        lambda C: average_sources(C[:4], [0, 3, 5, 11], boundary_sign=-1), fold,
        lambda C: fold(C, backward=C[::-1], sign=-1), lambda C: jackknife_samples(C, bin_size=2),
        lambda C: bootstrap_samples(C, 5, bin_size=3),
    ):  # fmt: skip
        assert_array_equal(function(scale(CONFIGS)), scale(function(CONFIGS)))


@pytest.mark.parametrize("power", [-1000, 1000])
def test_imaginary_parts(power):
    """Noise about zero is dropped, a part that is not zero is refused, in any unit."""
    noise = RNG.standard_normal(CONFIGS.shape)
    for scale in (1.0, 2.0**power):
        with pytest.warns(ImaginaryPartWarning, match="zero within"):
            real = real_part(scale * (CONFIGS + 1e-2j * noise))
        assert_array_equal(real, scale * CONFIGS)
        with pytest.raises(ValueError, match="must be zero within its error"):
            real_part(scale * (CONFIGS + 1e-2j * (noise + 3)))
