"""What samplers of lattice fields share: arrays or rows, their lattice, the mean score."""

from dataclasses import asdict
from math import isqrt

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils.validation import validate_data

from halkit.checks import as_numbers, numbers_or_table
from halkit.gauge.theory.theories import SU2, U1, Phi4
from halkit.gauge.theory.torus import as_lattice_shape, check_lattice_shape
from halkit.versions import Versioned
from halkit.warn import warn_caller

__all__ = ["LatticeModel", "warn_of_another_theory"]


class LatticeModel(DensityMixin, Versioned):
    """A fit to configurations of one lattice, given as arrays or as rows."""

    _theory: type[U1 | SU2 | Phi4]
    _dtypes: tuple[type, ...] = (np.float64,)
    _fewest = 2

    def __sklearn_is_fitted__(self):
        """Whether a fit ended."""
        return hasattr(self, "lattice_shape_")

    def _configurations(self, X, *, fitting=False):
        """X as an array on a lattice, and as rows elsewhere, after the checks."""
        space = self._theory.space
        shape = self.lattice_shape if fitting else self.lattice_shape_
        shape = None if shape is None else check_lattice_shape(shape, space.least)
        if as_numbers(X, "X").ndim > 2:
            X = space.as_field(X, shape, "X")
            shape, X = space.lattice_shape(X), X.reshape(len(X), -1)
            if not fitting and shape != self.lattice_shape_:
                raise ValueError(
                    f"X is on a {shape} lattice; the model was fitted on {self.lattice_shape_}"
                )
        X = validate_data(
            self, numbers_or_table(X, "X"), dtype=self._dtypes, reset=fitting,
            ensure_min_samples=self._fewest if fitting else 1,
        )  # fmt: skip
        if fitting:
            self._refuse_one_configuration(X, shape)
            self.lattice_shape_ = shape or self._lattice_of_rows(X.shape[1])
        shape = self.lattice_shape_
        return X if shape is None else space.as_field(X, shape, "X")

    def _refuse_one_configuration(self, X, shape):
        """Refuse what may be a single field on L × L sites, or L rows of L numbers."""
        before, after, _ = self._theory.space.axes
        if shape is None and not before and not after and len(X) == X.shape[1]:
            n = len(X)
            raise ValueError(
                f"X must have shape (n, L0, L1), or (n, L0*L1) with lattice_shape, got {X.shape}: "
                f"one field on {n} x {n} sites is too few, and {n} rows of {n} numbers need "
                "lattice_shape"
            )

    def _lattice_of_rows(self, n_features):
        """(L, L) if rows are as long as on this lattice, L ≥ 2, else None."""
        numbers = int(np.prod(self._theory.space.shape(())))
        size = round((n_features / numbers) ** 0.5)
        return (size, size) if size >= 2 and numbers * size**2 == n_features else None

    def _warn_of_rows(self, n_features, taken_as):
        """Warn of rows that may be configurations of a rectangle, but are taken as something else.

        Parameters
        ----------
        n_features : int
            Length of the rows, on no square lattice.
        taken_as : str
        """
        sites, rest = divmod(n_features, int(np.prod(self._theory.space.shape(()))))
        if not rest and any(sites % side == 0 for side in range(2, isqrt(sites) + 1)):
            warn_caller(
                f"X has rows of {n_features} numbers, which are on no square lattice: they are "
                f"taken as {taken_as}. If they are on a rectangle, give lattice_shape=(L0, L1)",
                UserWarning,
            )

    def _guessed_lattice(self, X):
        """The lattice that rows without `lattice_shape` are taken to be on, for warnings."""
        return self.lattice_shape_ if np.ndim(X) == 2 and self.lattice_shape is None else None

    def _on_any_lattice(self, X, name="X"):
        """X as an array after the checks; rows on the lattice of the fit."""
        if self.lattice_shape_ is None:
            raise ValueError("the model must know its lattice, got a fit to rows without a lattice")
        shape = self.lattice_shape_ if np.ndim(X) == 2 else None
        return self._theory.space.as_field(X, shape, name)

    def _sample_shape(self, lattice_size):
        if lattice_size is None:
            return self.lattice_shape_
        return as_lattice_shape(lattice_size, self._theory.space.least)

    def score(self, X, y=None):  # noqa: ARG002
        """Mean of `score_samples`: larger is better.

        Parameters
        ----------
        X : array-like
            Configurations on the lattice of the fit, as for `score_samples`.
        y : ignored

        Returns
        -------
        float

        Raises
        ------
        ValueError
            For links, if what was learned is too narrow to draw, as after a training that
            diverged.
        """
        return float(self.score_samples(X).mean())


def warn_of_another_theory(theory, name, values, expected, guessed=None):
    """Compare a mean with its value in the theory, unless fewer than ten values give its error.

    Rows may also be on another lattice than on the one that was guessed.
    """
    if len(values) < 10:
        return
    mean, error = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
    if abs(mean - expected) > max(10 * error, 0.05 * expected):
        couplings = asdict(theory)
        place = ", ".join(f"{key}={value:g}" for key, value in couplings.items())
        lattice = guessed and f", and {guessed[0]} x {guessed[1]} its lattice: see lattice_shape"
        warn_caller(
            f"X has {name} {mean:.4f} ± {error:.1g}, at {place} it is {expected:.4f}: "
            f"{' and '.join(couplings)} must be the coupling{'s' * (len(couplings) > 1)} of X"
            f"{lattice or ''}",
            UserWarning,
        )
