r"""Solvers for the fit of a potential, all of them run by skorch.

Levenberg-Marquardt minimises L = |ρ(θ)|²: with J = ∂ρ/∂θ each step solves

    (JᵀJ + μ) Δ = −Jᵀρ,

by Cholesky in the smaller of the two dimensions of J, and μ follows the gain ratio
of Nielsen (1999). L-BFGS and Adam are torch's own. An epoch of skorch is one pass
over all samples: one step of Levenberg-Marquardt or Adam, up to ten iterations of
L-BFGS. History, callbacks and early stopping are the same for all three.

A loss that is not finite ends a training. After an interrupt within an epoch the net is as it was
after the last full epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from skorch.callbacks import Callback, PrintLog
from skorch.dataset import unpack_data
from torch import nn

from halkit.training import StopTraining, TrainedNet, load_parameters, parameter_arrays

__all__ = [
    "SOLVERS",
    "LevenbergMarquardt",
    "PotentialNet",
    "make_net",
    "n_iterations",
]

SOLVERS = ("lm", "lbfgs", "adam")
Block: TypeAlias = tuple[torch.Tensor, torch.Tensor]
MAX_REJECTIONS = 30
LBFGS_STEPS = 10
ROUNDING = 1e-14
# A fit that goes on from a minimum begins with whole Gauss-Newton steps.
WARM_DAMPING = 1e-12
# Last epochs of a fit to exact data, which tell whether it still moves.
LAST = 10
PATIENCE = {"lm": 3, "lbfgs": 3, "adam": 500}


class LevenbergMarquardt:
    """Damped Gauss-Newton steps for a loss that is a sum of squares.

    The closure of ``step`` returns the loss at the current parameters; ``blocks``
    gives pieces (ρ, ∂ρ/∂θ) of the residual and its Jacobian.

    Parameters
    ----------
    params : iterable of Parameter
    damping : float
        First μ, relative to the largest diagonal entry of JᵀJ.

    Attributes
    ----------
    decrement : float
        Before the last step, the distance of the loss from the minimum of ``|ρ + JΔ|²``; NaN where
        JᵀJ is singular.

    References
    ----------
    H. B. Nielsen, Damping parameter in Marquardt's method, IMM-REP-1999-05 (1999).
    """

    def __init__(self, params: Iterable[nn.Parameter], damping: float = 1e-2) -> None:
        self.theta, self.damping = list(params), damping
        self.mu: Any = None
        self.nu, self.decrement = 2.0, np.nan

    @torch.no_grad()
    def step(self, closure: Callable[[], Any], blocks: Iterable[Block]) -> float:
        """One step that lowers the loss (none if no damping does); the loss after it."""
        theta = nn.utils.parameters_to_vector(self.theta)
        system = _DampedSystem(blocks, len(theta))
        if self.mu is None:
            self.mu = self.damping * system.largest_curvature
        self.decrement = -float(system.gradient @ system.solve(0.0))
        for _ in range(MAX_REJECTIONS):
            delta = system.solve(self.mu)
            nn.utils.vector_to_parameters(theta + delta, self.theta)
            loss = float(closure())
            expected = float(delta @ (self.mu * delta - system.gradient))
            gain = (system.loss - loss) / expected if expected > 0 else -1.0
            if gain > 0:
                self.mu *= max(1 / 3, 1 - (2 * gain - 1) ** 3)
                self.nu = 2.0
                return loss
            self.mu, self.nu = self.mu * self.nu, self.nu * 2
        nn.utils.vector_to_parameters(theta, self.theta)
        return system.loss


class _DampedSystem:
    """(JᵀJ + μ) Δ = −Jᵀρ from blocks of (ρ, J), in the smaller dimension of J."""

    def __init__(self, blocks, n_parameters):
        self.loss, n_residuals, kept = 0.0, 0, []
        self.gradient, self.gram = 0.0, 0.0
        for rho, J in blocks:
            self.loss += float(rho @ rho)
            self.gradient = self.gradient + J.T @ rho
            n_residuals += len(rho)
            if kept is not None and n_residuals < n_parameters:
                kept.append((rho, J))
                continue
            for _, earlier in kept or ():
                self.gram = self.gram + _gram(earlier)
            kept = None
            self.gram = self.gram + _gram(J)
        self.rho = self.J = None
        if kept:
            self.rho, self.J = (torch.cat(parts) for parts in zip(*kept, strict=True))
            self.gram = _gram(self.J.T)
        self.largest_curvature = max(float(self.gram.diagonal().max()), np.finfo(float).tiny)

    def solve(self, mu):
        """The step Δ; NaN, which is rejected, where rounding makes the matrix indefinite."""
        damped = self.gram + mu * torch.eye(len(self.gram)).to(self.gram)
        factor, info = torch.linalg.cholesky_ex(damped)
        if int(info):
            return torch.full_like(self.gradient, torch.nan)
        if self.J is None:
            return -torch.cholesky_solve(self.gradient[:, None], factor)[:, 0]
        return -self.J.T @ torch.cholesky_solve(self.rho[:, None], factor)[:, 0]


def _gram(J):
    """JᵀJ; numpy, unlike torch, knows that a triangle of it is enough."""
    if J.device.type != "cpu":
        return J.T @ J
    A = J.numpy()
    return torch.from_numpy(A.T @ A)


class _LBFGS(torch.optim.LBFGS):
    """L-BFGS that ends after `total` iterations in all steps together."""

    def __init__(self, params, total, **settings):
        super().__init__(params, max_iter=min(total, LBFGS_STEPS), **settings)
        self.total = total

    def step(self, closure):
        left = self.total - self.n_iterations
        self.param_groups[0]["max_iter"] = min(left, LBFGS_STEPS)
        return super().step(closure)

    @property
    def n_iterations(self):
        """Iterations of all steps."""
        return sum(state["n_iter"] for state in self.state.values())


class _AllSamples:
    """The whole training set as one batch of tensors that stay where they are."""

    def __init__(self, dataset, *, batch_size):
        self.batch = (dataset.X, dataset.y)
        self.batch_size = batch_size

    def __iter__(self):
        yield self.batch


class Convergence(Callback):
    """Stops a training where another step would not change its result noticeably.

    Two kinds of fits have a natural unit of the loss: for data with errors, one unit of χ²; for a
    warm start, the decrement of the first step. The training stops where the decrement is `tol`
    units, so that the parameters are within √tol of their errors, or of the way they have gone,
    from the minimum; or after `patience` epochs in a row that gained less than √tol units each or,
    unless warm, less than `tol` of the χ² of a good fit. Without a unit, gains are compared with
    the loss itself; a training that reaches its last epoch has converged if the last ten epochs
    (Adam: 500) moved the targets by less than `tol` of their size. A loss that is not finite stops
    as well.

    Parameters
    ----------
    tol : float
        As above. Without a unit: the smallest relative gain of the loss that counts, and the
        residual (loss/size)^½, relative to the targets, that is small enough. 0 stops at neither.
    patience : int
        Epochs in a row without such a gain.
    size : float
        The loss without a potential, Σ (W y)².
    unit, total : float, optional
        For data with errors: the loss that is one unit of χ², and the χ² of a good fit.
    warm : bool
        Whether the parameters come from another fit.
    """

    def __init__(
        self, tol: float, patience: int, size: float = 1.0, unit: float | None = None,
        total: float = 0.0, warm: bool = False,
    ) -> None:  # fmt: skip
        self.tol, self.patience, self.size = tol, patience, size
        self.unit, self.total, self.warm = unit, total, warm

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        self.best_, self.misses_, self.unit_ = np.inf, 0, self.unit

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: ARG002
        loss = net.history[-1, "train_loss"]
        decrement = getattr(net.optimizer_, "decrement", np.nan)
        if self.warm and len(net.history) == 1 and decrement > 0:
            self.unit_ = decrement if self.unit is None else min(decrement, self.unit)
        if self.unit_ is None:
            least, small = self.tol * self.best_, loss <= self.tol**2 * self.size
        else:
            least, small = self.tol**0.5 * self.unit_, 0 <= decrement <= self.tol * self.unit_
            if not self.warm and self.unit is not None:
                least = max(least, self.tol * min(loss, self.unit * self.total))
        if np.isinf(self.best_) or self.best_ - loss > max(least, ROUNDING * loss):
            self.best_, self.misses_ = loss, 0
        else:
            self.misses_ += 1
        small |= self._is_still(net)
        if not np.isfinite(loss) or (self.tol and (self.misses_ >= self.patience or small)):
            raise StopTraining

    def _is_still(self, net):
        """Whether the last epochs before the end did not change the targets noticeably."""
        epochs = max(self.patience, LAST)
        if self.unit_ is not None or not epochs < len(net.history) == net.max_epochs:
            return False
        losses = net.history[:, "train_loss"]
        return losses[-1 - epochs] - losses[-1] <= self.tol**2 * self.size


class PotentialNet(TrainedNet):
    """skorch net of a `Potential` module, trained on all samples at once.

    skorch's target of a sample is the pair (y, W) on axis 1, with the weight W of each residual.
    The module owns the objective.
    """

    def fit_loop(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self._drop_unfinished_epoch()
            raise

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        super().on_epoch_begin(net, **kwargs)
        self.before_epoch_ = parameter_arrays(self.module_)

    def _drop_unfinished_epoch(self):
        if self.history and "train_loss" not in self.history[-1]:
            del self.history[-1]
            load_parameters(self.module_, self.before_epoch_)

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Any:  # noqa: ARG002
        y, W = y_true.unbind(1)
        return self.module_.objective(y_pred, y, W)

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        if not isinstance(self.optimizer_, LevenbergMarquardt):
            return super().train_step(batch, **fit_params)
        X, y_true = unpack_data(batch)
        y, W = y_true.unbind(1)
        loss = self.optimizer_.step(
            lambda: self.module_.objective(self.module_(X), y, W),
            self.module_.residual_blocks(X, y, W),
        )
        return {"loss": torch.tensor(loss, dtype=torch.float64), "y_pred": None}


def make_net(
    module: nn.Module, *, solver: str, max_iter: int, tol: float, size: float = 1.0,
    unit: float | None = None, total: float = 0.0, warm: bool = False,
    learning_rate: float = 1e-2, callbacks: Sequence[Any] | None = None, verbose: int = 0,
    device: str = "cpu",
) -> PotentialNet:  # fmt: skip
    """Return an untrained `PotentialNet`; with `tol` > 0 it stops when the loss no longer falls.

    Parameters
    ----------
    module : Potential
    solver : {"lm", "lbfgs", "adam"}
    max_iter : int
        Largest number of iterations.
    tol, size, unit, total, warm
        See `Convergence`; patience is three epochs, Adam's 500.
    """
    choices: dict[str, tuple[Any, dict[str, Any], int]] = {
        "lm": (_warm_levenberg_marquardt if warm else _levenberg_marquardt, {}, max_iter),
        "lbfgs": (
            _LBFGS,
            {
                "lr": 1.0,
                "total": max_iter,
                "history_size": 100,
                "line_search_fn": "strong_wolfe",
                "tolerance_change": 0.0,
                "tolerance_grad": 0.0,
            },
            -(-max_iter // LBFGS_STEPS),
        ),
        "adam": (torch.optim.Adam, {"lr": learning_rate}, max_iter),
    }
    optimizer, settings, max_epochs = choices[solver]
    stop = Convergence(tol, PATIENCE[solver], size, unit, total, warm)
    return PotentialNet(
        module,
        criterion=nn.Identity,
        optimizer=optimizer,
        max_epochs=max_epochs,
        iterator_train=_AllSamples,
        batch_size=-1,
        train_split=None,
        callbacks=[*(callbacks or ()), ("convergence", stop)],
        verbose=max(verbose - 1, 0),
        device=device,
        callbacks__print_log=PrintLog() if verbose > 1 else None,
        callbacks__valid_loss=None,  # all samples are trained on
        **{f"optimizer__{name}": value for name, value in settings.items()},
    )


def _levenberg_marquardt(params, lr, **settings):  # noqa: ARG001
    """skorch passes parameter groups and a learning rate; this solver uses neither."""
    theta = (theta for group in params for theta in group["params"])
    return LevenbergMarquardt(theta, **settings)


def _warm_levenberg_marquardt(params, lr):
    return _levenberg_marquardt(params, lr, damping=WARM_DAMPING)


def train(net: PotentialNet, X: torch.Tensor, y_and_weights: torch.Tensor) -> float:
    """Train a net on all samples, and return the final loss.

    Parameters
    ----------
    net : PotentialNet
    X : Tensor of shape (n_samples, n_r)
    y_and_weights : Tensor of shape (n_samples, 2, n_out)
    """
    net.fit(X.to(net.device), y_and_weights.to(net.device))
    return loss_of(net, X, y_and_weights)


def loss_of(net: PotentialNet, X: torch.Tensor, y_and_weights: torch.Tensor) -> float:
    """The loss of a net, NaN if a parameter is not finite; arguments as for `train`."""
    if not all(np.isfinite(values).all() for values in parameter_arrays(net.module_).values()):
        return np.nan
    X, y_and_weights = X.to(net.device), y_and_weights.to(net.device)
    with torch.no_grad():
        return float(net.get_loss(net.module_(X), y_and_weights))


def n_iterations(net: PotentialNet) -> int:
    """Number of iterations of the solver."""
    if isinstance(net.optimizer_, _LBFGS):
        return net.optimizer_.n_iterations
    return len(net.history)
