r"""Scales of the prior, read off the data before a fit.

The local term starts from its own weighted least-squares solution; what that leaves
over, compared with e(r) ∫ e φ for the envelope e, sets the scale and the sign of U.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from halkit.potentials.networks import Envelope, LocalTerm
from halkit.potentials.validation import node_columns
from halkit.scaling import exponent

__all__ = ["PriorScales", "prior_scales"]

LARGEST = 1e300


class PriorScales(NamedTuple):
    """Scale and sign of U, scale of V, and the coefficients of V to start from."""

    amplitude: float
    sign: float
    local_amplitude: float
    coefficients: np.ndarray


def prior_scales(X, y, W, *, r, weights, r_out, radius, envelope, widths, decay,
                 local_basis="gaussian"):  # fmt: skip
    """Scales for samples X with sources y and residual weights W.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_r)
    y, W : ndarray of shape (n_samples, n_out)
    r, weights : ndarray of shape (n_r,)
    r_out : ndarray of shape (n_out,)
    radius, envelope : float, str or None
        Of the decay of U; without an envelope an exponential sets the scale.
    widths : ndarray or None
        Of the local term.
    decay : float
        Strength of the N(0, 1) prior relative to Σ W² (…)².
    local_basis : str
        Of the local term.
    """
    unit, weight = exponent(y), exponent(W * y if y.any() else W)
    y, W = np.ldexp(y, -unit), np.ldexp(W, unit - weight)
    with np.errstate(over="ignore", under="ignore"):
        decay = min(np.ldexp(float(decay), -2 * weight), LARGEST)
    local_amplitude, coefficients = 1.0, np.zeros(0)
    if widths is not None:
        phi = X[:, node_columns(r_out, r)]
        local_amplitude, coefficients, y = _local_start(
            phi, y, W, r_out, partial(LocalTerm, widths, kind=local_basis), decay
        )
    decay_function = Envelope(envelope or "exponential", radius, learned=False)
    e, e_out = (decay_function(torch.tensor(x))[:, 0].numpy() for x in (r, r_out))
    shape = np.outer(X @ (weights * e), e_out)
    size = np.sum((W * shape) ** 2)
    amplitude = np.sqrt(np.sum((W * y) ** 2) / size) if size > 0 else 0.0
    sign = 1.0 if np.sum((W * y) * (W * shape)) > 0 else -1.0
    amplitude, local_amplitude = np.ldexp([amplitude or 1.0, local_amplitude], unit).tolist()
    return PriorScales(amplitude, sign, local_amplitude, coefficients)


def _local_start(phi, y, W, r_out, term, decay):
    """Scale of V, ridge solution of its coefficients, and the sources that it leaves over."""
    size = np.sum((W * phi) ** 2, axis=0)
    pointwise = np.divide(np.sum((W * y) * (W * phi), axis=0), size, out=np.zeros_like(size),
                          where=size > 0)  # fmt: skip
    amplitude = 2 * np.abs(pointwise).max() or 1.0
    basis = term(amplitude).basis(torch.tensor(r_out)).numpy()
    n = basis.shape[1]
    columns = ((W * phi)[:, :, None] * basis).reshape(-1, n)
    A = np.vstack([columns, np.sqrt(decay) * np.eye(n)])
    b = np.concatenate([(W * y).ravel(), np.zeros(n)])
    coefficients = np.linalg.lstsq(A, b, rcond=None)[0]
    return amplitude, coefficients, y - phi * (basis @ coefficients)
