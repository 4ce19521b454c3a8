r"""A local potential of known form, V(r) = form(r, θ), fitted to rows y(r) = V(r) φ(r).

The rows of all samples determine V node by node, with errors: with weights W,

    Σ_s W_s² [V(r) φ_s(r) − y_s(r)]² = a(r)² [V(r) − V̂(r)]² + L0(r),   a² = Σ_s W_s² φ_s²,

and the form is fitted to V̂ ± 1/a. Σ L0, which no V(r) describes, tests whether the truth is local.
"""

import warnings
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Literal, NamedTuple, Self, TypeAlias

import numpy as np
from scipy.optimize import least_squares
from sklearn.base import BaseEstimator, RegressorMixin

from halkit.checks import check_array, check_integer, check_positive
from halkit.exceptions import AccuracyWarning
from halkit.interactions.interaction import Interaction, cut
from halkit.potentials.base import PotentialMixin
from halkit.potentials.least_squares import check_start, fit_theta
from halkit.potentials.problem import unshifted
from halkit.potentials.reach import warn_of_reach
from halkit.potentials.validation import node_columns
from halkit.scaling import norm
from halkit.training import unchanged_on_error
from halkit.typing import Array, Number, Numbers

__all__ = ["LocalForm", "LocalPotentialRegressor", "gaussians"]

Form: TypeAlias = Literal["gaussians"] | Callable[..., Any]
# Widths of Gaussians in the list of starts, sets of them that are tried, and the least singular
# value of a set.
N_WIDTHS, N_STARTS, RIDGE = 16, 6, 1e-9
# Step of differences by θ in units of its error.
STEP = 1e-3
# χ²/dof, and number of its standard deviations for independent errors, of a fit that is wrong.
BAD, SIGNIFICANT = 2.0, 5.0


def gaussians(r: Array, theta: Array) -> Array:
    """V(r) = Σ_m v_m e^{−(r/b_m)²} for θ = (v_1 … v_n, b_1 … b_n), of the shape of `r`."""
    v, b = np.split(theta, 2)
    return np.asarray(np.exp(-((np.asarray(r)[..., None] / b) ** 2)) @ v)


class Pointwise(NamedTuple):
    """V̂(r) of the rows, and its weight.

    Attributes
    ----------
    V, a : ndarray of shape (n_out,)
        V̂, and a; 0 where all φ_s vanish.
    left : float
        Σ L0, in the unit of a.
    n_dof : int
        Number of rows less the number of nodes.
    """

    V: Array
    a: Array
    left: float
    n_dof: int


def pointwise_potential(X: Array, y: Array, W: Array) -> Pointwise:
    """The V that describes the rows node by node.

    Parameters
    ----------
    X, y, W : ndarray of shape (n_samples, n_out)
        Wave functions and targets at the nodes of V, and the weights of the residual.
    """
    phi, target = W * X, W * y
    a = norm(phi, axis=0)
    unit = np.divide(phi, a, out=np.zeros_like(phi), where=a > 0)
    along = np.sum(unit * target, axis=0)
    V = np.divide(along, a, out=np.zeros_like(a), where=a > 0)
    n_dof = int(np.count_nonzero(W) - np.count_nonzero(a))
    return Pointwise(V, a, float(norm(target - unit * along) ** 2), n_dof)


def gaussian_start(r: Array, V: Array, a: Array, n_terms: int) -> Array:
    """θ of a sum of Gaussians close to the V of least Σ a² (form − V)².

    For given widths the strengths follow from linear least squares. The best sets of widths of a
    list, from the first node to r[-1]/2, are each brought to their minimum; the lowest is taken.
    """
    low, high = r[r > 0][0], r[-1] / 2
    listed = np.log(np.geomspace(min(low, high / 2), high, max(N_WIDTHS, n_terms)))

    def columns(log_widths):
        A = a[:, None] * np.exp(-((r[:, None] / np.exp(log_widths)) ** 2))
        size = norm(A, axis=0)
        size = np.where(size > 0, size, 1.0)
        return A / size, size

    def left(log_widths):
        A, _ = columns(log_widths)
        return target - A @ np.linalg.lstsq(A, target, rcond=RIDGE)[0]

    unit = norm(a * V)
    target = a * V / (unit if unit > 0 else 1.0)
    A, _ = columns(listed)
    terms, gram, b = np.array([*combinations(range(len(listed)), n_terms)]), A.T @ A, A.T @ target
    block = gram[terms[:, :, None], terms[:, None, :]] + RIDGE * np.eye(n_terms)
    explained = np.sum(np.linalg.solve(block, b[terms][..., None])[..., 0] * b[terms], axis=1)
    bounds = listed[0] - np.log(2), listed[-1] + np.log(4)
    found = [
        least_squares(left, listed[chosen], bounds=bounds)
        for chosen in terms[np.argsort(-explained)[:N_STARTS]]
    ]
    log_widths = np.sort(min(found, key=lambda solution: solution.cost).x)
    A, size = columns(log_widths)
    v = np.linalg.lstsq(A, a * V, rcond=RIDGE)[0] / size
    return np.concatenate([v, np.exp(log_widths)])


class LocalForm(Interaction):
    """V(r) = form(r, θ), zero beyond a radius.

    Parameters
    ----------
    form : callable
        ``form(r, theta)`` of arrays.
    theta : ndarray of shape (n_parameters,)
    radius : float or None
    """

    def __init__(self, form: Callable[..., Any], theta: Array, radius: float | None) -> None:
        self.form, self.theta, self.radius = form, theta, radius

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise."""
        r = np.asarray(r, dtype=np.float64)
        V = check_array(self.form(r, self.theta), "form", finite=False)
        if V.shape not in {(), r.shape}:
            raise ValueError(f"form must return the shape {r.shape} of r, got shape {V.shape}")
        return np.array(cut(np.broadcast_to(V, r.shape), self.radius, r))

    def __repr__(self) -> str:
        name = getattr(self.form, "__name__", None) or repr(self.form)
        return f"LocalForm({name}, theta={np.round(self.theta, 6).tolist()})"


FORMS = {"gaussians": gaussians}


class LocalPotentialRegressor(PotentialMixin, RegressorMixin, BaseEstimator):
    r"""Local potential V(r; θ) of a given form, with parameters from least squares.

    A sample is one wave function φ on the nodes r, of one state or of one time slice, its target
    y(r) = V(r) φ(r): (E − H0) φ, or the left-hand side of the time-dependent equation. The form is
    fitted to the targets of all samples, weighted by their errors `y_std`.

    Parameters
    ----------
    form : "gaussians" or callable
        "gaussians" is V(r) = Σ_m v_m e^{−(r/b_m)²}. A function ``form(r, theta)`` returns V(r) at
        an array r, for theta of shape (n_parameters,). To pickle the model, take a function of a
        module, not a lambda.
    initial : array-like of shape (n_parameters,), optional
        θ at the start, (v_1 … v_n, b_1 … b_n) for Gaussians. These find their own start by
        default: the best of all sums with widths from a list.
    r : array-like of shape (n_r,), optional
        Nodes of the wave functions, increasing and >= 0, in the user's unit of length
        (ħ = c = 1). Without them: r = 1 … n_r.
    n_terms : int, optional
        Number of Gaussians; 2 by default, or what `initial` says.
    weights : array-like of shape (n_r,), optional
        Measure that weights the residuals without `y_std`: 4πr²Δr by the trapezoid rule by default,
        or lattice multiplicities.
    r_out : array-like of shape (n_out,), optional
        Nodes of the columns of y, among `r`; `r` by default.
    reduced_mass : float, optional
        m in H0 = −∇²/2m: half the hadron mass for two equal hadrons. Observables need it.
    radius : float, optional
        V is zero beyond it.
    bounds : pair of float or of array-like of shape (n_parameters,), optional
        Lowest and highest θ; `initial` must be given with them.
    max_nfev : int, optional
        Largest number of evaluations, without those for derivatives; 100 per parameter by
        default.
    tol : float
        The fit stops where L or θ changes by less than this fraction, or where the
        gradient of L/2 is below it.

    Attributes
    ----------
    theta_ : ndarray of shape (n_parameters,)
        Parameters with the least loss found; the widths of Gaussians are positive.
    theta_cov_ : ndarray of shape (n_parameters, n_parameters)
        Their covariance in the linear approximation, without bounds. With `y_std` it follows from
        these errors, for independent values of y. Without, it assumes one size of all weighted
        residuals, and reads it off the fit. Infinite where the data do not determine θ, or leave
        no residual.
    chi2_dof_ : float or None
        χ² per degree of freedom; None without `y_std`, NaN without a degree of freedom.
    chi2_dof_pointwise_ : float or None
        The same for the best V(r), free at each node: where it is far from 1, no local potential
        describes the data.
    radius_ : float or None
        The radius of the fit.
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the fit.
    n_iter_ : int
        Number of iterations: of Jacobians.
    interrupted_ : LocalPotentialRegressor or None
        After an interrupt, a fit with the best θ so far; None after a complete fit.
    loss_ : float
        L, relative to Σ W² y² without `y_std`, the mean of ((prediction − y)/σ)² with it.

    See Also
    --------
    ParametricPotentialRegressor : U(r, r') of a given form.

    Notes
    -----
    χ² takes the values of y as independent. Where they are correlated, as on lattices, take errors
    from `halkit.resampling.JackknifeRegressor`.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import minnesota, nucleon_reduced_mass
    >>> from halkit.potentials import LocalPotentialRegressor
    >>> from halkit.scattering import scattering_wave_functions
    >>> V, m, r = minnesota(spin=1), nucleon_reduced_mass(), np.linspace(0.1, 8, 80)
    >>> phi = scattering_wave_functions(V, [0.2, 0.5], reduced_mass=m)(r)
    >>> model = LocalPotentialRegressor(r=r, reduced_mass=m).fit(phi, V(r) * phi)
    >>> bool(np.allclose(1 / model.theta_[2:] ** 2, [1.487, 0.639], rtol=1e-4))
    True
    """

    def __init__(
        self, form: Form = "gaussians", initial: Numbers | None = None, *,
        r: Numbers | None = None, n_terms: int | None = None, weights: Numbers | None = None,
        r_out: Numbers | None = None, reduced_mass: Number | None = None,
        radius: Number | None = None, bounds: Sequence[Numbers] | None = None,
        max_nfev: int | None = None, tol: Number = 1e-10,
    ) -> None:  # fmt: skip
        self.form = form
        self.initial = initial
        self.r = r
        self.n_terms = n_terms
        self.weights = weights
        self.r_out = r_out
        self.reduced_mass = reduced_mass
        self.radius = radius
        self.bounds = bounds
        self.max_nfev = max_nfev
        self.tol = tol

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
            Their targets V φ at r_out.
        sample_weight : array-like of shape (n_samples,), optional
            With `y_std`, s counts as s equal measurements in the covariance and in χ².
        y_std : array-like of the shape of y, optional
            Standard deviations of y: residuals are weighted by 1/σ². Without them, the residual
            of a sample is taken for u = rφ and divided by the norm of its wave function.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if the form does not return the shape of r, or is
            complex or infinite at the start, if data are complex or infinite, or if shapes do not
            fit the nodes.
        FloatingPointError
            If the form is infinite or NaN everywhere but at the start.
        KeyboardInterrupt
            As for `ParametricPotentialRegressor`.

        Warns
        -----
        ConvergenceWarning
            If `max_nfev` was reached, or if V at `initial` is too small, compared with the targets,
            for its slope to be seen.
        AccuracyWarning
            With `y_std`, if χ²/dof is above 2 and significant: the message says whether another
            form may help, or no local potential describes the data.
        UnderdeterminedWarning
            If V has not vanished where the data end.
        """
        self._check_form()
        with unchanged_on_error(self):
            problem = self._problem(X, y, sample_weight, y_std)
            columns = node_columns(self.r_out_, self.r_)
            _, W = problem.shifted()
            rows = pointwise_potential(problem.X[:, columns], problem.y, W)
            start, bounds = check_start(self, self._start(rows))
            self._kept, self.radius_ = (
                self.form,
                check_positive(self.radius, "radius", optional=True),
            )
            self._try_form(start)
            fit_theta(
                self, problem, lambda theta: self._with(theta).local_potential(self.r_out_),
                rows.V, rows.a, start, bounds, left=rows.left,
            )  # fmt: skip
            self._finish(problem, rows)
        if self._nodes_given:
            warn_of_reach(
                self.r_out_, U=None, V=self._learned.local_potential, std=self._local_std,
                exact=not problem.has_errors,
            )  # fmt: skip
        return self

    def _check_form(self):
        check_integer(self.n_terms, "n_terms", least=1, optional=True)
        if callable(self.form):
            if self.n_terms is not None:
                raise ValueError(
                    f"n_terms must be None for a form of your own, got {self.n_terms!r}"
                )
            if self.initial is None:
                raise ValueError("initial must be given for a form of your own, got None")
        elif not isinstance(self.form, str) or self.form not in FORMS:
            raise ValueError(
                f"form must be one of {[*FORMS]} or a function of (r, theta), got {self.form!r}"
            )
        if self.bounds is not None and self.initial is None:
            raise ValueError("initial must be given with bounds, got None")

    def _start(self, rows):
        if self.initial is None:
            n = 2 if self.n_terms is None else self.n_terms
            if np.count_nonzero(rows.a) == 0:
                raise ValueError("X must not be zero on all nodes of y, got 0")
            return gaussian_start(self.r_out_, rows.V, rows.a, n)
        if callable(self.form):
            return self.initial
        n = np.size(self.initial) // 2
        if np.size(self.initial) != 2 * (n if self.n_terms is None else self.n_terms):
            raise ValueError(
                "initial must have shape (2 n_terms,), the strengths and then the widths, got "
                f"shape {np.shape(self.initial)} with n_terms={self.n_terms}"
            )
        return self.initial

    def _try_form(self, start):
        """Try the form at the start, with messages that name it."""
        form = self._with(start)
        try:
            form.form(self.r_out_, start)
        except Exception as error:
            raise ValueError(
                f"form must take an array r of shape {self.r_out_.shape} and theta of the shape "
                f"{start.shape} of initial, got {type(error).__name__}: {error}"
            ) from error
        if not np.all(np.isfinite(form.local_potential(self.r_out_))):
            raise ValueError(f"form must be finite at initial = {start}, got inf or NaN")

    def _finish(self, problem, rows):
        """Positive widths, and χ²."""
        if not callable(self._kept):
            n = len(self.theta_) // 2
            sign = np.append(np.ones(n), np.where(self.theta_[n:] < 0, -1.0, 1.0))
            self.theta_, self.theta_cov_ = (
                sign * self.theta_,
                np.outer(sign, sign) * self.theta_cov_,
            )
        self.chi2_dof_ = self.chi2_dof_pointwise_ = None
        if problem.has_errors:
            shift, _ = problem.shifted()
            losses = self.loss_, unshifted(rows.left, shift)
            counts = len(self.theta_), np.count_nonzero(rows.a)
            dof = [problem.total - n for n in counts]
            self.chi2_dof_, self.chi2_dof_pointwise_ = (
                float(loss * problem.total / n) if n > 0 else np.nan
                for loss, n in zip(losses, dof, strict=True)
            )
            self._warn_of_misfit(*dof)

    def _warn_of_misfit(self, dof, dof_pointwise):
        """Warn of a χ² that this form, or any local potential, cannot bring down."""
        limit, limit_pointwise = (
            max(BAD, 1 + SIGNIFICANT * np.sqrt(2 / n)) if n > 0 else np.inf
            for n in (dof, dof_pointwise)
        )
        if self.chi2_dof_pointwise_ > limit_pointwise:
            warnings.warn(
                f"no local potential describes the data: χ²/dof is {self.chi2_dof_pointwise_:.3g} "
                "with V(r) free at each node. The interaction is non-local, or y_std too small; "
                "try GaussianProcessPotentialRegressor",
                AccuracyWarning,
                stacklevel=4,
            )
        elif self.chi2_dof_ > limit:
            warnings.warn(
                f"χ²/dof is {self.chi2_dof_:.3g} with {len(self.theta_)} parameters, and "
                f"{self.chi2_dof_pointwise_:.3g} with V(r) free at each node: take another form, "
                "or more terms",
                AccuracyWarning,
                stacklevel=4,
            )

    def _local_std(self, r):
        """Standard deviation of V at one radius, from the covariance of θ."""
        if not np.all(np.isfinite(self.theta_cov_)):
            return np.inf
        std = np.sqrt(np.diag(self.theta_cov_))
        slopes = [
            self._with(self.theta_ + step).local_potential(r)[0]
            - self._with(self.theta_ - step).local_potential(r)[0]
            for step in np.diag(STEP * std)
        ]
        unit = 2 * STEP * np.where(std > 0, std, 1.0)
        return float(np.sqrt(max(slopes @ (self.theta_cov_ / np.outer(unit, unit)) @ slopes, 0.0)))

    def _with(self, theta):
        """The interaction with parameters θ."""
        form = FORMS.get(self._kept, self._kept) if isinstance(self._kept, str) else self._kept
        return LocalForm(form, theta, self.radius_)

    def _reduced_mass(self):
        return self.reduced_mass

    @property
    def _learned(self):
        return self._with(self.theta_)
