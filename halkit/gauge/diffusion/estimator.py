"""Denoising score matching as an estimator: what a fit keeps, and how it is scored."""

from functools import partial

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from halkit.callbacks import Epochs, ProgressBar, with_callbacks
from halkit.checks import check_boolean, check_integer, check_positive
from halkit.gauge.diffusion import denoising
from halkit.gauge.diffusion.baseline import NO_MOMENTS, plaquette_moments
from halkit.gauge.diffusion.contract import check_network
from halkit.gauge.diffusion.force import plaquette_force
from halkit.gauge.diffusion.lattice_model import warn_of_another_theory
from halkit.gauge.diffusion.links import smallest_width
from halkit.gauge.diffusion.model import Architecture, as_tensor, denoising_scores, evaluate_score
from halkit.gauge.diffusion.networks import NETWORKS
from halkit.gauge.diffusion.plaquette_model import PlaquetteModel, mean_plaquette
from halkit.gauge.theory.theories import U1
from halkit.gauge.theory.torus import as_links, check_beta, within_circle, wrap
from halkit.modules import Named, by_name, check_factory, unnamed
from halkit.seeds import check_random_state
from halkit.training import (
    Interrupted,
    available_device,
    check_options,
    learning,
    load_parameters,
    one_thread,
    seeded,
    state_arrays,
    unchanged_on_error,
)

__all__ = ["ScoreEstimator"]

LARGEST_FRACTION = 0.5
# Links whose score tells the force of a plaquette.
FORCE_LINKS = 2**18


class ScoreEstimator(PlaquetteModel):
    """A score network of noisy angles; `U1DiffusionSampler` adds the parameters and the samples."""

    _dtypes = (np.float64, np.float32)

    @with_callbacks
    def fit(self, X, y=None):
        """Learn the score of links with noise, by denoising.

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
            For parameters out of their range, and if X is not an array of finite angles.
        KeyboardInterrupt
            From the keyboard, or from a callback that does not raise
            `halkit.training.StopTraining`. ``interrupted_`` then is a fitted sampler with the
            weights of that moment, or None before the end of the first epoch. As after any other
            error, an earlier fit is still there.

        Warns
        -----
        UserWarning
            If the mean plaquette of X differs from its value at `beta` by more than ten errors and
            5 %. If rows that may be on a rectangle are taken as angles without a lattice.
        """
        _check_parameters(self)
        with (
            self._task(X, y, max_subtasks=self.max_epochs) as task,
            unchanged_on_error(self),
            learning(),
        ):
            given, X = X, self._configurations(X, fitting=True)
            if self.lattice_shape_ is not None:
                found = mean_plaquette(X, U1(self.beta))
                warn_of_another_theory(U1(self.beta), *found, self._guessed_lattice(given))
            elif self.network in ("gauge_energy", "unet", "plaquette"):
                raise ValueError(
                    f"network={self.network!r} needs a lattice, and rows of {X.shape[1]} angles "
                    'are none: they get "mlp"'
                )
            elif self.network == "gauge_equivariant":
                self._warn_of_rows(X.shape[1], 'angles without a lattice, with network="mlp"')
            if callable(self.network):
                check_network(self.network, X.shape[1:], float(self.beta))
            self._train(X, check_random_state(self.random_state), task)
        return self

    def _train(self, X, random, task):
        order = random.permutation(len(X))
        n_valid = min(max(1, round(self.validation_fraction * len(X))), len(X) // 2)
        valid, train = (as_tensor(X[i], torch.float32) for i in np.split(order, [n_valid]))
        network = "mlp" if X.ndim == 2 else self.network
        if callable(self.network):
            network = Named(self.network, "network")
        moments = NO_MOMENTS if X.ndim == 2 else plaquette_moments(X[order[n_valid:]])
        before = self._fit_before(network, X.shape[1:])
        self._architecture = before or Architecture(
            network, tuple(self.hidden_channels), X.shape[1:], moments
        )
        self._settings = {"batch_size": self.batch_size, "learning_rate": self.learning_rate}
        self._device = self.device
        if network == "plaquette":
            self._enter(self._restored_net(self._device), [], X[order[n_valid:]])
            return
        weights = vars(self).pop("_weights", None)
        own = [Epochs(task, partial(self._fitted_now, X[order[n_valid:]]))]
        own += [ProgressBar()] if self.verbose else []
        module = self._architecture.build(random.randint(2**31 - 1))
        if before is not None:
            load_parameters(module, weights)
        net = denoising.make_net(
            module, valid, n_batches=-(-len(train) // self.batch_size), max_epochs=self.max_epochs,
            **self._settings, device=self._device,
            callbacks=[*own, *(self.callbacks or ())], verbose=max(self.verbose - 1, 0),
        )  # fmt: skip
        try:
            with seeded(random.randint(2**31 - 1)) as random_numbers, one_thread():
                net.generator_ = random_numbers.generator
                net.fit(train, None)
        except KeyboardInterrupt as error:
            if not self._keep(net, X[order[n_valid:]]):
                raise
            raise Interrupted(
                f"after {self.n_iter_} of {self.max_epochs} epochs; interrupted_ has the weights "
                "of that moment",
                self,
            ) from error
        self._keep(net, X[order[n_valid:]])

    def _fit_before(self, network, shape):
        """The architecture of the fit before, for a warm start, else None."""
        if not (self.warm_start and hasattr(self, "net_")):
            return None
        form = network, tuple(self.hidden_channels), tuple(shape)
        kept = self._architecture
        if form != (kept.network, kept.hidden_channels, tuple(kept.shape)):
            raise ValueError(
                "warm_start must keep the network, hidden_channels and the lattice of the fit "
                f"before, got {form}"
            )
        return kept

    def _fitted_now(self, X, net):
        """The attributes of a model with the averaged weights as they are."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        average = dict(net.callbacks_)["average"].average_
        restored = self._restored_net(self._device, state_arrays(average.module))
        other._enter(restored, _history(net), X)
        return vars(other)

    def _keep(self, net, X):
        """Enter the net, if it has seen an epoch; whether it has."""
        history = _history(net)
        if not history:
            return False
        self._enter(net, history, X)
        return True

    def _enter(self, net, history, X):
        """Keep a net, and the force of a plaquette that it has learned from X."""
        self.history_, self.n_iter_, self.net_ = history, len(history), net
        self.beta_, self.harmonics_ = float(self.beta), None
        self._weights = state_arrays(net.module_)
        if self.lattice_shape_ is None:
            return
        if self._architecture.network == "plaquette":
            self.harmonics_ = plaquette_force(X)
            return
        width = smallest_width(self.beta_)
        self.harmonics_ = plaquette_force(
            X[: max(1, FORCE_LINKS // X[0].size)],
            lambda theta: evaluate_score(net.module_, theta, width),
        )
        strength, noisy = (
            float(net.module_.baseline(torch.tensor([s], dtype=torch.float64))[0])
            for s in (0.0, width)
        )
        if np.isfinite(strength):  # what the noise has taken of the baseline comes back
            self.harmonics_[0] += noisy - strength

    def _restored_net(self, device, weights=None):
        """A net that is not to be trained."""
        return denoising.make_net(
            self._architecture.build(0), None, n_batches=1, max_epochs=1,
            **self._settings, device=device,
        ).restore(weights)  # fmt: skip

    def _configurations(self, X, *, fitting=False):
        X = super()._configurations(X, fitting=fitting)
        return X if self.lattice_shape_ is not None else wrap(within_circle(X, "X"))

    def _score_rows(self, X):
        return denoising_scores(self.net_.module_, X)

    def denoising_score(self, X):
        r"""Minus the denoising loss ⟨(σs − σt)²⟩ at all widths of noise on the links.

        Mean over links and over sixteen draws of width and noise, the same for every
        configuration and for every model; at best about minus the variance of the noise that
        no network can know. It tells nothing of single widths, and ranks networks by what
        methods with noise on links need.

        Parameters
        ----------
        X : array-like of shape (n, 2, L0, L1) or (n, 2·L0·L1)
            Angles on the lattice of the fit.

        Returns
        -------
        float
        """
        check_is_fitted(self)
        return float(denoising_scores(self.net_.module_, self._configurations(X)).mean())

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
        sigma = check_positive(sigma, "sigma")
        if self.lattice_shape_ is None:
            return evaluate_score(self.net_.module_, self._configurations(theta), sigma)
        theta = as_links(theta)
        self._architecture.check_takes(self.net_.module_, theta.shape[1:])
        return evaluate_score(self.net_.module_, theta, sigma)

    def __getstate__(self):
        state = {k: v for k, v in super().__getstate__().items() if k != "net_"}
        return by_name(state, ("network",))

    def __setstate__(self, state):
        super().__setstate__(unnamed(state))
        if "_weights" not in state:
            return
        self.net_ = self._restored_net(available_device(self._device), self._weights)


def _history(net):
    """Epoch, losses and seconds of every full epoch."""
    keys = ("epoch", "train_loss", "valid_loss", "dur")
    rows = getattr(net, "history_", ())
    return [{k: row[k] for k in keys} for row in rows if keys[-1] in row]


def _check_parameters(model):
    check_beta(model.beta)
    if callable(model.network):
        check_factory(model.network, "network")
    elif not isinstance(model.network, str) or model.network not in NETWORKS:
        raise ValueError(
            f"network must be one of {[*NETWORKS]}, or a class or function that makes one, got "
            f"{model.network!r}"
        )
    if not isinstance(model.hidden_channels, tuple | list) or not model.hidden_channels:
        raise ValueError(
            "hidden_channels must be a tuple or list of integers, one for each hidden layer; "
            f"got {model.hidden_channels!r}"
        )
    for channels in model.hidden_channels:
        check_integer(channels, "each of hidden_channels", least=1)
    check_integer(model.max_epochs, "max_epochs", least=1)
    check_integer(model.batch_size, "batch_size", least=1)
    check_positive(model.learning_rate, "learning_rate")
    if check_positive(model.validation_fraction, "validation_fraction") > LARGEST_FRACTION:
        raise ValueError(
            "validation_fraction must be a finite number > 0 and ≤ 0.5, so that most of the "
            f"configurations train; got {model.validation_fraction!r}"
        )
    check_boolean(model.warm_start, "warm_start")
    check_options(model)
