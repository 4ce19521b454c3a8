"""A learned action of one plaquette: its density at every coupling, and how it is scored."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_integer
from halkit.gauge.diffusion.configurations import effective_size, log_prob, plaquette_acceptance
from halkit.gauge.diffusion.lattice_model import LatticeModel
from halkit.gauge.diffusion.plaquettes import plaquette_chain
from halkit.gauge.theory.exact import exact_wilson_loop
from halkit.gauge.theory.independent import closing_acceptance
from halkit.gauge.theory.report import sample_report
from halkit.gauge.theory.theories import SU2, U1
from halkit.gauge.theory.torus import check_beta

__all__ = ["PlaquetteModel", "mean_plaquette"]

# Noise variances on the way to raw plaquettes.
RAW_STEPS = 50
# And to plaquettes that rejection makes exact: four of a hundred more are kept with twice as many.
EXACT_STEPS = 6


class PlaquetteModel(LatticeModel):
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
        beta = self.beta_ if beta is None else check_beta(beta)
        n_steps = check_integer(n_steps, "n_steps", least=1, optional=True)
        links = self._on_any_lattice(theta, "theta")
        return log_prob(self._chain(beta, n_steps), links)

    def score_samples(self, X):
        """Logarithm of the model's density at β0, per link, of each configuration.

        It is `log_prob` over 2·L0·L1. Its mean compares all networks, and measures how good raw
        samples are: on average it is at most minus the entropy per link, which is the mean of
        `halkit.gauge.exact_log_prob` over 2·L0·L1. For rows of angles without a
        lattice it is minus the denoising loss, see `U1DiffusionSampler.denoising_score`; for class
        angles of SU(2) the logarithm of their density per plaquette, with respect to Haar's
        measure.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Links on the lattice of the fit, with four numbers each for SU(2); or rows without a
            lattice.

        Returns
        -------
        array of shape (n,)
        """
        check_is_fitted(self)
        X = self._configurations(X)
        if self.lattice_shape_ is None:
            return self._score_rows(X)
        return log_prob(self._chain(self.beta_), X) / (2 * np.prod(self.lattice_shape_))

    def sample_report(self, X, beta=None):
        """Compare configurations with the exact formulas: means, errors and z-scores.

        Parameters
        ----------
        X : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Independent configurations on any lattice; rows on the lattice of the fit.
        beta : float, optional
            Coupling that they are meant for; by default the coupling of the training.

        Returns
        -------
        SampleReport
            See `halkit.gauge.sample_report`. ``ess``, ``plaquette_acceptance`` and ``acceptance``
            describe method="plaquette" at this coupling and size, and do not depend on X.

        Raises
        ------
        ValueError, TypeError
            As `halkit.gauge.sample_report`, and if the model was fitted on no lattice.
        """
        check_is_fitted(self)
        theory = self._theory(self.beta_ if beta is None else beta)
        report = sample_report(self._on_any_lattice(X), theory)
        shape, exact = report.lattice_shape, self._chain(theory.beta, meant_for=theory.beta)
        return report._replace(
            ess=effective_size(self._chain(theory.beta), theory, shape),
            plaquette_acceptance=plaquette_acceptance(exact, theory),
            acceptance=closing_acceptance(theory, shape),
        )


def mean_plaquette(links, theory):
    """Return a name, the mean of each configuration and the exact mean."""
    loops = np.cos(theory.class_angle(links)).mean(axis=(1, 2))
    return "the mean plaquette", loops, exact_wilson_loop(1, theory, links.shape[2:4])
