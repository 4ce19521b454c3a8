"""A regressor for local potentials of known form; see `halkit.potentials.forms`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Self

import numpy as np
from sklearn.base import RegressorMixin

from halkit.callbacks import with_callbacks
from halkit.channels import ChannelList
from halkit.checks import check_integer, check_positive
from halkit.potentials.coupled_checks import warn_of_normalisation, warn_of_sources
from halkit.potentials.coupling import count_channels, split
from halkit.potentials.drawn import DrawnParameters
from halkit.potentials.form_misfit import warn_of_form
from halkit.potentials.form_start import form_start
from halkit.potentials.forms import Form, LocalForm, pointwise
from halkit.potentials.least_squares import check_start, fit_theta
from halkit.potentials.misfit import warn_of_misfit
from halkit.potentials.named_forms import FORMS, NamedForm, named_form
from halkit.potentials.problem import unshifted
from halkit.potentials.reach import warn_of_reach
from halkit.potentials.table import Table, read_table
from halkit.potentials.tails import warn_of_tails
from halkit.potentials.validation import node_columns
from halkit.radial import RadialGrid
from halkit.training import unchanged_on_error
from halkit.typing import Number, Numbers
from halkit.versions import Versioned

__all__ = ["LocalPotentialRegressor"]

# Step of differences by θ in units of its error.
STEP = 1e-3
# Largest range of a Gaussian over that of the data, which see 22 % of its fall: a longer one is a
# constant to them.
LONGEST = 2.0


class LocalPotentialRegressor(DrawnParameters, RegressorMixin, Versioned):
    r"""Local potential V(r; θ) of a given form, with parameters from least squares.

    A sample is one wave function φ on the nodes r, of one state or of one time slice, its target
    y(r) = V(r) φ(r): (E − H0) φ, or the left-hand side of the time-dependent equation. The form is
    fitted to the targets of all samples, weighted by their errors `y_std`. Coupled channels have
    y_a = Σ_b V_ab φ_b with V_ab = V_ba; the rows of n channels must hold n sources at least, which
    excite the channels differently.

    Parameters
    ----------
    form : {"gaussians", "gaussians+two_pion", "yukawa"} or callable
        "gaussians" is V(r) = Σ_m v_m e^{−(r/b_m)²}; "gaussians+two_pion" adds the exchange of two
        pions, c (1 − e^{−(r/d)²})^p (e^{−μr}/r)²; "yukawa" is c e^{−μr}/r. A function
        ``form(r, theta)`` returns V(r) at an array r, for theta of shape (n_parameters,); of n > 1
        channels, a symmetric V_ab(r) of shape (n, n, ...). To pickle the model, take a function of
        a module, not a lambda.
    initial : array-like of shape (n_parameters,), optional
        θ at the start: (v_1 … v_n, b_1 … b_n), then (c, d, μ) of two pions; (c, μ) of a Yukawa
        potential; and so on for each pair of channels (1, 1), (1, 2), … (2, 2), …. By default
        these forms find their own start, the lowest of the minima next to many θ.
    r : array-like of shape (n_r,), optional
        Nodes of the wave functions, increasing and >= 0, in the user's unit of length
        (ħ = c = 1). Without them: r = 1 … n_r.
    n_terms : int, optional
        Number of Gaussians, of each pair of channels; 2 by default, or what `initial` says.
    weights : array-like of shape (n_r,), optional
        Measure that weights the residuals without `y_std`: 4πr²Δr by the trapezoid rule by default,
        or lattice multiplicities.
    r_out : array-like of shape (n_out,), optional
        Nodes of the columns of y, among `r`; `r` by default.
    reduced_mass : float, optional
        m in H0 = −∇²/2m: half the hadron mass for two equal hadrons. Observables need it.
    channels : list of halkit.Channel, optional
        Coupled channels, in the order of their thresholds, side by side in X and y. What a
        channel leaves None it takes from `reduced_mass` and `l`. Set after a fit, masses and
        thresholds change observables, but not their number. By default one channel.
    l : int, optional
        Orbital angular momentum, 0 by default. Data of the wave l give a potential of this wave.
    radius : float, optional
        V is zero beyond it.
    mu : float, optional
        Mass μ of the exchanged particle, if it is known: then it is not in θ.
    power : int, optional
        Power p of the form factor of "gaussians+two_pion"; 1 by default.
    bounds : pair of float or of array-like of shape (n_parameters,), optional
        Lowest and highest θ; `initial` must be given with them. Without them, and without
        `radius`, ranges b of Gaussians are at most 2 r_out[-1], or the one of `initial`.
    max_nfev : int, optional
        Largest number of evaluations, without those for derivatives; 100 per parameter by
        default.
    tol : float
        The fit stops where L or θ changes by less than this fraction, or where the
        gradient of L/2 is below it.

    Attributes
    ----------
    theta_ : ndarray of shape (n_parameters,)
        Parameters with the least loss found; widths are positive.
    theta_cov_ : ndarray of shape (n_parameters, n_parameters)
        Their covariance in the linear approximation, without bounds. With `y_std` it follows from
        these errors, for independent values of y. Without, it assumes one size of all weighted
        residuals, and reads it off the fit. Infinite where the data do not determine θ, or leave
        no residual. A range b at its largest value counts as known.
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
    leading_order : V(r; t) of correlators, for `fit_table`.

    Notes
    -----
    ``chi2_dof_`` and the covariance take the values of y as independent. Where they are correlated,
    as on lattices, take errors from `halkit.resampling.JackknifeRegressor`.

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
        channels: ChannelList | None = None, l: int | None = None,
        radius: Number | None = None, mu: Number | None = None, power: int | None = None,
        bounds: Sequence[Numbers] | None = None, max_nfev: int | None = None, tol: Number = 1e-10,
    ) -> None:  # fmt: skip
        self.form = form
        self.initial = initial
        self.r = r
        self.n_terms = n_terms
        self.weights = weights
        self.r_out = r_out
        self.reduced_mass = reduced_mass
        self.channels = channels
        self.l = l
        self.radius = radius
        self.mu = mu
        self.power = power
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
        X : array-like of shape (n_samples, n_channels·n_r)
            Wave functions on the nodes r, channels side by side.
        y : array-like of shape (n_samples, n_channels·n_out) or (n_samples,)
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
        MisfitWarning
            With `y_std`, if no local potential describes the data, with χ²/dof above 2.5 for a V(r)
            that is free at each node; or if the form differs from this V(r) by more than the
            errors, with χ²/dof > 1.5 and significant. Errors may be correlated between rows: the
            rows tell it, and how much it raises χ². With several channels, if another
            normalisation of them makes ⟨φ_s|y_t⟩ symmetric, with or without `y_std`. Without
            `y_std`, if the fit leaves more than 1e-3 of the squared targets. If a wave function has
            another phase shift at large r than the fitted potential, asks for another V below the
            first node, or is of another l.
        UnderdeterminedWarning
            If V has not vanished where the data end, a Gaussian that matters has the largest range
            that the fit admits, or a fitted mass μ is not positive. With several channels, if the
            rows do not tell their potentials apart, see `halkit.equations.pointwise_errors`.
        """
        with self._task(X, y, sample_weight, max_subtasks=None) as task, unchanged_on_error(self):
            self._keep_form()
            problem = self._problem(X, y, sample_weight, y_std)
            n, columns = self.n_channels_, node_columns(self.r_out_, self.r_)
            W = problem.shifted()[1]
            phi = split(problem.X, n)[:, :, columns]
            rows = pointwise(phi, split(problem.y, n), split(W, n))
            self._fit_form(problem, rows, task)
            if n > 1:
                warn_of_sources(phi.reshape(problem.y.shape), problem.y, problem.W, n)
                warn_of_normalisation(self, problem, self.loss_)
            if not problem.has_errors:
                warn_of_misfit(self, problem, symmetric=False)
            warn_of_tails(self, problem)
            self._warn_of_reach(exact=not problem.has_errors)
        return self

    def fit_table(
        self, r: Numbers, V: Numbers, V_std: Numbers | None = None, *, V_cov: Numbers | None = None
    ) -> Self:  # fmt: skip
        """Fit a table of V(r), as of a publication or of `leading_order`, in one channel.

        The radii of the table take the place of `r`, `r_out` and `weights`.

        Parameters
        ----------
        r : array-like of shape (n_values,)
            Radii in any order; they may repeat, as on a lattice.
        V : array-like of shape (n_values,)
            The potential there.
        V_std : array-like of shape (n_values,), optional
            Its standard deviations: the values count as independent.
        V_cov : array-like of shape (n_values, n_values), optional
            Their covariance matrix, in place of `V_std`; see `LeadingOrder.covariance`.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As ``fit`` does; if there are several channels, if not one of `V_std` and `V_cov` is
            given, or if `V_cov` is not positive definite.

        Warns
        -----
        ConvergenceWarning, MisfitWarning, UnderdeterminedWarning
            As ``fit`` does. The best function of r counts as V(r) free at each node.

        Examples
        --------
        >>> import numpy as np
        >>> from halkit.potentials import LocalPotentialRegressor
        >>> r = np.repeat(np.linspace(0.2, 3, 20), 2)
        >>> V = -2 * np.exp(-((r / 0.8) ** 2))
        >>> model = LocalPotentialRegressor(n_terms=1).fit_table(r, V, np.full(40, 0.01))
        >>> model.theta_.round(6).tolist()
        [-2.0, 0.8]
        """
        with unchanged_on_error(self):
            self._keep_form()
            if count_channels(self._owner()) > 1:
                raise ValueError("channels must be one for a table of V(r), got several")
            table = read_table(r, V, V_std, V_cov)
            mean, inverse_std = table.potential()
            grid = RadialGrid.from_nodes(table.r)
            like = SimpleNamespace(
                r_=grid.r, weights_=grid.weights, r_out_=grid.r, _nodes_given=True,
                _weights_given=False, channels=None, l=None,
            )  # fmt: skip
            problem = self._problem(np.ones_like(mean), mean, None, 1 / inverse_std, like)
            problem = problem._replace(total=float(table.n_values))
            self._fit_form(problem, table.per_value(problem.shift))
            self._warn_of_reach(exact=False)
        return self

    def _keep_form(self):
        """Keep the form of the fit, after a check of the parameters that belong to it."""
        check_integer(self.n_terms, "n_terms", least=1, optional=True)
        own = callable(self.form)
        if not own and (not isinstance(self.form, str) or self.form not in FORMS):
            raise ValueError(
                f"form must be one of {[*FORMS]} or a function of (r, theta), got {self.form!r}"
            )
        if own or self.form == "yukawa":
            name = "a form of your own" if own else repr(self.form)
            for parameter in ("n_terms", "mu", "power")[: 3 if own else 1]:
                if (value := getattr(self, parameter)) is not None:
                    raise ValueError(f"{parameter} must be None for {name}, got {value!r}")
        if self.initial is None and (own or self.bounds is not None):
            why = "for a form of your own" if own else "with bounds"
            raise ValueError(f"initial must be given {why}, got None")
        form = None if own else named_form(self.form, self.mu, self.power)
        self._kept, self._exchange = self.form, None if own else (form.mu, form.power)

    @property
    def _named(self):
        """The `NamedForm` of the fit, None for a function of the user."""
        return None if callable(self._kept) else NamedForm(self._kept, *self._exchange)

    def _fit_form(self, problem, rows, task=None):
        """Fit the form to what rows or a table say of V(r)."""
        start, bounds = check_start(self, self._start(rows))
        self.radius_ = check_positive(self.radius, "radius", optional=True)
        self._try_form(start)
        pairs, W = np.triu_indices(self.n_channels_), np.ones_like(rows.c)
        form, end = self._named, LONGEST * self.r_out_[-1]
        given = form is None or self.bounds is not None or self.radius_ is not None
        self._limits = None if given else form.limits(start, len(pairs[0]), end)

        def prediction(theta):
            return rows.act(self._form(theta).matrix(self.r_out_)[pairs])

        fit_theta(
            self, problem, prediction, rows.c, W, start, bounds, limits=self._limits,
            left=rows.left, task=task,
        )  # fmt: skip
        self._finish(problem, rows)

    def _start(self, rows):
        form, pairs = self._named, self.n_channels_ * (self.n_channels_ + 1) // 2
        if form is None:
            return self.initial
        if form.name == "yukawa" and self.r_out_[0] == 0:
            raise ValueError("r of y must be > 0 for a Yukawa potential, got 0")
        n = self.n_terms
        if self.initial is None:
            V, a = rows.potential()
            if not np.all(np.any(a > 0, axis=1)):
                raise ValueError("X must not be zero on all nodes of y, got 0")
            n = (0 if form.name == "yukawa" else 2) if n is None else n
            starts = [form_start(form, self.r_out_, *pair, n) for pair in zip(V, a, strict=True)]
            return np.concatenate(starts)
        size, rest = divmod(np.size(self.initial), pairs)
        found = form.n_gaussians(size)
        if rest or found is None or found != (found if n is None else n):
            of = f", for each of {pairs} pairs of channels" if pairs > 1 else ""
            raise ValueError(
                f"initial must have shape ({form.length},), see form{of}, got shape "
                f"{np.shape(self.initial)} with n_terms={n}"
            )
        return self.initial

    def _try_form(self, start):
        """Try the form at the start, with messages that name it."""
        form = self._form(start)
        if self._named is None:
            try:
                self._kept(self.r_out_, start)
            except Exception as error:
                raise ValueError(
                    f"form must take an array r of shape {self.r_out_.shape} and theta of the "
                    f"shape {start.shape} of initial, got {type(error).__name__}: {error}"
                ) from error
        V = form.matrix(self.r_out_)
        if not np.all(np.isfinite(V)):
            raise ValueError(f"form must be finite at initial = {start}, got inf or NaN")
        if not np.allclose(V, V.swapaxes(0, 1), rtol=1e-9, atol=0.0):
            raise ValueError("form must return V_ab = V_ba, got a matrix that is not symmetric")

    def _finish(self, problem, rows):
        """Positive widths, and χ²."""
        if (form := self._named) is not None:
            blocks = self.theta_.reshape(len(np.triu_indices(self.n_channels_)[0]), -1)
            widths = form.widths(blocks.shape[1])
            sign = np.where((blocks < 0) & widths, -1.0, 1.0).ravel()
            form.warn_of_growth(blocks)
            if self._limits is not None:
                std = np.sqrt(np.diag(self.theta_cov_)).reshape(blocks.shape)
                form.warn_of_range(blocks, std, self._limits.reshape(blocks.shape))
            self.theta_ = sign * self.theta_
            self.theta_cov_ = np.outer(sign, sign) * self.theta_cov_
        self.chi2_dof_ = self.chi2_dof_pointwise_ = None
        if problem.has_errors:
            dof = problem.total - len(self.theta_), problem.total - rows.n_known
            left = unshifted(rows.left, problem.shift)
            self.chi2_dof_, self.chi2_dof_pointwise_ = (
                float(loss * problem.total / n) if n > 0 else np.nan
                for loss, n in zip((self.loss_, left), dof, strict=True)
            )
            chi2 = self.chi2_dof_, self.chi2_dof_pointwise_
            correlated = None if isinstance(rows, Table) else rows.correlated
            warn_of_form(
                len(self.theta_), *chi2, *dof, correlated=correlated, n_channels=self.n_channels_
            )

    def _warn_of_reach(self, *, exact):
        if not self._nodes_given:
            return
        for pair in zip(*np.triu_indices(self.n_channels_), strict=True):
            warn_of_reach(
                self.r_out_, U=None, V=self._form(self.theta_, pair).local_potential,
                std=partial(self._local_std, pair=pair), exact=exact,
            )  # fmt: skip

    def _local_std(self, r, pair):
        """Standard deviation of V_ab at one radius, from the covariance of θ."""
        if not np.all(np.isfinite(self.theta_cov_)):
            return np.inf
        std = np.sqrt(np.diag(self.theta_cov_))
        slopes = [
            self._form(self.theta_ + step, pair).local_potential(r)[0]
            - self._form(self.theta_ - step, pair).local_potential(r)[0]
            for step in np.diag(STEP * std)
        ]
        unit = 2 * STEP * np.where(std > 0, std, 1.0)
        return float(np.sqrt(max(slopes @ (self.theta_cov_ / np.outer(unit, unit)) @ slopes, 0.0)))

    def _within(self, theta):
        return theta if self._limits is None else np.clip(theta, -self._limits, self._limits)

    def _form(self, theta, pair=(0, 0)):
        return LocalForm(self._named or self._kept, theta, self.radius_, self.n_channels_, pair)
