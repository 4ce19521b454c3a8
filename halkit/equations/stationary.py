"""Wave functions at given momenta become rows of the regression, with the target

y_k(r) = (E_k − H0) φ_k(r) = (k² + ∇²) φ_k(r) / 2m,    E_k = k²/2m,  H0 = −∇²/2m.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from halkit.checks import as_numbers, check_array, check_nodes, check_positive
from halkit.phases import IMAGINARY, turned
from halkit.radial import Order, radial_laplacian
from halkit.typing import Numbers

__all__ = ["remove_phase", "stationary_target"]


def remove_phase(phi: Numbers) -> NDArray[np.float64]:
    """Strip the constant phase of each wave function.

    Parameters
    ----------
    phi : array-like of shape (..., n_r)
        Complex wave functions, each a real function times e^{iα}.

    Returns
    -------
    ndarray of shape (..., n_r)
        Real wave functions, up to a sign.

    Raises
    ------
    ValueError
        If more than 1e-6 of the norm stays imaginary, because the phase is not constant, or
        values are not finite.
    TypeError
        If `phi` does not hold numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.equations import remove_phase
    >>> np.abs(remove_phase(np.exp(0.3j) * np.array([1.0, 2.0, -1.0])))
    array([1., 2., 1.])
    """
    phi = as_numbers(phi, "phi", kinds="iufc")
    if phi.ndim == 0:
        raise TypeError("phi must be an array of wave functions, got one number")
    if not np.all(np.isfinite(phi)):
        raise ValueError("phi must be finite, got NaN or infinite entries")
    rotated, largest, left = turned(phi)
    if np.any(left > IMAGINARY):
        raise ValueError(
            "phi must be a real function times a constant phase; an imaginary part of "
            f"{np.max(left):.2g} of the norm is left"
        )
    return rotated.real * largest


def stationary_target(
    phi: Numbers,
    k: Numbers,
    r: Numbers,
    *,
    reduced_mass: float,
    l: int = 0,
    order: Order = 6,
) -> NDArray[np.float64]:
    """Target (E_k − H0) φ_k = (k² + ∇²) φ_k / 2m of wave functions.

    Parameters
    ----------
    phi : array-like of shape (n_k, n_r)
        Wave functions, regular at the origin; rows are samples.
    k : array-like of shape (n_k,)
        Momenta, >= 0 (k = 0: the wave function at threshold).
    r : array-like of shape (n_r,)
        Nodes, increasing, of any spacing.
    reduced_mass : float
        m.
    l : int
        Angular momentum.
    order : {2, 4, 6, 8, "spline"}
        Finite differences with an error O(h^order), one-sided at the outer end, or a quintic
        spline of rφ with an error O(h⁴). Odd l loses one order at the origin. See
        `halkit.radial.radial_laplacian`.

    Returns
    -------
    ndarray of shape (n_k, n_r)
        In units of φ times an energy.

    Raises
    ------
    ValueError, TypeError
        If a momentum is negative, the mass is not positive, or an array is complex, not finite or
        of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Separable
    >>> from halkit.equations import stationary_target
    >>> r, k, toy = np.linspace(0.05, 10, 200), np.array([0.3, 0.8]), Separable(-0.017, 1.0)
    >>> phi = toy.wave_function(k, r, reduced_mass=3.3)
    >>> y = stationary_target(phi, k, r, reduced_mass=3.3)
    >>> bool(np.allclose(y, toy.target(k, r, reduced_mass=3.3), atol=1e-7))
    True
    """
    r = check_nodes(r)
    phi = check_array(phi, "phi", r.size)
    k = check_array(k, "k", sign="≥ 0")
    if phi.ndim != 2 or k.shape != phi.shape[:1]:
        raise ValueError(
            f"phi must have shape (n_k, n_r) with one k per row, got {phi.shape} and {k.shape}"
        )
    m = check_positive(reduced_mass, "reduced_mass")
    return (k[:, np.newaxis] ** 2 * phi + radial_laplacian(phi, r, l=l, order=order)) / (2 * m)
