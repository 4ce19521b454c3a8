"""The fit of a neural network U(r, r'): scales, starts, and what is kept of them."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from halkit.callbacks import Epochs, ProgressBar, with_callbacks
from halkit.modules import by_name, unnamed
from halkit.potentials import solvers
from halkit.potentials.beside import warn_of_one_source
from halkit.potentials.blueprint import CODE, Blueprint
from halkit.potentials.coupled_checks import warn_of_sources
from halkit.potentials.coupling import pair_masses, refuse_other_networks, resolved, split
from halkit.potentials.exact import warn_of_exact_fit, warn_of_quadrature
from halkit.potentials.learned import CoupledStart, NetworkInteraction, Start, of_pairs
from halkit.potentials.local import depth_of_data, local_term
from halkit.potentials.misfit import warn_of_misfit
from halkit.potentials.parameters import (
    check_network_parameters,
    network_numbers,
    objective_settings,
    warn_of_idle_regulator,
)
from halkit.potentials.problem import FEWEST
from halkit.potentials.reach import warn_of_reach
from halkit.potentials.scales import prior_scales
from halkit.potentials.starts import Training, is_unfinished, warn_of_starts
from halkit.potentials.tails import warn_of_tails
from halkit.potentials.tangent import PosteriorDraws
from halkit.potentials.validation import check_reach, node_columns
from halkit.scaling import norm
from halkit.scattering import Ensemble
from halkit.seeds import check_random_state
from halkit.training import (
    Interrupted,
    available_device,
    evaluate,
    learning,
    load_parameters,
    one_thread,
    seeded,
    state_arrays,
    unchanged_on_error,
)
from halkit.typing import Array, Numbers
from halkit.versions import Versioned

__all__ = ["EnvelopeChoice", "LocalChoice", "NeuralPotential", "Solver"]

EnvelopeChoice: TypeAlias = Literal["exponential", "gaussian"] | None
LocalChoice: TypeAlias = Literal["only"] | bool
Solver: TypeAlias = Literal["lm", "lbfgs", "adam"]

# The form of a fitted potential, which a warm start must keep.
KEPT = (
    "network", "hidden_layer_sizes", "activation", "symmetric", "rank", "envelope",
    "envelope_radius", "fit_envelope", "amplitude", "local", "local_basis", "local_widths",
    "local_range", "local_strength",
)  # fmt: skip

PRIOR = "_design", "_start", "_local_factor", "amplitude_"


class NeuralPotential(PosteriorDraws, RegressorMixin, Versioned):
    """The common part of the neural regressors: everything but masses and defaults.

    A subclass stores the parameters, and gives ``_check_masses``, ``_reduced_mass`` and the
    inputs of the networks (``_input_map``). ``_lattice_defaults`` tells whether the default
    lengths are meant for lattice units.
    """

    _lattice_defaults = False

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Find U, and V if wanted, that reproduce the targets best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels·n_r)
            Wave functions on the nodes r, channels side by side.
        y : array-like of shape (n_samples, n_channels·n_out) or (n_samples,)
            Their targets (E_k − H0) φ_k at r_out.
        sample_weight : array-like of shape (n_samples,), optional
            Beside `y_std` a weight of s counts as s samples.
        y_std : array-like of the shape of y, optional
            Standard deviations of y: residuals are weighted by 1/σ². Without them, the residual
            of a sample is taken for u = rφ and divided by the norm of its wave function.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if data are complex or infinite, or if shapes do not
            fit the nodes.
        FloatingPointError
            If the loss of every start becomes infinite or NaN.
        KeyboardInterrupt
            From the keyboard, or from a callback. ``interrupted_`` then has the best start so far.
            As after any other error, an earlier fit is unchanged.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` was reached, or if the loss of a start became infinite or NaN: this start
            is left out.
        MisfitWarning
            If the fit does not describe the data: χ² per datum is above 2.5 with `y_std`, a
            training that has converged leaves more than 1e-3 of the squared targets without, the
            network is symmetric and ⟨φ_s|y_t⟩ is not, or a wave has another δ than the fit.
        UnderdeterminedWarning
            If the prior, or the fitted potential, reaches beyond the data. With a local term, if
            the rows do not tell it from U, as with one quark source; with several channels, if
            they do not tell V_ab apart.
        UserWarning
            If `regulator` has no effect, because the envelope lets U vanish there already.
        """
        self._check_parameters()
        before = self._fit_before()
        with (
            self._task(X, y, sample_weight, max_subtasks=self.n_init) as task,
            unchanged_on_error(self),
            learning(),
        ):
            self._kept_form = _form(self)
            problem = self._problem(X, y, sample_weight, y_std)
            if self._has_nonlocal and not problem.has_errors and not problem.y.any():
                raise ValueError("y must not be zero without y_std, got 0: U has no size then")
            kept: tuple[Any, ...] = (self.r_, self.weights_, self.r_out_, self.n_channels_)
            if before is not None and not all(map(np.array_equal, kept, before.nodes)):
                raise ValueError("warm_start must keep the nodes, weights and channels, got others")
            self._specify(problem, warm=before is not None)
            with one_thread():
                if self._has_nonlocal:
                    self._blueprint.check_code(self.solver)
                self._train(problem, before, task)
            self._find_posterior(problem)
            _warn_of_sources(self, problem, warm=before is not None)
            if before is None and not hasattr(self, "_shared"):
                warn_of_idle_regulator(self)
                warn_of_tails(self, problem, unfinished=is_unfinished(self, problem))
            if self._nodes_given:
                _warn_of_ends(self, problem)
        return self

    def share_prior(self, fitted: Self) -> Self:
        """Take the scales of the prior, and the start of V, from a fit of the same form.

        Refits to the bins of a jackknife then differ only by their data.
        """
        self._shared = {name: getattr(fitted, name) for name in PRIOR}
        return self

    def _check_parameters(self):
        check_network_parameters(self)
        self._check_masses()
        refuse_other_networks(self)

    def _fit_before(self):
        """Nodes and parameters that a warm start begins with, or None."""
        if not (self.warm_start and self.__sklearn_is_fitted__()):
            return None
        changed = [name for name, new in _form(self).items() if new != self._kept_form[name]]
        if changed:
            raise ValueError(
                "warm_start must keep the network, the local term and the prior of the fit "
                f"before, got changes of {', '.join(changed)}"
            )
        nodes = self.r_, self.weights_, self.r_out_, self.n_channels_
        return Bunch(nodes=nodes, parameters=self._starts[self._kept][2])

    def _specify(self, problem, *, warm):
        """Scales and constants that, with the parameters θ, define the potential.

        A warm start keeps the prior of the previous fit.
        """
        numbers = network_numbers(self)
        decay = numbers["weight_decay"]
        if decay is None:
            decay = float(problem.has_errors and (self._lattice_defaults or self._has_local))
        objective = objective_settings(self, problem, numbers, decay)
        if not warm:
            vars(self).update(vars(self).get("_shared", {}))
        if not warm and not hasattr(self, "_shared"):
            self._design = _prior_of(self, problem, numbers, decay)
        self._design = {**self._design, **objective}

    def _local_term(self, problem, decay):
        """Widths and scales of the local term; without a prior its depth follows the data."""
        return _local_terms(self, problem, decay)

    def _default_radius(self):
        """ρ where envelope_radius is None."""
        return 0.16 * self.r_[-1]

    @property
    def _rank(self):
        """Number of terms of U, None to read it off the data."""
        return self.rank

    @property
    def _out_columns(self):
        return node_columns(self.r_out_, self.r_)

    def _build_net(self, device, **settings):
        module = self._blueprint.potential()
        return solvers.make_net(module, device=device, **self._design["training"], **settings)

    def _restore(self, parameters, device):
        """An initialised net with given parameters."""
        with seeded(0):
            net = self._build_net(device)
        return net.restore(parameters)

    def _train(self, problem, before, task):
        """Train every start and keep the one with the lowest loss."""
        training = Training(problem, self._design, warm=before is not None)
        vars(self).pop("_starts", None)
        self._root = None
        n_init = self.n_init if before is None else 1
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=n_init)
        try:
            for number, seed in enumerate(seeds, start=1):
                start = task.part("start", n_parts=None)
                own = [Epochs(start, partial(_fitted_now, self, training))]
                own += [ProgressBar(f"start {number}/{n_init}")] if self.verbose else []
                options = {"callbacks": [*own, *(self.callbacks or ())], "verbose": self.verbose}
                with seeded(seed):
                    net = self._build_net(self.device, **training.stop, **options)
                if before is not None:
                    load_parameters(net.module, before.parameters)
                elif self.local:
                    net.module.local.coefficients.data[:] = torch.tensor(self._start)
                with start:
                    training.run(net)
        except KeyboardInterrupt as error:
            if self._keep(training):
                raise Interrupted(
                    f"in start {number} of {n_init}: interrupted_ is the best fit found so far "
                    f"(loss {self.loss_:.2g})",
                    self,
                ) from error
            raise
        if not self._keep(training):
            raise FloatingPointError(
                f"the loss of every start became infinite or NaN (solver={self.solver!r}): lower "
                f"learning_rate={self.learning_rate:g}, and look at the callbacks"
            )
        symmetric = not self._has_nonlocal or self._module.network.exchange_symmetric
        asymmetric = warn_of_misfit(
            self, problem, symmetric=symmetric, unfinished=is_unfinished(self, problem)
        )
        warn_of_starts(self, training, exact=not (problem.has_errors or asymmetric))

    def _keep(self, training):
        """Keep the starts with a finite loss, the best as the fit; return whether there is one."""
        if not training.finite:
            return False
        self._starts = [
            (training.unshifted(loss), solvers.n_iterations(net), state_arrays(net.module_))
            for loss, net in training.finite
        ]
        self._kept = int(np.argmin([loss for loss, _ in training.finite]))
        self.net_, self._device = training.finite[self._kept][1], self.device
        self.loss_, self.n_iter_, _ = self._starts[self._kept]
        self.history_ = training.history(self.net_)
        return True

    @property
    def envelope_radii_(self) -> Array:
        """Learned ρ of the terms of U; of shape (n_channels, rank) with several channels."""
        check_is_fitted(self)
        if self._form_now("envelope") is None:
            raise AttributeError("envelope must be given for envelope_radii_, got None")
        network = self._module.network
        radii = np.zeros(0)
        if network is not None:
            radii = network.envelope.radii.detach().cpu().numpy()
        return radii.reshape(self.n_channels_, -1) if self.n_channels_ > 1 else radii

    @property
    def starts_(self) -> Ensemble:
        """The starts of the fit, each an interaction, or a matrix of them."""
        check_is_fitted(self)
        starts = [_start_of(self, *one) for one in self._starts]
        settings: dict[str, Any] = {}
        if self.n_channels_ == 1:
            settings = {"reduced_mass": self._mass(), "l": self._wave or 0}
        return Ensemble(starts, kind="starts", centre=starts[self._kept], **settings)

    @property
    def _has_local(self):
        return bool(self._form_now("local"))

    @property
    def _has_nonlocal(self):
        return self._form_now("local") != "only"

    @property
    def _learned(self):
        make = partial(NetworkInteraction, self._module, type(self).__name__)
        return self._in_channels(of_pairs(make, self.n_channels_))

    def _form_now(self, name):
        """A parameter of the form of the potential, of the fit once there is one."""
        return vars(self).get("_kept_form", vars(self))[name]

    @property
    def _blueprint(self):
        nodes = {"r": self.r_, "weights": self.weights_, "r_out": self.r_out_}
        form = unnamed(self._kept_form)
        inputs, n = self._input_map(), self.n_channels_
        return Blueprint(form, self._design, self.amplitude_, inputs, **nodes, n_channels=n)

    @property
    def _module(self):
        return self.net_.module_

    def __getstate__(self):
        state = {k: v for k, v in super().__getstate__().items() if k != "net_"}
        return by_name(state, CODE)

    def __setstate__(self, state):
        super().__setstate__(unnamed(state))
        if "_starts" not in state:
            return
        device = available_device(self._device)
        self.net_ = self._restore(self._starts[self._kept][2], device)


def _fitted_now(model, training, net):
    """The attributes of a model with a net as it is."""
    start = training.now(net)
    return {
        "net_": model._restore(start[2], model.device), "_device": model.device, "_kept": 0,
        "_starts": [start], "loss_": start[0], "n_iter_": start[1],
        "history_": training.history(net),
    }  # fmt: skip


def _start_of(model, loss, n_iter, parameters):
    module = model._restore(parameters, "cpu").module_
    start = of_pairs(partial(Start, module, loss, n_iter, model._check_radii), model.n_channels_)
    if model.n_channels_ > 1:
        start = CoupledStart(start.interactions)
    return model._in_channels(start)


def _prior_of(model, problem, numbers, decay):
    """The envelope, the form of V, and the signs of the terms of U."""
    radius = numbers["envelope_radius"] or model._default_radius()
    local = model._local_term(problem, decay) if model.local else None
    check_reach(
        model.r_, model.r_out_, radius if model.envelope and model._has_nonlocal else None,
        None if local is None else local["widths"],
        lattice_defaults=model._lattice_defaults,
    )  # fmt: skip
    envelope = {
        "kind": model.envelope, "radius": radius, "learned": model.fit_envelope,
        "singular": model._singular,
    }  # fmt: skip
    scales = prior_scales(
        problem.X, problem.y, problem.W, r=model.r_, weights=model.weights_, r_out=model.r_out_,
        envelope=envelope, rank=model._rank, local=local, decay=decay / problem.total,
        tol=numbers["tol"], n_channels=model.n_channels_,
    )  # fmt: skip
    model.amplitude_ = numbers["amplitude"] or scales.amplitude
    model._start, model._local_factor = scales.coefficients, scales.factor
    return {"envelope": envelope, "signs": scales.signs, "local": local}


def _local_terms(model, problem, decay):
    """Widths and scales of the local term; without a prior its depth follows the data."""
    of_data, n = None, model.n_channels_
    if not decay:
        columns = np.arange(n)[:, None] * len(model.r_) + model._out_columns
        of_data = depth_of_data(problem, model.r_out_, columns.ravel())
    terms = [
        local_term(model, model.r_out_, mass, 0.2 * model.r_[-1], of_data)
        for mass in pair_masses(model, n).values()
    ]
    scales = np.array([term["scales"] for term in terms])
    return {**terms[0], "scales": scales if n > 1 else scales[0]}


def _warn_of_sources(model, problem, *, warm):
    """Warn of rows that do not tell V_ab of several channels apart, or U from V of one."""
    if model.n_channels_ > 1 and model.local:
        phi = split(problem.X, model.n_channels_)[:, :, model._out_columns]
        phi = phi.reshape(problem.y.shape)
        warn_of_sources(phi, problem.y, problem.W, model.n_channels_)
    told = vars(model).pop("_told", False) or hasattr(model, "_shared")
    if model.n_channels_ == 1 and model._has_local and model._has_nonlocal and not told:
        warn_of_one_source(model, problem, warm=warm)


def _warn_of_ends(model, problem):
    """Warn of the ends of V_ab and U_ab, and of U without errors as on coarse nodes."""
    nodes = model.r_, model.weights_, model.r_out_
    exact = model._has_nonlocal and not problem.has_errors
    factors = model._local_factor
    masses = pair_masses(model, model.n_channels_)
    for i, (pair, mass) in enumerate(masses.items()):
        one = model._learned if model.n_channels_ == 1 else model._learned[pair]
        rows = None if factors is None else np.array_split(factors, len(masses))[i]
        _warn_of_reach(one, problem, model.r_out_, rows, mass)
        if exact and model.n_channels_ == 1:
            warn_of_exact_fit(one, problem, *nodes, mass, model.loss_)
        elif exact and pair[0] == pair[1] and len(model.r_out_) >= FEWEST:
            one.l = None if mass is None else resolved(model).l[pair[0]]
            warn_of_quadrature(one, model.r_, model.weights_, mass)


def _warn_of_reach(learned, problem, r_out, factor, reduced_mass):
    """Warn of a potential that has not vanished where the data end; `factor` as `PriorScales`."""
    has_std = problem.has_errors and factor is not None

    def std(r):
        if not has_std:
            return 0.0
        basis = evaluate(learned.module.local.basis, r, **learned.pair)
        return float(norm(basis @ factor) / np.sqrt(problem.total))

    U, V = learned.has_nonlocal, learned.has_local
    warn_of_reach(
        r_out, U=learned.uncut if U else None, V=learned.local_term if V else None, std=std,
        reduced_mass=reduced_mass, exact=not problem.has_errors,
        ends_there=U and learned.module.network.envelope.kind is None,
    )  # fmt: skip


def _form(model):
    """The parameters that define the form of the potential: plain values, and code by its name."""
    form = {name: getattr(model, name, None) for name in KEPT}
    plain = {name: np.asarray(value).tolist() for name, value in form.items() if name not in CODE}
    return {**form, **plain, **by_name({name: form[name] for name in CODE}, CODE)}
