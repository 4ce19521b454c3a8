"""A diffusion model of two-dimensional φ⁴, exact by the weights of its paths."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from halkit.checks import as_numbers, check_choice, check_integer, numbers_or_table
from halkit.exceptions import AccuracyWarning
from halkit.gauge.chains.weights import WeightedSample, effective_fraction, metropolis_chain
from halkit.gauge.diffusion.modes import Learned, draw, learn, log_paths, mode_chain
from halkit.gauge.theory.report import sample_report
from halkit.gauge.theory.spaces import REALS
from halkit.gauge.theory.theories import Phi4
from halkit.gauge.theory.torus import as_generator, check_lattice_shape
from halkit.training import unchanged_on_error
from halkit.versions import Versioned

__all__ = ["Phi4DiffusionSampler"]

CORRECTIONS = ("auto", "metropolis", None)
LEAST_ESS = 0.7
WARMUP = 100  # proposals before the first configuration of a chain
PATHS, SEED = 16, 1234  # of the score
WRONG, ERRORS = 0.05, 10.0


class Phi4DiffusionSampler(DensityMixin, Versioned):
    r"""Generate fields of two-dimensional φ⁴ with what was learned from fields of one theory.

    Noise on the fields is taken away in steps whose score is a Gaussian for every mode, two for the
    zero mode, and learned products of neighbouring sites (`halkit.gauge.diffusion.modes`). The
    density of every path is known, and its weight makes means exact, whatever was learned:
    `weighted_sample` has the weights, and ``sample`` a Metropolis chain of independent proposals.
    The effective size of the weights tells what the learning is worth (``docs/theories.md``).

    Parameters
    ----------
    kappa, lam : float, default 0.21 and 0.022
        κ and λ of the fields that `fit` gets, see `halkit.gauge.Phi4`.
    n_steps : int, default 30
        Noise levels. More of them raise the effective size, and the cost.
    lattice_shape : (int, int), optional
        (L0, L1) of rows; by default rows of L² numbers are L × L, and rows of another length n
        are a ring of n sites, 1 × n.
    random_state : int, RandomState or None
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
            Fields of e^{−S}, n ≥ 2. A few thousand determine all that there is to learn.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters out of their range, and for X that is no array of finite fields.

        Warns
        -----
        UserWarning
            If ⟨φ ∂S/∂φ⟩ of X, which is 1 for e^{−S}, is not, by more than ten errors and 5 %.
        """
        theory = Phi4(self.kappa, self.lam)
        n_steps = check_integer(self.n_steps, "n_steps", least=1)
        random = check_random_state(self.random_state)
        with unchanged_on_error(self):
            X = self._fields(X, fitting=True)
            _warn_of_another_theory(X, theory)
            rng = np.random.default_rng(random.randint(2**31, size=4))
            learned = learn(X, theory, n_steps, rng)
            self.theory_, self.learned_ = (theory.kappa, theory.lam), learned._asdict()
        return self

    def __sklearn_is_fitted__(self):
        """A fit that failed half-way is no fit."""
        return hasattr(self, "learned_")

    def _fields(self, X, *, fitting=False):
        """X as (n, L0, L1), after the checks."""
        shape = self.lattice_shape if fitting else self.lattice_shape_
        shape = None if shape is None else check_lattice_shape(shape, 1)
        n_axes = as_numbers(X, "X").ndim
        if n_axes > 3:
            raise ValueError(f"X must have shape (n, L0, L1) or (n, L0*L1), got {np.shape(X)}")
        if n_axes == 3:
            fields = REALS.as_field(X, shape, "X")
            if not fitting and fields.shape[1:] != shape:
                raise ValueError(
                    f"X is on a {fields.shape[1:]} lattice; the model was fitted on {shape}"
                )
            shape, X = fields.shape[1:], fields.reshape(len(fields), -1)
        X = validate_data(
            self, numbers_or_table(X, "X"), dtype=np.float64, reset=fitting,
            ensure_min_samples=1 + fitting,
        )  # fmt: skip
        if fitting:
            side = round(X.shape[1] ** 0.5)
            self.lattice_shape_ = shape or (
                (side,) * 2 if side**2 == X.shape[1] else (1, X.shape[1])
            )
        return REALS.as_field(X, self.lattice_shape_, "X")

    @property
    def _theory(self):
        return Phi4(*self.theory_)

    def _chain(self, shape):
        return mode_chain(Learned(**self.learned_), self._theory, shape)

    def _sample_shape(self, lattice_size):
        if lattice_size is None:
            return self.lattice_shape_
        if isinstance(lattice_size, Integral):
            lattice_size = (lattice_size, lattice_size)
        return check_lattice_shape(lattice_size, 1)

    def weighted_sample(self, n_samples=1, *, lattice_size=None, random_state=None):
        """Generate independent fields with the weights that make means exact.

        Parameters
        ----------
        n_samples : int, default 1
            Number of fields.
        lattice_size : int or (int, int), optional
            L, or (L0, L1); that of the training by default. On another volume the zero mode is
            guessed from its scaling, and the effective size may be small.
        random_state : int, RandomState, Generator or None
            Source of the random numbers, for this call alone.

        Returns
        -------
        WeightedSample

        Raises
        ------
        ValueError, TypeError
            For arguments out of their range.

        Warns
        -----
        AccuracyWarning
            If the effective size of a configuration is below 0.7.
        """
        check_is_fitted(self)
        n_samples = check_integer(n_samples, "n_samples", least=1)
        chain = self._chain(self._sample_shape(lattice_size))
        sample = WeightedSample(*draw(chain, n_samples, as_generator(random_state)))
        if sample.ess < LEAST_ESS and n_samples >= WARMUP:
            warnings.warn(
                f"the effective size of a configuration is {sample.ess:.2g} at "
                f"{self._theory.label} on {chain.lattice_shape}: errors are "
                f"{sample.ess**-0.5:.2g} times those of independent exact fields, and a Metropolis "
                "chain repeats fields; raise n_steps, or train on more fields of this lattice",
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
            For arguments out of their range.

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
        X, chain = self._fields(X), self._chain(self.lattice_shape_)
        rngs = np.random.default_rng(SEED).spawn(PATHS)
        return np.mean([log_paths(chain, X, rng) for rng in rngs], axis=0) / X[0].size

    def score(self, X, y=None):  # noqa: ARG002
        """Mean of `score_samples`: larger is better.

        Parameters
        ----------
        X : array-like of shape (n, L0, L1) or (n, L0·L1)
        y : ignored

        Returns
        -------
        float
        """
        return float(self.score_samples(X).mean())

    def sample_report(self, X, *, reference=None, random_state=0):
        """Report the observables of fields, beside exact or other values, see `halkit.gauge`.

        Parameters
        ----------
        X : WeightedSample, or array of shape (n, L0, L1) or (n, L0·L1)
            Fields on any lattice; rows on that of the fit.
        reference : array of shape (m, L0, L1), optional
            Independent fields to compare with, as of `halkit.datasets.make_phi4_configurations`.
        random_state : int, RandomState, Generator or None
            Of the 1000 fields that tell the effective size; a WeightedSample has its own.

        Returns
        -------
        SampleReport
            See `halkit.gauge.sample_report`, with ``ess``.
        """
        check_is_fitted(self)
        weighted = isinstance(X, WeightedSample)
        fields, log_weight = X if weighted else (X, None)
        shape = self.lattice_shape_ if np.ndim(fields) == 2 else None
        fields = REALS.as_field(fields, shape, "X")
        report = sample_report(fields, self._theory, log_weight=log_weight, reference=reference)
        if weighted:
            return report
        log_weight = draw(self._chain(fields.shape[1:]), 1000, as_generator(random_state))[1]
        return report._replace(ess=effective_fraction(log_weight))


def _warn_of_another_theory(fields, theory):
    """Compare ⟨φ ∂S/∂φ⟩ with 1; fewer than ten values give no error to trust."""
    if len(fields) < 10:
        return
    virial = -(fields * theory.force(fields)).mean(axis=(1, 2))
    mean, error = virial.mean(), virial.std(ddof=1) / np.sqrt(len(virial))
    if abs(mean - 1) > max(ERRORS * error, WRONG):
        warnings.warn(
            f"X has ⟨φ ∂S/∂φ⟩ = {mean:.4f} ± {error:.1g} a site, and fields of {theory.label} have "
            "1: kappa and lam must be those of the fields",
            stacklevel=3,
        )
