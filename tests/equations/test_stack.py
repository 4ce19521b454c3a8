"""Rows of several volumes in one fit."""

import dataclasses

import numpy as np
import pytest

from halkit import Channel
from halkit.correlators import Correlators
from halkit.datasets import make_time_dependent
from halkit.equations import Rows, lattice_rows, stack_rows
from halkit.interactions import GaussianSum
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.radial import Wedge

CHANNELS = (Channel(masses=2.0), Channel(l=2, masses=(1.9, 2.2)))


def rows_of(n, *, seed=0, n_bins=4, kind="jackknife", stencil=3, n_out=None, channels=None):
    random = np.random.default_rng(seed)
    n_out, n_channels = n if n_out is None else n_out, len(channels or [None])
    r = np.arange(1.0, n + 1)
    return Rows(
        data=random.standard_normal((n_bins, 2, n_channels * n)),
        target=random.standard_normal((n_bins, 2, n_channels * n_out)),
        sigma=random.uniform(1, 2, (2, n_channels * n_out)) if kind != "mean" else None,
        r=r, weights=r**2, r_out=r[:n_out], labels=[("wall", 7), ("wall", 8)], stencil=stencil,
        kind=kind, channels=channels,
    )  # fmt: skip


def test_every_number_is_found_again():
    parts = [rows_of(5, seed=1, n_out=3), rows_of(8, seed=2, n_out=6)]
    rows = stack_rows(parts)
    assert rows.data.shape == (4, 4, 8)
    assert rows.target.shape == (4, 4, 6)
    for i, part in enumerate(parts):
        at, n, n_out = slice(2 * i, 2 * i + 2), part.r.size, part.r_out.size
        np.testing.assert_array_equal(rows.data[:, at, :n], part.data)
        np.testing.assert_array_equal(rows.target[:, at, :n_out], part.target)
        np.testing.assert_array_equal(rows.sigma[at, :n_out], part.sigma)
        assert not np.any(rows.data[:, at, n:])
        assert np.all(rows.sigma[at, n_out:] > 1e8)
    assert rows.labels == parts[0].labels + parts[1].labels
    np.testing.assert_array_equal(rows.weights, parts[1].weights)


def test_every_channel_is_filled_up_for_itself():
    parts = [rows_of(5, seed=1, n_out=3, channels=CHANNELS),
             rows_of(8, seed=2, n_out=6, channels=CHANNELS)]  # fmt: skip
    rows = stack_rows(parts)
    assert rows.channels == CHANNELS
    assert rows.data.shape == (4, 4, 16)
    assert rows.target.shape == (4, 4, 12)
    for a in range(2):
        for i, part in enumerate(parts):
            at, n, n_out = slice(2 * i, 2 * i + 2), part.r.size, part.r_out.size
            X, y, sigma = rows.data[..., 8 * a :], rows.target[..., 6 * a :], rows.sigma[:, 6 * a :]
            own = slice(a * n, (a + 1) * n), slice(a * n_out, (a + 1) * n_out)
            np.testing.assert_array_equal(X[:, at, :n], part.data[..., own[0]])
            np.testing.assert_array_equal(y[:, at, :n_out], part.target[..., own[1]])
            np.testing.assert_array_equal(sigma[at, :n_out], part.sigma[:, own[1]])
            assert not np.any(X[:, at, n:8])
            assert not np.any(y[:, at, n_out:6])
            assert np.all(sigma[at, n_out:6] > 1e8)


def test_targets_that_a_volume_lacks_have_no_weight():
    """A fit to rows that end at 8 and at 12, and to the rows of 12 with errors of 1e6 beyond 8.

    A local potential: the sum over r' does not enter.
    """
    d = make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.arange(0.5, 12.1, 0.5), box_radius=24.0,
        hadron_mass=2.0, times=range(12, 17), noise=1e-4, n_bins=8, random_state=0,
    )  # fmt: skip
    whole, n = d.rows, 16
    short = dataclasses.replace(
        whole, data=whole.data[..., :n], target=whole.target[..., :n], sigma=whole.sigma[:, :n],
        r=whole.r[:n], weights=whole.weights[:n], r_out=whole.r[:n],
    )  # fmt: skip
    sigma = np.concatenate([whole.sigma, whole.sigma])
    sigma[: len(whole.sigma), n:] = 1e6
    X, y = (np.concatenate([part, part]) for part in whole.mean())
    stacked = stack_rows([short, whole])
    k = np.linspace(0.05, 0.4, 6)
    model = GaussianProcessPotentialRegressor(whole.r, reduced_mass=1.0, local="only")
    with_nothing = model.fit(*stacked.mean(), y_std=stacked.sigma).phase_shift(k)
    np.testing.assert_allclose(with_nothing, model.fit(X, y, y_std=sigma).phase_shift(k), atol=1e-6)


def test_boxes_of_a_lattice_join_below_half_of_the_smaller():
    def rows(L, r_prime_max):
        wedge = Wedge(L)
        r = np.sqrt(np.sum(wedge.xyz**2, axis=-1))
        bins = np.exp(-0.1 * np.arange(4))[:, None]
        R = np.exp(-0.01 * np.arange(3))[:, None, None] * (1 + bins * np.exp(-r / 2))
        correlators = Correlators(
            R={"wall": R}, wedge=wedge, t=np.arange(5, 8), hadron_mass=0.7, kind="jackknife",
            units="lattice",
        )  # fmt: skip
        return lattice_rows(correlators, times=[6], r_max=4.0, r_prime_max=r_prime_max)

    both = stack_rows([rows(12, 5.9), rows(16, 7.9)])
    assert np.array_equal(both.r, rows(16, 7.9).r)
    assert both.laplacian.shape == both.target.shape
    with pytest.raises(ValueError, match="weights of each volume must be the first"):
        stack_rows([rows(12, 6.0), rows(16, 7.9)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_bins": 5}, "n_bins must be the same in all rows: bins of two volumes pair up"),
        ({"kind": "bootstrap"}, "kind must be the same"),
        ({"stencil": 5}, "stencil must be the same"),
        ({"channels": CHANNELS}, "channels must be the same in all rows, got None and"),
    ],
)
def test_rows_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        stack_rows([rows_of(5), rows_of(5, **changes)])


def test_masses_of_bins_are_kept_if_they_are_the_same():
    masses = np.random.default_rng(0).uniform(1, 2, (4, 2))
    one, other = rows_of(5, n_out=3), rows_of(8, n_out=6)
    small, large = (dataclasses.replace(part, mass_bins=masses) for part in (one, other))
    for parts in ([small, large], [small, other], [one, large]):
        np.testing.assert_array_equal(stack_rows(parts).mass_bins, masses)
    assert stack_rows([one, other]).mass_bins is None
    with pytest.raises(ValueError, match="mass_bins must be the same in all rows"):
        stack_rows([small, dataclasses.replace(other, mass_bins=masses[::-1])])


def test_other_faults():
    with pytest.raises(TypeError, match="rows must be a list of Rows, got a Rows"):
        stack_rows(rows_of(5))
    with pytest.raises(TypeError, match="got a str in it"):
        stack_rows([rows_of(5), "rows"])
    with pytest.raises(ValueError, match="at least one entry"):
        stack_rows([])
    means = [rows_of(n, kind="mean", n_bins=1) for n in (5, 6)]
    with pytest.raises(ValueError, match="must have errors"):
        stack_rows(means)
    assert stack_rows([means[0], means[0]]).sigma is None
