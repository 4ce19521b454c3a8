"""Rows of coupled channels with thresholds, from exact relativistic states in a sphere.

Lengths are in fm and energies in 1/fm, errors in MeV. The interaction looks like ΛΛ–NΞ: local
potentials with a repulsive core, and a separable non-local part. States solve
T_a + U_ab = ε_a(W) with each channel's own relativistic ε_a, in a basis of sines.
"""

import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit import Channel
from halkit.correlators import Correlators
from halkit.equations import coupled_rows, lattice_rows, pointwise_errors, radial_rows
from halkit.radial import Wedge, radial_weights

HBARC = 197.3269804
LAMBDA, NUCLEON, XI = np.array([1115.683, 938.919, 1318.285]) / HBARC
MASSES = ((LAMBDA, LAMBDA), (NUCLEON, XI))
DELTA = NUCLEON + XI - 2 * LAMBDA
R = np.linspace(0.05, 6.0, 120)
DT = 0.09
TIMES = DT * np.arange(9, 19)
BOX, N_SINES, N_STATES = 8.0, 60, 18
OMEGA = np.array([[-25.0, 15.0], [15.0, -30.0]]) / 0.8**3 / HBARC


def local(r):
    """V_ab(r) in 1/fm, shape (2, 2, ...)."""
    g = lambda b: np.exp(-((r / b) ** 2))  # noqa: E731
    V = [
        [-40 * g(1.0) + 250 * g(0.45), -45 * g(0.7)],
        [-45 * g(0.7), -95 * g(1.05) + 300 * g(0.45)],
    ]
    return np.array(V) / HBARC


def form(r):
    return np.exp(-((r / 0.8) ** 2))


def kinetic(x, m1, m2):
    """k²/2μ at W = m1 + m2 + x."""
    W = m1 + m2 + x
    return ((W**2 + m1**2 - m2**2) ** 2 / (4 * W**2) - m1**2) * (m1 + m2) / (2 * m1 * m2)


def sines(r):
    k = np.pi * np.arange(1, N_SINES + 1) / BOX
    return np.sqrt(2 / BOX) * np.sin(np.outer(k, r))


def box_states():
    """Return E (n,) above the ΛΛ threshold and φ^a(r), (Uφ)^a(r) on R, (n, 2, n_r)."""
    nodes, weights = np.polynomial.legendre.leggauss(240)
    nodes, weights = BOX * (1 + nodes) / 2, BOX * weights / 2
    basis, V = sines(nodes), local(nodes)
    shape = basis @ (weights * np.sqrt(4 * np.pi) * nodes * form(nodes))
    k2 = (np.pi * np.arange(1, N_SINES + 1) / BOX) ** 2
    mu = [m1 * m2 / (m1 + m2) for m1, m2 in MASSES]
    H = np.block([
        [(basis * weights * V[a, b]) @ basis.T + OMEGA[a, b] * np.outer(shape, shape)
         + (a == b) * np.diag(k2 / (2 * mu[a])) for b in range(2)] for a in range(2)
    ])  # fmt: skip

    def epsilon(E):
        return np.repeat([kinetic(E, *MASSES[0]), kinetic(E - DELTA, *MASSES[1])], N_SINES)

    energies, states = [], []
    for n in range(N_STATES):
        E = energies[-1] if energies else 0.0
        for _ in range(30):  # Newton: the n-th eigenvalue of H − ε(E) vanishes
            values, vectors = np.linalg.eigh(H - np.diag(epsilon(E)))
            slope = vectors[:, n] ** 2 @ (epsilon(E + 1e-4) - epsilon(E - 1e-4)) / 2e-4
            E += values[n] / slope
            if abs(values[n]) < 1e-12:
                break
        energies.append(E)
        states.append(vectors[:, n].reshape(2, N_SINES))
    states = np.array(states)
    u = states @ sines(R)
    separable = np.einsum("ab,nb->na", OMEGA, states @ shape)[..., np.newaxis]
    nonlocal_part = separable * np.sqrt(4 * np.pi) * R * form(R)
    target = np.einsum("abr,nbr->nar", local(R), u) + nonlocal_part
    return np.array(energies), u / R, target / R, states


def amplitudes(states, operator, radius):
    """∫ of a wave function with a source, flat (0) or Gaussian, of an operator (c_1, c_2)."""
    nodes, weights = np.polynomial.legendre.leggauss(240)
    nodes, weights = BOX * (1 + nodes) / 2, BOX * weights / 2
    shape = np.exp(-((nodes / radius) ** 2)) if radius else np.ones_like(nodes)
    overlap = states @ (sines(nodes) @ (weights * nodes * shape))
    return overlap @ np.array(operator)


@pytest.fixture(scope="module")
def box():
    """Noiseless correlators of four sources in both channels, and the exact y of the equation."""
    E, waves, targets, states = box_states()
    R_, y = {}, {}
    for name, operator, radius in [
        ("wall 1", (1, 0.3), 0), ("smeared 1", (1, 0.3), 0.8),
        ("wall 2", (0.3, 1), 0), ("smeared 2", (0.3, 1), 0.8),
    ]:  # fmt: skip
        decay = amplitudes(states, operator, radius) * np.exp(-np.outer(TIMES, E))
        R_[name] = np.einsum("tn,nar->tar", decay, waves)
        y[name] = np.einsum("tn,nar->tar", decay, targets)
    records = [
        Correlators(
            # R^a = e^{M_a t} C^a, with C^a = e^{−M_1 t} Σ A φ e^{−E t}
            R={s: (np.exp(threshold * TIMES)[:, None] * v[:, a])[:, None] for s, v in R_.items()},
            t=TIMES, r=R, hadron_mass=masses, kind="mean", units="fm",
        )
        for a, (masses, threshold) in enumerate(zip(MASSES, (0.0, DELTA), strict=True))
    ]  # fmt: skip
    return SimpleNamespace(records=records, waves=R_, targets=y, energies=E)


def applied(X):
    """Σ_b U_ab X^b of rows (..., 2 n_r), by quadrature on the nodes."""
    waves = X.reshape(*X.shape[:-1], 2, R.size)
    overlap = waves @ (radial_weights(R) * form(R))
    y = np.einsum("abr,...br->...ar", local(R), waves)
    y = y + np.einsum("ab,...b->...a", OMEGA, overlap)[..., np.newaxis] * form(R)
    return y.reshape(X.shape)


# Away from both ends, where differences in r are one-sided.
INNER = np.tile((R > 0.25) & (R < 5.7), 2)


def misses(rows):
    """max |y − UX| in MeV of rows whose |X| are 1 on average."""
    return np.abs(rows.target - applied(rows.data))[..., INNER].max() * HBARC


def test_the_states_are_those_of_the_interaction(box):
    """Some below the second threshold; and U, applied on the nodes, gives (T − ε)φ exactly."""
    assert np.sum((box.energies > 0) & (box.energies < DELTA)) >= 1
    assert box.energies[-1] > 2 * DELTA
    for source, X in box.waves.items():
        flat = X.reshape(len(TIMES), -1)
        assert_allclose(applied(flat), box.targets[source].reshape(flat.shape),
                        atol=1e-5 * np.abs(flat).max())  # fmt: skip


def test_rows_are_one_linear_map_of_all_channels(box):
    """|y − UX| < .05 MeV, of 50 to 110 MeV, at every time: the map has no t."""
    rows = coupled_rows(box.records, space_order=8)
    assert (rows.n_channels, rows.stencil, rows.data.shape) == (2, 7, (1, 16, 240))
    assert rows.energy_range[0] is None  # ΛΛ has equal masses
    assert_allclose(rows.energy_range[1], (-0.01 / DT - DELTA, 0.26 / DT))
    assert np.abs(rows.target).max() * HBARC > 50
    assert misses(rows) < 0.05
    X = np.abs(rows.data.reshape(16, 2, R.size)).mean(axis=1)
    assert_allclose(X @ rows.weights / rows.weights.sum(), 1.0, rtol=1e-12)


@pytest.mark.parametrize(("power", "least"), [(1, 100.0), (2, 200.0)])
def test_a_forgotten_or_inverse_factor_of_the_threshold_is_seen(box, power, least):
    """The same rows with X and y of NΞ larger by e^{Δt} and e^{2Δt}: hundreds of MeV."""
    rows = coupled_rows(box.records, space_order=8)
    times = np.array([time for _, time in rows.labels])
    factor = np.repeat(np.stack([0 * times, times]), R.size, axis=0).T
    factor = np.exp(power * DELTA * factor)
    wrong = replace(rows, data=rows.data * factor, target=rows.target * factor)
    assert misses(wrong) > least


@pytest.mark.parametrize(("shift", "least"), [(2.0, 10.0), (0.5, 3.0)])
def test_a_wrong_mass_is_seen(box, shift, least):
    """A Ξ heavier by 2 MeV moves the second threshold; where X^2 is large, y^2 by more."""
    masses = (NUCLEON, XI + shift / HBARC)
    rows = coupled_rows(
        [box.records[0], replace(box.records[1], hadron_mass=masses)], space_order=8
    )
    assert misses(rows) > least


def test_one_channel_is_radial_rows(box):
    """Of NΞ alone, up to one constant of each row."""
    rows = coupled_rows(box.records[1:], channels=[Channel(l=1)])
    alone = radial_rows(box.records[1], l=1)
    size = rows.data / alone.data
    assert_allclose(size, size[..., :1] + 0 * size, rtol=1e-12)
    assert_allclose(rows.target, size * alone.target, rtol=1e-9, atol=1e-12)
    assert rows.channels == (Channel(l=1, masses=(NUCLEON, XI)),)


def with_bins(box, seed=0, n=6, noise=1e-3):
    random, records = np.random.default_rng(seed), []
    for record in box.records:
        R_ = {s: v * (1 + noise * random.standard_normal((len(TIMES), n, R.size)))
              for s, v in record.R.items()}  # fmt: skip
        records.append(replace(record, R=R_, kind="jackknife"))
    return records


def test_each_bin_has_its_own_masses(box):
    """The rows of a bin are those of that bin alone, made with its masses."""
    records, random = with_bins(box), np.random.default_rng(1)
    masses = [np.array(pair) * (1 + 1e-3 * random.standard_normal((6, 1))) for pair in MASSES]
    times = TIMES[3:5].tolist()
    own = [replace(c, mass_bins=m, hadron_mass=tuple(m.mean(axis=0)))
           for c, m in zip(records, masses, strict=True)]  # fmt: skip
    rows = coupled_rows(own, times=times, stencil=7, sources=["wall 2"])
    for b in range(6):
        single = [
            replace(c, R={s: v[:, b : b + 1] for s, v in c.R.items()}, kind="mean",
                    hadron_mass=tuple(m[b]))
            for c, m in zip(records, masses, strict=True)
        ]  # fmt: skip
        alone = coupled_rows(single, times=times, stencil=7, sources=["wall 2"])
        size = rows.data[b] / alone.data[0]
        assert_allclose(size, size[:, :1] + 0 * size, rtol=1e-9)
        assert_allclose(rows.target[b], size * alone.target[0], rtol=1e-7, atol=1e-9)
    alike = [replace(c, hadron_mass=m, mass_bins=np.tile(m, (6, 1)))
             for c, m in zip(records, MASSES, strict=True)]  # fmt: skip
    same = coupled_rows(alike, times=times)
    central = coupled_rows(records, times=times)
    assert_array_equal(same.data, central.data)
    assert_array_equal(same.target, central.target)


def test_the_normalisation_of_bins_has_no_error(box):
    """Factors of whole bins, one for each channel, drop out of σ; noise at one radius does not."""
    records = with_bins(box, noise=1e-5)
    sigma = coupled_rows(records).sigma
    random = np.random.default_rng(2)
    rescaled = [
        replace(c, R={s: v * random.uniform(0.8, 1.2, (1, 6, 1)) for s, v in c.R.items()})
        for c in records
    ]
    assert np.median(np.abs(coupled_rows(rescaled).sigma / sigma - 1)) < 0.05
    raw = coupled_rows(rescaled).target.std(axis=0) * np.sqrt(5)
    assert np.median((raw / sigma)[:, np.tile(R < 1.5, 2)]) > 5
    X, y = (
        part[..., 5, 120:] for part in (coupled_rows(records).data, coupled_rows(records).target)
    )
    mean = X.mean(axis=0)
    size = X @ mean / (mean @ mean)
    assert_allclose(sigma[5, 120:], np.sqrt(5) * (y / size[:, None]).std(axis=0), rtol=1e-9)


def test_errors_are_those_of_the_noise(box):
    """Pulls of y about its exact value over 16 rows, 2 channels and all radii: rms 1 ± .08.

    Each of 40 measurements has its own normalisation, which fluctuates by 2 %.
    """
    random, n, records = np.random.default_rng(5), 40, []
    for record in box.records:
        R_ = {}
        for source, v in record.R.items():
            noise = 1e-4 * np.sqrt(n) * random.standard_normal((len(TIMES), n, R.size))
            x = v * (1 + noise) * (1 + 0.02 * random.standard_normal((1, n, 1)))
            mean = x.mean(axis=1, keepdims=True)
            R_[source] = mean - (x - mean) / (n - 1)
        records.append(replace(record, R=R_, kind="jackknife"))
    noisy, clean = coupled_rows(records), coupled_rows(box.records)
    X, y = (v.reshape(16, 2, -1) for v in noisy.mean())
    X0, y0 = (v[0].reshape(16, 2, -1) for v in (clean.data, clean.target))
    # The normalisation of each source and channel, which σ leaves out.
    size = np.sum(X * X0, axis=-1, keepdims=True) / np.sum(X0**2, axis=-1, keepdims=True)
    pull = (y - size * y0) / noisy.sigma.reshape(y.shape)
    rms = np.sqrt(np.mean(pull**2, axis=(0, 2)))
    assert_allclose(rms, 1.0, atol=0.08)


def test_rows_of_some_sources_and_times(box):
    rows = coupled_rows(with_bins(box))
    few = rows.select(sources=["wall 2"], times=rows.times[:2])
    again = coupled_rows(with_bins(box), sources=["wall 2"], times=rows.times[:2])
    assert_array_equal(few.data, again.data)
    assert_array_equal(few.sigma, again.sigma)
    assert few.channels == rows.channels
    assert "of wall 2 in 2 coupled channels" in repr(few)
    assert "designed 7-point stencil" in repr(few)
    assert pickle.loads(pickle.dumps(few)).n_channels == 2
    X, y = few.mean()
    assert X.shape == y.shape == (2, 240)


def test_coupled_channels_of_a_lattice():
    """Each channel has the rows of `lattice_rows`; e^{−Δt} and one constant join them."""
    wedge, t, random = Wedge(10), np.arange(5, 14), np.random.default_rng(3)
    records = [
        Correlators(
            R={"wall": random.uniform(1, 2, (9, 4, len(wedge.xyz)))}, t=t, hadron_mass=masses,
            wedge=wedge, kind="jackknife", units="lattice",
        )
        for masses in ((0.4, 0.4), (0.3, 0.56))
    ]  # fmt: skip
    rows = coupled_rows(records, times=[8, 9], r_max=3.0, stencil=7)
    n, n_out = rows.r.size, rows.r_out.size
    for a, record in enumerate(records):
        alone = lattice_rows(record, times=[8, 9], r_max=3.0, stencil=7)
        X, y = rows.data[..., a * n : (a + 1) * n], rows.target[..., a * n_out : (a + 1) * n_out]
        size = X[..., :1] / alone.data[..., :1]
        assert_allclose(X, size * alone.data, rtol=1e-12)
        assert_allclose(y, size * alone.target, rtol=1e-9, atol=1e-12)
    assert_allclose(rows.weights, wedge.shell_weights[:n])
    X = np.concatenate([rows.data[..., :n_out], rows.data[..., n : n + n_out]], axis=-1)
    whole = np.abs(X.mean(axis=0)) @ np.tile(rows.weights[:n_out], 2)
    assert_allclose(whole, 2 * rows.weights[:n_out].sum(), rtol=1e-12)
    raw = np.stack([r.R["wall"][3:5, :, 0].T for r in records])
    ratio = raw[1] * np.exp(-0.06 * np.array([8, 9])) / raw[0]
    assert_allclose(rows.data[..., n] / rows.data[..., 0], ratio, rtol=1e-12)


def test_sources_of_one_operator_do_not_determine_the_potentials(box):
    """χ² of one source is as good as of four; the pointwise errors tell them apart."""

    def errors(sources):
        noisy = with_bins(box, noise=1e-4 * np.sqrt(1 / 5), n=40)
        rows = coupled_rows(noisy, sources=sources, times=TIMES[3:7].tolist(), stencil=7)
        return pointwise_errors(*rows.mean(), rows.sigma, n_channels=2)

    one, smeared, two = (
        errors(sources) for sources in (["wall 1"], ["wall 1", "smeared 1"], ["wall 1", "wall 2"])
    )
    assert one.ratio.min() > 100
    assert one.underdetermined
    assert smeared.ratio.min() > 40
    assert smeared.underdetermined
    assert two.ratio.max() < 10
    assert not two.underdetermined
    core = R < 1.5
    assert np.median(one.worst[:, core]) > 50 * np.median(two.worst[:, core])


def test_p_waves_of_a_lattice_need_no_l():
    """The wedge says l; each channel has the rows of `lattice_rows`."""
    wedge, random = Wedge(8, "T1"), np.random.default_rng(3)
    records = [
        Correlators(
            R={"wall": wedge.xyz[:, 2] * random.uniform(1, 2, (5, 4, wedge.size))}, t=np.arange(5),
            hadron_mass=mass, wedge=wedge, kind="jackknife", units="lattice",
        )
        for mass in (0.4, 0.5)
    ]  # fmt: skip
    rows = coupled_rows(records, r_max=3.0, stencil=3)
    assert [channel.l for channel in rows.channels] == [1, 1]
    for a, record in enumerate(records):
        alone = lattice_rows(record, times=[1, 2, 3], r_max=3.0, stencil=3)
        n = rows.r_out.size
        ratio = rows.target[..., a * n : (a + 1) * n] / alone.target
        assert_allclose(ratio, ratio[..., :1] + 0 * ratio, rtol=1e-9)
    with pytest.raises(ValueError, match="l must be 1 of a field in T1, got 0"):
        coupled_rows(records, channels=[Channel(l=0), Channel()], r_max=3.0)


def test_a_lattice_has_radii(box):
    with pytest.raises(ValueError, match="r_max and r_prime_max must be None on radial nodes"):
        coupled_rows(box.records, r_max=3.0)
    wedge = Wedge(6)
    field = Correlators(R={"wall": np.ones((5, 1, 20))}, t=np.arange(5), hadron_mass=0.4,
                        wedge=wedge, kind="mean", units="lattice")  # fmt: skip
    with pytest.raises(ValueError, match="r_max must be given on a lattice, got None"):
        coupled_rows([field, field])
    with pytest.raises(ValueError, match="l must be 0 of a field in A1, got 1"):
        coupled_rows([field, field], channels=[Channel(l=1), Channel(l=0)], r_max=2.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": TIMES + DT}, "t must be the same in all channels"),
        ({"r": R * 1.1}, "r must be the same in all channels"),
        ({"units": "MeV"}, "system must be the same in all channels, got fm in channel 1 and MeV"),
        ({"hadron_mass": (NUCLEON, NUCLEON)}, "channels must be in the order of their thresholds"),
        ({"R": {"wall": np.ones((10, 1, 120))}}, r"sources must be the same in all channels"),
        ({"R": {"wall 1": np.ones((10, 2, 120))}, "kind": "jackknife"}, "kind must be the same"),
        ({"kind": "configs"}, "got 'configs': average single configurations"),
    ],
)
def test_channels_that_do_not_fit_together(box, change, message):
    with pytest.raises(ValueError, match=message):
        coupled_rows([box.records[0], replace(box.records[1], **change)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": [Channel()]}, "channels must be 2, one for each of the correlators, got 1"),
        (
            {"channels": [Channel(masses=5.0), Channel()]},
            "masses of a channel must be those of its",
        ),
        ({"channels": [Channel(), Channel(threshold=1.0)]}, "threshold must be 0.13"),
        ({"channels": [Channel(reduced_mass=1.0), Channel()]}, "reduced_mass must be 2.8"),
        ({"times": [0.5]}, "times must be among"),
        ({"times": TIMES[1:2].tolist(), "stencil": 5}, "stencil of 5 points does not fit"),
        ({"stencil": 4}, "stencil must be"),
        ({"energy_range": (-0.1, 2.0)}, 'energy_range must be None .* stencil="designed"'),
    ],
)
def test_bad_options_are_refused(box, options, message):
    with pytest.raises(ValueError, match=message):
        coupled_rows(box.records, **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda c: (c[0],), "correlators must be a list with the Correlators of each channel"),
        (lambda c: ({"ΛΛ": c[0]},), "correlators must be a list .* got a dict"),
        (lambda c: ([c[0], c[1].R],), "correlators must be a Correlators"),
    ],
)
def test_what_is_not_a_list_of_correlators(box, arguments, message):
    with pytest.raises(TypeError, match=message):
        coupled_rows(*arguments(box.records))
    with pytest.raises(TypeError, match=r"channels must be a list of halkit\.Channel"):
        coupled_rows(box.records, channels=[0, 0])
    with pytest.raises(ValueError, match="at least one channel, got none"):
        coupled_rows([])
