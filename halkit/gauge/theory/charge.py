"""The topological charge of U(1) links: how often the plaquettes wind around the torus.

    Q = (1/2π) Σ_x wrap P(x),    χ = ⟨Q²⟩/V

The links close around the torus, so that Σ_x P(x) vanishes before the wrapping and Q is an
integer. Arguments are those of `halkit.gauge.plaquette`.
"""

from typing import NamedTuple

import numpy as np

from halkit.checks import check_integer, check_positive
from halkit.gauge.theory.lattice import plaquette
from halkit.gauge.theory.torus import (
    TWO_PI,
    as_links,
    check_lattice_shape,
    flux_quantum,
    namespace,
    plaquette_sum,
    wrap,
)

__all__ = ["Susceptibility", "flux_links", "sine_charge", "susceptibility", "topological_charge"]


def topological_charge(theta, *, lattice_shape=None):
    """Return Q = (1/2π) Σ_x wrap P(x), an integer on the torus.

    Parameters
    ----------
    theta, lattice_shape
        As for `plaquette`.

    Returns
    -------
    integer array of shape (n,)

    Raises
    ------
    ValueError, TypeError
        As for `plaquette`.

    Examples
    --------
    >>> from halkit.gauge import flux_links, topological_charge
    >>> topological_charge(flux_links(-2, (8, 4)))
    array([-2])
    """
    angle = plaquette(theta, lattice_shape=lattice_shape)
    xp = namespace(angle)
    winding = xp.round(angle.sum((1, 2), dtype=xp.float64) / TWO_PI)
    return winding.astype(np.int64) if xp is np else winding.long()


def sine_charge(theta, *, lattice_shape=None):
    """Return (1/2π) Σ_x sin P(x): smooth in the links, not an integer, not `topological_charge`.

    Parameters, returned shape and errors are those of `topological_charge`; the array is of
    floats.

    Examples
    --------
    >>> from halkit.gauge import flux_links, sine_charge
    >>> sine_charge(flux_links(1, (4, 4))).round(4)
    array([0.9745])
    """
    angle = plaquette_sum(as_links(theta, lattice_shape, tensors=True))
    return namespace(angle).sin(angle).sum((1, 2)) / TWO_PI


class Susceptibility(NamedTuple):
    """Topological susceptibility.

    Attributes
    ----------
    value : float, or tensor
        χ = ⟨Q²⟩/V.
    error : float, or tensor
        Standard error of the mean.
    """

    value: float
    error: float


def susceptibility(theta, *, lattice_shape=None, tau_int=0.5):
    """Return the topological susceptibility χ = ⟨Q²⟩/V, with V = L0·L1 plaquettes.

    Parameters
    ----------
    theta, lattice_shape
        As for `plaquette`, n ≥ 2.
    tau_int : float, default 0.5
        Integrated autocorrelation time of Q², ½ for independent configurations; the error
        grows as √(2 tau_int).

    Returns
    -------
    Susceptibility
        Named tuple of ``value`` and ``error``, both in lattice units.

    Raises
    ------
    ValueError, TypeError
        As for `plaquette`, for fewer than two configurations and if tau_int is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import flux_links, susceptibility
    >>> fluxes = np.concatenate([flux_links(q, (4, 8)) for q in (-1, 0, 1, 0)])
    >>> chi = susceptibility(fluxes)
    >>> chi.value, round(chi.error, 5)
    (0.015625, 0.00902)
    """
    links = as_links(theta, lattice_shape, tensors=True)
    if len(links) < 2:
        raise ValueError("an error needs at least two configurations; got one")
    tau_int = check_positive(tau_int, "tau_int")
    xp = namespace(links)
    square = topological_charge(links) ** 2
    volume = links.shape[2] * links.shape[3]
    if xp is not np:
        square = square.to(links.dtype) / volume
        return Susceptibility(square.mean(), square.std() * (2 * tau_int / len(links)) ** 0.5)
    square = square / volume
    error = square.std(ddof=1) * np.sqrt(2 * tau_int / len(links))
    return Susceptibility(float(square.mean()), float(error))


def flux_links(charge, lattice_shape):
    """Return links of a uniform flux: every plaquette is 2πQ/V, so that S is least for Q.

    Parameters
    ----------
    charge : int
        Topological charge Q, ``|Q|`` < V/2.
    lattice_shape : (int, int)
        (L0, L1).

    Returns
    -------
    array of shape (1, 2, L0, L1)

    Raises
    ------
    ValueError, TypeError
        If the charge is no integer or does not fit the lattice.

    Examples
    --------
    >>> from halkit.gauge import flux_links
    >>> flux_links(0, (4, 6)).shape
    (1, 2, 4, 6)
    """
    lattice_shape = check_lattice_shape(lattice_shape)
    if 2 * abs(check_integer(charge, "charge")) >= np.prod(lattice_shape):
        raise ValueError(f"charge must be below V/2 in size on {lattice_shape}; got {charge}")
    return wrap(charge * flux_quantum(lattice_shape))[None]
