r"""The posterior of a potential that is linear in Gaussian coefficients, and what it predicts.

With whitened data b = W y and design A = W ∂y/∂θ, and the prior θ ~ N(0, 1),

    θ | b ~ N(C Aᵀb, C),    C = (AᵀA + 1)⁻¹ = R⁻¹ R⁻ᵀ,

where R is the triangle of the QR decomposition of A over the unit matrix: AᵀA itself, whose
condition is the square, is never formed. The evidence is the density of b ~ N(0, AAᵀ + 1),

    −2 log p(b) = |b − Aθ|² + |θ|² + log det(AᵀA + 1) + n log 2π.
"""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.linalg
from sklearn.utils import check_random_state

from halkit import scattering
from halkit.checks import check_boolean, check_integer, check_nodes
from halkit.exceptions import OverfitWarning
from halkit.interactions import Interaction
from halkit.potentials.base import PotentialMixin
from halkit.potentials.validation import check_samples, like_input, node_columns
from halkit.scaling import norm

__all__ = ["PosteriorDraw", "PosteriorMixin", "Ridge", "solve_ridge"]

# Of the norm of a bound state, inside the span of the wave functions of the fit.
SEEN = 0.9


class Ridge(NamedTuple):
    """The posterior N(mean, factor factorᵀ) of unit-normal coefficients.

    Attributes
    ----------
    mean : ndarray of shape (p,)
    factor : ndarray of shape (p, p)
        R⁻¹.
    misfit : float
        ``|b − Aθ|² + |θ|²`` at the mean.
    log_determinant : float
        log det(AᵀA + 1).
    """

    mean: np.ndarray
    factor: np.ndarray
    misfit: float
    log_determinant: float

    @property
    def n_effective(self):
        """Trace of the hat matrix A C Aᵀ: p − tr C."""
        return float(len(self.mean) - np.sum(self.factor**2))

    @property
    def information_gain(self):
        """Divergence of the posterior from the prior, in nats."""
        change = np.sum(self.mean**2) - self.n_effective + self.log_determinant
        return float(0.5 * change)

    def log_evidence(self, n):
        """log p(b) of n data."""
        return -0.5 * (self.misfit + self.log_determinant + n * np.log(2 * np.pi))

    def std(self, functions, rows=slice(None)):
        """Standard deviation of Σ_p functions_p θ_p, shape of the leading axes.

        `rows` are the coefficients that the last axis of `functions` stands for.
        """
        return norm(functions @ self.factor[rows], axis=-1)


def solve_ridge(A, b):
    """The posterior of θ for whitened data, b = Aθ + N(0, 1)."""
    p = A.shape[1]
    stacked = np.block([[A, b[:, None]], [np.eye(p), np.zeros((p, 1))]])
    R = scipy.linalg.qr(stacked, mode="r", overwrite_a=True, check_finite=False)[0][: p + 1]
    triangle, image, rest = R[:p, :p], R[:p, p], R[p, p]
    factor = scipy.linalg.solve_triangular(triangle, np.eye(p))
    log_determinant = 2 * float(np.sum(np.log(np.abs(np.diag(triangle)))))
    return Ridge(factor @ image, factor, float(rest**2), log_determinant)


class PosteriorDraw(Interaction):
    """An interaction with one set of coefficients of a prior: a draw, or the posterior mean."""

    def __init__(self, prior, coefficients):
        self.prior, self.coefficients = prior, coefficients
        self.has_local, self.has_nonlocal = bool(prior.local), bool(prior.nonlocal_)

    def local_potential(self, r):
        """V(r), any shape."""
        return self.prior.local_potential(self.coefficients, np.asarray(r, dtype=np.float64))

    def nonlocal_potential(self, r, r_prime):
        """U(r, r'), the arguments broadcast."""
        radii = (np.asarray(x, dtype=np.float64) for x in (r, r_prime))
        return self.prior.nonlocal_potential(self.coefficients, *radii)


class PosteriorMixin(PotentialMixin):
    """Predictions with standard deviations, from the fitted ``_prior`` and ``_posterior``."""

    def predict(self, X, return_std=False):
        """Sources Σ_j U(r_i, r_j) w_j φ(r_j) + V(r_i) φ(r_i) of the posterior mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes of the fit.
        return_std : bool
            Whether to return the posterior standard deviation too: of the source, without
            the noise of data.

        Returns
        -------
        y : ndarray of shape (n_samples, n_out), or (n_samples,) if y of the fit was 1-D
        y_std : ndarray of the same shape, if `return_std`
        """
        y = super().predict(X)
        if not check_boolean(return_std, "return_std"):
            return y
        std = self._source_std(check_samples(self, X, reset=False))
        return y, like_input(std.reshape(y.shape), X)

    def predict_potential(self, r=None, r_prime=None, return_std=False):
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
        if not self._prior.nonlocal_:
            return U, np.zeros_like(U)
        functions, rows = self._prior.nonlocal_.functions, slice(self._prior.n_local, None)
        r, r_prime = check_nodes(r), check_nodes(r_prime, "r_prime")
        return U, np.stack([self._posterior.std(functions(x, r_prime), rows) for x in r])

    def localize(self, X, return_std=False):
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
        phi = np.where(np.isnan(V), np.nan, X[:, node_columns(self.r_out_, self.r_)])
        return V, self._source_std(X) / np.abs(phi)

    def _source_std(self, X):
        """Standard deviation of the sources of X on the nodes of the fit."""
        design = self._prior.design(X, self.r_, self.weights_, self.r_out_)
        return self._posterior.std(design)

    def draw_potentials(self, n_draws=1, random_state=None):
        """Potentials drawn from the posterior.

        Parameters
        ----------
        n_draws : int
        random_state : int, RandomState or None
            That of the estimator by default.

        Returns
        -------
        list of PosteriorDraw
            With ``local_potential`` and ``nonlocal_potential``: `halkit.scattering` takes
            each of them as an interaction.
        """
        self._check_radii()
        n_draws = check_integer(n_draws, "n_draws", least=1)
        random = check_random_state(self.random_state if random_state is None else random_state)
        mean, factor = self._posterior.mean, self._posterior.factor
        normal = random.standard_normal((n_draws, len(mean)))
        return [PosteriorDraw(self._prior, theta) for theta in mean + normal @ factor.T]

    def draws(self, n_draws=32):
        """Draws around the posterior mean as one `halkit.scattering.Ensemble`.

        Parameters
        ----------
        n_draws : int
            At least 2; seeded by ``random_state``.

        Returns
        -------
        halkit.scattering.Ensemble
            Observables with their errors. They take the errors of the data as independent:
            jackknife the fit where they are not.
        """
        check_integer(n_draws, "n_draws", least=2)
        mass, members = self._known_mass(), self.draw_potentials(n_draws)
        return scattering.Ensemble(members, kind="draws", centre=self, reduced_mass=mass)

    def phase_shift(self, k, *, return_std=False, n_draws=32, channel_radius=None, n_mesh=None):
        """S-wave phase shifts δ(k) in radians, on the branch δ(∞) = 0.

        Parameters
        ----------
        k : array-like
            Momenta, > 0, in the inverse unit of r.
        return_std : bool
            Whether to return the standard deviation over draws from the posterior too, as
            ``draws(n_draws).phase_shift`` does.
        n_draws : int
            Number of draws.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.

        Returns
        -------
        delta : ndarray of the shape of k
        delta_std : ndarray of the shape of k, if `return_std`
        """
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        if check_boolean(return_std, "return_std"):
            return self.draws(n_draws).phase_shift(k, **settings, return_std=True)
        return super().phase_shift(k, **settings)

    def scattering_length(
        self, *, sign="nuclear", return_std=False, n_draws=32, channel_radius=None, n_mesh=None
    ):
        """a0 in k cot δ = −1/a0 + r_eff k²/2: positive where there is one bound state.

        With ``sign="lattice"`` it is defined by k cot δ = +1/a0 + r_eff k²/2 instead. The other
        parameters are those of ``phase_shift``. The error is NaN where a0 may be infinite; 1/a0
        has one, see ``draws``.
        """
        settings = {"sign": sign, "channel_radius": channel_radius, "n_mesh": n_mesh}
        if check_boolean(return_std, "return_std"):
            return self.draws(n_draws).scattering_length(**settings, return_std=True)
        return super().scattering_length(**settings)

    def effective_range(self, *, return_std=False, n_draws=32, channel_radius=None, n_mesh=None):
        """r_eff in k cot δ = −1/a0 + r_eff k²/2.

        Parameters are those of ``phase_shift``.
        """
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        if check_boolean(return_std, "return_std"):
            return self.draws(n_draws).effective_range(**settings, return_std=True)
        return super().effective_range(**settings)

    def bound_states(self, *, return_std=False, n_draws=32, channel_radius=None, n_mesh=None):
        """Energies and binding momenta; see `halkit.scattering.bound_states`.

        Parameters are those of ``phase_shift``.

        Warns
        -----
        OverfitWarning
            If more than a tenth of the norm of a bound state lies outside the span of the wave
            functions of the fit: the state rests on the prior.
        """
        settings = self._scattering(channel_radius, n_mesh)
        states = scattering.bound_states(self, **settings)
        if len(states.energy):
            waves = scattering.bound_wave_functions(self, **settings)
            self._check_seen(waves.energy, waves.wave_function(self.r_))
        if not check_boolean(return_std, "return_std"):
            return states
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.draws(n_draws).bound_states(**settings, return_std=True)

    def _check_seen(self, energy, waves):
        """Warn of bound states outside the span of the wave functions of the fit."""
        root = np.sqrt(self.weights_)
        share = np.sum((waves * root @ self._span.T) ** 2, axis=1) / (waves**2 @ self.weights_)
        unseen = share < SEEN
        if unseen.any():
            warnings.warn(
                f"the fit has bound states at E = {energy[unseen]} whose wave functions lie for "
                f"{share[unseen].round(3)} of their norm in the span of those of the data: they "
                "rest on the prior. Take a smaller envelope_radius or amplitude, and test on "
                "data left out of the fit, best of another volume",
                OverfitWarning,
                stacklevel=3,
            )
