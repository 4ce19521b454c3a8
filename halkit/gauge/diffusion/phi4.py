"""A diffusion model of two-dimensional φ⁴, exact by the weights of its paths."""

import warnings

import numpy as np
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_choice, check_integer
from halkit.exceptions import AccuracyWarning
from halkit.gauge.chains.weights import WeightedSample, metropolis_chain
from halkit.gauge.diffusion.lattice_model import LatticeModel, warn_of_another_theory
from halkit.gauge.diffusion.modes import Learned, draw, learn, log_paths, mode_chain
from halkit.gauge.theory.report import effective_fraction, sample_report
from halkit.gauge.theory.theories import Phi4
from halkit.seeds import as_generator, check_random_state
from halkit.training import unchanged_on_error

__all__ = ["Phi4DiffusionSampler"]

CORRECTIONS = ("auto", "metropolis", None)
LEAST_ESS = 0.7
WARMUP = 100  # proposals before the first configuration of a chain
PATHS, SEED = 16, 1234  # of the score


class Phi4DiffusionSampler(LatticeModel):
    r"""Generate fields of two-dimensional φ⁴ with what was learned from fields of one theory.

    Noise on the fields is taken away in steps whose score is a Gaussian for every mode, two for the
    zero mode, and learned products of neighbouring sites (`halkit.gauge.diffusion.modes`). The
    density of every path is known, and its weight makes means exact, even if little was learned:
    `weighted_sample` has the weights, and ``sample`` a Metropolis chain of independent proposals.
    The effective size of the weights measures how good the learning is (``docs/theories.md``).

    Parameters
    ----------
    kappa, lam : float, default 0.21 and 0.022
        κ and λ of the fields that `fit` gets, see `halkit.gauge.Phi4`.
    n_steps : int, default 30
        Noise levels. More of them raise the effective size, and the cost.
    lattice_shape : (int, int), optional
        (L0, L1) of rows; by default rows of L² numbers are L × L, and rows of another length n
        are a ring of n sites, 1 × n, with a warning if they may be on a rectangle.
    random_state : int, RandomState, Generator or None
        Of the noise in the training: an int makes a fit reproducible.

    Attributes
    ----------
    lattice_shape_ : (int, int)
        Lattice of the fit.
    learned_ : dict
        Variances of the modes, the zero mode, coefficients: the fields of ``Learned`` in
        `halkit.gauge.diffusion.modes`.
    theory_ : (float, float)
        κ and λ of the fit.
    n_features_in_ : int
        Sites.

    References
    ----------
    L. Wang, G. Aarts, K. Zhou, JHEP 05 (2024) 060.

    Examples
    --------
    >>> from halkit.datasets import make_phi4_configurations
    >>> from halkit.gauge import Phi4DiffusionSampler
    >>> X = make_phi4_configurations(500, 4, kappa=0.21, lam=0.022, random_state=0)
    >>> model = Phi4DiffusionSampler(kappa=0.21, lam=0.022, random_state=0).fit(X)
    >>> model.sample(100, random_state=0).shape
    (100, 4, 4)
    >>> model.weighted_sample(1000, random_state=0).ess > 0.9
    True
    """

    _theory = Phi4
    _fewest = 6

    def __init__(self, *, kappa=0.21, lam=0.022, n_steps=30, lattice_shape=None, random_state=None):
        self.kappa = kappa
        self.lam = lam
        self.n_steps = n_steps
        self.lattice_shape = lattice_shape
        self.random_state = random_state

    def fit(self, X, y=None):  # noqa: ARG002
        """Learn the score of noisy fields.

        Parameters
        ----------
        X : array-like of shape (n, L0, L1) or (n, L0·L1)
            Fields of e^{−S}, n ≥ 6. A few thousand suffice. Rows as many as their numbers, which
            could be a single field, need `lattice_shape`.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters out of their range, and if X is not an array of finite fields.

        Warns
        -----
        UserWarning
            If ⟨φ ∂S/∂φ⟩ of X differs from 1, its value for e^{−S}, by more than ten errors and 5 %.
            If rows that are on no square lattice are taken as a ring.
        """
        theory = Phi4(self.kappa, self.lam)
        n_steps = check_integer(self.n_steps, "n_steps", least=1)
        random = check_random_state(self.random_state)
        with unchanged_on_error(self):
            given, X = X, self._configurations(X, fitting=True)
            virial = -(X * theory.force(X)).mean(axis=(1, 2))
            guessed = self._guessed_lattice(given)
            warn_of_another_theory(theory, "⟨φ ∂S/∂φ⟩ =", virial, 1.0, guessed)
            rng = np.random.default_rng(random.randint(2**31, size=4))
            learned = learn(X, theory, n_steps, rng)
            self.theory_, self.learned_ = (theory.kappa, theory.lam), learned._asdict()
        return self

    def _lattice_of_rows(self, n_features):
        square = super()._lattice_of_rows(n_features)
        if square is None:
            self._warn_of_rows(n_features, f"a ring of {n_features} sites")
        return square or (1, n_features)

    def _chain(self, shape):
        return mode_chain(Learned(**self.learned_), Phi4(*self.theory_), shape)

    def weighted_sample(self, n_samples=1, *, lattice_size=None, random_state=None):
        """Generate independent fields with the weights that make means exact.

        Parameters
        ----------
        n_samples : int, default 1
            Number of fields.
        lattice_size : int or (int, int), optional
            L, or (L0, L1); by default the lattice of the training. On another volume the zero mode
            is guessed from its scaling, and the effective size may be small.
        random_state : int, RandomState, Generator or None
            Source of the random numbers, for this call alone.

        Returns
        -------
        WeightedSample

        Raises
        ------
        ValueError, TypeError
            For arguments out of their range, and if fields diverge, as after a fit to too few of
            them.

        Warns
        -----
        AccuracyWarning
            If the effective size of a configuration is below 0.7.
        """
        check_is_fitted(self)
        n_samples = check_integer(n_samples, "n_samples", least=1)
        chain = self._chain(self._sample_shape(lattice_size))
        sample = WeightedSample(*draw(chain, n_samples, as_generator(random_state)))
        if not sample.ess >= LEAST_ESS and n_samples >= WARMUP:  # also NaN
            warnings.warn(
                f"the effective size of a configuration is {sample.ess:.2g} at "
                f"{chain.theory.label} on {chain.lattice_shape}: errors are "
                f"{sample.ess**-0.5:.2g} times larger than with independent exact fields; a "
                "Metropolis chain repeats fields; raise n_steps, or train on more fields of this "
                "lattice",
                AccuracyWarning,
                stacklevel=2,
            )
        return sample

    def sample(self, n_samples=1, *, lattice_size=None, correction="auto", random_state=None):
        """Generate fields on a lattice of any size.

        Parameters
        ----------
        n_samples : int, default 1
            Number of fields.
        lattice_size : int or (int, int), optional
            As for `weighted_sample`.
        correction : {"auto", "metropolis", None}
            "metropolis", as "auto", makes a Markov chain of independent proposals, with e^{−S} as
            its fixed point, after 100 proposals that are not returned: refused proposals repeat a
            field, so that neighbours are correlated. None returns what was learned: independent
            fields, without their weights.
        random_state : int, RandomState, Generator or None
            Source of the random numbers, for this call alone.

        Returns
        -------
        array of shape (n_samples, L0, L1)

        Raises
        ------
        ValueError, TypeError
            As `weighted_sample`.

        Warns
        -----
        AccuracyWarning
            As `weighted_sample`, for "metropolis".
        """
        check_is_fitted(self)
        n_samples = check_integer(n_samples, "n_samples", least=1)
        rng = as_generator(random_state)
        if check_choice(correction, "correction", CORRECTIONS) is None:
            return draw(self._chain(self._sample_shape(lattice_size)), n_samples, rng)[0]
        proposals = self.weighted_sample(
            WARMUP + n_samples, lattice_size=lattice_size, random_state=rng
        )
        return proposals.field[metropolis_chain(proposals.log_weight, rng)[WARMUP:]]

    def score_samples(self, X):
        r"""Lower bound of the logarithm of the density of raw fields, per site.

        It is ⟨log g(path)/q(path | φ)⟩ over sixteen noisy paths of each field; the noise is the
        same for every field and every model of the same levels.

        Parameters
        ----------
        X : array-like of shape (n, L0, L1) or (n, L0·L1)
            Fields on the lattice of the fit.

        Returns
        -------
        array of shape (n,)
        """
        check_is_fitted(self)
        X, chain = self._configurations(X), self._chain(self.lattice_shape_)
        rngs = np.random.default_rng(SEED).spawn(PATHS)
        return np.mean([log_paths(chain, X, rng) for rng in rngs], axis=0) / X[0].size

    def sample_report(self, X, *, reference=None, random_state=0):
        """Report the observables of fields, beside exact or other values, see `halkit.gauge`.

        Parameters
        ----------
        X : WeightedSample, or array of shape (n, L0, L1) or (n, L0·L1)
            Fields on any lattice; rows on the lattice of the fit.
        reference : array of shape (m, L0, L1), optional
            Independent fields to compare with, as `halkit.datasets.make_phi4_configurations` makes.
        random_state : int, RandomState, Generator or None
            Of the 1000 fields that give the effective size; a WeightedSample has its own.

        Returns
        -------
        SampleReport
            See `halkit.gauge.sample_report`, with ``ess``.
        """
        check_is_fitted(self)
        weighted = isinstance(X, WeightedSample)
        fields, log_weight = X if weighted else (X, None)
        fields, theory = self._on_any_lattice(fields), Phi4(*self.theory_)
        report = sample_report(fields, theory, log_weight=log_weight, reference=reference)
        if weighted:
            return report
        log_weight = draw(self._chain(fields.shape[1:]), 1000, as_generator(random_state))[1]
        return report._replace(ess=effective_fraction(log_weight))
