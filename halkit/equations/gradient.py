r"""The derivative expansion: local potentials that stand in for U(r, r') in y = ∫ U φ.

    leading order    y(r) = V(r) φ(r)
    next order       y(r) = V0(r) φ(r) + V2(r) ∇²φ(r)

At each radius these are linear equations in the potentials, one for each sample.
"""

from __future__ import annotations

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import check_array, check_choice, check_nodes
from halkit.radial import radial_laplacian
from halkit.typing import Numbers

__all__ = ["local_approximation"]

SINGULAR = 1e-13


def local_approximation(
    X: Numbers,
    y: Numbers,
    r: Numbers | None = None,
    *,
    order: int = 0,
    laplacian: Numbers | None = None,
    y_std: Numbers | None = None,
) -> Bunch:
    """Potentials of the derivative expansion, radius by radius.

    Least squares over the samples, weighted by 1/σ². One sample gives V = y/φ at leading
    order; two give V0 and V2 exactly at the next.

    Parameters
    ----------
    X : array-like of shape (..., n_samples, n_r)
        Wave functions φ; leading axes are bins.
    y : array-like of the shape of X
        Target: (E_k − H0) φ_k, or the left-hand side of the time-dependent equation.
    r : array-like of shape (n_r,), optional
        Nodes, for the Laplacian at next order.
    order : {0, 2}
        0: V. 2: V0 and V2.
    laplacian : array-like of the shape of X, optional
        ∇²φ, if it is known better than from the nodes: the ``laplacian`` of `Rows` on a lattice.
    y_std : array-like of shape (n_samples, n_r), optional
        Standard deviations of y.

    Returns
    -------
    Bunch
        V (..., n_r) at order 0; V0 and V2 (..., n_r) at order 2, V0 in units of y/φ and V2 in the
        same units times r². NaN where the samples do not determine them: at a common zero of the
        wave functions, or where their ∇²φ/φ agree.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, `order` is not 0 or 2, order 2 has fewer than two samples or neither
        `r` nor `laplacian`, or values are not finite and real.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012); T. Iritani et al. (HAL QCD),
    Phys. Rev. D 99, 014514 (2019), section II.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.equations import local_approximation
    >>> r = np.linspace(0.1, 5.0, 50)
    >>> phi = np.array([np.sin(r) / r, np.exp(-r)])
    >>> bool(np.allclose(local_approximation(phi, -np.exp(-r) * phi).V, -np.exp(-r)))
    True
    """
    X = check_array(X, "X")
    y = check_array(y, "y")
    if X.ndim < 2 or y.shape != X.shape:
        raise ValueError(
            f"X and y must have one shape (..., n_samples, n_r), got {X.shape} and {y.shape}"
        )
    check_choice(order, "order", [0, 2])
    root = _root_weights(y_std, X.shape[-2:])
    (X1, x), (y1, size) = _scaled(root * X), _scaled(root * y)
    if order == 0:
        return Bunch(V=_ratio(np.sum(X1 * y1, axis=-2), np.sum(X1**2, axis=-2)) * (size / x))
    if X.shape[-2] < 2:
        raise ValueError("order 2 needs at least two samples, got one")
    D1, d = _scaled(root * _laplacian(X, r, laplacian))
    V0, V2 = _next_order(X1, D1, y1)
    return Bunch(V0=V0 * (size / x), V2=V2 * (size / d))


def _scaled(values):
    """The samples at each radius divided by the largest of them, and the largest."""
    largest = np.max(np.abs(values), axis=-2, keepdims=True)
    largest = np.where(largest > 0, largest, 1.0)
    return values / largest, largest[..., 0, :]


def _next_order(X, D, y):
    """V0 and V2 from the normal equations of y = V0 φ + V2 ∇²φ."""
    a, b, c = (np.sum(p * q, axis=-2) for p, q in ((X, X), (X, D), (D, D)))
    f, g = (np.sum(p * y, axis=-2) for p in (X, D))
    determinant = a * c - b**2
    determined = determinant > SINGULAR * a * c
    determinant = np.where(determined, determinant, 0.0)
    return _ratio(c * f - b * g, determinant), _ratio(a * g - b * f, determinant)


def _laplacian(X, r, laplacian):
    if laplacian is not None:
        return check_array(laplacian, "laplacian", shape=X.shape)
    if r is None:
        raise ValueError("order 2 needs the nodes r, or the laplacian of X; got neither")
    return radial_laplacian(X, check_nodes(r), order=6)


def _root_weights(y_std, shape):
    if y_std is None:
        return np.ones(shape)
    y_std = check_array(y_std, "y_std", shape=shape, sign="> 0")
    return y_std.min() / y_std


def _ratio(numerator, denominator):
    out = np.full(denominator.shape, np.nan)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
