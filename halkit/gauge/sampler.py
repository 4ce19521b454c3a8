"""A diffusion model of U(1) links: trained at one coupling, it generates at every coupling."""

import warnings
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from halkit.gauge import denoising
from halkit.gauge.langevin import METHODS
from halkit.gauge.model import Architecture, denoising_scores, draw, evaluate_score
from halkit.gauge.networks import NETWORKS
from halkit.gauge.torus import (
    TWO_PI,
    as_generator,
    as_links,
    check_beta,
    check_count,
    check_lattice_shape,
    wrap,
)
from halkit.training import (
    ProgressBar,
    available_device,
    check_device,
    one_thread,
    parameter_arrays,
    seeded,
)

__all__ = ["U1DiffusionSampler"]

CORRECTIONS = (None, "hmc", "smc")


class U1DiffusionSampler(DensityMixin, BaseEstimator):
    r"""Generate U(1) links with a score network that was trained at one coupling.

    The network learns the score s = ∂ log p_σ/∂θ of links with noise of width σ. Times β/β0
    it drives annealed Langevin dynamics from uniform links to the coupling β, on a lattice of
    any size. The local distribution comes out right, the topological charge does not: it
    freezes on the way, and χ is too large. Hybrid Monte Carlo with winding hits at the true
    action then makes the samples exact.

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β0 > 0 of the configurations that `fit` gets.
    network : {"gauge_equivariant", "unet", "mlp"}
        See `halkit.gauge.networks`. Rows that are no lattice always get "mlp".
    hidden_channels : tuple of int
        Channels of the hidden layers.
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
        Part of the configurations that is kept for the validation loss, which stops the
        training when it no longer falls for eight epochs.
    random_state : int, RandomState or None
        Makes a fit reproducible.
    device : str
        Where torch works.
    callbacks : list, optional
        Callbacks of skorch.
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
    n_features_in_ : int
        Angles of one configuration.

    References
    ----------
    L. Wang, G. Aarts, K. Zhou, JHEP 05 (2024) 060; Q. Zhu, G. Aarts, W. Wang, K. Zhou,
    L. Wang, arXiv:2410.19602 (2024).

    Examples
    --------
    >>> from halkit.gauge import U1DiffusionSampler, sample_exact
    >>> X = sample_exact(64, (4, 4), 1.0, random_state=0)
    >>> model = U1DiffusionSampler(hidden_channels=(4,), max_epochs=2, random_state=0).fit(X)
    >>> model.sample(3, beta=2.0, lattice_size=(4, 6), correction=None, random_state=0).shape
    (3, 2, 4, 6)
    """

    def __init__(
        self,
        *,
        beta=1.0,
        network="gauge_equivariant",
        hidden_channels=(24, 24, 24),
        lattice_shape=None,
        max_epochs=20,
        batch_size=64,
        learning_rate=5e-3,
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

    def fit(self, X, y=None):  # noqa: ARG002
        """Learn the score of links with noise, by denoising.

        A training that is interrupted from the keyboard keeps what it has learned, with a
        warning.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Link angles in radians, n ≥ 2, of configurations at the coupling `beta`.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters out of their range, and for X that is no array of finite angles.
        """
        _check_parameters(self)
        X = self._angles(X, fitting=True)
        random = check_random_state(self.random_state)
        order = random.permutation(len(X))
        n_valid = max(1, round(self.validation_fraction * len(X)))
        valid, train = (torch.tensor(X[i], dtype=torch.float32) for i in np.split(order, [n_valid]))
        network = "mlp" if X.ndim == 2 else self.network
        self._architecture = Architecture(network, tuple(self.hidden_channels), X.shape[1:])
        net = denoising.make_net(
            self._architecture.build(random.randint(2**31 - 1)), valid,
            n_batches=-(-len(train) // self.batch_size), max_epochs=self.max_epochs,
            batch_size=self.batch_size, learning_rate=self.learning_rate, device=self.device,
            callbacks=[*([ProgressBar()] if self.verbose else []), *(self.callbacks or ())],
            verbose=max(self.verbose - 1, 0),
        )  # fmt: skip
        with seeded(random.randint(2**31 - 1)), one_thread():
            net.fit(train, None)
        self._keep(net)
        return self

    def _keep(self, net):
        keys = ("epoch", "train_loss", "valid_loss", "dur")
        self.history_ = [{k: row[k] for k in keys} for row in net.history if keys[-1] in row]
        self.n_iter_ = len(self.history_)
        self.beta_ = float(self.beta)
        self._weights = parameter_arrays(net.module_)
        self.net_ = net
        if denoising.was_interrupted(net):
            warnings.warn(
                f"the training was interrupted after {self.n_iter_} of {self.max_epochs} epochs: "
                "the weights of that moment are kept",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _angles(self, X, *, fitting=False):
        """X as (n, 2, L0, L1) on a lattice and as rows elsewhere, after the checks."""
        shape = None if self.lattice_shape is None else check_lattice_shape(self.lattice_shape)
        if np.ndim(X) == 4:
            links = as_links(X, shape)
            shape, X = links.shape[2:], links.reshape(len(links), -1)
            if not fitting and shape != self.lattice_shape_:
                raise ValueError(
                    f"X is on a {shape} lattice; the model was fitted on {self.lattice_shape_}"
                )
        X = validate_data(
            self, X, dtype=[np.float64, np.float32], reset=fitting, ensure_min_samples=1 + fitting
        )
        if fitting:
            self.lattice_shape_ = shape or _square(X.shape[1])
        if self.lattice_shape_ is not None:
            return as_links(X, self.lattice_shape_)
        if np.abs(X).max() > TWO_PI * (1 + 1e-6):
            warnings.warn("X has angles beyond 2π: they are wrapped to [-π, π)", stacklevel=3)
        return wrap(X)

    def score_samples(self, X):
        r"""Minus the denoising loss ⟨(σs − σt)²⟩ of each configuration.

        Mean over links and over sixteen draws of width and noise, the same for every
        configuration and for every model; at best about minus the variance of the noise that
        no network can know.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Angles on the lattice of the fit.

        Returns
        -------
        array of shape (n,)
        """
        check_is_fitted(self)
        return denoising_scores(self.net_.module_, self._angles(X))

    def score(self, X, y=None):  # noqa: ARG002
        """Mean of `score_samples`: larger is better, comparable between networks.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        y : ignored

        Returns
        -------
        float
        """
        return float(self.score_samples(X).mean())

    def link_score(self, theta, sigma):
        """The learned score ∂ log p_σ/∂θ at β0.

        Parameters
        ----------
        theta : array of shape (n, 2, L0, L1)
            Noisy links, on any lattice that the network takes; rows without a lattice.
        sigma : float
            Width σ > 0 of the noise.

        Returns
        -------
        float32 array of the shape of theta
        """
        check_is_fitted(self)
        if not isinstance(sigma, Real) or not 0 < sigma < np.inf:
            raise ValueError(f"sigma must be positive and finite; got {sigma!r}")
        if self.lattice_shape_ is None:
            return evaluate_score(self.net_.module_, self._angles(theta), float(sigma))
        theta = as_links(theta)
        self._check_size(theta.shape[2:])
        return evaluate_score(self.net_.module_, theta, float(sigma))

    def _check_size(self, lattice_shape):
        if not self._architecture.any_size and tuple(lattice_shape) != self.lattice_shape_:
            raise ValueError(
                f"the network {self._architecture.network!r} was made for the lattice "
                f"{self.lattice_shape_} and cannot change to {tuple(lattice_shape)}: use "
                "'gauge_equivariant' or 'unet'"
            )

    def sample(
        self,
        n_samples=1,
        *,
        beta=None,
        lattice_size=None,
        correction="hmc",
        method="annealed",
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
        correction : {"hmc", None}
            "hmc" follows the network's samples by hybrid Monte Carlo with winding hits at the
            true action, see `halkit.gauge.correct`. None returns what the network draws: χ is
            then too large at β ≳ 4.
        method : {"annealed", "sde", "ode"}
            Dynamics, see `halkit.gauge.langevin`. The reverse processes reach the wrong
            coupling unless β = β0.
        random_state : int, RandomState, Generator or None
            Source of the random numbers.

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
        n_samples = check_count(n_samples, "n_samples", least=1)
        beta = self.beta_ if beta is None else check_beta(beta)
        _check_choice(correction, "correction", CORRECTIONS)
        _check_choice(method, "method", METHODS)
        shape = self._sample_shape(lattice_size, correction)
        rng = as_generator(random_state)
        theta = draw(
            self.net_.module_, n_samples, shape, beta=beta, ratio=self._ratio(beta), method=method,
            seed=int(rng.integers(2**62)), lattice=self.lattice_shape_ is not None,
            progress=bool(self.verbose),
        )  # fmt: skip
        return wrap(theta)

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

    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k != "net_"}

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_weights" not in state:
            return
        net = denoising.make_net(
            self._architecture.build(0), None, n_batches=1, max_epochs=1,
            batch_size=self.batch_size, learning_rate=self.learning_rate,
            device=available_device(self.device),
        ).initialize()  # fmt: skip
        arrays = {name: torch.tensor(value) for name, value in self._weights.items()}
        net.module_.load_state_dict(arrays)
        self.net_ = net


def _square(n_features):
    """(L, L) if rows have 2L² angles, L ≥ 2, else None."""
    size = round((n_features / 2) ** 0.5)
    return (size, size) if size >= 2 and 2 * size**2 == n_features else None


def _check_choice(value, name, choices):
    if value not in choices:
        raise ValueError(f"{name} must be one of {list(choices)}; got {value!r}")


def _check_parameters(model):
    check_beta(model.beta)
    _check_choice(model.network, "network", NETWORKS)
    if not isinstance(model.hidden_channels, tuple | list) or not model.hidden_channels:
        raise ValueError(f"hidden_channels must be integers; got {model.hidden_channels!r}")
    for channels in model.hidden_channels:
        check_count(channels, "hidden_channels", least=1)
    check_count(model.max_epochs, "max_epochs", least=1)
    check_count(model.batch_size, "batch_size", least=1)
    for name, high in (("learning_rate", np.inf), ("validation_fraction", 1)):
        value = getattr(model, name)
        if not isinstance(value, Real) or not 0 < value < high:
            raise ValueError(f"{name} must be between 0 and {high}; got {value!r}")
    check_device(model.device)
