r"""Denoising score matching: the network learns the score from noise that was put on the links.

For a width σ and noise ε the network f = σ s is asked for σ t, t the score of the wrapped
normal distribution at σε. Every configuration is used with +ε and −ε, and

    ℓ = ½ |f(θ + σε) − σt|² + ½ |f(θ − σε) + σt|²

has a gradient whose noise does not grow as σ → 0. In the training ℓ is weighted with
1 + (σ_0/σ)², so that the relative error of the score, not of σ s, is what counts at small σ,
and |σt|², which no network changes, is left out.
"""

import math

import torch
from skorch.callbacks import Callback, LRScheduler
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from halkit.gauge.diffusion.noise import SIGMA_MAX, scaled_score
from halkit.training import StopTraining, TrainedNet

__all__ = ["denoising_loss", "draw_noise", "make_net"]

SIGMA_MIN = 0.03
SIGMA_0 = 0.5
PATIENCE = 8


def draw_noise(shape, *, generator=None):
    """Widths (n,), log-uniform and stratified, and normal ε of the given shape (n, …)."""
    n = shape[0]
    place = (torch.randperm(n, generator=generator) + torch.rand(n, generator=generator)) / n
    sigma = SIGMA_MAX * (SIGMA_MIN / SIGMA_MAX) ** place
    return sigma, torch.randn(shape, generator=generator)


def denoising_loss(network, theta, sigma, epsilon):
    """``ℓ − |σt|²`` of each configuration, averaged over its links.

    Parameters
    ----------
    network : Module
        From (θ, σ) to σ s.
    theta, epsilon : Tensors of shape (n, …)
        Links, and the noise on them.
    sigma : Tensor of shape (n,)

    Returns
    -------
    Tensor of shape (n,)
    """
    width = sigma.reshape(-1, *[1] * (theta.ndim - 1))
    target = scaled_score(epsilon, sigma)
    noisy = torch.cat([theta + width * epsilon, theta - width * epsilon])
    plus, minus = network(noisy, torch.cat([sigma, sigma])).chunk(2)
    loss = (plus**2 + minus**2) / 2 - (plus - minus) * target
    return loss.flatten(1).mean(dim=1)


class _Batches:
    """Batches of configurations, in a new order in every epoch if `shuffle`."""

    def __init__(self, dataset, *, batch_size, shuffle=False):
        self.X, self.batch_size, self.shuffle = dataset.X, batch_size, shuffle

    def __len__(self):
        return math.ceil(len(self.X) / self.batch_size)

    def __iter__(self):
        order = torch.randperm(len(self.X)) if self.shuffle else torch.arange(len(self.X))
        for some in order.split(self.batch_size):
            yield self.X[some], torch.zeros(len(some))


class MovingAverage(Callback):
    """Exponential moving average of the weights, which is validated and kept.

    Parameters
    ----------
    decay : float
        Weight of the past per batch.
    """

    def __init__(self, decay):
        self.decay = decay

    def on_train_begin(self, net, X=None, y=None, **kwargs):  # noqa: ARG002
        self.average_ = AveragedModel(net.module_, multi_avg_fn=get_ema_multi_avg_fn(self.decay))

    def on_batch_end(self, net, batch=None, training=None, **kwargs):  # noqa: ARG002
        if training:
            self.average_.update_parameters(net.module_)

    def on_train_end(self, net, X=None, y=None, **kwargs):  # noqa: ARG002
        net.module_.load_state_dict(self.average_.module.state_dict())
        del self.average_


class Patience(Callback):
    """Stops when the validation loss has not become lower for some epochs in a row."""

    def __init__(self, epochs=PATIENCE):
        self.epochs = epochs

    def on_train_begin(self, net, X=None, y=None, **kwargs):  # noqa: ARG002
        self.best_, self.misses_ = float("inf"), 0

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):  # noqa: ARG002
        loss = net.history[-1, "valid_loss"]
        if not math.isfinite(loss):
            raise ValueError(
                f"the training diverged in epoch {len(net.history)}: lower learning_rate"
            )
        self.misses_ = 0 if loss < self.best_ else self.misses_ + 1
        self.best_ = min(loss, self.best_)
        if self.misses_ >= self.epochs:
            raise StopTraining


class ScoreNet(TrainedNet):
    """skorch net of a score network; the noise is drawn anew in every batch."""

    def _loss(self, network, theta, generator=None):
        theta = theta.to(self.device)
        sigma, epsilon = draw_noise(tuple(theta.shape), generator=generator)
        sigma, epsilon = sigma.to(self.device), epsilon.to(self.device)
        loss = denoising_loss(network, theta, sigma, epsilon)
        return ((1 + (SIGMA_0 / sigma) ** 2) * loss).mean()

    def train_step_single(self, batch, **fit_params):  # noqa: ARG002
        self.module_.train()
        loss = self._loss(self.module_, batch[0])
        loss.backward()
        return {"loss": loss, "y_pred": batch[1]}

    def validation_step(self, batch, **fit_params):  # noqa: ARG002
        """The loss of the averaged network, with the same noise in every epoch."""
        network = dict(self.callbacks_)["average"].average_
        with torch.no_grad():
            loss = self._loss(network, batch[0], torch.Generator().manual_seed(0))
        return {"loss": loss, "y_pred": batch[1]}


def make_net(module, X_valid, *, n_batches, max_epochs, batch_size, learning_rate, callbacks=None,
             verbose=0, device="cpu"):  # fmt: skip
    """An untrained `ScoreNet`: Adam, a rate that falls to zero like a cosine, an average.

    Parameters
    ----------
    module : Module
        Score network.
    X_valid : Tensor or None
        Configurations for the validation; None for a net that is not to be trained.
    n_batches : int
        Batches in an epoch.
    """
    schedule = LRScheduler(
        torch.optim.lr_scheduler.CosineAnnealingLR, step_every="batch", T_max=n_batches * max_epochs
    )
    own = [
        ("average", MovingAverage(min(0.995, 1 - 1 / n_batches))),
        ("schedule", schedule),
        ("patience", Patience()),
    ]
    return ScoreNet(
        module,
        criterion=nn.Identity,
        optimizer=torch.optim.Adam,
        lr=learning_rate,
        max_epochs=max_epochs,
        batch_size=batch_size,
        iterator_train=_Batches,
        iterator_train__shuffle=True,
        iterator_valid=_Batches,
        train_split=None if X_valid is None else predefined_split(Dataset(X_valid)),
        callbacks=[*own, *(callbacks or ())],
        callbacks__print_log=None,
        verbose=verbose,
        device=device,
    )
