"""The error of a quantity from N samples of it, for each kind of samples.

N values f_b of one quantity, with the mean f̄ and the central value f, have the error

    jackknife                       sqrt((N − 1)/N Σ_b (f_b − f̄)²),
    bootstrap, draws, seeds, starts sqrt(Σ_b (f_b − f̄)²/(N − 1)),
    variations                      max_b |f_b − f|.

A jackknife sample leaves one bin of data out. Bootstrap samples, draws from a posterior, and
fits from other seeds or starts scatter by the error itself. Variations are choices made by hand
(windows, ranges, widths). Their error is the largest distance from the centre, so that it does
not shrink with the number of choices tried.
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.scaling import std

__all__ = ["KINDS", "Kind", "standard_error"]

Kind: TypeAlias = Literal["jackknife", "bootstrap", "draws", "seeds", "starts", "variations"]
KINDS: tuple[Kind, ...] = ("jackknife", "bootstrap", "draws", "seeds", "starts", "variations")


def standard_error(
    samples: NDArray[Any], kind: Kind, *, centre: NDArray[Any] | float | None = None, axis: int = 0
) -> Any:
    """Return the standard error of a quantity from samples of a kind.

    Parameters
    ----------
    samples : ndarray
        Real values.
    kind : {"jackknife", "bootstrap", "draws", "seeds", "starts", "variations"}
    centre : ndarray, optional
        Central values, without the axis of the samples; only variations need them. Default:
        the mean of the samples.
    axis : int
        The axis of the samples.

    Returns
    -------
    ndarray
        The errors, without that axis. NaN where a sample is NaN, and for a single sample, unless
        it is a variation with a centre.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.samples import standard_error
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> [round(float(standard_error(x, kind)) ** 2, 6) for kind in ("bootstrap", "jackknife")]
    [7.0, 9.333333]
    >>> float(standard_error(x, "variations", centre=2.0))
    4.0
    """
    n = samples.shape[axis]
    if kind == "variations" and centre is not None:
        return np.abs(samples - np.expand_dims(centre, axis)).max(axis=axis)
    spread = std(samples, axis)
    if n < 2:
        return np.full_like(spread, np.nan)[()]
    if kind == "variations":
        return np.abs(samples - samples.mean(axis=axis, keepdims=True)).max(axis=axis)
    return spread * np.sqrt(n - 1 if kind == "jackknife" else n / (n - 1))
