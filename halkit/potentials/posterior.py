r"""The posterior of a potential that is linear in Gaussian coefficients, and what it predicts.

With whitened data b = W y and design A = W ∂y/∂θ, and the prior θ ~ N(0, 1),

    θ | b ~ N(C Aᵀb, C),    C = (AᵀA + 1)⁻¹ = R⁻¹ R⁻ᵀ,

with the triangle R of the QR decomposition of A over the unit matrix. AᵀA itself, whose condition
number is the square, is never formed. The evidence is the density of b ~ N(0, AAᵀ + 1),

    −2 log p(b) = |b − Aθ|² + |θ|² + log det(AᵀA + 1) + n log 2π.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import lapack

from halkit import scattering
from halkit.checks import check_boolean, check_integer, check_nodes
from halkit.exceptions import OverfitWarning
from halkit.interactions import Interaction, InteractionMatrix
from halkit.interactions.matrix import Transposed
from halkit.potentials.coupled_prior import CoupledPrior
from halkit.potentials.coupling import (
    Learned,
    local_inverse,
)
from halkit.potentials.drawn import DrawnObservables
from halkit.potentials.prior import PotentialPrior
from halkit.potentials.row_blocks import PANEL
from halkit.potentials.validation import check_samples, like_input
from halkit.scaling import norm
from halkit.seeds import check_random_state
from halkit.typing import Array, Number, Numbers, Random
from halkit.warn import warn_caller

__all__ = ["PosteriorDraw", "PosteriorMixin", "Ridge", "interaction_of", "solve_ridge"]

# Share of the norm of a bound state within the span of the wave functions of the fit.
SEEN = 0.8


class Ridge(NamedTuple):
    """The posterior N(mean, factor factorᵀ) of unit-normal coefficients.

    Attributes
    ----------
    mean : ndarray of shape (p,)
    triangle : ndarray of shape (p (p + 1)/2,)
        The rows of R⁻¹ from the diagonal on; files of the first versions have all of R⁻¹.
    misfit : float
        ``|b − Aθ|² + |θ|²`` at the mean.
    log_determinant : float
        log det(AᵀA + 1).
    """

    mean: Array
    triangle: Array
    misfit: float
    log_determinant: float

    @property
    def factor(self) -> Array:
        """R⁻¹, (p, p)."""
        if self.triangle.ndim == 2:
            return self.triangle
        p = len(self.mean)
        factor = np.zeros((p, p))
        factor[_upper(p)] = self.triangle
        return factor

    @property
    def n_effective(self) -> float:
        """Trace of the hat matrix A C Aᵀ: p − tr C."""
        return float(len(self.mean) - np.sum(self.factor**2))

    @property
    def information_gain(self) -> float:
        """Divergence of the posterior from the prior, in nats."""
        change = np.sum(self.mean**2) - self.n_effective + self.log_determinant
        return float(0.5 * change)

    def log_evidence(self, n: int) -> float:
        """log p(b) of n data."""
        return -0.5 * (self.misfit + self.log_determinant + n * np.log(2 * np.pi))

    def std(self, functions: Array, rows: slice = slice(None)) -> Array:
        """Standard deviation of Σ_p functions_p θ_p, of the shape of the leading axes.

        `rows` selects the coefficients that belong to the last axis of `functions`.
        """
        return norm(functions @ self.factor[rows], axis=-1)


def solve_ridge(R: Array) -> Ridge:
    """Return the posterior of θ for whitened data, b = Aθ + N(0, 1), from R of the rows (A, b)."""
    n, p = R.shape[1], R.shape[1] - 1
    above = np.zeros((n, n), order="F")
    above[: len(R)] = R
    # both matrices are triangles, which takes a fifth of the time
    R = np.asarray_chkfinite(lapack.dtpqrt(p, min(p, PANEL), above, np.eye(p, n))[0])
    factor = lapack.dtrtrs(R[:p, :p], np.eye(p))[0]
    diagonal = np.diag(R)[:p]
    mean, misfit = factor @ R[:p, p], float(R[p, p] ** 2)
    # with a positive diagonal R is unique, and so are the draws of a seed
    factor *= np.copysign(1.0, diagonal)
    log_determinant = 2 * float(np.sum(np.log(np.abs(diagonal))))
    return Ridge(mean, factor[_upper(p)], misfit, log_determinant)


def _upper(p):
    """Where an upper triangle is."""
    return ~np.tri(p, k=-1, dtype=bool)


class PosteriorDraw(Interaction):
    """An interaction with one set of coefficients of a prior: a draw, or the posterior mean."""

    has_jumps = False

    def __init__(self, prior: PotentialPrior, coefficients: Array) -> None:
        self.prior, self.coefficients = prior, coefficients
        self.has_local, self.has_nonlocal = bool(prior.local), bool(prior.nonlocal_)

    def local_potential(self, r: Array) -> Array:
        """V(r), elementwise."""
        return self.prior.local_potential(self.coefficients, np.asarray(r, dtype=np.float64))

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """U(r, r'), broadcasting."""
        radii = (np.asarray(x, dtype=np.float64) for x in (r, r_prime))
        return self.prior.nonlocal_potential(self.coefficients, *radii)


def interaction_of(prior: PotentialPrior | CoupledPrior, theta: Array) -> Learned:
    """Return the interaction, or the matrix of interactions, with coefficients θ."""
    if isinstance(prior, PotentialPrior):
        return PosteriorDraw(prior, theta)

    def one(a, b):
        entry = prior.entry(a, b)
        draw = PosteriorDraw(entry.prior, theta[entry.rows])
        return Transposed(draw) if entry.transposed else draw

    return InteractionMatrix([[one(a, b) for b in range(prior.n)] for a in range(prior.n)])


class PosteriorMixin(DrawnObservables):
    """Predictions with standard deviations, from a fitted ``_prior`` and ``_posterior``.

    Whatever is linear in U and V has its error in closed form; observables have it from ``draws``.
    A subclass also sets ``_span``, orthonormal rows that span the wave functions of the fit.
    """

    random_state: Random
    _prior: PotentialPrior | CoupledPrior
    _posterior: Ridge
    _span: Array

    def predict(self, X: Numbers, return_std: bool = False) -> Any:
        """Targets Σ_j U(r_i, r_j) w_j φ(r_j) + V(r_i) φ(r_i) of the posterior mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes of the fit.
        return_std : bool
            Whether to return the posterior standard deviation too, without the noise of data.

        Returns
        -------
        y : ndarray of shape (n_samples, n_out), or (n_samples,) if y of the fit was 1-D
        y_std : ndarray of the same shape, if `return_std`
        """
        y = super().predict(X)
        if not check_boolean(return_std, "return_std"):
            return y
        std = self._target_std(check_samples(self, X, reset=False))
        return y, like_input(std.reshape(y.shape), X)

    def predict_potential(
        self, r: Numbers | None = None, r_prime: Numbers | None = None, return_std: bool = False
    ) -> Any:
        """The non-local potential U(r, r') on any points.

        Parameters
        ----------
        r, r_prime : array-like, optional
            As in `NonLocalPotentialRegressor.predict_potential`.
        return_std : bool
            Whether to return the posterior standard deviation too.

        Returns
        -------
        U : ndarray of shape (n, m)
        U_std : ndarray of shape (n, m), if `return_std`
        """
        U = super().predict_potential(r, r_prime)
        if not check_boolean(return_std, "return_std"):
            return U
        if r_prime is None:
            r_prime = self.r_ if r is None else r
        r = self.r_out_ if r is None else r
        r, r_prime = check_nodes(r), check_nodes(r_prime, "r_prime")
        pairs = [
            self._entry_std(self._prior.entry(a, b), r, r_prime)
            for a in range(self.n_channels_)
            for b in range(self.n_channels_)
        ]
        return U, np.reshape(pairs, U.shape)

    def _entry_std(self, entry, r, r_prime):
        """Standard deviation of one U_ab."""
        if not entry.prior.nonlocal_:
            return np.zeros((len(r), len(r_prime)))
        return [self._posterior.std(*entry.nonlocal_functions(x, r_prime)) for x in r]

    def localize(self, X: Numbers, return_std: bool = False) -> Any:
        """The local potential that acts on each wave function as U and V do.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes of the fit.
        return_std : bool
            Whether to return the posterior standard deviation too.

        Returns
        -------
        V : ndarray of shape (n_samples, n_out)
            NaN where the wave function vanishes.
        V_std : ndarray of shape (n_samples, n_out), if `return_std`
        """
        V = super().localize(X)
        if not check_boolean(return_std, "return_std"):
            return V
        X = check_samples(self, X, reset=False)
        _, phi = self._action_and_wave(X)
        if self.n_channels_ > 1:
            design = self._design(X).reshape(*phi.shape, -1)
            return V, self._posterior.std(
                np.einsum("bsi,saip->abip", local_inverse(phi), design, optimize=True)
            )
        return V, self._target_std(X) / np.abs(np.where(np.isnan(V), np.nan, phi[:, 0]))

    def _design(self, X):
        return self._prior.design(X, self.r_, self.weights_, self.r_out_)

    def _target_std(self, X):
        """Standard deviation of the targets of X on the nodes of the fit."""
        return self._posterior.std(self._design(X))

    def _interaction(self, theta):
        """The interaction with coefficients θ, in the waves and channels of the estimator."""
        return self._in_channels(interaction_of(self._prior, theta))

    def draw_potentials(self, n_draws: int = 1, random_state: Random = None) -> list[Any]:
        """Potentials drawn from the posterior.

        Parameters
        ----------
        n_draws : int
        random_state : int, RandomState, Generator or None
            By default the ``random_state`` of the fit, with which each call has the same draws.

        Returns
        -------
        list of PosteriorDraw, or of InteractionMatrix with several channels
            Interactions.
        """
        self._check_radii()
        n_draws = check_integer(n_draws, "n_draws", least=1)
        random = check_random_state(self._draw_seed() if random_state is None else random_state)
        mean, factor = self._posterior.mean, self._posterior.factor
        normal = random.standard_normal((n_draws, len(mean)))
        return [self._interaction(theta) for theta in mean + normal @ factor.T]

    def _draw_seed(self):
        """The seed of all draws: an integer `random_state`, or the one that `fit` has taken."""
        own = self.random_state
        return own if isinstance(own, Integral) else getattr(self, "_seed", 0)

    def bound_states(
        self, *, return_std: bool = False, n_draws: int = 32,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """Energies and binding momenta; see `halkit.scattering.bound_states`.

        With `return_std` also their errors, as in ``phase_shift``.

        Warns
        -----
        OverfitWarning
            If more than a fifth of the norm of a bound state lies outside the span of the wave
            functions of the fit: the state rests on the prior.
        """
        given: dict[str, Any] = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        states = super().bound_states(**given)
        if len(states.energy):
            self._check_seen(states.energy, self._bound_waves(states, channel_radius, n_mesh))
        if not check_boolean(return_std, "return_std"):
            return states
        return super().bound_states(**given, return_std=True, n_draws=n_draws)

    def _bound_waves(self, states, channel_radius, n_mesh):
        """Wave functions of bound states on the nodes of the fit, channels side by side."""
        if self.n_channels_ > 1:
            return np.concatenate([wave(self.r_) for wave in states.wave_function], axis=1)
        settings = self._scattering(channel_radius, n_mesh)
        return scattering.bound_wave_functions(self, **settings).wave_function(self.r_)

    def _share_seen(self, waves):
        """The part of the norm of each wave in the span of the wave functions of the fit."""
        root = np.tile(np.sqrt(self.weights_), self.n_channels_)
        return np.sum((waves * root @ self._span.T) ** 2, axis=1) / np.sum((waves * root) ** 2, 1)

    def _check_seen(self, energy, waves):
        """Warn of bound states outside the span of the wave functions of the fit."""
        share = self._share_seen(waves)
        unseen = share < SEEN
        if unseen.any():
            warn_caller(
                f"the fit has bound states at E = {energy[unseen]} with only "
                f"{share[unseen].round(3)} of their norm in the span of the wave functions of the "
                "data: they rest on the prior. Take a smaller envelope_radius or amplitude, and "
                "test on data left out of the fit, preferably of another volume",
                OverfitWarning,
            )
