"""A scorer for searches whose folds leave out volumes."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from halkit.resampling.blocks import check_blocks
from halkit.resampling.correlators import CorrelatorRegressor

__all__ = ["held_out_volume"]


def held_out_volume(
    estimator: Any, X: Any, y: Any = None, *, times: Any = None, stencil: Any = "auto",  # noqa: ARG001
    r_max: Any = None, r_prime_max: Any = None,
) -> float:  # fmt: skip
    """Score of blocks that were left out, on rows that are the same for all candidates.

    A scorer: pass it as ``scoring``, with options as ``partial(held_out_volume, r_max=17.0)``, and
    ``cv=leave_one_volume_out``. The noise of another volume is independent.

    Parameters
    ----------
    estimator : fitted CorrelatorRegressor
    X : list of Correlators
        Blocks of volumes that were not fitted.
    y : None
        Not used.
    times, stencil, r_max, r_prime_max
        Of the rows; see `CorrelatorRegressor.score`.

    Returns
    -------
    float
        Minus χ²/dof.

    Raises
    ------
    ValueError
        If a volume of X was fitted.
    TypeError
        If `estimator` is not a `CorrelatorRegressor`.
    """
    if not isinstance(estimator, CorrelatorRegressor):
        raise TypeError(
            f"estimator must be a CorrelatorRegressor, got a {type(estimator).__name__}"
        )
    check_is_fitted(estimator)
    seen = {record.L for record in check_blocks(X)} & {*estimator.volumes_}
    if seen:
        raise ValueError(
            f"X must have volumes that were not fitted, got L = {[*seen]}: pass "
            "cv=leave_one_volume_out, and score of the estimator for blocks that were fitted"
        )
    return estimator.score(X, times=times, stencil=stencil, r_max=r_max, r_prime_max=r_prime_max)
