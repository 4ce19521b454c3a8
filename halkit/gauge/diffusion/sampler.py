"""A diffusion model of U(1) links: trained at one coupling, it generates at every coupling."""

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_choice, check_integer
from halkit.gauge.chains.correction import correct
from halkit.gauge.chains.smc import sample_smc
from halkit.gauge.diffusion.estimator import ScoreEstimator
from halkit.gauge.diffusion.links import METHODS
from halkit.gauge.diffusion.model import NetworkPath, draw
from halkit.gauge.theory.report import sample_report
from halkit.gauge.theory.torus import as_generator, as_links, check_beta, check_lattice_shape, wrap

__all__ = ["U1DiffusionSampler"]

CORRECTIONS = (None, "hmc", "smc")
PATHS = ("ramp", "network")
POPULATIONS = 4
LEAST_PARTICLES = 1024


class U1DiffusionSampler(ScoreEstimator):
    r"""Generate U(1) links with a score network that was trained at one coupling.

    The network learns the score s = ∂ log p_σ/∂θ of links with noise of width σ, beginning with
    the best multiple a(σ) of sin P for its data, see `halkit.gauge.diffusion.baseline`. Times β/β0 it
    drives annealed Langevin dynamics from uniform links to the coupling β, on a lattice of any
    size. The plaquette comes out too small by 0.2 to 0.8 % (``docs/u1.md``), and at β0 as well
    as the data know it, also after a short training. The topological charge freezes on the way,
    and χ is several times too large. Hybrid Monte Carlo with winding hits at the true action then
    makes the samples exact.

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β0 ≥ 0 of the configurations that `fit` gets. A model of β0 = 0 draws at β = 0
        alone: it has no score that could be scaled.
    network : {"gauge_equivariant", "gauge_energy", "unet", "mlp"}
        See `halkit.gauge.diffusion.networks`. Rows that are no lattice get "mlp" in place of
        the default; the other two are refused for them.
    hidden_channels : tuple of int
        Channels of the hidden layers. One layer of 12 (810 parameters) suffices for the gauge
        networks: three of 24 had the same score on 256 configurations (−0.87634, and −0.87636 of
        the one) after 12 epochs of 4096 at L = 16, in 5.5 times the time. "unet" and "mlp" need
        more.
    lattice_shape : (int, int), optional
        (L0, L1) of rows; by default rows of 2L² angles are L × L, and rows of other lengths
        are angles without a lattice.
    max_epochs : int
        Largest number of passes over the configurations. The learning rate falls to zero over
        them.
    batch_size : int
        Configurations in a batch.
    learning_rate : float
        First learning rate of Adam.
    validation_fraction : float
        Part of the configurations, above 0 and at most 0.5, and at least one, that is kept for
        the validation loss, which stops the training when it no longer falls for eight epochs.
    random_state : int, RandomState or None
        Of the training alone: an int makes a fit reproducible. What is drawn afterwards depends
        on the `random_state` of `sample`.
    device : str
        Where torch works.
    callbacks : list, optional
        Callbacks of skorch. EarlyStopping, and one that raises `halkit.training.StopTraining`,
        end the training; any other KeyboardInterrupt ends the fit as Ctrl-C does.
    verbose : int
        1 shows bars, 2 also what skorch prints.

    Attributes
    ----------
    lattice_shape_ : (int, int) or None
        Lattice of the fit.
    net_ : skorch.NeuralNet
        The trained net; its weights are the average over the last batches.
    history_ : list of dict
        Epoch, training and validation loss, and seconds.
    n_iter_ : int
        Epochs.
    interrupted_ : U1DiffusionSampler or None
        After an interrupt: a fitted sampler with the weights of that moment, None in the first
        epoch; the other attributes are those of the fit before. None after a whole fit.
    n_features_in_ : int
        Angles of one configuration.

    References
    ----------
    L. Wang, G. Aarts, K. Zhou, JHEP 05 (2024) 060; Q. Zhu, G. Aarts, W. Wang, K. Zhou,
    L. Wang, arXiv:2410.19602 (2024).

    Examples
    --------
    >>> from halkit.gauge import U1DiffusionSampler, sample_exact
    >>> X = sample_exact(64, 1.0, (4, 4), random_state=0)
    >>> model = U1DiffusionSampler(hidden_channels=(4,), max_epochs=2, random_state=0).fit(X)
    >>> model.sample(3, beta=2.0, lattice_size=(4, 6), correction=None, random_state=0).shape
    (3, 2, 4, 6)
    """

    def __init__(
        self,
        *,
        beta=1.0,
        network="gauge_equivariant",
        hidden_channels=(12,),
        lattice_shape=None,
        max_epochs=20,
        batch_size=64,
        learning_rate=1e-2,
        validation_fraction=0.1,
        random_state=None,
        device="cpu",
        callbacks=None,
        verbose=0,
    ):
        self.beta = beta
        self.network = network
        self.hidden_channels = hidden_channels
        self.lattice_shape = lattice_shape
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose

    def sample(
        self,
        n_samples=1,
        *,
        beta=None,
        lattice_size=None,
        correction="hmc",
        method="annealed",
        n_steps=None,
        smc_path="ramp",
        random_state=None,
    ):
        """Generate configurations at any coupling, on a lattice of any size.

        Parameters
        ----------
        n_samples : int, default 1
            Number of configurations.
        beta : float, optional
            Coupling β ≥ 0; that of the training by default.
        lattice_size : int or (int, int), optional
            L, or (L0, L1); that of the training by default.
        correction : {"hmc", "smc", None}
            "hmc" follows the network's samples by hybrid Monte Carlo with winding hits at the
            true action, see `halkit.gauge.correct`. None returns what the network draws: χ is
            then too large at β ≳ 4. "smc" uses no move made for topology, and none of the
            network's samples: sequential Monte Carlo from uniform links in four populations of
            at least 1024, from whose weighted particles n_samples are drawn. It warns where it
            has not converged; `halkit.gauge.sample_smc` also returns the weights, the number of
            ancestors and ln Z.
        method : {"annealed", "sde", "ode"}
            "annealed" is kinetic Langevin dynamics along falling widths. "sde" and "ode" are the
            reverse processes of the noise with the scaled score. At β = β0 their plaquette is as
            good as the score at all widths: off by −1.0(3) and −0.4(3) % after the default
            training with 10240 configurations at L = 16, and by up to 4 % after three epochs with
            2048 at L = 8 (``docs/u1.md``). At other β they reach another coupling, in the limit
            of small angles 2β − β0. See `halkit.gauge.diffusion.links`.
        n_steps : int, optional
            Steps of the dynamics, 100 by default, each with one score, or with two for "sde" and
            "ode". With more steps the charge freezes later, and the raw χ comes nearer.
        smc_path : {"ramp", "network"}
            What "smc" follows from uniform links to the true action: the ramp of β, or the
            energy of the network "gauge_energy", see `energy_path`.
        random_state : int, RandomState, Generator or None
            Source of the random numbers, for this call alone. None draws anew in every call,
            from numpy's global state: the `random_state` of the constructor is for the training
            only.

        Returns
        -------
        array of shape (n_samples, 2, L0, L1), or (n_samples, n) without a lattice
            Angles in [−π, π).

        Raises
        ------
        ValueError, TypeError
            For arguments out of their range, and if the network cannot change its size.
        """
        check_is_fitted(self)
        n_samples = check_integer(n_samples, "n_samples", least=1)
        beta = self.beta_ if beta is None else check_beta(beta)
        check_choice(correction, "correction", CORRECTIONS)
        check_choice(method, "method", METHODS)
        check_choice(smc_path, "smc_path", PATHS)
        if smc_path != "ramp" and correction != "smc":
            raise ValueError(f'smc_path={smc_path!r} has no effect unless correction="smc"')
        if n_steps is not None:
            n_steps = check_integer(n_steps, "n_steps", least=1)
        shape = self._sample_shape(lattice_size, correction)
        rng = as_generator(random_state)
        if correction == "smc" and (method != "annealed" or n_steps is not None):
            raise ValueError(
                'correction="smc" starts from uniform links: method and n_steps have no effect'
            )
        if correction == "smc":
            n = POPULATIONS * max(LEAST_PARTICLES, -(-n_samples // POPULATIONS))
            particles = sample_smc(
                n, beta, shape[1:], n_populations=POPULATIONS, random_state=rng,
                path=self.energy_path(beta) if smc_path == "network" else None,
                verbose=bool(self.verbose),
            )  # fmt: skip
            return particles.resampled(rng, n=n_samples)
        theta = draw(
            self.net_.module_, n_samples, shape, beta=beta, ratio=self._ratio(beta), method=method,
            seed=int(rng.integers(2**62)), lattice=self.lattice_shape_ is not None,
            n_steps=n_steps, progress=bool(self.verbose),
        )  # fmt: skip
        theta = wrap(theta)
        if correction is None:
            return theta
        return correct(theta, beta, random_state=rng, verbose=bool(self.verbose))

    def energy_path(self, beta=None):
        """Return the energy of the network times β/β0, along falling widths.

        It is the `path` of `halkit.gauge.sample_smc`, which also returns the weights, the number
        of ancestors and ln Z. The end of the path is the true action, not the network's.

        Parameters
        ----------
        beta : float, optional
            Coupling β ≥ 0 of the target; that of the training by default.

        Returns
        -------
        NetworkPath

        Raises
        ------
        ValueError
            If the network has no energy: only "gauge_energy" has one; if β0 = 0 and β > 0.
        """
        check_is_fitted(self)
        beta = self.beta_ if beta is None else check_beta(beta)
        if not hasattr(self.net_.module_, "density"):
            raise ValueError(
                f"the network {self._architecture.network!r} has a score but no energy: fit with "
                'network="gauge_energy"'
            )
        return NetworkPath(self.net_.module_.eval(), self._ratio(beta))

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
            See `halkit.gauge.sample_report`.

        Raises
        ------
        ValueError, TypeError
            As `halkit.gauge.sample_report`, and if the model was fitted on no lattice.
        """
        check_is_fitted(self)
        if self.lattice_shape_ is None:
            raise ValueError("the model was fitted on rows of angles, which are no lattice")
        shape = self.lattice_shape_ if np.ndim(X) == 2 else None
        theta = as_links(X, shape, name="X")
        return sample_report(theta, self.beta_ if beta is None else beta)

    def _ratio(self, beta):
        if self.beta_ == 0 and beta > 0:
            raise ValueError("a model of beta=0 has no score that could be scaled to another beta")
        return beta / self.beta_ if self.beta_ else 0.0

    def _sample_shape(self, lattice_size, correction):
        if self.lattice_shape_ is None:
            if lattice_size is not None or correction is not None:
                raise ValueError(
                    f"the model was fitted on rows of {self.n_features_in_} angles, which are no "
                    "lattice: lattice_size and correction must be None"
                )
            return (self.n_features_in_,)
        if lattice_size is None:
            lattice_size = self.lattice_shape_
        elif isinstance(lattice_size, Integral):
            lattice_size = (lattice_size, lattice_size)
        lattice_shape = check_lattice_shape(lattice_size)
        self._check_size(lattice_shape)
        return (2, *lattice_shape)
