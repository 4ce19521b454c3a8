"""Wave functions from elsewhere, as values on nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from halkit.checks import as_numbers, check_array, check_integer, check_momenta, check_nodes
from halkit.interactions.spline import Spline
from halkit.scattering.coulomb.waves import coulomb_functions
from halkit.typing import Array, Numbers
from halkit.warn import warn_caller

__all__ = ["TabulatedWaves"]

# Largest deviation of the amplitude from 1, and largest G at which it is known.
UNEVEN, BURIED = 0.05, 100.0
# Part of the largest |rψ| by which a table of half the nodes may differ from the table.
COARSE = 3e-3


class TabulatedWaves:
    """Scattering wave functions ψ_k(r) of another calculation, as values on nodes.

    They take the place of an interaction in `halkit.scattering.correlation_function`. Between
    the nodes a spline of fifth order interpolates rψ. The table has to reach as far as the source.

    Parameters
    ----------
    psi : array of shape (n_k, n_r)
        Radial wave functions of one partial wave, real or complex, normalised to
        ψ → e^{iδ} sin(kr − lπ/2 + δ)/(kr), up to a phase. Of coupled channels: all components of
        the wave with the flux of ψ in the observed channel, which comes first.
    r : array of shape (n_r,)
        Increasing nodes ≥ 0, at least 6 with the origin.
    k : array of shape (n_k,)
        Momenta of the observed channel, as in the call of `correlation_function`.
    l : int, default 0
        Orbital angular momentum in the observed channel.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or if shapes do not fit; and, where the waves are used, if
        their amplitude at the end of the table is not 1 to 5 %.

    Warns
    -----
    AccuracyWarning
        If the spline through every other node differs by more than 3e-3.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.scattering import GaussianSource, TabulatedWaves, correlation_function
    >>> k, r = np.array([0.1, 0.5]), np.linspace(0.0, 30.0, 300)
    >>> free = np.sinc(np.outer(k, r) / np.pi)
    >>> waves = TabulatedWaves(free, r, k)
    >>> correlation_function(waves, k, reduced_mass=3.3, source=GaussianSource(2.0)).round(8)
    array([1., 1.])
    """

    def __init__(self, psi: Any, r: Numbers, k: Numbers, l: int = 0) -> None:
        self.l = check_integer(l, "l", least=0)
        self.k = check_momenta(np.atleast_1d(check_array(k, "k")))
        nodes = check_nodes(r)
        values = as_numbers(psi, "psi", kinds="iufc")
        values = values[None] if values.ndim == 2 else values
        expected = self.k.size, nodes.size
        if values.ndim != 3 or values.shape[1:] != expected or not len(values):
            raise ValueError(
                f"psi must have shape {expected} or (n_channels, {expected[0]}, {expected[1]}) "
                f"for these k and r, got {np.shape(psi)}"
            )
        if not np.all(np.isfinite(values)):
            raise ValueError("psi must be finite, got nan or inf in it")
        self.n_channels, self.radius = len(values), float(nodes[-1])
        start = 1 if nodes[0] == 0 else 0
        x = np.append(0.0, nodes[start:])
        if x.size < 6:
            raise ValueError(f"r must have 6 nodes or more, with the origin, got {x.size}")
        u = np.insert(values[..., start:] * x[1:], 0, 0.0, axis=-1)
        self._last = x[-min(4, x.size - 1)]
        self._u = Spline.through(x, u, 5, axis=-1)
        _warn_of_coarse(x, u)

    def __call__(self, r: Array) -> NDArray[Any]:
        """Return ψ(r) for 0 < r ≤ the last node, shape (n_channels, n_k, n_r)."""
        return self._u(r) / r

    def check_amplitude(self, eta: Array | None) -> None:
        """Raise unless the observed component has the amplitude 1 at the end of the table.

        u = kr ψ → αF + βG; ``|α ∓ iβ|`` is 1 for the incoming or for the outgoing wave.
        """
        r, k = self._last, self.k
        u, slope = self._u(r)[0] * k, self._u.derivative()(r)[0]
        F, dF, G, dG = coulomb_functions(self.l, 0.0 if eta is None else eta, k * r)
        seen = np.abs(G) < BURIED
        alpha, beta = (slope * G - u * dG)[seen], (u * dF - slope * F)[seen]
        both = np.abs([alpha + 1j * beta, alpha - 1j * beta])
        off = np.min(np.abs(both - 1), axis=0)
        if np.any(off > UNEVEN):
            i = np.argmax(off)
            raise ValueError(
                "psi must be normalised to sin(kr − lπ/2 + δ)/(kr), up to a phase, at the end of "
                f"the table, got an amplitude of {both[0, i]:.3g} in place of 1 at k = "
                f"{k[seen][i]:g}; the interaction must have ended there"
            )

    def __repr__(self) -> str:
        return f"TabulatedWaves({self.k.size} momenta, l = {self.l}, r < {self.radius:g})"


def _warn_of_coarse(x, u):
    half = np.union1d(np.arange(0, x.size, 2), [x.size - 1])
    if half.size < 6:
        rough = 1.0
    else:
        coarse = make_interp_spline(x[half], u[..., half], k=5, axis=-1)(x)
        rough = np.max(np.abs(coarse - u)) / np.max(np.abs(u), initial=1e-300)
    if rough > COARSE:
        warn_caller(
            f"psi changes by {rough:.1g} of its largest r psi if every other node is left out: "
            "give more nodes r",
        )
