"""Fields on the sites of a periodic L³ lattice: the wedge of a representation, or all sites.

Both have −∇² of columns of fields, shape (n_sites, n_fields): with nearest neighbours
("7-point", 2 − 2 cos p_i in momentum space) or on plane waves ("spectral", p_i²).
|r| is the distance to the nearest image of the origin; shells are sites of equal r².
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.fft import irfftn, rfftn
from scipy.sparse import csr_array

from halkit.radial import Wedge
from halkit.typing import Array

__all__ = ["CubeFields", "WedgeFields"]


class WedgeFields:
    """Fields of one irreducible representation: the points of the wedge.

    Parameters
    ----------
    wedge : Wedge
    laplacian : {"7-point", "spectral"}

    Attributes
    ----------
    sites : array of shape (n_sites, 3)
    weights : array of shape (n_sites,)
        Number of lattice sites that a point stands for.
    harmonic : array of shape (n_sites,)
        Y of the representation.
    shell : array of shape (n_sites,)
        Index of the shell of each site.
    shell_r : array of shape (n_shells,)
        Radii of the shells, rising.
    partial_wave : int
        The l of Y.
    """

    def __init__(self, wedge: Wedge, laplacian: Literal["7-point", "spectral"]) -> None:
        self.sites, self.weights = wedge.xyz, wedge.multiplicities.astype(np.float64)
        self.harmonic, self.partial_wave = wedge.harmonic.astype(np.float64), wedge.partial_wave
        squared, self.shell = np.unique(wedge.distance_squared, return_inverse=True)
        self.shell_r = np.sqrt(squared)
        self._turned = None
        if wedge.irrep == "E":
            self._turned = [wedge.index(np.roll(self.sites, turn, axis=1)) for turn in (0, 1, 2)]
        n, L, side = len(self.sites), wedge.L, np.arange(wedge.L // 2 + 1)
        if laplacian == "7-point":
            steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
            around = self.sites + steps[:, None]
            rows, signs = np.tile(np.arange(n), 6), wedge.sign(around).astype(np.float64)
            hops = csr_array((signs.ravel(), (rows, wedge.neighbours.ravel())), (n, n))
            self.minus_laplacian = lambda field: 6 * field - hops @ field
            return
        octant = np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1)
        spread, gather, parity = wedge.index(octant), tuple(self.sites.T), wedge.sign(octant)
        # on a ring x and L − x share the value of a field, up to its parity
        image = np.minimum(np.arange(L), L - np.arange(L))[:, None] == side
        odd = np.sign(L - 2 * np.arange(L))[:, None] * image
        along = [_ring(L)[: side.size] @ fold for fold in (image, odd)]
        axes = [along[0], along[0], along[int(wedge.irrep == "T1")]]
        self.minus_laplacian = lambda field: _along_axes(axes, parity * field[spread])[gather]

    def project(self, field: Array) -> Array:
        """Return fields of shape (n_sites, …) without the part of another representation.

        The wedge of "E" also holds fields of A1, which are the same along x, y and z.
        """
        if self._turned is None:
            return field
        return field - np.mean([field[place] for place in self._turned], axis=0)


class CubeFields:
    """Fields on all sites, x slowest and z fastest; attributes as in `WedgeFields`."""

    def __init__(self, wedge: Wedge, laplacian: Literal["7-point", "spectral"]) -> None:
        L = self.L = wedge.L
        self.sites = np.moveaxis(np.indices((L, L, L)), 0, -1).reshape(-1, 3)
        self.weights = self.harmonic = np.ones(L**3)
        self.partial_wave = 0
        squared = np.sum(np.minimum(self.sites, L - self.sites) ** 2, axis=1)
        squared, self.shell = np.unique(squared, return_inverse=True)
        self.shell_r = np.sqrt(squared)
        p = 2 * np.pi * np.fft.fftfreq(L)
        one = 2 - 2 * np.cos(p) if laplacian == "7-point" else p**2
        self.symbol = one[:, None, None] + one[:, None] + one[: L // 2 + 1]

    def minus_laplacian(self, field: Array) -> Array:
        """Return −∇² of fields, shape (n_sites, n_fields)."""
        return self.multiply(self.symbol, field)

    def multiply(self, symbol: Array, field: Array) -> Array:
        """Multiply fields by a function of momentum."""
        shape = (self.L,) * 3
        transform = rfftn(field.reshape(*shape, -1), axes=(0, 1, 2))
        transform *= symbol[..., None]
        return irfftn(transform, s=shape, axes=(0, 1, 2)).reshape(field.shape)


def _ring(L):
    """Matrix of −d²/dx² on a ring of L sites, exact for its plane waves."""
    p = 2 * np.pi * np.fft.fftfreq(L)
    return np.real(np.fft.ifft(p[:, None] ** 2 * np.fft.fft(np.eye(L), axis=0), axis=0))


def _along_axes(matrices, cube):
    """(M_x ⊗ 1 ⊗ 1 + 1 ⊗ M_y ⊗ 1 + 1 ⊗ 1 ⊗ M_z) acting on the first three axes of an array."""
    return sum(
        np.moveaxis(np.tensordot(matrix, cube, axes=(1, axis)), 0, axis)
        for axis, matrix in enumerate(matrices)
    )
