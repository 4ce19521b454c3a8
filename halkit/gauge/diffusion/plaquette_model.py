"""A learned action of one plaquette: its density at every coupling, and how it is scored."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_integer
from halkit.gauge.diffusion.configurations import (
    effective_size,
    log_prob,
    plaquette_acceptance,
)
from halkit.gauge.diffusion.plaquettes import plaquette_chain
from halkit.gauge.theory.exact import exact_wilson_loop
from halkit.gauge.theory.independent import closing_acceptance
from halkit.gauge.theory.report import sample_report
from halkit.gauge.theory.theories import SU2, U1
from halkit.gauge.theory.torus import check_beta, check_lattice_shape
from halkit.versions import Versioned

__all__ = ["PlaquetteModel", "warn_of_another_coupling"]

# Noise variances on the way to raw plaquettes.
RAW_STEPS = 50
# And to plaquettes that rejection makes exact: four of a hundred more are kept with twice as many.
EXACT_STEPS = 6


class PlaquetteModel(DensityMixin, Versioned):
    """What samplers of U(1) and SU(2) share once they have ``harmonics_`` and ``beta_``."""

    _theory: type[U1 | SU2] = U1

    def _chain(self, beta, n_steps=None, *, meant_for=None):
        """Chains of plaquettes for the learned action times β/β0."""
        harmonics = tuple((self._ratio(beta) * self.harmonics_).tolist())
        n_steps = n_steps or self._n_steps(beta, exact=meant_for is not None)
        if meant_for is None:
            meant_for = sum(k**2 * abs(b) for k, b in enumerate(harmonics, 1))
        return plaquette_chain(harmonics, meant_for, n_steps, self._theory.space)

    def _n_steps(self, beta, *, exact):  # noqa: ARG002
        """Noise variances by default, where rejection follows and where it does not."""
        return EXACT_STEPS if exact else RAW_STEPS

    def _ratio(self, beta):
        if self.beta_ == 0 and beta > 0:
            raise ValueError("a model of beta=0 has no score that could be scaled to another beta")
        return beta / self.beta_ if self.beta_ else 0.0

    def _need_lattice(self):
        if self.lattice_shape_ is None:
            raise ValueError("the model must know its lattice, got a fit to rows without a lattice")

    def log_prob(self, theta, beta=None, *, n_steps=None):
        """Return the logarithm of the density of links under the model's raw samples.

        The density is normalised over all links: ∫ p d^{2V}θ = 1 with V = L0·L1, in units of
        1/radian^{2V}, as `halkit.gauge.exact_log_prob`.

        Parameters
        ----------
        theta : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Links on any lattice; rows on the lattice of the fit.
        beta : float, optional
            Coupling β ≥ 0 of the samples; by default the coupling of the training.
        n_steps : int, optional
            Noise variances of ``sample(correction=None, n_steps=...)``, 50 by default.

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        ValueError, TypeError
            If theta is not on a lattice, or the model was fitted on no lattice.
        """
        check_is_fitted(self)
        self._need_lattice()
        beta = self.beta_ if beta is None else check_beta(beta)
        if n_steps is not None:
            n_steps = check_integer(n_steps, "n_steps", least=1)
        shape = self.lattice_shape_ if np.ndim(theta) == 2 else None
        links = self._theory.space.as_field(theta, shape, "theta")
        return log_prob(self._chain(beta, n_steps), links)

    def score(self, X, y=None):  # noqa: ARG002
        """Mean of `score_samples`: larger is better.

        On a lattice it is comparable between all networks, and at most minus the entropy per link
        in the mean, which is the mean of `halkit.gauge.exact_log_prob` over 2·L0·L1: it measures
        what raw samples are worth.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        y : ignored

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If what was learned is too narrow to draw, as after a training that diverged.
        """
        return float(self.score_samples(X).mean())

    def sample_report(self, X, beta=None):
        """Compare configurations with the exact formulas: means, errors and z-scores.

        Parameters
        ----------
        X : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Independent configurations, on any lattice; rows on that of the fit.
        beta : float, optional
            Coupling that they are meant for; that of the training by default.

        Returns
        -------
        SampleReport
            See `halkit.gauge.sample_report`. ``ess``, ``plaquette_acceptance`` and ``acceptance``
            say what method="plaquette" does at this coupling and size, whatever X is.

        Raises
        ------
        ValueError, TypeError
            As `halkit.gauge.sample_report`, and if the model was fitted on no lattice.
        """
        check_is_fitted(self)
        self._need_lattice()
        shape = self.lattice_shape_ if np.ndim(X) == 2 else None
        theory = self._theory(self.beta_ if beta is None else beta)
        theta, beta = theory.space.as_field(X, shape, "X"), theory.beta
        report = sample_report(theta, theory)
        shape, exact = report.lattice_shape, self._chain(beta, meant_for=beta)
        return report._replace(
            ess=effective_size(self._chain(beta), theory, shape),
            plaquette_acceptance=plaquette_acceptance(exact, theory),
            acceptance=closing_acceptance(theory, shape),
        )

    def _sample_shape(self, lattice_size):
        if lattice_size is None:
            return self.lattice_shape_
        if isinstance(lattice_size, Integral):
            lattice_size = (lattice_size, lattice_size)
        return check_lattice_shape(lattice_size)


def warn_of_another_coupling(links, theory):
    """Compare the mean plaquette with that of β; fewer than ten values give no error to trust."""
    if len(links) < 10:
        return
    loops = np.cos(theory.class_angle(links)).mean(axis=(1, 2))
    mean, error = loops.mean(), loops.std(ddof=1) / np.sqrt(len(loops))
    expected = exact_wilson_loop(1, theory, links.shape[2:4])
    if abs(mean - expected) > max(10 * error, 0.05 * expected):
        warnings.warn(
            f"X has the mean plaquette {mean:.4f} ± {error:.1g}, at beta={theory.beta:g} it is "
            f"{expected:.4f}: beta must be the coupling of the configurations",
            stacklevel=3,
        )
