r"""The functions of a fitted network with new coefficients, from a linear fit.

A separable network is U = Σ_a c_a h_a(r) h_a(r'), and V is a sum of Gaussians of widths b_m. With
fixed h_a and b_m,

    U(r, r') = Σ_ab C_ab h_a(r) h_b(r'),   C symmetric,      V(r) = Σ_m v_m e^{−r²/b_m²},

is linear in C and v. A fit to other data is one least-squares problem with a dozen unknowns,

    Σ_si W_si² (prediction − y)²_si + (η/N) [ Σ_m (v_m/B)² + Σ_ab (C_ab − c_a δ_ab)² ],

with the scale B of V and the weight decay η of the network, so that both have the same prior.
"""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from sklearn.base import MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags

from halkit.callbacks import with_callbacks
from halkit.potentials.base import PotentialMixin
from halkit.potentials.coupling import count_channels
from halkit.potentials.learned import NetworkInteraction
from halkit.potentials.networks import SeparableNetwork
from halkit.potentials.validation import node_columns
from halkit.scaling import norm
from halkit.training import evaluate, unchanged_on_error
from halkit.typing import Array, Numbers
from halkit.versions import Versioned

__all__ = ["FrozenBasisRegressor"]


class _Frozen(NetworkInteraction):
    """The form factors of a network with other coefficients."""

    def __init__(self, module, name, coefficients, C):
        super().__init__(module, name)
        self.coefficients, self.C = coefficients, C

    def local_term(self, r: Array) -> Array:
        return evaluate(self.module.local.basis, r) @ self.coefficients

    def uncut(self, r: Array, r_prime: Array) -> Array:
        h, h_prime = (evaluate(self.module.network.form_factors, x) for x in (r, r_prime))
        return ((h @ self.C) * h_prime).sum(axis=-1)


class FrozenBasisRegressor(PotentialMixin, MetaEstimatorMixin, RegressorMixin, Versioned):
    r"""The form factors of a separable network with new coefficients, from a linear fit.

    For data close to the data of the network: the coefficients of V and U are fitted, the shapes
    of the form factors stay fixed. Errors lack the fluctuations of the shapes and come out up to
    five times too small; `halkit.resampling.JackknifeRegressor` with ``refit="linear"`` moves the
    shapes too.

    Parameters
    ----------
    estimator : NonLocalPotentialRegressor or TimeDependentHALRegressor
        With the separable network, or with the local term alone. It is cloned and fitted first. A
        fitted one within ``sklearn.frozen.FrozenEstimator`` is copied and used as it is.

    Attributes
    ----------
    estimator_ : regressor
        The fitted network.
    C_ : ndarray of shape (rank, rank)
        Symmetric; the network itself has C = diag(c_a) = diag(±1).
    local_coefficients_ : ndarray of shape (n_widths,)
        v_m/B.
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the network.
    loss_ : float
        Σ W² (prediction − y)² plus the prior, like the loss of the network.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from halkit.datasets import make_separable
    >>> from halkit.potentials import FrozenBasisRegressor, NonLocalPotentialRegressor
    >>> d = make_separable()
    >>> network = NonLocalPotentialRegressor(d.r, reduced_mass=3.3, n_init=1, random_state=0)
    >>> frozen = FrozenEstimator(network.fit(d.data, d.target))
    >>> stronger = FrozenBasisRegressor(frozen).fit(d.data, 1.1 * d.target)
    >>> U = network.nonlocal_potential(0.5, 1.0)
    >>> bool(np.isclose(stronger.nonlocal_potential(0.5, 1.0), 1.1 * U, rtol=1e-3))
    True
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def __sklearn_tags__(self):
        tags = RegressorMixin.__sklearn_tags__(self)
        inner = get_tags(self.estimator)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = inner.regressor_tags.poor_score
        return tags

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Find the coefficients that reproduce the targets best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes of the network.
        y : array-like of shape (n_samples, n_out) or (n_samples,)
            Their targets at its output nodes.
        sample_weight, y_std : optional
            As in `NonLocalPotentialRegressor.fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As for the network; if it is not separable; for data that do not fit its nodes.

        Warns
        -----
        ConvergenceWarning, UnderdeterminedWarning
            As for the network, where it is trained here.
        """
        _refuse_other_estimators(self.estimator)
        with self._task(X, y, sample_weight), unchanged_on_error(self):
            network = copy.deepcopy(clone(self.estimator)).fit(X, y, sample_weight, y_std)
            _refuse_other_networks(network)
            problem = self._problem(X, y, sample_weight, y_std, like=network)
            self.estimator_, decay = network, network.weight_decay
            decay = problem.has_errors if decay is None else decay
            self._solve(problem.X, problem.y, problem.W, decay / problem.total)
        return self

    def _solve(self, X, y, W, decay):
        """Least squares for v/B and the upper triangle of C, by singular values."""
        columns, centre, size = self._columns(X)
        root = np.sqrt(decay * size)
        A = np.vstack([(W[..., None] * columns).reshape(-1, len(size)), np.diag(root)])
        b = np.concatenate([(W * y).ravel(), root * centre])
        scale = norm(A, axis=0)
        scale[scale == 0] = 1.0
        theta = np.linalg.lstsq(A / scale, b, rcond=None)[0] / scale
        with np.errstate(over="ignore", under="ignore"):
            self.loss_ = float(norm(A @ theta - b) ** 2)
        network = self._module.network
        rank = 0 if network is None else len(network.signs)
        pairs = np.triu_indices(rank)
        n_local = len(theta) - len(pairs[0])
        self.local_coefficients_ = theta[:n_local]
        self.C_ = np.zeros((rank, rank))
        self.C_[pairs] = self.C_.T[pairs] = theta[n_local:]

    def _columns(self, X):
        """Targets of each function (n_samples, n_out, p); prior means and weights (p,)."""
        network, local = self._module.network, self._module.local
        signs = np.zeros(0) if network is None else network.signs.cpu().numpy()
        parts, n_local = [], 0
        if local is not None:
            phi = X[:, node_columns(self.r_out_, self.r_)]
            parts.append(phi[:, :, None] * evaluate(local.basis, self.r_out_))
            n_local = parts[0].shape[2]
        a, b = np.triu_indices(len(signs))
        if network is not None:
            overlap = (X * self.weights_) @ evaluate(network.form_factors, self.r_)
            h = evaluate(network.form_factors, self.r_out_)
            both = overlap[:, None, a] * h[:, b] + overlap[:, None, b] * h[:, a]
            parts.append(np.where(a == b, both / 2, both))
        centre = np.concatenate([np.zeros(n_local), np.where(a == b, signs[a], 0.0)])
        size = np.concatenate([np.ones(n_local), np.where(a == b, 1.0, 2.0)])
        return np.concatenate(parts, axis=2), centre, size

    @property
    def _module(self):
        return self.estimator_.net_.module_

    def _owner(self):
        return self.estimator_

    @property
    def _learned(self):
        form = _Frozen(self._module, type(self).__name__, self.local_coefficients_, self.C_)
        return self._in_wave(form)


def _refuse_other_estimators(estimator):
    """Refuse other estimators than networks before they are trained, also in FrozenEstimator."""
    inner = getattr(estimator, "estimator", estimator)
    if not hasattr(inner, "network"):
        raise _refusal(inner)
    if count_channels(inner) > 1:
        raise ValueError(
            "channels of the estimator must be None or one channel, got "
            f"{len(inner.channels)}: refit the network itself, with warm_start=True"
        )


def _refuse_other_networks(fit):
    module = getattr(getattr(fit, "net_", None), "module_", None)
    if module is None or not isinstance(module.network, SeparableNetwork | None):
        raise _refusal(getattr(fit, "estimator", fit))


def _refusal(estimator):
    network = getattr(estimator, "network", None)
    form = "" if network is None else f" with network={network!r}"
    return ValueError(
        "estimator must be a network regressor with network='separable', whose form factors are "
        f"kept, got a {type(estimator).__name__}{form}"
    )
