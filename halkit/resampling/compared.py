"""How fits to correlators compare with blocks: a score for searches, χ² and p-values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from halkit.equations import Rows
from halkit.resampling.blocks import check_blocks
from halkit.resampling.configurations import configurations_score, contains
from halkit.resampling.goodness import GoodnessOfFit, joint, noise_of, residuals_of
from halkit.units import reduced_mass

__all__ = ["ComparedWithBlocks", "CorrelatorGoodness"]


class CorrelatorGoodness(NamedTuple):
    """Result of `CorrelatorRegressor.goodness_of_fit`.

    Attributes
    ----------
    chi2, dof, p_value : float
        Of all blocks together; see `goodness_of_fit`.
    by_row : dict of (L, source, t) to GoodnessOfFit
        The same, for each row.
    """

    chi2: float
    dof: float
    p_value: float
    by_row: dict[tuple[Any, str, float], GoodnessOfFit]


class ComparedWithBlocks:
    """The score and the goodness of a fit to correlators.

    A subclass has the attributes of `CorrelatorRegressor`, and makes rows of a block.
    """

    times: Any
    stencil: Any
    n_jobs: int | None
    estimator_: Any
    estimators_: list[Any]
    hadron_mass_: Any
    rows_: Rows
    _rows: Any

    def score(
        self, X: Any, y: Any = None, *, times: Any = None, stencil: Any = "auto",  # noqa: ARG002
        r_max: Any = None, r_prime_max: Any = None,
    ) -> float:  # fmt: skip
        """How well the fit predicts data that it has not seen; larger is better.

        For blocks that were left out it is −χ²/dof of the fit to the mean. χ² of each block has the
        covariance of the bins of y, low rank plus shrinkage (`goodness_of_fit`). Neither this
        covariance nor the rows depend on `times` and `stencil` of the fit, so that windows and
        stencils are compared on the same data.

        If a block of one channel was fitted, and no `times` are given, a fifth of the
        configurations is left out, five times, and phase shifts that the data leave open count
        against the fit: −ln(χ²/dof) − 0.05 ln(σ² + Δ² + ε²), with the error σ of the phase shift
        in radians at k = π/4R, π/2R and π/R, its part Δ from U beyond the end R of the data, and
        its error ε in Born approximation as a floor.
        A twice as large error weighs as much as 7 % of χ².

        Parameters
        ----------
        X : list of Correlators or of CoupledCorrelators
            With bins.
        y : None
            Not used.
        times, stencil
            Of the rows that are compared: by default all those that the widest stencil leaves.
        r_max, r_prime_max
            Radii of these rows; by default as in the fit. To compare fits of different radii,
            give common ones; `held_out_volume` takes them as a scorer.

        Returns
        -------
        float
            Of blocks that were left out, about −1 if the model is right, with few bins −0.1 … −0.9.

        Raises
        ------
        ValueError, TypeError
            As in `fit`, for correlators without bins, and for fitted blocks of coupled channels
            without `times`: leave out sources or volumes of them.
        """
        check_is_fitted(self)
        window = {"times": times, "stencil": stencil, "r_max": r_max, "r_prime_max": r_prime_max}
        tests = self._with_bins(X, window)
        fitted = [self._was_fitted(record) for record, _ in tests]
        if times is None and any(fitted):
            _refuse_coupled(tests[0][1])
            return configurations_score(
                self.estimator_, self.rows_, [rows for _, rows in tests], fitted,
                reduced_mass(self.hadron_mass_), n_jobs=self.n_jobs,
            )  # fmt: skip
        chi2 = dof = 0.0
        for _, rows in tests:
            noise, expected = noise_of(rows)
            chi2, dof = chi2 + noise.chi2(_residual_of_mean(rows, self.estimator_)), dof + expected
        return -chi2 / dof

    def _was_fitted(self, record):
        if record.L not in self.volumes_ or not {*record.sources} <= {*self.rows_.sources}:
            return False
        return contains(self.rows_, self.volumes_, self._rows(record), record.L)

    def goodness_of_fit(
        self, X: Any, *, times: Any = None, stencil: Any = None, r_max: Any = None,
        r_prime_max: Any = None,
    ) -> CorrelatorGoodness:  # fmt: skip
        """χ²/dof and p-value of blocks, with the covariance of their bins.

        Each bin has its own fit, whose errors and freedom therefore count, on the blocks of the fit
        and on others; with ``resample="mean"`` all bins have one fit, and p-values are too small.

        Parameters
        ----------
        X : list of Correlators or of CoupledCorrelators
            With as many bins as in the fit.
        times, stencil, r_max, r_prime_max
            Of the rows; by default as in the fit.

        Returns
        -------
        CorrelatorGoodness
            Of all blocks, and of each source and time.

        Raises
        ------
        ValueError, TypeError
            As in `score`, and if the number of bins differs from the fit.
        """
        check_is_fitted(self)
        stencil = self.stencil if stencil is None else stencil
        times = self.times if times is None else times
        window = {"times": times, "stencil": stencil, "r_max": r_max, "r_prime_max": r_prime_max}
        by_volume, by_row = [], {}
        for L, parts in self._by_volume(X, window).items():
            bins = []
            for rows in parts:
                left = residuals_of(rows, self._fits_for(rows))
                bins.append(left.reshape(rows.n_bins, -1))
                for i, (source, time) in enumerate(rows.labels):
                    by_row[L, source, time] = joint([left[:, i]], rows.kind)
            by_volume.append(np.concatenate(bins, axis=1))
        return CorrelatorGoodness(*joint(by_volume, self.rows_.kind), by_row)

    def _fits_for(self, rows):
        if len(self.estimators_) == 1 or self.resample_ == "seeds":
            return self.estimator_
        if rows.n_bins != len(self.estimators_):
            raise ValueError(
                f"X must have {len(self.estimators_)} bins as the fit had, got {rows.n_bins}"
            )
        return self.estimators_

    def _with_bins(self, X, window):
        """Pairs of a block and its rows, which have bins."""
        found = [(record, self._rows(record, **window)) for record in check_blocks(X)]
        if any(rows.kind == "mean" for _, rows in found):
            raise ValueError("X must have bins to tell χ², got the mean")
        return found

    def _by_volume(self, X, window):
        """Lists of rows of each volume; blocks of one volume share their configurations."""
        found: dict[Any, list[Rows]] = {}
        for record, rows in self._with_bins(X, window):
            found.setdefault(record.L, []).append(rows)
        return found


def _refuse_coupled(rows):
    """Refuse a score that leaves out configurations, which is that of one channel."""
    if rows.n_channels > 1:
        raise ValueError(
            f"X must have blocks that were not fitted, for a score of {rows.n_channels} coupled "
            "channels: leave out sources or volumes, as with cv=leave_one_source_out, or give "
            "times; goodness_of_fit has χ² and p-values of fitted blocks"
        )


def _residual_of_mean(rows, model):
    X, y = rows.mean()
    return (y - model.apply_potential(X, rows.r, rows.weights, rows.r_out)).ravel()
