r"""What every learned potential offers: sums over r', observables and scores.

A fitted potential is U(r, r') + V(r) δ(r − r'), given as two functions of the radius.
From them follow the sources y(r) = Σ_j U(r, r_j) w_j φ(r_j) + V(r) φ(r), the
localised potential y/φ, and, through `halkit.scattering`, phase shifts, bound states
and the effective-range parameters.
"""

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from halkit import scattering
from halkit.checks import check_array, check_nodes
from halkit.potentials.problem import make_problem, singular_at_origin
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

__all__ = ["PotentialMixin"]


class PotentialMixin:
    """Predictions and observables of a fitted potential.

    The `fit` of a subclass begins with ``_problem``; its ``_learned`` is the fitted interaction,
    and ``_reduced_mass`` the mass or None. `halkit.scattering` takes a fitted estimator wherever
    it takes an interaction.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = self.r is None
        return tags

    def __sklearn_is_fitted__(self):
        """A fit that failed half-way is no fit."""
        return hasattr(self, "loss_")

    def _problem(self, X, y, sample_weight, y_std, like=None):
        """The validated `Problem` of a fit; its nodes, as own copies, are kept.

        They are the estimator's own, or those of the fitted potential that this one is `like`.
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
        self.r_, self.weights_, self.r_out_, weights_out = resolve_nodes(
            *nodes, n_features=X.shape[1], n_outputs=y.shape[1]
        )
        exact = y_std is None and not getattr(self, "local", False) and self.r_[0] > 0
        self._singular = exact and singular_at_origin(y, self.r_out_)
        if self._singular and nodes[1] is None:
            self.weights_ = self._default_weights(self.r_)
        return make_problem(
            X, y, self.weights_, weights_out, sample_weight=sample_weight, y_std=y_std
        )

    def _default_weights(self, r):
        """4πr²dr by the trapezoidal rule, to fourth order for sources that grow as 1/r."""
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

    @property
    def interaction_(self):
        """The fitted V(r) and U(r, r'), as an interaction that adds to others.

        Raises
        ------
        ValueError
            If the fit was made without nodes r.
        """
        self._check_radii()
        return self._learned

    def local_potential(self, r):
        """V(r) of the local term, zero without one; any shape.

        Raises
        ------
        ValueError
            If the fit was made without nodes r.
        """
        (r,) = self._check_radii(r=r)
        return self._learned.local_potential(r)

    def nonlocal_potential(self, r, r_prime):
        """U(r, r'), the arguments broadcast against each other.

        Raises
        ------
        ValueError
            If the fit was made without nodes r.
        """
        r, r_prime = self._check_radii(r=r, r_prime=r_prime)
        return self._learned.nonlocal_potential(r, r_prime)

    @property
    def potential_(self):
        """U(r_out, r) on the nodes of the fit, shape (n_out, n_r), without the local term."""
        check_is_fitted(self)
        return self.predict_potential()

    def predict_potential(self, r=None, r_prime=None):
        """The non-local potential U(r, r') on any points.

        Parameters
        ----------
        r : array-like of shape (n,), optional
            Radii of the rows; the output nodes of the fit by default.
        r_prime : array-like of shape (m,), optional
            Radii of the columns; `r` if that is given, else the nodes of the fit.

        Returns
        -------
        ndarray of shape (n, m)
            U in units of [energy]/[length]³. The local term is not in it: see
            ``local_potential``.

        Raises
        ------
        ValueError
            For points that are no increasing radii >= 0, and for any points if the fit was made
            without nodes r.
        """
        check_is_fitted(self)
        if r is None and r_prime is None:
            return self._learned.nonlocal_potential(self.r_out_[:, None], self.r_[None, :])
        r_prime = r if r_prime is None else r_prime
        r = self.r_out_ if r is None else r
        r, r_prime = check_nodes(r), check_nodes(r_prime, "r_prime")
        return self.nonlocal_potential(r[:, None], r_prime[None, :])

    def predict(self, X):
        """Sources Σ_j U(r_i, r_j) w_j φ(r_j) + V(r_i) φ(r_i).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes of the fit.

        Returns
        -------
        ndarray of shape (n_samples, n_out), or (n_samples,) if y of the fit was 1-D
        """
        check_is_fitted(self)
        return like_input(self._predict(check_samples(self, X, reset=False)), X)

    def _predict(self, X):
        y = self._action(X, self.r_, self.weights_, self.r_out_)
        return y[:, 0] if self._flat_target else y

    def apply_potential(self, X, r, weights=None, r_out=None):
        """The action of the potential on wave functions given on other nodes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n)
            Wave functions on the nodes `r`: of another lattice, of another grid.
        r : array-like of shape (n,)
            Their nodes.
        weights : array-like of shape (n,), optional
            Measure of the sum over r'. By default that of the fit on its own nodes, and
            4πr²Δr by the trapezoid rule on others.
        r_out : array-like of shape (n_out,), optional
            Radii at which the source is wanted; `r` by default. With a local term they
            must be among `r`.

        Returns
        -------
        ndarray of shape (n_samples, n_out)

        Raises
        ------
        ValueError
            For shapes that do not fit, if the fit was made without nodes r, and if it was made
            with given weights, as lattice multiplicities, which other nodes need too.
        """
        self._check_radii()
        r = check_nodes(r)
        r_out = r if r_out is None else check_nodes(r_out, "r_out")
        weights = self._measure(r) if weights is None else weights
        X = check_array(X, "X", len(r))
        if X.ndim != 2:
            raise ValueError(f"X must have shape (n_samples, {len(r)}), got {X.shape}")
        weights = check_weights(weights, r)
        return self._action(X, r, weights, r_out)

    def _measure(self, r):
        """The measure on nodes that come without one."""
        if np.array_equal(r, self.r_):
            return self.weights_
        if self._weights_given:
            raise ValueError(
                "weights must be given for other nodes than those of the fit, got None: the fit "
                "had weights of its own, and the trapezoid rule may be another measure"
            )
        return self._default_weights(r)

    def _action(self, X, r, weights, r_out):
        y, interaction = np.zeros((len(X), len(r_out))), self._learned
        if interaction.has_nonlocal:
            y += (X * weights) @ interaction.nonlocal_potential(r_out[:, None], r[None, :]).T
        if interaction.has_local:
            y += interaction.local_potential(r_out) * X[:, node_columns(r_out, r)]
        return y

    def localize(self, X):
        r"""The local potential that acts on each wave function as U does.

        V(r) = [Σ_j U(r, r_j) w_j φ(r_j) + V_loc(r) φ(r)] / φ(r).

        Any U that fits the data gives the right V(r) here: the test of U is its phase
        shift.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes of the fit.

        Returns
        -------
        ndarray of shape (n_samples, n_out)
            NaN where the wave function vanishes.

        Raises
        ------
        ValueError
            If the fit was made without nodes r.
        """
        self._check_radii()
        X = check_samples(self, X, reset=False)
        source = self._action(X, self.r_, self.weights_, self.r_out_)
        phi = X[:, node_columns(self.r_out_, self.r_)]
        tiny = np.finfo(float).eps * np.abs(X).max(axis=1, keepdims=True)
        V = np.full_like(source, np.nan)
        return np.divide(source, phi, out=V, where=np.abs(phi) > tiny)

    def score(self, X, y, sample_weight=None, y_std=None):
        """Coefficient of determination R², weighted by the variance of each output.

        1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², with the sums over samples and outputs. The
        uniform average over outputs, which ``scoring="r2"`` takes, gives the empty
        outer nodes the same say as the rest; neither is defined on one sample (NaN).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
        y : array-like of shape (n_samples, n_out)
        sample_weight : array-like of shape (n_samples,), optional
        y_std : array-like of shape (n_samples, n_out), optional
            Standard deviations of `y`: w = sample_weight/σ². Scorers given by a string
            do not pass them.

        Warns
        -----
        UndefinedMetricWarning
            For one sample, or one with a weight.
        """
        check_is_fitted(self)
        prediction = self._predict(check_samples(self, X, reset=False))
        y = check_array(y, "y", shape=prediction.shape)
        s = check_sample_weight(sample_weight, len(y))
        y_std = None if y_std is None else check_y_std(y_std, y.shape)
        if s is not None:
            counted = s > 0
            y, prediction, s = y[counted], prediction[counted], s[counted]
            y_std = None if y_std is None else y_std[counted]
        scale = -exponent([np.abs(y).max(), np.abs(prediction).max()])
        y, prediction = np.ldexp(y, scale), np.ldexp(prediction, scale)
        if y_std is None or len(y) < 2:
            return r2_score(y, prediction, sample_weight=s, multioutput="variance_weighted")
        s = 1.0 if s is None else s.reshape(-1, *[1] * (y.ndim - 1))
        w = s / np.ldexp(y_std, -exponent(y_std.min())) ** 2
        spread = y - np.average(y, axis=0, weights=w)
        missed, spread = np.sum(w * (y - prediction) ** 2), np.sum(w * spread**2)
        return 1 - missed / spread if spread > 0 else float(missed == 0)

    def phase_shift(self, k, *, channel_radius=None, n_mesh=None):
        """S-wave phase shifts δ(k) in radians, on the branch δ(∞) = 0.

        Parameters
        ----------
        k : array-like
            Momenta, > 0, in the inverse unit of r.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.

        Returns
        -------
        ndarray of the shape of k
        """
        return scattering.phase_shift(self, k, **self._scattering(channel_radius, n_mesh))

    def bound_states(self, *, channel_radius=None, n_mesh=None):
        """Energies and binding momenta; see `halkit.scattering.bound_states`."""
        return scattering.bound_states(self, **self._scattering(channel_radius, n_mesh))

    def scattering_length(self, *, sign="nuclear", channel_radius=None, n_mesh=None):
        """a0 in k cot δ = −1/a0 + r_eff k²/2: positive where there is one bound state.

        With ``sign="lattice"`` it is defined by k cot δ = +1/a0 + r_eff k²/2 instead.
        """
        settings = self._scattering(channel_radius, n_mesh)
        return scattering.scattering_length(self, sign=sign, **settings)

    def effective_range(self, *, channel_radius=None, n_mesh=None):
        """r_eff in k cot δ = −1/a0 + r_eff k²/2."""
        return scattering.effective_range(self, **self._scattering(channel_radius, n_mesh))

    def _scattering(self, channel_radius, n_mesh):
        self._check_radii()
        return {
            "reduced_mass": self._known_mass(),
            "channel_radius": channel_radius,
            "n_mesh": n_mesh,
        }

    def _known_mass(self):
        mass = self._reduced_mass()
        if mass is None:
            raise ValueError(
                "reduced_mass or hadron_mass must be given for an observable, got None: set it, in "
                "the inverse of the unit of r, in the constructor or with set_params of the "
                "estimator itself (one around it has to be fitted again)"
            )
        return mass
