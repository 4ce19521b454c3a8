r"""A Gaussian process over potentials: the fit in closed form, with its errors.

U(r, r') and V(r) are Gaussian a priori, and the target of a wave function is linear in them, so the
posterior is Gaussian too. It takes one QR decomposition with as many columns as the prior has
functions (`halkit.potentials.prior`, `halkit.potentials.posterior`).
"""

from __future__ import annotations

from functools import partial
from typing import Literal, Self

import numpy as np
import scipy.linalg
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from halkit.callbacks import with_callbacks
from halkit.channels import ChannelList
from halkit.checks import check_boolean, check_choice, check_number, check_positive
from halkit.potentials.coupled_checks import (
    scale_derivatives,
    scales,
    warn_of_normalisation,
    warn_of_scales,
    warn_of_sources,
)
from halkit.potentials.coupled_prior import CoupledPrior
from halkit.potentials.coupling import act, count_channels, own_wave, pair_masses, split
from halkit.potentials.local import (
    LATTICE_RANGE,
    check_local_prior,
    local_strength,
    local_term,
)
from halkit.potentials.misfit import warn_of_misfit
from halkit.potentials.posterior import PosteriorDraw, PosteriorMixin, solve_ridge
from halkit.potentials.prior import (
    LocalPrior,
    NonLocalPrior,
    PotentialPrior,
    nonlocal_lengths,
    smooth_basis,
)
from halkit.potentials.reach import warn_of_reach
from halkit.potentials.row_blocks import blocks_of, condensed, signal_of, warn_of_signal
from halkit.potentials.tails import warn_of_tails
from halkit.potentials.validation import check_reach, node_columns
from halkit.scaling import norm
from halkit.seeds import check_random_state, fixed_seed
from halkit.training import unchanged_on_error
from halkit.typing import Array, Number, Numbers, Random
from halkit.versions import Versioned

__all__ = ["GaussianProcessPotentialRegressor"]

NOISE = 1e-3


class GaussianProcessPotentialRegressor(PosteriorMixin, RegressorMixin, Versioned):
    r"""Non-local potential U(r, r') as a Gaussian process, in closed form and with errors.

    A sample is one wave function φ on the nodes r. Its target is (E_k − H0) φ_k, see
    `halkit.equations.stationary_target`, or the left-hand side of the time-dependent equation,
    see `halkit.equations.lattice_rows`. Both are

        y(r) = V(r) φ(r) + ∫ 4πr'² dr' U(r, r') φ(r'),

    V(r) = Σ_m θ_m B_m e^{−(r/b_m)²} with θ_m ~ N(0, 1), and U Gaussian with the covariance

        ⟨U(r, r') U(s, s')⟩ = A² c(r, s) c(r', s'),   c(r, s) = e(r) e(s) e^{−(r−s)²/2ℓ²},

    symmetrised. The defaults suit lattice correlators in lattice units at a spacing near
    0.09 fm: fits to ΞΞ(¹S₀) correlators describe a volume left out of the fit.
    `lattice_prior` scales the defaults to another unit of length.

    Parameters
    ----------
    r : array-like of shape (n_r,), optional
        Nodes of the wave functions, increasing and >= 0, in the user's unit of length
        (ħ = c = 1). Without them: r = 1 … n_r.
    weights : array-like of shape (n_r,), optional
        Measure of the sum over r': 4πr²Δr by the trapezoid rule by default, or lattice
        multiplicities.
    r_out : array-like of shape (n_out,), optional
        Radii of the columns of y; `r` by default.
    reduced_mass : float, optional
        m in H0 = −∇²/2m: half the hadron mass for two equal hadrons. Observables need it, and so
        does the prior of V.
    channels : list of halkit.Channel, optional
        Coupled channels, in the order of their thresholds, side by side in X and y. What a
        channel leaves None it takes from `reduced_mass` and `l`. Set after a fit, masses and
        thresholds change observables, but not their number. By default one channel.
    l : int, optional
        Orbital angular momentum, 0 by default. Data of the wave l give a potential of this wave.
    local : bool or "only"
        Whether the local term is added, or stands alone.
    length_scale : float, optional
        ℓ, over which U varies. By default 4; 9 for several channels and for l > 0.
    envelope_radius : float, optional
        ρ, beyond which U vanishes. By default 5.5; 9 for several channels and for
        l > 0.
    amplitude : float
        A, the prior standard deviation of U(0, 0), in [energy]/[length]³.
    nonlocal_strength : float, optional
        Factor of `amplitude`. By default 1, which `halkit.resampling.JackknifeRegressor` raises
        until the phase shifts of its bins stay; with a number `amplitude` stays as given.
    nonlocal_reach : float, optional
        Factor of `envelope_radius`, in the same way.
    envelope : {"gaussian", "exponential"}
        e(r) = e^{−r²/2ρ²} or e^{−r/ρ}.
    symmetric : bool
        Whether U(r, r') = U(r', r).
    local_widths, local_range :
        The prior of V, as in `TimeDependentHALRegressor`.
    local_strength : float, optional
        s, the size of V a priori in units of the depth at which a well binds. By default 5, which
        `halkit.resampling.JackknifeRegressor` raises until the phase shifts of its bins stay.
    noise : float, optional
        Without `y_std`: the standard deviation of the weighted y, relative to its root mean
        square; 1e-3 by default. It is refused with `y_std`.
    tol : float
        Functions of the prior with a scale below `tol` times the largest are left out.
    random_state : int, RandomState, Generator or None
        Seeds the draws from the posterior. Of anything but an integer `fit` takes one seed, so
        that all observables of a fit have the same draws.

    Attributes
    ----------
    potential_ : ndarray of shape (n_out, n_r)
        Posterior mean of U on the nodes of the fit.
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the fit.
    coefficients_, covariance_ : ndarray of shape (p,) and (p, p)
        Posterior mean and covariance of θ, the local coefficients first.
    loss_ : float
        Mean of ((prediction − y)/σ)² with `y_std`, relative to Σ W² y² without.
    log_marginal_likelihood_ : float
        log p(y) for independent errors of y.
    n_effective_ : float
        Effective number of parameters, the trace of the hat matrix.
    information_gain_ : float
        Divergence of the posterior from the prior, in nats.
    local_strength_ : float or None
        s of the fit; None without a local term.
    nonlocal_strength_, nonlocal_reach_ : float or None
        Factors of `amplitude` and of `envelope_radius` in the fit; None without U.
    envelope_radius_ : float or None
        ρ of the fit; None without U.
    nonlocal_sensitivity_ : ndarray
        Singular values of the effect of U of the prior on the data, orthogonal to the effect of
        any V(r): the number of standard deviations at which each direction of U is seen beside V.
        Empty unless `local` is True.

    Notes
    -----
    Posterior, evidence and loss take the errors of y as independent. The errors of lattice
    correlators are strongly correlated in r and t, with two consequences. The posterior is far
    too narrow: take statistical errors from a jackknife of the fit. And the evidence, like the
    training residual, prefers a prior wide enough to fit the correlated noise: choose ρ and A
    with independent data, such as another volume.

    Sources that differ in their operators tell the potentials of n channels apart: n of them for
    V_ab(r), 2n for V_ab(r) and U_ab(r, r'). Errors `y_std` from few bins scatter, which costs
    coupled fits a factor of two or more: average them with `halkit.resampling.pooled_errors`.
    With ``symmetric=False`` the normalisation of the channels is free, but H is not Hermitian, and
    `s_matrix` refuses it.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
    sections 2.2 and 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_separable
    >>> from halkit.potentials import GaussianProcessPotentialRegressor
    >>> d = make_separable()
    >>> model = GaussianProcessPotentialRegressor(
    ...     d.r, reduced_mass=3.3, local=False, envelope="exponential", envelope_radius=1.0,
    ...     length_scale=4.0, amplitude=0.02, noise=1e-5,
    ... ).fit(d.data, d.target)
    >>> k = np.array([0.1, 0.5, 1.0])
    >>> delta, error = model.phase_shift(k, return_std=True)
    >>> exact = d.interaction.phase_shift(k, reduced_mass=3.3)
    >>> bool(np.all(np.abs(np.rad2deg(delta - exact)) < 0.02))
    True
    """

    _lattice_defaults = True
    _automatic_strength = True

    def __init__(
        self, r: Numbers | None = None, *, weights: Numbers | None = None,
        r_out: Numbers | None = None, reduced_mass: Number | None = None,
        channels: ChannelList | None = None, l: int | None = None,
        local: Literal["only"] | bool = True, length_scale: Number | None = None,
        envelope_radius: Number | None = None, amplitude: Number = 1e-5,
        nonlocal_strength: Number | None = None, nonlocal_reach: Number | None = None,
        envelope: Literal["gaussian", "exponential"] = "gaussian", symmetric: bool = True,
        local_widths: Numbers | None = None, local_range: Number = LATTICE_RANGE,
        local_strength: Number | None = None, noise: Number | None = None, tol: Number = 1e-6,
        random_state: Random = 0,
    ) -> None:  # fmt: skip
        self.r = r
        self.weights = weights
        self.r_out = r_out
        self.reduced_mass = reduced_mass
        self.channels = channels
        self.l = l
        self.local = local
        self.length_scale = length_scale
        self.envelope_radius = envelope_radius
        self.amplitude = amplitude
        self.nonlocal_strength = nonlocal_strength
        self.nonlocal_reach = nonlocal_reach
        self.envelope = envelope
        self.symmetric = symmetric
        self.local_widths = local_widths
        self.local_range = local_range
        self.local_strength = local_strength
        self.noise = noise
        self.tol = tol
        self.random_state = random_state

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Condition the potential on wave functions and their targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes r.
        y : array-like of shape (n_samples, n_out) or (n_samples,)
            Their targets at r_out.
        sample_weight : array-like of shape (n_samples,), optional
            s counts as s equal measurements.
        y_std : array-like of the shape of y, optional
            Standard deviations of y, instead of `noise`. Without them, the residual of a sample
            is taken for u = rφ and divided by the norm of its wave function.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if data are complex or infinite, or if shapes do not
            fit the nodes.

        Warns
        -----
        MisfitWarning
            If the fit does not describe the data: χ² per datum is above 2.5 with `y_std`, more than
            1e-3 of the squared targets is left without, or U is symmetric and ⟨φ_s|y_t⟩ is not. If
            a wave function has another phase shift at large r than the fitted potential, asks for
            another V below the first node, or is of another l.
            With several channels, if another normalisation of them makes it symmetric.
        UnderdeterminedWarning
            If U of the prior is seen at less than three standard deviations beside V, as with
            time slices of one quark source; if the prior, or the fitted potential, reaches beyond
            the data. With several channels, if the rows do not tell their potentials apart, see
            `halkit.equations.pointwise_errors`, and if a channel fits better with another
            normalisation.
        """
        nonlocal_ = self._nonlocal_prior()
        with self._task(X, y, sample_weight), unchanged_on_error(self):
            problem = self._problem(X, y, sample_weight, y_std)
            phi, noise = problem.X, _noise(self.noise, problem.has_errors)
            W = problem.W * np.sqrt(problem.total) / noise
            # of the fit to the mean, if this is one to a bin
            prior, seen = self.__dict__.pop("_shared", (None, None))
            alone = prior is None
            prior = self._full_prior(nonlocal_) if alone else prior
            self._seed = fixed_seed(self.random_state)
            self.local_strength_ = local_strength(self) if self.local else None
            self.nonlocal_strength_ = float(self.nonlocal_strength or 1) if nonlocal_ else None
            self.nonlocal_reach_ = float(self.nonlocal_reach or 1) if nonlocal_ else None
            first = prior.entry(0, 0).prior
            radius = first.nonlocal_.basis.envelope_radius if first.nonlocal_ else None
            self.envelope_radius_ = radius
            widths = first.local.widths if first.local else None
            check_reach(self.r_, self.r_out_, radius, widths, lattice_defaults=True)
            with np.errstate(over="ignore", under="ignore"):
                self._condition(prior, phi, W, W * problem.y, seen)
                self.loss_ *= noise**2 / problem.total
            if self.n_channels_ > 1:
                self._warn_of_rows(problem, W)
            self._span = _row_space(phi * np.sqrt(np.tile(self.weights_, self.n_channels_)))
            if alone:
                warn_of_misfit(self, problem, symmetric=nonlocal_ is None or self.symmetric)
                warn_of_tails(self, problem)
            if self._nodes_given:
                self._warn_of_reach()
        return self

    def share_prior(self, fitted: Self) -> Self:
        """Take the prior, and what the data tell of it, from a fit of the same form to the mean.

        The next fit, to a bin, does not repeat the checks of the mean: ``nonlocal_sensitivity_``
        comes from there, and a misfit is not looked for.
        """
        self._shared = fitted._prior, fitted.nonlocal_sensitivity_
        return self

    def _condition(self, prior, X, W, b, seen):
        """The posterior of the prior, and the signal of U beside V if not `seen`, from blocks."""
        both = self.local and self.local != "only" and seen is None
        blocks = self._blocks(prior, X, W)
        if both:
            blocks = signal_of(prior, X, W, self.r_, self.r_out_, blocks)
        R, signal = condensed(blocks, b)
        self._prior, self._posterior = prior, solve_ridge(R)
        self._summarize(R, W[W > 0])
        self.nonlocal_sensitivity_ = signal if seen is None else seen
        if both:
            warn_of_signal(signal[0])

    def _blocks(self, prior, X, W):
        return blocks_of(prior, X, W, self.r_, self.weights_, self.r_out_)

    def _warn_of_rows(self, problem, W):
        """Warn of sources that are too much alike, and of channels of another normalisation."""
        n, X = self.n_channels_, problem.X
        phi = split(X, n)[:, :, node_columns(self.r_out_, self.r_)].reshape(W.shape)
        if self.symmetric:
            warn_of_normalisation(self, problem, self.loss_)
        known = not self.local or warn_of_sources(phi, problem.y, W, n)
        # without U a non-local potential looks like another normalisation
        if known and self.symmetric and problem.has_errors and self.local != "only":
            nodes = self.r_, self.weights_, self.r_out_
            G = W * scale_derivatives(self._learned, X, *nodes, n)
            AG, rest = 0.0, W * (act(self._learned, X, *nodes) - problem.y)
            for columns, A in self._blocks(self._prior, X, W):
                AG = AG + np.einsum("sip,gsi->pg", A, G[:, :, columns])
            G = G.reshape(n - 1, -1).T
            warn_of_scales(*scales(AG, rest.ravel(), G, self._posterior), self.loss_)

    def _warn_of_reach(self):
        """Warn of potentials that have not vanished where the data end, pair by pair."""
        for pair, mass in self._pairs().items():
            entry = self._prior.entry(*pair)
            one = PosteriorDraw(entry.prior, self._posterior.mean[entry.rows])

            def std(r, entry=entry):
                return float(self._posterior.std(*entry.local_functions(r))[0])

            warn_of_reach(
                self.r_out_, U=one.nonlocal_potential if one.has_nonlocal else None,
                V=one.local_potential if one.has_local else None, std=std, reduced_mass=mass,
            )  # fmt: skip

    def _pairs(self):
        return pair_masses(self, self.n_channels_, symmetric=self.symmetric)

    def _nonlocal_prior(self):
        """The prior of U, or None, after a check of all parameters."""
        check_choice(self.local, "local", [False, True, "only"])
        check_choice(self.envelope, "envelope", ["gaussian", "exponential"])
        check_boolean(self.symmetric, "symmetric")
        check_positive(self.noise, "noise", optional=True)
        check_positive(self.reduced_mass, "reduced_mass", optional=True)
        check_random_state(self.random_state)
        check_local_prior(self)
        n = count_channels(self)
        length, radius = (
            default if given is None else check_positive(given, name)
            for (name, default), given in zip(
                nonlocal_lengths(n, own_wave(self) or 0 if n == 1 else 0).items(),
                (self.length_scale, self.envelope_radius),
                strict=True,
            )
        )
        radius *= check_positive(self.nonlocal_reach, "nonlocal_reach", optional=True) or 1
        amplitude = check_positive(self.amplitude, "amplitude")
        amplitude *= check_positive(self.nonlocal_strength, "nonlocal_strength", optional=True) or 1
        tol = check_number(self.tol, "tol", least=1e-7, below=1)
        if self.local == "only":
            return None
        basis = smooth_basis(length, radius, self.envelope, tol)
        return partial(NonLocalPrior, basis, amplitude)

    def _full_prior(self, nonlocal_):
        """The prior of V and U on the nodes of the fit, for all pairs of channels."""
        masses = self._pairs()

        def of_pair(a, b):
            local = None
            if self.local:
                local = LocalPrior(**local_term(self, self.r_out_, reduced_mass=masses[a, b]))
            return PotentialPrior(local, nonlocal_ and nonlocal_(self.symmetric and a == b))

        if self.n_channels_ == 1:
            return of_pair(0, 0)
        return CoupledPrior(self.n_channels_, self.symmetric, of_pair)

    def _summarize(self, R, W):
        posterior = self._posterior
        self.coefficients_ = posterior.mean
        self.loss_ = float(norm(R[:, :-1] @ posterior.mean - R[:, -1]) ** 2)
        self.log_marginal_likelihood_ = posterior.log_evidence(len(W)) + float(np.sum(np.log(W)))
        self.n_effective_ = posterior.n_effective
        self.information_gain_ = posterior.information_gain

    @property
    def covariance_(self) -> Array:
        """Posterior covariance of θ."""
        check_is_fitted(self)
        factor = self._posterior.factor
        return factor @ factor.T

    @property
    def _learned(self):
        return self._interaction(self._posterior.mean)


def _noise(noise, has_errors):
    """Errors of the weighted y; with `y_std` the weights contain them already."""
    if not has_errors:
        return NOISE if noise is None else float(noise)
    if noise is not None:
        raise ValueError(f"noise must be None where y_std is given, got {noise!r}")
    return 1.0


def _row_space(X):
    """An orthonormal basis of the rows of X."""
    size = norm(X, axis=1)[:, None]
    _, s, Vt = scipy.linalg.svd(X / np.where(size > 0, size, 1.0), full_matrices=False)
    return Vt[s > 1e-10 * s[0]]
