r"""A potential of known form: U(r, r') = function(r, r', θ), with few parameters θ.

Least squares minimise L = Σ ρ² of the residuals ρ_si = W_si [ Σ_j U_θ(r_i, r_j) w_j φ_sj − y_si ],
as for the networks; `halkit.potentials.least_squares` has the covariance of θ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from halkit.callbacks import with_callbacks
from halkit.channels import ChannelList
from halkit.checks import check_array, check_positive
from halkit.interactions.interaction import Interaction, cut
from halkit.potentials.coupled_checks import warn_of_normalisation
from halkit.potentials.drawn import DrawnParameters
from halkit.potentials.least_squares import check_start, fit_theta
from halkit.potentials.misfit import warn_of_misfit
from halkit.potentials.tails import warn_of_tails
from halkit.training import unchanged_on_error
from halkit.typing import Number, Numbers
from halkit.versions import Versioned

__all__ = ["ParametricPotentialRegressor"]


class ParametricPotentialRegressor(DrawnParameters, RegressorMixin, Versioned):
    r"""Non-local potential U(r, r') of a given form, with parameters from least squares.

    A sample is one wave function φ_k on the nodes r. Its target is

        (E_k − H0) φ_k(r) = ∫ 4πr'² dr' U(r, r'; θ) φ_k(r').

    Parameters
    ----------
    function : callable
        ``function(r, r_prime, theta)`` returns U in units of [energy]/[length]³; r and r' are
        arrays that broadcast, theta has shape (n_parameters,). For n > 1 channels it returns U_ab
        of shape (n, n, ...), as ``np.multiply.outer(strengths, form(r, r_prime))`` does. To pickle
        the model, take a function of a module, not a lambda.
    initial : array-like of shape (n_parameters,)
        θ at the start.
    r : array-like of shape (n_r,), optional
        Nodes of the wave functions, increasing and >= 0, in the user's unit of length
        (ħ = c = 1). Without them: r = 1 … n_r.
    weights : array-like of shape (n_r,), optional
        Measure of the sum over r': 4πr²Δr by the trapezoid rule by default, or lattice
        multiplicities.
    r_out : array-like of shape (n_out,), optional
        Radii of the columns of y; `r` by default.
    reduced_mass : float, optional
        m in H0 = −∇²/2m: half the hadron mass for two equal hadrons.
    channels : list of halkit.Channel, optional
        Channels side by side in X and y, which may give the waves and the masses instead.
        `function` is symmetric, U_ba(r', r) = U_ab(r, r'), if observables are to exist.
    l : int, optional
        Orbital angular momentum, 0 by default. Data of the wave l give a potential of this wave.
    radius : float, optional
        U is zero where r or r' is beyond it. Without it `function` must decay by itself for phase
        shifts.
    bounds : pair of float or of array-like of shape (n_parameters,), optional
        Lowest and highest θ.
    max_nfev : int, optional
        Largest number of evaluations, without those for derivatives; 100 per parameter by
        default.
    tol : float
        The fit stops where L or θ changes by less than this fraction, or where the
        gradient of L/2 is below it.

    Attributes
    ----------
    theta_ : ndarray of shape (n_parameters,)
        Parameters with the least loss found.
    radius_ : float or None
        The radius of the fit.
    theta_cov_ : ndarray of shape (n_parameters, n_parameters)
        Their covariance in the linear approximation, without bounds. With `y_std` it follows from
        these errors, for independent values of y. Without, it assumes one size of all weighted
        residuals, and reads it off the fit. Infinite where the data do not determine θ, or leave
        no residual.
    potential_ : ndarray of shape (n_out, n_r)
        U on the nodes of the fit.
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the fit.
    n_iter_ : int
        Number of iterations: of Jacobians.
    interrupted_ : ParametricPotentialRegressor or None
        After an interrupt, a fit with the best θ so far; None after a complete fit.
    loss_ : float
        L, relative to Σ W² y² without `y_std`, the mean of ((prediction − y)/σ)² with it.

    See Also
    --------
    NonLocalPotentialRegressor : for an unknown form of U.

    References
    ----------
    S. Aoki, T. Doi, Front. Phys. 8, 307 (2020); L. Wang, T. Doi, T. Hatsuda, Y. Lyu,
    arXiv:2410.03082.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_separable
    >>> from halkit.potentials import ParametricPotentialRegressor
    >>> def exponentials(r, r_prime, theta):
    ...     return theta[0] * np.exp(-theta[1] * r - theta[2] * r_prime)
    >>> d = make_separable()
    >>> model = ParametricPotentialRegressor(
    ...     exponentials, [-0.01, 0.5, 0.5], r=d.r, reduced_mass=3.3
    ... ).fit(d.data, d.target)
    >>> bool(np.allclose(model.theta_, [-0.017, 1.0, 1.0], rtol=1e-3))
    True
    """

    def __init__(
        self, function: Callable[..., Any], initial: Numbers, *, r: Numbers | None = None,
        weights: Numbers | None = None, r_out: Numbers | None = None,
        reduced_mass: Number | None = None, channels: ChannelList | None = None,
        l: int | None = None, radius: Number | None = None,
        bounds: Sequence[Numbers] | None = None, max_nfev: int | None = None, tol: Number = 1e-10,
    ) -> None:  # fmt: skip
        self.function = function
        self.initial = initial
        self.r = r
        self.weights = weights
        self.r_out = r_out
        self.reduced_mass = reduced_mass
        self.channels = channels
        self.l = l
        self.radius = radius
        self.bounds = bounds
        self.max_nfev = max_nfev
        self.tol = tol

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Find the θ that reproduces the targets best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes r.
        y : array-like of shape (n_samples, n_out) or (n_samples,)
            Their targets (E_k − H0) φ_k at r_out.
        sample_weight : array-like of shape (n_samples,), optional
            With `y_std`, s counts as s equal measurements in the covariance.
        y_std : array-like of the shape of y, optional
            Standard deviations of y: residuals are weighted by 1/σ². Without them, the residual
            of a sample is taken for u = rφ and divided by the norm of its wave function.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if the function does not broadcast or is complex or
            infinite at the start, if data are complex or infinite, or if shapes do not fit the
            nodes.
        FloatingPointError
            If the function is infinite or NaN everywhere but at the start.
        KeyboardInterrupt
            From the keyboard, or from the function. ``interrupted_`` then has the best theta that
            was tried, with an infinite ``theta_cov_``. As after any other error, an earlier fit is
            unchanged.

        Warns
        -----
        ConvergenceWarning
            If `max_nfev` was reached, or if U at `initial` is too small, compared with the targets,
            for its slope to be seen.
        MisfitWarning
            If χ² per datum is above 2.5 with `y_std`: `theta_cov_` is too small then; or if the fit
            leaves more than 1e-3 of the squared targets without `y_std`. If a wave function has
            another phase shift at large r than the fitted potential, asks for another V below the
            first node, or is of another l. With several channels, if another normalisation of them
            makes ⟨φ_s|y_t⟩ symmetric.
        """
        start, bounds = self._check_parameters()
        with self._task(X, y, sample_weight, max_subtasks=None) as task, unchanged_on_error(self):
            problem = self._problem(X, y, sample_weight, y_std)
            self._function = self.function
            self.radius_ = check_positive(self.radius, "radius", optional=True)
            self._check_function(start)
            self._solve(problem, start, bounds, task)
            warn_of_normalisation(self, problem, self.loss_)
            warn_of_misfit(self, problem, symmetric=False)
            warn_of_tails(self, problem)
        return self

    def _check_parameters(self):
        if not callable(self.function):
            raise TypeError(
                f"function must be a callable of (r, r_prime, theta), got {self.function!r}"
            )
        return check_start(self, self.initial)

    def _check_function(self, start):
        """Try the function at the start, with messages that name it."""
        r, r_prime = self.r_out_[:, None], self.r_[None, :]
        form = self._form(start)
        try:
            self.function(r, r_prime, start)
        except Exception as error:
            raise ValueError(
                f"function must take arrays r of shape {r.shape}, r_prime of shape "
                f"{r_prime.shape} and theta of the shape {start.shape} of initial, got "
                f"{type(error).__name__}: {error}"
            ) from error
        if not np.all(np.isfinite(form.values(r, r_prime))):
            raise ValueError(f"function must be finite at initial = {start}, got inf or NaN")

    def _form(self, theta, pair=(0, 0)):
        name, n = type(self).__name__, self.n_channels_
        return _Parametric(self._function, theta, self.radius_, name, (*pair, n))

    def _solve(self, problem, start, bounds, task):
        r, r_prime, n = self.r_out_[:, None], self.r_[None, :], self.n_channels_
        X = problem.X * np.tile(self.weights_, n)

        def prediction(theta):
            U = self._form(theta).values(r, r_prime)
            if n > 1:
                U = U.transpose(0, 2, 1, 3).reshape(n * len(r), -1)
            return X @ U.T

        _, W = problem.shifted()
        fit_theta(self, problem, prediction, problem.y, W, start, bounds, task=task)


class _Parametric(Interaction):
    """U_ab(r, r') = function(r, r', θ)[a, b] of n channels, zero beyond a radius."""

    def __init__(self, function, theta, radius, name, pair):
        self.function, self.theta, self.radius, self.name = function, theta, radius, name
        self.pair, self.n = pair[:2], pair[2]

    def nonlocal_potential(self, r, r_prime):
        U = self.values(r, r_prime)
        return U if self.n == 1 else U[self.pair]

    def values(self, r, r_prime):
        """The function with all pairs of channels first, if there are several."""
        r, r_prime = (np.asarray(x, dtype=np.float64) for x in (r, r_prime))
        shape = np.broadcast_shapes(r.shape, r_prime.shape)
        if self.n > 1:
            shape = self.n, self.n, *shape
        U = check_array(self.function(r, r_prime, self.theta), "function", finite=False)
        try:
            if U.ndim > len(shape) or (self.n > 1 and U.shape[:2] != shape[:2]):
                raise ValueError
            U = np.broadcast_to(U, shape)
        except ValueError as error:
            raise ValueError(
                f"function must broadcast r of shape {r.shape} with r_prime of shape "
                f"{r_prime.shape} to {shape}, got shape {U.shape}"
            ) from error
        return np.array(cut(U, self.radius, r, r_prime))

    def __repr__(self):
        return f"{self.name}(...)"
