"""A diffusion model of U(1) links: trained at one coupling, it generates at every coupling."""

from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_choice, check_integer
from halkit.gauge.chains.correction import correct
from halkit.gauge.diffusion import links
from halkit.gauge.diffusion.configurations import exact_links, raw_links
from halkit.gauge.diffusion.estimator import ScoreEstimator
from halkit.gauge.diffusion.model import NetworkPath, draw
from halkit.gauge.theory.torus import check_beta, wrap
from halkit.seeds import as_generator

__all__ = ["U1DiffusionSampler"]

CORRECTIONS = ("auto", "rejection", "hmc", None)
METHODS = ("plaquette", *links.METHODS)


class U1DiffusionSampler(ScoreEstimator):
    r"""Generate U(1) links with what was learned at one coupling.

    A network learns the score s = ∂ log p_σ/∂θ of links with noise of width σ. At its smallest
    width it is the curl of a function of one plaquette, −Σ_k a_k k sin kP, kept as
    ``harmonics_``; the action Σ_k a_k cos kP times β/β0 is what has been learned of the coupling β.
    Noise on the plaquettes then has a score in closed form at every β, and chains of single
    plaquettes, closed on a torus of any size, are independent configurations with a known density
    (`halkit.gauge.diffusion.plaquettes`). Rejection with the true action makes them exact, with no
    Markov chain. They are exact even if little was learned; `log_prob`, `score` and raw
    samples tell how good the learning is (``docs/u1.md``).

    Noise on the links, with the score at all widths times β/β0, is the other way:
    ``method="annealed"``, "sde" and "ode". It freezes the topological charge on the way, and χ
    comes out several times too large at β ≳ 4.

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β0 ≥ 0 of the configurations that `fit` gets. A model of β0 = 0 draws at β = 0
        alone: it has no score that could be scaled.
    network : {"gauge_equivariant", "gauge_energy", "unet", "mlp", "plaquette"}, or code
        See `halkit.gauge.diffusion.networks`. "plaquette" learns ``harmonics_`` alone, from the
        links without noise, in closed form: `hidden_channels` and all that follows but
        `validation_fraction`, `random_state` and `device` have no effect on it. Rows of angles
        without a lattice get "mlp" by default, and refuse the other networks.
        A class of `torch.nn.Module`, a function or a `functools.partial` that makes one of your
        own: see `halkit.gauge.diffusion.contract` and ``docs/networks.md``; `hidden_channels` has
        no effect on it.
    hidden_channels : tuple of int
        Channels of the hidden layers. One layer of 12 (810 parameters) suffices for the gauge
        networks: three of 24 had the same score on 256 configurations (−0.87634, and −0.87636 of
        the one) after 12 epochs of 4096 at L = 16, in 5.5 times the time. "unet" and "mlp" need
        more.
    lattice_shape : (int, int), optional
        (L0, L1) of rows; by default rows of 2L² angles are L × L, and rows of other lengths
        are angles without a lattice, with a warning if they may be on a rectangle.
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
    random_state : int, RandomState, Generator or None
        Of the training alone: an int makes a fit reproducible. What is drawn afterwards depends
        on the `random_state` of `sample`.
    device : str
        Where torch works.
    warm_start : bool
        Whether `fit` begins with the weights of the fit before, for links on the same lattice, of
        this coupling or another one. To go on with a fit that was killed, use
        `halkit.checkpoint.Checkpoint`.
    callbacks : list, optional
        Callbacks of skorch. EarlyStopping, and one that raises `halkit.training.StopTraining`,
        end the training; any other KeyboardInterrupt ends the fit as Ctrl-C does.
    verbose : int
        1 shows bars, 2 also what skorch prints.

    Attributes
    ----------
    lattice_shape_ : (int, int) or None
        Lattice of the fit.
    harmonics_ : array of shape (3,), or None
        a_k of the learned force −Σ_k a_k k sin kP of a plaquette; (β0, 0, 0) is the truth. None
        without a lattice.
    net_ : skorch.NeuralNet
        The trained net; its weights are the average over the last batches.
    history_ : list of dict
        Epoch, training and validation loss, and seconds. Empty for "plaquette".
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
    >>> theta = model.sample(500, beta=2.0, lattice_size=(4, 6), random_state=0)
    >>> theta.shape
    (500, 2, 4, 6)
    >>> report = model.sample_report(theta, beta=2.0)
    >>> max(abs(row.z) for row in report.rows) < 4
    True
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
        warm_start=False,
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
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose

    def sample(
        self,
        n_samples=1,
        *,
        beta=None,
        lattice_size=None,
        correction="auto",
        method="plaquette",
        n_steps=None,
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
        correction : {"auto", "rejection", "hmc", None}
            "rejection" keeps each plaquette with a probability proportional to e^{β cos P} over
            its density: independent exact configurations, for method="plaquette" alone. None
            returns what was learned. "hmc" follows that by hybrid Monte Carlo with winding hits at
            the true action, see `halkit.gauge.correct`. "auto" takes the one that makes links of
            the method exact: "rejection" for "plaquette", "hmc" for the others; None for a model
            without a lattice, which has no action.
        method : {"plaquette", "annealed", "sde", "ode"}
            "plaquette" puts noise on plaquettes, see `halkit.gauge.diffusion.plaquettes`; it needs
            a lattice. The others put noise on links, and have no density for "rejection":
            "annealed" is kinetic Langevin dynamics along falling widths; "sde" and "ode" are the
            reverse processes of the noise with the scaled score, followed by Langevin dynamics at
            small widths. After three epochs with 2048 configurations at L = 8 their plaquette
            was off by −0.4(2) and −0.8(2) % at β = β0 = 1, by 0.1(2) and 0.0(2) % at 2
            (``docs/u1.md``). Their charge belongs to another coupling: 2β − β0 in the limit of
            small angles. See `halkit.gauge.diffusion.links`.
        n_steps : int, optional
            "plaquette": number of noise variances, 6 by default where rejection follows, and else
            50. Other methods: steps of the dynamics, 100 by default, each with one score, or with
            two for "sde" and "ode".
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
            For arguments out of their range or without effect on each other, and if the network
            of a method with noise on links cannot change its size.
        """
        check_is_fitted(self)
        n_samples = check_integer(n_samples, "n_samples", least=1)
        beta = self.beta_ if beta is None else check_beta(beta)
        check_choice(correction, "correction", CORRECTIONS)
        check_choice(method, "method", METHODS)
        n_steps = check_integer(n_steps, "n_steps", least=1, optional=True)
        if correction == "auto":
            exact = "rejection" if method == "plaquette" else "hmc"
            correction = None if self.lattice_shape_ is None else exact
        if self.lattice_shape_ is None:
            theta = self._draw_angles(n_samples, beta, lattice_size, correction, method, n_steps,
                                      as_generator(random_state))  # fmt: skip
            return wrap(theta)
        shape, rng = self._sample_shape(lattice_size), as_generator(random_state)
        if method == "plaquette":
            if correction == "rejection":
                chain = self._chain(beta, n_steps, meant_for=beta)
                return exact_links(chain, n_samples, beta, shape, rng)
            theta = raw_links(self._chain(beta, n_steps), n_samples, shape, rng)
        else:
            if correction == "rejection":
                raise ValueError(
                    f'correction="rejection" needs the density of method="plaquette"; '
                    f'method={method!r} has none: correction must be "auto", "hmc" or None'
                )
            self._architecture.check_takes(self.net_.module_, (2, *shape))
            theta = wrap(self._draw(n_samples, (2, *shape), beta, method, n_steps, rng))
        if correction is None:
            return theta
        return correct(theta, beta, random_state=rng, verbose=bool(self.verbose))

    def _draw(self, n, shape, beta, method, n_steps, rng):
        """Angles from dynamics with noise on each of them, not wrapped."""
        return draw(
            self.net_.module_, n, shape, beta=beta, ratio=self._ratio(beta), method=method,
            seed=int(rng.integers(2**62)), lattice=self.lattice_shape_ is not None,
            n_steps=n_steps, progress=bool(self.verbose),
        )  # fmt: skip

    def _draw_angles(self, n, beta, lattice_size, correction, method, n_steps, rng):
        """Angles without a lattice."""
        if lattice_size is not None or correction is not None or method == "plaquette":
            raise ValueError(
                f"the model was fitted on rows of {self.n_features_in_} angles without a lattice: "
                "lattice_size must be None, correction None or 'auto', and method 'annealed', "
                "'sde' or 'ode'"
            )
        return self._draw(n, (self.n_features_in_,), beta, method, n_steps, rng)

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
