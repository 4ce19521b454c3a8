"""Checks of the parameters of a network regressor."""

from __future__ import annotations

from typing import Any

import torch

from halkit.checks import check_boolean, check_choice, check_integer, check_number, check_positive
from halkit.modules import check_factory
from halkit.potentials import networks, solvers
from halkit.potentials.contract import check_activation
from halkit.potentials.local import check_local_prior
from halkit.potentials.problem import Problem
from halkit.training import check_options
from halkit.warn import warn_caller

__all__ = [
    "check_network_parameters",
    "network_numbers",
    "objective_settings",
    "warn_of_idle_regulator",
]

# Decay of the local coefficients for data without errors, which leave narrow terms free.
EXACT_DECAY = 1e-11
# Share of the loss below which a term changes no digit of a fit: trainings end at 1e-4.
IDLE = 1e-6
TRAINING = "solver", "max_iter", "tol", "learning_rate"


def check_network_parameters(model: Any) -> None:
    """Refuse parameters of a network regressor that are out of range."""
    if callable(model.network):
        check_factory(model.network, "network")
    elif model.network not in [*networks.NETWORKS]:
        raise ValueError(
            f"network must be one of {list(networks.NETWORKS)}, or a class or function that "
            f"makes one, got {model.network!r}"
        )
    check_activation(model.activation)
    check_choice(model.solver, "solver", solvers.SOLVERS)
    check_choice(model.envelope, "envelope", [None, "exponential", "gaussian"])
    check_choice(model.local, "local", [False, True, "only"])
    for name in ("symmetric", "fit_envelope", "warm_start"):
        check_boolean(getattr(model, name), name)
    for name in ("max_iter", "n_init"):
        check_integer(getattr(model, name), name, least=1)
    check_integer(model.rank, "rank", least=1, optional=True)
    if not isinstance(model.hidden_layer_sizes, tuple | list):
        raise TypeError(
            f"hidden_layer_sizes must be a tuple of integers, got {model.hidden_layer_sizes!r}"
        )
    for width in model.hidden_layer_sizes:
        check_integer(width, "hidden_layer_sizes", least=1)
    if model.network == "symmetric" and not len(model.hidden_layer_sizes):
        raise ValueError(
            "hidden_layer_sizes must have one width at least for network='symmetric', got ()"
        )
    network_numbers(model)
    check_local_prior(model)
    check_options(model)


def network_numbers(model: Any) -> dict[str, Any]:
    """The parameters that are numbers, as floats or None."""
    numbers = {
        name: check_positive(getattr(model, name), name, optional=True)
        for name in ("envelope_radius", "regulator_radius", "amplitude")
    }
    for name in ("regulator", "tol"):
        numbers[name] = check_number(getattr(model, name), name, least=0)
    numbers["learning_rate"] = check_positive(model.learning_rate, "learning_rate")
    decay = check_number(model.weight_decay, "weight_decay", least=0, optional=True)
    return {**numbers, "weight_decay": decay}


def objective_settings(
    model: Any, problem: Problem, numbers: dict[str, Any], decay: float
) -> dict[str, Any]:
    """Strengths of the regulator and of the prior in the loss, and the settings of the solver.

    Raises
    ------
    ValueError
        If no node is beyond the radius of the regulator.
    """
    size = model.r_[-1]
    regulator_radius = numbers["regulator_radius"] or 0.8 * size
    reach = min(size, model.r_out_[-1])
    if numbers["regulator"] and reach <= regulator_radius:
        raise ValueError(
            f"regulator_radius must be below {reach}, where the nodes of r or r_out end, got "
            f"{regulator_radius}"
        )
    bare = model._has_local and not problem.has_errors
    return {
        "regulator": numbers["regulator"],
        "regulator_radius": regulator_radius,
        "decay": max(decay / problem.total, EXACT_DECAY * bare),
        "training": {name: numbers.get(name, getattr(model, name)) for name in TRAINING},
    }


def warn_of_idle_regulator(model: Any) -> None:
    """Warn of a regulator of a U that the envelope alone makes vanish where it acts."""
    module, design = model._module, model._design
    if not design["regulator"] or module.network is None:
        return
    with torch.no_grad():
        sizes = [module.network.envelope(r).abs().amax(dim=1) for r in module.far_nodes()]
        allowed = torch.mean(torch.outer(*sizes) ** 2)
        taken = torch.mean((module.network.kernel(*module.far_nodes()) / model.amplitude_) ** 2)
    if design["regulator"] * float(max(allowed, taken)) < IDLE * model.loss_:
        warn_caller(
            "regulator has no effect: the envelope lets U vanish beyond regulator_radius = "
            f"{design['regulator_radius']:.4g} already. Take envelope=None, a smaller "
            "regulator_radius, or regulator=0",
            UserWarning,
        )
