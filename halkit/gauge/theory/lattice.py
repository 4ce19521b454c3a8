"""Two-dimensional U(1) gauge links: plaquettes, loops, action, force, gauge transformations.

    S = β Σ_x (1 − cos P(x))

with the plaquette P(x) = θ_0(x) + θ_1(x+0̂) − θ_0(x+1̂) − θ_1(x) and V = L0·L1. Everywhere
``theta`` is an array (n, 2, L0, L1) of angles in radians, μ on axis 1; rows (n, 2·L0·L1) are
taken too, with ``lattice_shape=(L0, L1)``. What is returned has one entry per configuration.
Torch tensors give tensors of their precision, through which derivatives flow.

`action`, `force` and `wilson_loop` also take other theories, see `halkit.gauge.theory.theories`.
"""

import numpy as np

from halkit.checks import check_integer
from halkit.gauge.theory import su2, torus
from halkit.gauge.theory.spaces import QUATERNIONS
from halkit.gauge.theory.theories import as_theory
from halkit.gauge.theory.torus import (
    as_links,
    as_real,
    check_lattice_shape,
    namespace,
    plaquette_sum,
)

__all__ = [
    "action",
    "force",
    "gauge_transform",
    "plaquette",
    "polyakov_loop",
    "wilson_loop",
    "wrap",
]


def wrap(angle):
    """Return angles in [−π, π), each moved by a multiple of 2π.

    Parameters
    ----------
    angle : array_like of float, or tensor
        Angles in radians, any shape.

    Returns
    -------
    array or tensor of the shape of angle

    Raises
    ------
    ValueError, TypeError
        If the angles are not real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import wrap
    >>> wrap([0.5, 2 * np.pi + 0.5, -4.0]).round(4)
    array([0.5   , 0.5   , 2.2832])
    """
    return torus.wrap(as_real(angle, namespace(angle), "angle"))


def plaquette(theta, *, lattice_shape=None):
    """Return the plaquette angles, in [−π, π).

    Parameters
    ----------
    theta : array or torch tensor of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        Link angles in radians. A tensor gives a tensor, through which derivatives flow.
    lattice_shape : (int, int), optional
        (L0, L1), needed for rows.

    Returns
    -------
    array of shape (n, L0, L1)

    Raises
    ------
    ValueError, TypeError
        If theta is not an array of real, finite angles on a lattice of at least 2 × 2.

    Examples
    --------
    >>> from halkit.gauge import flux_links, plaquette
    >>> plaquette(flux_links(1, (2, 3))).round(4)
    array([[[1.0472, 1.0472, 1.0472],
            [1.0472, 1.0472, 1.0472]]])
    """
    return torus.wrap(plaquette_sum(as_links(theta, lattice_shape, tensors=True)))


def wilson_loop(theta, R, T, *, lattice_shape=None):
    """Return the mean over the lattice of cos(angle around an R × T rectangle), ½ tr for SU(2).

    Parameters
    ----------
    theta, lattice_shape
        As for `plaquette`, or links of SU(2): unit quaternions (n, 2, L0, L1, 4), or their rows.
    R, T : int
        Sides along 0̂ and 1̂, 1 ≤ R ≤ L0, 1 ≤ T ≤ L1.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError, TypeError
        As for `plaquette`, and if the loop is longer than the lattice.

    Examples
    --------
    >>> from halkit.gauge import flux_links, wilson_loop
    >>> wilson_loop(flux_links(1, (4, 6)), 2, 3).round(6)
    array([0.])
    """
    links = _as_gauge(theta, lattice_shape)
    R, T = check_integer(R, "R", least=1), check_integer(T, "T", least=1)
    if links.shape[2] < R or links.shape[3] < T:
        raise ValueError(
            f"R and T must be at most the sides (L0, L1) = {tuple(links.shape[2:4])} of the "
            f"lattice; a {R} x {T} loop is longer"
        )
    if links.ndim == 5:
        return su2.wilson_loop(links, R, T)
    xp = namespace(links)
    bottom, left = _line(links[:, 0], R, axis=1), _line(links[:, 1], T, axis=2)
    top, right = xp.roll(bottom, -T, 2), xp.roll(left, -R, 1)
    return xp.cos(bottom + right - top - left).mean((1, 2))


def _as_gauge(theta, lattice_shape):
    """Links of the group that their shape tells: U(1), or SU(2) where 4 numbers make a link."""
    shape = np.shape(theta)
    row = len(shape) == 2 and lattice_shape is not None
    if len(shape) == 5 or (row and shape[1] == 8 * np.prod(check_lattice_shape(lattice_shape))):
        return QUATERNIONS.as_field(theta, lattice_shape)
    return as_links(theta, lattice_shape, tensors=True)


def _line(angle, length, axis):
    """Return the sum of ``length`` links that start at every site and follow an axis."""
    roll = namespace(angle).roll
    return sum(roll(angle, -step, axis) for step in range(length))


def polyakov_loop(theta, mu, *, lattice_shape=None):
    """Return exp(i Σ θ_μ) along the lines that close around the lattice in direction μ.

    Parameters
    ----------
    theta, lattice_shape
        As for `plaquette`.
    mu : {0, 1}
        Direction.

    Returns
    -------
    complex array of shape (n, L1) for μ = 0, (n, L0) for μ = 1
        One loop for each site across.

    Raises
    ------
    ValueError, TypeError
        As for `plaquette`, and if mu is neither 0 nor 1.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import polyakov_loop
    >>> polyakov_loop(np.full((1, 2, 2, 3), np.pi / 2), 0).real
    array([[-1., -1., -1.]])
    """
    links = as_links(theta, lattice_shape, tensors=True)
    if check_integer(mu, "mu") not in (0, 1):
        raise ValueError(f"mu must be 0 or 1; got {mu!r}")
    return namespace(links).exp(1j * links[:, mu].sum(1 + mu))


def action(theta, beta, *, lattice_shape=None):
    """Return the Wilson action S = β Σ_x (1 − cos P(x)), or the action of another theory.

    Parameters
    ----------
    theta, lattice_shape
        As for `plaquette`; for another theory, its fields.
    beta : float or theory
        Coupling β ≥ 0 of U(1), or a `U1`, `SU2` or `Phi4`; the weight of a configuration is
        e^{−S}.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError, TypeError
        As for `plaquette`, and if beta is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import action
    >>> action(np.zeros((2, 2, 4, 4)), 7.0)
    array([0., 0.])
    """
    theory = as_theory(beta)
    return theory.action(theory.space.as_field(theta, lattice_shape, tensors=True))


def force(theta, beta, *, lattice_shape=None):
    """Return −∂S/∂θ_μ(x): the curl of h = −β sin P, or the force of another theory.

    Parameters
    ----------
    theta, beta, lattice_shape
        As for `action`.

    Returns
    -------
    array of the shape of theta; of shape (n, 2, L0, L1, 3) for SU(2)
        For SU(2) the derivative of −S by ε in U → e^{i ε·σ} U.

    Raises
    ------
    ValueError, TypeError
        As for `action`.

    Examples
    --------
    >>> from halkit.gauge import flux_links, force
    >>> bool(abs(force(flux_links(1, (4, 6)), 7.0)).max() < 1e-14)
    True
    """
    theory = as_theory(beta)
    pull = theory.force(theory.space.as_field(theta, lattice_shape, tensors=True))
    return pull if pull.ndim == 5 else pull.reshape(np.shape(theta))


def gauge_transform(theta, alpha, *, lattice_shape=None):
    """Return θ_μ(x) + α(x) − α(x+μ̂), wrapped: the same physics in another gauge.

    Parameters
    ----------
    theta, lattice_shape
        As for `plaquette`.
    alpha : array of shape (n, L0, L1) or (L0, L1)
        Angles at the sites, radians.

    Returns
    -------
    array of the shape of theta

    Raises
    ------
    ValueError, TypeError
        As for `plaquette`, and if alpha does not fit the lattice.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import gauge_transform
    >>> gauge_transform(np.zeros((1, 2, 2, 2)), [[0.0, 1.0], [0.0, 0.0]])[0, 0]
    array([[ 0.,  1.],
           [ 0., -1.]])
    """
    links = as_links(theta, lattice_shape, tensors=True)
    xp, sites = namespace(links), (len(links), *links.shape[2:])
    alpha = as_real(alpha, xp, "alpha")
    if not xp.isfinite(alpha).all():
        raise ValueError("alpha must be finite; it has NaN or infinite angles")
    if alpha.shape not in (sites, sites[1:]):
        raise ValueError(f"alpha must have shape {sites} or {sites[1:]}; got {tuple(alpha.shape)}")
    alpha = alpha if xp is np else alpha.to(links)
    gradient = xp.stack([xp.roll(alpha, -1, axis) - alpha for axis in (-2, -1)], -3)
    return torus.wrap(links - gradient).reshape(np.shape(theta))
