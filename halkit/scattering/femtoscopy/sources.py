"""Sources S(r) of pairs of hadrons, and the quadrature of ∫ 4πr² S(r) … dr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from halkit.checks import check_array, check_distances, check_scale
from halkit.typing import Array, Numbers

__all__ = ["GaussianSource", "Source", "quadrature"]

Source: TypeAlias = Callable[[Array], Array]

POINTS = 12
LARGEST = 200_000
DEEPEST = 20
MOST_PANELS = 3000


@dataclass(frozen=True)
class GaussianSource:
    """S(r) = (4πR²)^{−3/2} e^{−r²/4R²}: two hadrons, each from a Gaussian of radius R.

    Parameters
    ----------
    R : float
        Radius of the single-particle source, R > 0, in the unit of r.

    Examples
    --------
    >>> from halkit.scattering import GaussianSource
    >>> round(float(GaussianSource(1.0)(0.0)), 6)
    0.022448
    """

    R: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "R", check_scale(self.R, "R"))

    def __call__(self, r: Numbers) -> Array:
        """Return S(r), elementwise, for r ≥ 0."""
        with np.errstate(over="ignore"):
            x2 = np.square(check_distances(r, "r") / self.R)
        return np.exp(-x2 / 4) / (4 * np.pi * self.R**2) ** 1.5


def quadrature(
    source: Source, k: Array, *, edges: Array, length: float, slow: bool = False
) -> tuple[Array, Array]:
    """Return nodes and weights of ∫ 4πr² S(r) f(r) dr: panels that grow, but fit a wavelength.

    Parameters
    ----------
    source : callable
        S(r), normalised.
    k : array of shape (n_k,)
        Momenta of the waves.
    edges : array
        Radii where f may have an edge.
    length : float
        A typical length of f.
    slow : bool, default False
        Whether f − 1 falls like 1/kr beyond the source, as with charges, or like 1/(kr)².

    Raises
    ------
    ValueError
        If the source is not normalised to 0.1 %, or reaches too far.
    """
    panels = np.append(0, length * np.geomspace(1e-3, 1e5, 120))
    edges = _refined(source, np.union1d(panels, edges))
    total, tail = _tails(source, edges, np.min(k), 1 if slow else 2)
    if not abs(total - 1) < 1e-3:
        missed = ": structure narrower than r/200 may be missed" if total < 0.5 else ""
        raise ValueError(
            f"source must be normalised to ∫ 4πr² S(r) dr = 1, got {total:.6g}{missed}"
        )
    last = min(int(np.searchsorted(-tail, -1e-9)) + 1, edges.size - 1)
    edges = edges[: last + 1]
    pieces = np.ceil(np.diff(edges) * np.max(k) / 2).astype(int) + 1
    if POINTS * np.sum(pieces) > LARGEST:
        raise ValueError(
            f"source must end before r = {edges[-1]:g} for waves of k = {np.max(k):g}: the "
            f"integral needs more than {LARGEST} nodes"
        )
    low = np.repeat(edges[:-1], pieces)
    width = np.repeat(np.diff(edges) / pieces, pieces)
    r, density = _panels(
        source, low + width * np.concatenate([np.arange(n) for n in pieces]), width
    )
    return r.ravel(), density.ravel()


def _refined(source, edges):
    """Divide panels until their quarters have the same ∫ 4πr² S dr, next to an edge of S too."""
    low, high, cuts, panels = edges[:-1], edges[1:], [edges], edges.size
    whole = _masses(source, low, high)
    for _ in range(DEEPEST):
        parts = np.linspace(low, high, 5, axis=-1)
        low, high = parts[:, :-1], parts[:, 1:]
        quarters = _masses(source, low.ravel(), high.ravel()).reshape(low.shape)
        rough = np.abs(np.sum(quarters, axis=1) - whole) > 1e-9
        panels += 4 * np.sum(rough)
        if not np.any(rough) or panels > MOST_PANELS:
            break
        cuts.append(parts[rough].ravel())
        low, high, whole = (a[rough].ravel() for a in (low, high, quarters))
    return np.unique(np.concatenate(cuts))


def _masses(source, low, high):
    return np.sum(_panels(source, low, high - low)[1], axis=1)


def _tails(source, edges, k, power):
    """∫ 4πr² S dr, and the part of ∫ 4πr² S min(1, 1/(kr)^power) dr beyond each edge."""
    r, density = _panels(source, edges[:-1], np.diff(edges))
    panels = np.sum(np.minimum(1, 1 / (k * r) ** power) * np.abs(density), axis=1)
    return np.sum(density), np.append(np.cumsum(panels[::-1])[::-1], 0)


def _panels(source, low, width):
    """Gauss-Legendre nodes of each panel, and 4πr² S(r) times their weights."""
    x, w = np.polynomial.legendre.leggauss(POINTS)
    r = low[:, None] + width[:, None] * (1 + x) / 2
    return r, 4 * np.pi * r**2 * _real(source, r) * (width[:, None] * w / 2)


def _real(source, r):
    values = check_array(source(r), "S(r)")
    if values.shape != r.shape:
        raise ValueError(f"S(r) must have the shape {r.shape} of r, got {values.shape}")
    return values
