r"""The potential of a network to first order in its parameters: linear propagation of errors.

Around the parameters θ of a fit,

    U + δ·∂U/∂θ,    V + δ·∂V/∂θ,

is linear in δ. Data close to the data of the fit, such as bins of a jackknife, move it by the
solution δ of one least-squares problem,

    Σ_si W_si² (prediction − y)²_si + (η/N) |θ + δ|²,

minus the δ_0 of the data of the fit. δ_0 vanishes at the minimum; where the fit ended before the
minimum, it is common to all bins.

With errors of y, N times this loss is −2 ln of likelihood times prior, so that to this order the
posterior of δ is N(0, C), C⁻¹ = N JᵀJ, with the derivatives J of
all residuals, the prior's among them: Laplace's approximation.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Self

import numpy as np
import torch
from scipy.linalg import qr, solve_triangular
from sklearn.base import RegressorMixin
from torch.func import functional_call, vjp
from torch.nn.utils import parameters_to_vector

from halkit.callbacks import with_callbacks
from halkit.checks import check_integer
from halkit.potentials.base import PotentialMixin
from halkit.potentials.drawn import DrawnObservables
from halkit.potentials.learned import NetworkInteraction, of_pairs
from halkit.scaling import norm
from halkit.seeds import check_random_state
from halkit.training import one_thread, unchanged_on_error
from halkit.typing import Array, Numbers, Random
from halkit.versions import Versioned

__all__ = ["PosteriorDraws", "TangentPotential"]

# Parameters up to which the posterior of a fit is kept, as a square matrix.
MOST_PARAMETERS = 2000
# Distance of a fit from its minimum, in standard deviations, from which on it has no posterior.
FAR = 2.0


class _Moved(NetworkInteraction):
    """A network with each parameter moved by δ, to first order."""

    def __init__(self, module, delta):
        super().__init__(module, "TangentPotential")
        self.delta = delta

    def local_term(self, r: Array) -> Array:
        n = len(self.module.local.coefficients)
        return _moved(self.module.local, self.delta[-n:], r, **self.pair)

    def uncut(self, r: Array, r_prime: Array) -> Array:
        return _moved(self.module.network, self.delta, r, r_prime, **self.pair)


class TangentPotential(PotentialMixin, RegressorMixin, Versioned):
    """The potential of a fitted network, moved by data close to its own.

    Parameters
    ----------
    network : NeuralPotential
        Fitted.
    offset : ndarray of shape (n_parameters,), optional
        δ_0, the ``delta_`` of the data of the fit.
    """

    def __init__(self, network: Any, offset: Array | None = None) -> None:
        self.network = network
        self.offset = offset

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Find δ; arguments as for `NonLocalPotentialRegressor.fit`."""
        with self._task(X, y, sample_weight), unchanged_on_error(self):
            problem = self._problem(X, y, sample_weight, y_std, like=self.network)
            with one_thread(), torch.no_grad():
                self.delta_, self.loss_ = self._solve(problem)
            if self.offset is not None:
                self.delta_ = self.delta_ - self.offset
        return self

    def _solve(self, problem):
        """δ by singular values, and the remaining loss."""
        module, decay = self._module, self.network._design["decay"]
        X, W = torch.tensor(problem.X), torch.tensor(problem.W)
        theta = parameters_to_vector(module.parameters()).numpy()
        J = W[..., None] * module.jacobian(X, slice(0, len(self.r_out_)))
        rest = W * (torch.tensor(problem.y) - module(X))
        root = np.sqrt(decay)
        A = np.vstack([J.reshape(-1, len(theta)).numpy(), root * np.eye(len(theta))])
        b = np.concatenate([rest.numpy().ravel(), -root * theta])
        delta = np.linalg.lstsq(A, b, rcond=None)[0]
        with np.errstate(over="ignore", under="ignore"):
            return delta, float(norm(A @ delta - b) ** 2)

    @property
    def _module(self):
        return self.network.net_.module_

    @property
    def r(self) -> Any:
        """The nodes given to the network."""
        return self.network.r

    def _owner(self):
        return self.network

    @property
    def _learned(self):
        make = partial(_Moved, self._module, self.delta_)
        return self._in_channels(of_pairs(make, self.n_channels_))


class PosteriorDraws(DrawnObservables):
    """Observables of a network with errors from the posterior of its parameters.

    A subclass calls ``_find_posterior`` at the end of a fit.
    """

    _root: Array | None = None
    _weight_decay = 0.0
    net_: Any

    def draw_potentials(self, n_draws: int = 1, random_state: Random = 0) -> list[Any]:
        """Potentials drawn from the posterior of the parameters, to first order in them.

        Parameters
        ----------
        n_draws : int
        random_state : int, RandomState, Generator or None

        Returns
        -------
        list of Interaction, or of InteractionMatrix with several channels

        Raises
        ------
        ValueError
            If the fit had no `y_std`, a `weight_decay` of 0, as by default without a local term,
            or more than 2000 parameters, or ended two errors or more from its minimum.

        References
        ----------
        D. J. C. MacKay, Neural Comput. 4, 448 (1992).
        """
        self._check_radii()
        n_draws = check_integer(n_draws, "n_draws", least=1)
        if self._root is None:
            raise ValueError(
                "errors must come from a fit with y_std and weight_decay > 0 at its minimum, with "
                f"at most {MOST_PARAMETERS} parameters, or from bins: JackknifeRegressor. This fit "
                f"has weight_decay = {self._weight_decay:g}"
            )
        normal = check_random_state(random_state).standard_normal((n_draws, len(self._root)))
        module = self.net_.module_
        return [
            self._in_channels(of_pairs(partial(_Moved, module, delta), self.n_channels_))
            for delta in solve_triangular(self._root, normal.T).T
        ]

    def _find_posterior(self, problem):
        """Keep R with RᵀR = C⁻¹ of the parameters; None for bins, whose spread is the error."""
        decay, regulator = self._design["decay"], self._design["regulator"]
        shift, W, decay, regulator = problem.shifted(decay, regulator)
        module = self._restore(self._starts[self._kept][2], "cpu").module_
        module.decay, module.regulator = float(decay), float(regulator)
        self._weight_decay = float(self._design["decay"] * problem.total)
        known = problem.has_errors and decay and not hasattr(self, "_shared")
        if known and module.n_parameters <= MOST_PARAMETERS:
            R, step = _inverse_root(module, problem.X, problem.y, W)
            unit = np.ldexp(np.sqrt(problem.total), -shift)
            self._root = unit * R if unit * norm(step) < FAR else None


def _inverse_root(module, X, y, W):
    """R with RᵀR = JᵀJ of all residuals ρ, upper triangular; and Rδ with δ from the minimum."""
    n = module.n_parameters
    R = np.zeros((0, n + 1))
    with one_thread(), torch.no_grad():
        for rho, J in module.residual_blocks(*map(torch.tensor, (X, y, W))):
            block = np.column_stack([J.numpy(), rho.numpy()])
            (R,) = qr(np.vstack([R, block]), mode="r", overwrite_a=True, check_finite=False)
            R = R[: n + 1]
    return R[:n, :n], R[:n, n]


def _moved(module, delta, *radii, **pair):
    """f + δ·∂f/∂θ of a module, whose parameters come first in δ."""
    radii = tuple(torch.tensor(np.array(r, dtype=np.float64)) for r in radii)
    theta = {name: value.detach() for name, value in module.named_parameters()}
    parts = torch.tensor(delta[: sum(value.numel() for value in theta.values())])
    parts = parts.split([value.numel() for value in theta.values()])
    change = {
        name: part.reshape(value.shape)
        for (name, value), part in zip(theta.items(), parts, strict=True)
    }
    with one_thread():
        value, pull = vjp(lambda p: functional_call(module, p, radii, pair), theta)
        # vᵀ ∂f/∂θ is linear in v; its derivative by v, contracted with δ, is δ·∂f/∂θ
        _, push = vjp(lambda v: pull(v)[0], torch.zeros_like(value))
        (moved,) = push(change)
    return (value + moved).detach().numpy()
