"""A diffusion model of SU(2) links: trained at one coupling, it generates at every coupling."""

from functools import partial

import numpy as np
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_choice, check_integer
from halkit.gauge.diffusion.configurations import exact_links, plaquette_draws, raw_links
from halkit.gauge.diffusion.force import N_HARMONICS, plaquette_force
from halkit.gauge.diffusion.lattice_model import warn_of_another_theory
from halkit.gauge.diffusion.plaquette_model import PlaquetteModel, mean_plaquette
from halkit.gauge.theory.theories import SU2
from halkit.gauge.theory.torus import check_beta
from halkit.seeds import as_generator
from halkit.training import unchanged_on_error

__all__ = ["SU2DiffusionSampler"]

CORRECTIONS = ("auto", "rejection", None)
LARGEST = 1e4  # β, from which on the characters of one plaquette are too many
STEPS, WARM = 6, 30.0  # noise variances, and the coupling above which more are needed


class SU2DiffusionSampler(PlaquetteModel):
    r"""Generate SU(2) links with what was learned at one coupling.

    The score of the links is projected on functions of one plaquette, by score matching in closed
    form: ``harmonics_``, the action Σ_k a_k cos ka of its class angle a. Times β/β0 it is what has
    been learned of the coupling β. Noise on the group has a score in closed form there
    (`halkit.gauge.theory.spaces`), chains of single class angles lead from Haar's measure to the
    learned action with a known density, and `halkit.gauge.theory.commutator` closes plaquettes
    on a torus. Rejection with the true action makes independent configurations that are exact even
    if little was learned; `log_prob`, `score` and raw samples tell how good the learning is
    (``docs/theories.md``).

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β0 ≥ 0 of the configurations that `fit` gets, S = β Σ (1 − ½ tr P). A model of
        β0 = 0 draws at β = 0 alone.
    n_harmonics : int, default 3
        Number of a_k. Those after the first are learned only where they are significant.
    lattice_shape : (int, int), optional
        (L0, L1) of rows; by default rows of 8L² numbers are L × L, and rows of other lengths are
        class angles of plaquettes with open boundaries, which are independent of each other.

    Attributes
    ----------
    lattice_shape_ : (int, int) or None
        Lattice of the fit.
    harmonics_ : array of shape (n_harmonics,)
        a_k of the learned action Σ_k a_k cos ka of a plaquette; (β0, 0, 0) is the truth.
    beta_ : float
        Coupling of the fit.
    n_features_in_ : int
        Numbers of one configuration.

    Examples
    --------
    >>> from halkit.gauge import SU2, SU2DiffusionSampler, sample_exact
    >>> X = sample_exact(200, SU2(2.0), (4, 4), random_state=0)
    >>> model = SU2DiffusionSampler(beta=2.0).fit(X)
    >>> links = model.sample(500, beta=8.0, lattice_size=(4, 6), random_state=0)
    >>> links.shape
    (500, 2, 4, 6, 4)
    >>> max(abs(row.z) for row in model.sample_report(links, beta=8.0).rows) < 4
    True
    """

    _theory = SU2

    def __init__(self, *, beta=1.0, n_harmonics=N_HARMONICS, lattice_shape=None):
        self.beta = beta
        self.n_harmonics = n_harmonics
        self.lattice_shape = lattice_shape

    def fit(self, X, y=None):  # noqa: ARG002
        """Learn the action of one plaquette, by score matching.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1, 4) or (n, 8·L0·L1)
            Unit quaternions, n ≥ 2, of configurations at the coupling `beta`; or class angles
            (n, n_plaquettes) of plaquettes with open boundaries.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters out of their range, and if X is neither.

        Warns
        -----
        UserWarning
            If the mean plaquette of X differs from its value at `beta` by more than ten errors and
            5 %.
        """
        theory = SU2(self.beta)
        n_harmonics = check_integer(self.n_harmonics, "n_harmonics", least=1)
        with unchanged_on_error(self):
            given, X = X, self._configurations(X, fitting=True)
            if self.lattice_shape_ is not None:
                found = mean_plaquette(X, theory)
                warn_of_another_theory(theory, *found, self._guessed_lattice(given))
            elif X.shape[1] % 8 == 0 and _are_quaternions(X):
                raise ValueError(
                    "X must be class angles where its rows are of no square lattice, got unit "
                    "quaternions: give them as (n, 2, L0, L1, 4)"
                )
            self.harmonics_ = plaquette_force(X, n_harmonics=n_harmonics)
            self.beta_ = theory.beta
        return self

    def _n_steps(self, beta, *, exact):  # noqa: ARG002
        return STEPS + int(np.ceil(4 * np.log10(max(beta / WARM, 1.0))))

    def _score_rows(self, X):
        return self._chain(self.beta_).log_density(np.arccos(np.cos(X))).mean(axis=1)

    def sample(
        self,
        n_samples=1,
        *,
        beta=None,
        lattice_size=None,
        correction="auto",
        n_steps=None,
        random_state=None,
    ):
        """Generate configurations at any coupling, on a lattice of any size.

        Parameters
        ----------
        n_samples : int, default 1
            Number of configurations.
        beta : float, optional
            Coupling β, 0 to 10⁴; by default the coupling of the training.
        lattice_size : int or (int, int), optional
            L, or (L0, L1); by default the lattice of the training.
        correction : {"auto", "rejection", None}
            "rejection", as "auto", keeps each plaquette with a probability proportional to
            e^{β cos a} over its density: independent exact configurations. None returns what was
            learned.
        n_steps : int, optional
            Number of noise variances, by default 6, and more above β = 30.
        random_state : int, RandomState, Generator or None
            Source of the random numbers, for this call alone.

        Returns
        -------
        array of shape (n_samples, 2, L0, L1, 4)
            Unit quaternions; class angles (n_samples, n_plaquettes) of a model without a lattice.

        Raises
        ------
        ValueError, TypeError
            For arguments out of their range, and for n_steps that are too few at this coupling.
        """
        check_is_fitted(self)
        n_samples = check_integer(n_samples, "n_samples", least=1)
        beta = self.beta_ if beta is None else check_beta(beta)
        if beta > LARGEST:
            raise ValueError(f"beta must be at most {LARGEST:g}, got {beta:g}")
        exact = check_choice(correction, "correction", CORRECTIONS) is not None
        n_steps = check_integer(n_steps, "n_steps", least=1, optional=True)
        rng, theory = as_generator(random_state), SU2(beta)
        chain = self._chain(beta, n_steps, meant_for=beta if exact else None)
        if self.lattice_shape_ is not None:
            shape = self._sample_shape(lattice_size)
            if exact:
                return exact_links(chain, n_samples, theory, shape, rng)
            return raw_links(chain, n_samples, shape, rng)
        if lattice_size is not None:
            raise ValueError(
                "lattice_size must be None: the model was fitted on class angles of "
                f"{self.n_features_in_} plaquettes without a lattice"
            )
        draw = plaquette_draws(chain, theory, rng) if exact else partial(chain.draw, rng=rng)
        return draw(n_samples * self.n_features_in_).reshape(n_samples, -1)


def _are_quaternions(X):
    return np.allclose(np.square(X).reshape(len(X), -1, 4).sum(axis=-1), 1.0, atol=1e-6)
