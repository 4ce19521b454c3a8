"""The fit of a neural network U(r, r'): scales, starts, and what is kept of them."""

import warnings

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_choice, check_integer, check_number, check_positive
from halkit.potentials import networks, solvers
from halkit.potentials.base import PotentialMixin
from halkit.potentials.objective import Potential, row_weights
from halkit.potentials.scales import prior_scales
from halkit.potentials.validation import (
    check_radii,
    check_reach,
    check_sample_weight,
    check_y_std,
    node_columns,
    resolve_nodes,
)
from halkit.training import (
    ProgressBar,
    available_device,
    check_options,
    one_thread,
    parameter_arrays,
    seeded,
)

__all__ = ["NeuralPotential"]

# What a warm start keeps, and therefore must not find changed.
KEPT = (
    "network", "hidden_layer_sizes", "rank", "envelope", "envelope_radius", "fit_envelope",
    "amplitude", "local", "local_basis", "local_widths",
)  # fmt: skip


class NeuralPotential(PotentialMixin, RegressorMixin, BaseEstimator):
    """What the neural regressors share: everything but the equation's masses and defaults.

    A subclass stores the parameters, and gives ``_check_masses`` and ``_reduced_mass``,
    the inputs of the networks (``_input_map``), the widths of the local term
    (``_local_widths``) and, if it is no sum of Gaussians, its form (``_local_basis``).
    """

    def fit(self, X, y, sample_weight=None, y_std=None):
        """Find U, and V if wanted, with which the sources are reproduced.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Wave functions on the nodes r.
        y : array-like of shape (n_samples, n_out) or (n_samples,)
            Their sources (E_k − H0) φ_k at r_out.
        sample_weight : array-like of shape (n_samples,), optional
        y_std : array-like of the shape of y, optional
            Standard deviations of y: residuals are weighted by 1/σ². Without them, a
            sample's residual is that of u = rφ, divided by the norm of its wave function.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters out of their range, complex or infinite data, and shapes that do
            not fit the nodes.
        """
        self._check_parameters()
        before = _fit_before(self)
        X, y = self._validated_pair(X, y)
        sample_weight = check_sample_weight(sample_weight, len(X))
        y_std = None if y_std is None else check_y_std(y_std, y.shape).reshape(len(X), -1)
        self._flat_target = y.ndim == 1
        y = y.reshape(len(X), -1)
        self.r_, self.weights_, self.r_out_, weights_out = resolve_nodes(
            self.r, self.weights, self.r_out, n_features=X.shape[1], n_outputs=y.shape[1]
        )
        if self.has_nonlocal and y_std is None and not y.any():
            raise ValueError("y is zero: without y_std nothing says how small U has to be")
        W, total = row_weights(
            X, y, self.weights_, weights_out, sample_weight=sample_weight, y_std=y_std
        )
        nodes = self.r_, self.weights_, self.r_out_
        if before is not None and not all(map(np.array_equal, nodes, before.nodes)):
            self.r_, self.weights_, self.r_out_ = before.nodes
            raise ValueError("warm_start needs the nodes and weights of the fit before")
        self._kept_form = _form(self)
        self._specify(X, y, W, total, has_errors=y_std is not None, warm=before is not None)
        with one_thread():
            self._train(X, y, W, before)
        return self

    def _check_parameters(self):
        _check_parameters(self)
        self._check_masses()

    def _specify(self, X, y, W, total, *, has_errors, warm):
        """Scales and constants that, with the parameters θ, define the potential.

        Those of the prior are kept in a warm start: it is the same for both fits.
        """
        size = self.r_[-1]
        radius = self.envelope_radius or 0.16 * size
        regulator_radius = self.regulator_radius or 0.8 * size
        reach = min(size, self.r_out_[-1])
        if self.regulator and reach <= regulator_radius:
            raise ValueError(
                "regulator_radius needs a value below the last node of r and that of r_out, "
                f"{reach}; got {regulator_radius}"
            )
        decay = has_errors if self.weight_decay is None else self.weight_decay
        if warm:
            self._design = {
                **self._design, "regulator_radius": regulator_radius, "decay": decay / total
            }  # fmt: skip
            return
        widths = self._local_widths() if self.local else None
        check_reach(reach, radius if self.envelope and self.has_nonlocal else 0.0, widths)
        scales = prior_scales(
            X, y, W, r=self.r_, weights=self.weights_, r_out=self.r_out_, radius=radius,
            envelope=self.envelope, widths=widths, decay=decay / total,
            local_basis=self._local_basis(),
        )  # fmt: skip
        self.amplitude_ = self.amplitude or scales.amplitude
        self._design = {
            "radius": radius,
            "signs": scales.sign * (-1.0) ** np.arange(self.rank),
            "widths": widths,
            "local_amplitude": scales.local_amplitude,
            "regulator_radius": regulator_radius,
            "decay": decay / total,
        }
        self._start = scales.coefficients

    def _local_basis(self):
        return "gaussian"

    def _build_module(self):
        """The potential with fresh parameters, drawn from torch's generator."""
        design, network, local = self._design, None, None
        if self.local != "only":
            settings = {
                "inputs": self._input_map(),
                "envelope": {
                    "kind": self.envelope,
                    "radius": design["radius"],
                    "learned": self.fit_envelope,
                },
                "amplitude": self.amplitude_,
            }
            if self.network == "separable":
                settings["signs"] = design["signs"]
            network = networks.NETWORKS[self.network](tuple(self.hidden_layer_sizes), **settings)
        if self.local:
            local = networks.LocalTerm(
                design["widths"], design["local_amplitude"], self._local_basis()
            )
        return Potential(
            network, local, r=self.r_, weights=self.weights_, r_out=self.r_out_,
            out_columns=node_columns(self.r_out_, self.r_) if self.local else None,
            regulator=self.regulator, regulator_radius=design["regulator_radius"],
            decay=design["decay"],
        )  # fmt: skip

    def _build_net(self, callbacks, device):
        return solvers.make_net(
            self._build_module(), solver=self.solver, max_iter=self.max_iter, tol=self.tol,
            learning_rate=self.learning_rate, callbacks=callbacks, verbose=self.verbose,
            device=device,
        )  # fmt: skip

    def _train(self, X, y, W, before):
        """Train every start and keep the one with the lowest loss."""
        data = torch.tensor(X), torch.tensor(np.stack([y, W], axis=1))
        n_init = self.n_init if before is None else 1
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=n_init)
        self._starts, self.loss_ = [], np.inf
        for number, seed in enumerate(seeds, start=1):
            bar = [ProgressBar(f"start {number}/{n_init}")] if self.verbose else []
            with seeded(seed):
                net = self._build_net([*bar, *(self.callbacks or ())], self.device)
            if before is not None:
                _load(net.module, before.parameters)
            elif self.local:
                net.module.local.coefficients.data[:] = torch.tensor(self._start)
            loss = solvers.train(net, *data)
            n_iter = solvers.n_iterations(net)
            self._starts.append((loss, n_iter, parameter_arrays(net.module_)))
            if loss < self.loss_ or number == 1:
                self.net_, self.loss_, self.n_iter_ = net, loss, n_iter
                self._kept = number - 1
        keys = ("epoch", "train_loss", "dur")
        self.history_ = [{key: row[key] for key in keys} for row in self.net_.history]
        if not solvers.has_converged(self.net_):
            warnings.warn(
                f"the fit had not converged after max_iter={self.max_iter} iterations of "
                f"{self.solver!r} (loss {self.loss_:.2g}): raise max_iter, or tol={self.tol}",
                ConvergenceWarning,
                stacklevel=3,
            )

    @property
    def envelope_radii_(self):
        check_is_fitted(self)
        network = self.net_.module_.network
        return np.zeros(0) if network is None else network.envelope.radii.detach().cpu().numpy()

    @property
    def starts_(self):
        check_is_fitted(self)
        r_out, r = self.r_out_[:, None], self.r_[None, :]
        return [
            Bunch(
                loss=loss,
                n_iter=n_iter,
                potential=_evaluate(self._restore(parameters, "cpu").module_.network, r_out, r),
            )
            for loss, n_iter, parameters in self._starts
        ]

    @property
    def has_local(self):
        return bool(self.local)

    @property
    def has_nonlocal(self):
        return self.local != "only"

    @property
    def radius(self):
        """Radius beyond which the potential is zero; None where an envelope makes it decay."""
        return self.r_[-1] if self.envelope is None and self.has_nonlocal else None

    def local_potential(self, r):
        """V(r) of the local term, zero without one; any shape."""
        check_is_fitted(self)
        return _evaluate(self.net_.module_.local, *check_radii(r=r))

    def nonlocal_potential(self, r, r_prime):
        """U(r, r'), the arguments broadcast against each other."""
        check_is_fitted(self)
        radii = check_radii(r=r, r_prime=r_prime)
        return _evaluate(self.net_.module_.network, *radii)

    def _restore(self, parameters, device):
        """An initialised net with given parameters."""
        with seeded(0):
            net = self._build_net(None, device)
        net.initialize()
        _load(net.module_, parameters)
        return net

    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k != "net_"}

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_starts" not in state:
            return
        device = available_device(self.device)
        self.net_ = self._restore(self._starts[self._kept][2], device)


def _check_parameters(model):
    check_choice(model.network, "network", list(networks.NETWORKS))
    check_choice(model.solver, "solver", solvers.SOLVERS)
    check_choice(model.envelope, "envelope", [None, "exponential", "gaussian"])
    check_choice(model.local, "local", [False, True, "only"])
    check_choice(model.warm_start, "warm_start", [False, True])
    for name in ("rank", "max_iter", "n_init"):
        check_integer(getattr(model, name), name, least=1)
    if not isinstance(model.hidden_layer_sizes, tuple | list):
        raise TypeError(
            f"hidden_layer_sizes needs a tuple of integers, got {model.hidden_layer_sizes!r}"
        )
    for width in model.hidden_layer_sizes:
        check_integer(width, "hidden_layer_sizes", least=1)
    for name in ("regulator", "tol"):
        check_number(getattr(model, name), name, least=0)
    check_positive(model.learning_rate, "learning_rate")
    for name in ("envelope_radius", "regulator_radius", "amplitude"):
        check_positive(getattr(model, name), name, optional=True)
    check_number(model.weight_decay, "weight_decay", least=0, optional=True)
    check_options(model)


def _fit_before(model):
    """Nodes and parameters that a warm start begins with, or None."""
    if not (model.warm_start and model.__sklearn_is_fitted__()):
        return None
    form = _form(model)
    changed = [name for name in KEPT if form[name] != model._kept_form[name]]
    if changed:
        raise ValueError(
            "warm_start goes on with the network, the local term and the prior of the fit "
            f"before; changed since: {', '.join(changed)}"
        )
    nodes = model.r_, model.weights_, model.r_out_
    return Bunch(nodes=nodes, parameters=model._starts[model._kept][2])


def _form(model):
    """The parameters that a warm start keeps, as plain values."""
    return {name: np.asarray(getattr(model, name, None)).tolist() for name in KEPT}


def _load(module, parameters):
    """Give a module the parameters of a fit before."""
    state = {name: torch.tensor(value) for name, value in parameters.items()}
    module.load_state_dict(state, strict=False)


def _evaluate(module, *radii):
    """A torch function of radii on numpy arrays; zero where there is no module."""
    radii = [np.array(r, dtype=np.float64) for r in radii]
    if module is None:
        return np.zeros(np.broadcast_shapes(*(r.shape for r in radii)))
    device = next(module.parameters()).device
    with torch.no_grad(), one_thread():
        return module(*(torch.tensor(r, device=device) for r in radii)).cpu().numpy()
