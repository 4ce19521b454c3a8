r"""Predictions, scores and observables of a fitted potential.

A fitted potential is U(r, r') + V(r) δ(r − r'), given as two functions of the radius, or a matrix
of such potentials for coupled channels. It gives the targets
y(r) = Σ_j U(r, r_j) w_j φ(r_j) + V(r) φ(r), the localised potential y/φ, and, through
`halkit.scattering`, phase shifts, bound states and the effective-range parameters.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_array, check_nodes
from halkit.interactions.interaction import Combinable
from halkit.potentials.coupling import (
    act,
    count_channels,
    local_matrix,
    own_wave,
    split,
)
from halkit.potentials.observables import ObservablesMixin
from halkit.potentials.problem import make_problem, singular_at_origin
from halkit.potentials.seen import data_waves
from halkit.potentials.validation import (
    check_pair,
    check_radii,
    check_sample_weight,
    check_samples,
    check_weights,
    check_y_std,
    like_input,
    node_columns,
    resolve_nodes,
)
from halkit.radial import radial_weights, trapezoid_weights
from halkit.scaling import exponent
from halkit.typing import Array, Numbers

__all__ = ["PotentialMixin"]


class PotentialMixin(Combinable, ObservablesMixin):
    """Predictions and observables of a fitted potential.

    The ``fit`` of a subclass begins with ``_problem``; ``_learned`` is the fitted interaction, and
    ``_reduced_mass`` returns the mass of an estimator without channels, or None.
    `halkit.scattering` takes a fitted estimator wherever it takes an interaction; so do sums,
    differences and multiples of interactions.

    A subclass stores ``channels`` and ``l``, and sets the wave of its ``_learned`` with
    ``_in_wave``. With n > 1 channels ``_learned`` is an `InteractionMatrix`.

    Attributes
    ----------
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the fit, the same for all channels.
    loss_ : float
        The value of what the fit minimises.
    """

    r_: Array
    weights_: Array
    r_out_: Array
    loss_: float

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = self.r is None
        return tags

    def __sklearn_is_fitted__(self):
        """The loss is the last attribute that a fit sets."""
        return hasattr(self, "loss_")

    def _problem(self, X, y, sample_weight, y_std, like=None):
        """The validated `Problem` of a fit; copies of its nodes are kept.

        The nodes belong to the estimator, or to another fitted potential, `like`.
        """
        X, y = check_pair(self, X, y)
        sample_weight = check_sample_weight(sample_weight, len(X))
        y_std = None if y_std is None else check_y_std(y_std, y.shape).reshape(len(X), -1)
        self._flat_target = y.ndim == 1
        y = y.reshape(len(X), -1)
        if like is None:
            nodes = self.r, self.weights, self.r_out
            self._nodes_given, self._weights_given = (given is not None for given in nodes[:2])
        else:
            nodes = like.r_, like.weights_, like.r_out_
            self._nodes_given, self._weights_given = like._nodes_given, like._weights_given
        owner = self._owner() if like is None else like
        n = self.n_channels_ = count_channels(owner)
        self._wave = own_wave(owner) if n == 1 else None
        self.r_, self.weights_, self.r_out_, weights_out = resolve_nodes(
            *nodes, n_features=X.shape[1], n_outputs=y.shape[1], n_channels=n
        )
        parts = split(y, n), self.r_out_, None if y_std is None else split(y_std, n)
        nonlocal_only = not getattr(self, "local", False) and self.r_[0] > 0
        self._singular = nonlocal_only and singular_at_origin(*parts)
        if self._singular and nodes[1] is None:
            self.weights_ = self._default_weights(self.r_)
        measures = (np.tile(w, n) for w in (self.weights_, weights_out))
        problem = make_problem(X, y, *measures, sample_weight=sample_weight, y_std=y_std)
        self._data_waves = data_waves(problem)
        return problem

    def _default_weights(self, r):
        """4πr²dr by the trapezoidal rule, to fourth order for targets that grow as 1/r."""
        return (radial_weights if self._singular else trapezoid_weights)(r)

    def _check_radii(self, **radii):
        """The radii of a fitted potential whose nodes are known."""
        check_is_fitted(self)
        if not self._nodes_given:
            raise ValueError(
                "r must be given, got None: a fit without the nodes of the wave functions has no "
                "unit of length, and so no potential as a function of r and no observables; pass r "
                "to the estimator and fit again"
            )
        return check_radii(**radii)

    def local_potential(self, r: Numbers) -> Array:
        """V(r) of the local term, elementwise; zero without a local term.

        With n > 1 channels V_ab(r), of shape (n, n, ...).

        Raises
        ------
        ValueError
            If the fit was made without nodes r.
        """
        (r,) = self._check_radii(r=r)
        return self._learned.local_potential(r)

    def nonlocal_potential(self, r: Numbers, r_prime: Numbers) -> Array:
        """U(r, r'), with r and r' broadcast against each other.

        With n > 1 channels U_ab(r, r'), of shape (n, n, ...).

        Raises
        ------
        ValueError
            If the fit was made without nodes r.
        """
        r, r_prime = self._check_radii(r=r, r_prime=r_prime)
        return self._learned.nonlocal_potential(r, r_prime)

    @property
    def potential_(self) -> Array:
        """U(r_out, r) on the nodes of the fit, shape (n_out, n_r), without the local term."""
        check_is_fitted(self)
        return self.predict_potential()

    def predict_potential(self, r: Numbers | None = None, r_prime: Numbers | None = None) -> Array:
        """The non-local potential U(r, r') on any points.

        Parameters
        ----------
        r : array-like of shape (n,), optional
            Radii of the rows; by default the output nodes of the fit.
        r_prime : array-like of shape (m,), optional
            Radii of the columns; by default `r`, or the nodes of the fit without `r`.

        Returns
        -------
        ndarray of shape (n, m), or (n_channels, n_channels, n, m) with several channels
            U in units of [energy]/[length]³, without the local term: see ``local_potential``.

        Raises
        ------
        ValueError
            If the points are not increasing radii >= 0; for any points, if the fit was made
            without nodes r.
        """
        check_is_fitted(self)
        if r is None and r_prime is None:
            return self._learned.nonlocal_potential(self.r_out_[:, None], self.r_[None, :])
        r_prime = r if r_prime is None else r_prime
        r = self.r_out_ if r is None else r
        r, r_prime = check_nodes(r), check_nodes(r_prime, "r_prime")
        return self.nonlocal_potential(r[:, None], r_prime[None, :])

    def predict(self, X: Numbers) -> Array:
        """Targets Σ_j U(r_i, r_j) w_j φ(r_j) + V(r_i) φ(r_i).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels·n_r)
            Wave functions on the nodes of the fit, channels side by side.

        Returns
        -------
        ndarray of shape (n_samples, n_channels·n_out), or (n_samples,) if y of the fit was 1-D
        """
        check_is_fitted(self)
        return like_input(self._predict(check_samples(self, X, reset=False)), X)

    def _predict(self, X):
        y = act(self._learned, X, self.r_, self.weights_, self.r_out_)
        return y[:, 0] if self._flat_target else y

    def apply_potential(
        self, X: Numbers, r: Numbers, weights: Numbers | None = None, r_out: Numbers | None = None
    ) -> Array:
        """The action of the potential on wave functions on other nodes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels·n)
            Wave functions on the nodes `r`, for example of another lattice.
        r : array-like of shape (n,)
            Their nodes.
        weights : array-like of shape (n,), optional
            Measure of the sum over r'. By default the measure of the fit on the nodes of the fit,
            and 4πr²Δr by the trapezoid rule on other nodes.
        r_out : array-like of shape (n_out,), optional
            Radii of the result; `r` by default. With a local term they must be among `r`.

        Returns
        -------
        ndarray of shape (n_samples, n_channels·n_out)

        Raises
        ------
        ValueError
            If shapes do not agree; if the fit was made without nodes r; if it was made with
            given weights, such as lattice multiplicities, and other nodes come without.
        """
        self._check_radii()
        r = check_nodes(r)
        r_out = r if r_out is None else check_nodes(r_out, "r_out")
        weights = self._measure(r) if weights is None else weights
        columns = self.n_channels_ * len(r)
        X = check_array(X, "X", columns)
        if X.ndim != 2:
            raise ValueError(f"X must have shape (n_samples, {columns}), got {X.shape}")
        weights = check_weights(weights, r)
        return act(self._learned, X, r, weights, r_out)

    def _measure(self, r):
        """The default measure on given nodes."""
        if np.array_equal(r, self.r_):
            return self.weights_
        if self._weights_given:
            raise ValueError(
                "weights must be given for other nodes than in the fit, got None: the fit "
                "had weights of its own, and the trapezoid rule may be another measure"
            )
        return self._default_weights(r)

    def localize(self, X: Numbers) -> Array:
        r"""The local potential that acts on each wave function as U does.

        V(r) = [Σ_j U(r, r_j) w_j φ(r_j) + V_loc(r) φ(r)] / φ(r).

        Any U that fits the data gives the right V(r) here. The phase shift is the test of U.
        With n > 1 channels V_ab(r) solves y_a = Σ_b V_ab φ_b for all samples, by least squares.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels·n_r)
            Wave functions on the nodes of the fit: n_channels linearly independent ones at least.

        Returns
        -------
        ndarray of shape (n_samples, n_out), or (n_channels, n_channels, n_out)
            NaN where the wave function vanishes, or where those of several channels are linearly
            dependent.

        Raises
        ------
        ValueError
            If the fit was made without nodes r; with fewer samples than channels.
        """
        X = check_samples(self, X, reset=False)
        y, phi = self._action_and_wave(X)
        if self.n_channels_ > 1:
            return local_matrix(y, phi)
        tiny = np.finfo(float).eps * np.abs(X).max(axis=1, keepdims=True)
        V = np.full_like(y[:, 0], np.nan)
        return np.divide(y[:, 0], phi[:, 0], out=V, where=np.abs(phi[:, 0]) > tiny)

    def _action_and_wave(self, X):
        """What the potential does to rows of X, and φ, both (n_samples, n_channels, n_out)."""
        self._check_radii()
        y = act(self._learned, X, self.r_, self.weights_, self.r_out_)
        columns = node_columns(self.r_out_, self.r_)
        return split(y, self.n_channels_), split(X, self.n_channels_)[:, :, columns]

    def score(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> float:  # fmt: skip
        """Coefficient of determination R², weighted by the variance of each output.

        R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², with the sums over samples and outputs. In
        contrast, ``scoring="r2"`` averages R² uniformly over outputs, so that the empty outer
        nodes count as much as the others. On one sample both are undefined (NaN).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
        y : array-like of shape (n_samples, n_out)
        sample_weight : array-like of shape (n_samples,), optional
        y_std : array-like of shape (n_samples, n_out), optional
            Standard deviations σ of `y`: w = sample_weight/σ². Scorers given as a string do not
            pass them.

        Warns
        -----
        UndefinedMetricWarning
            If only one sample has a weight.
        """
        check_is_fitted(self)
        prediction = self._predict(check_samples(self, X, reset=False))
        true = check_array(y, "y", shape=prediction.shape)
        s = check_sample_weight(sample_weight, len(true))
        errors = None if y_std is None else check_y_std(y_std, true.shape)
        if s is not None:
            counted = s > 0
            true, prediction, s = true[counted], prediction[counted], s[counted]
            errors = None if errors is None else errors[counted]
        scale = -exponent([np.abs(true).max(), np.abs(prediction).max()])
        true, prediction = np.ldexp(true, scale), np.ldexp(prediction, scale)
        if errors is None or len(true) < 2:
            return r2_score(true, prediction, sample_weight=s, multioutput="variance_weighted")
        counts = 1.0 if s is None else s.reshape(-1, *[1] * (true.ndim - 1))
        w = counts / np.ldexp(errors, -exponent(errors.min())) ** 2
        spread = np.sum(w * (true - np.average(true, axis=0, weights=w)) ** 2)
        missed = np.sum(w * (true - prediction) ** 2)
        return float(1 - missed / spread if spread > 0 else missed == 0)
