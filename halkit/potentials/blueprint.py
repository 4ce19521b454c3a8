"""From the parameters and the prior of a fit to its torch module."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from halkit.potentials import networks
from halkit.potentials.contract import check_derivative, check_network
from halkit.potentials.objective import Potential
from halkit.potentials.validation import node_columns
from halkit.training import seeded
from halkit.typing import Array

__all__ = ["CODE", "Blueprint"]

# The parameters that may be code of the user.
CODE = "network", "activation"


class Blueprint(NamedTuple):
    """All that defines a potential except the values of its parameters θ.

    Attributes
    ----------
    form : dict
        ``network``, ``hidden_layer_sizes``, ``activation``, ``symmetric`` and ``local`` of the
        regressor.
    design : dict
        ``envelope``, ``signs`` and ``local`` from the prior; ``regulator``, ``regulator_radius``
        and ``decay`` of the loss.
    amplitude : float
        The prior scale of U.
    inputs : InputMap
        From radii to what the network takes.
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum over r'.
    r_out : ndarray of shape (n_out,)
        Nodes of the output rows.
    n_channels : int
    """

    form: dict[str, Any]
    design: dict[str, Any]
    amplitude: float
    inputs: networks.InputMap
    r: Array
    weights: Array
    r_out: Array
    n_channels: int = 1

    def potential(self) -> Potential:
        """Return U and V with fresh parameters, drawn from torch's generator."""
        design, has_local = self.design, bool(self.form["local"])
        return Potential(
            self.network() if self.form["local"] != "only" else None,
            networks.LocalTerm(**design["local"]) if has_local else None,
            r=self.r, weights=self.weights, r_out=self.r_out,
            out_columns=node_columns(self.r_out, self.r) if has_local else None,
            regulator=design["regulator"], regulator_radius=design["regulator_radius"],
            decay=design["decay"],
        )  # fmt: skip

    def network(self) -> nn.Module:
        """Return U alone, with fresh parameters."""
        form = self.form
        return networks.make_network(
            form["network"], form["hidden_layer_sizes"], activation=form["activation"],
            symmetric=form["symmetric"], signs=self.design["signs"], inputs=self.inputs,
            envelope=self.design["envelope"], amplitude=self.amplitude, n_channels=self.n_channels,
        )  # fmt: skip

    def check_code(self, solver: str) -> None:
        """Try the user's code before a training relies on it; see `halkit.potentials.contract`."""
        given = [name for name in CODE if callable(self.form[name])]
        if "network" in given:
            check_network(self.form["network"], self.inputs, self.r_out, self.r)
        if given and solver == "lm":
            with seeded(0):
                check_derivative(self.network(), self.r_out, self.r)
