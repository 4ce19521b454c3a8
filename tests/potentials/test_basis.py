"""The functions of the prior of U: computed once for the radii that many fits ask for."""

import pickle

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.potentials.prior import MOST_RADII, SmoothBasis


def test_kept_functions_are_those_of_their_radii_and_basis():
    """Whichever basis was asked before, for few or many radii of any shape; nobody may write."""
    one, other = SmoothBasis(1.3, 2.5, "gaussian", 1e-7), SmoothBasis(1.3, 2.5, "gaussian", 1e-3)
    r = np.linspace(0.0, 9.0, 2 * MOST_RADII)
    r[-1] = 1e4  # where the envelope underflows
    direct = {basis: basis(r) for basis in (one, other)}
    for chosen in (r[:7], r[3::99], r[-1:], r[:6].reshape(2, 3), r[:0], r[5], r[3::99]):
        for basis, values in direct.items():
            expected = values[np.searchsorted(r, chosen)]
            assert basis(chosen).shape == expected.shape
            np.testing.assert_allclose(basis(chosen), expected, atol=1e-8)  # ε/tol
    assert not one(r[-1]).any()
    for some in (r[:7], r):
        with pytest.raises(ValueError, match="read-only"):
            one(some)[0, 0] = 1.0


def test_bases_are_equal_if_all_functions_are():
    basis = SmoothBasis(1.3, 2.5, "gaussian", 1e-7)
    again = pickle.loads(pickle.dumps(basis))
    assert again == basis
    assert hash(again) == hash(basis)
    for changed in ((1.4, 2.5, "gaussian", 1e-7), (1.3, 2.6, "gaussian", 1e-7),
                    (1.3, 2.5, "exponential", 1e-7), (1.3, 2.5, "gaussian", 1e-6)):  # fmt: skip
        assert SmoothBasis(*changed) != basis
    again._continuation = again._continuation * [-1.0, *np.ones(basis.size.size - 1)]
    assert again != basis  # eigenvectors of another machine


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_fits_share_their_basis():
    d = make_separable()
    settings = {"reduced_mass": 3.3, "envelope_radius": 1.0, "noise": 1e-4}
    bases = [
        GaussianProcessPotentialRegressor(d.r, tol=tol, **settings)
        .fit(d.data, d.target)
        ._prior.nonlocal_.basis
        for tol in (1e-6, 1e-6, 1e-3)
    ]
    assert bases[0] is bases[1] is not bases[2]
