"""Rows (X, y, σ) of the regression y = ∫ U X, of each bin, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from halkit.channels import ChannelList, resolve_channels
from halkit.checks import check_choice
from halkit.correlators.record import KINDS, Correlators, Record, read_only
from halkit.equations.dispersion import EnergyRange
from halkit.samples import pooled_errors, standard_error

__all__ = ["Rows", "check_choices", "check_correlators", "ratio_errors"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rows(Record):
    """Rows of the time-dependent equation: X and y of each bin.

    A row is R(t, r) of one quark source at one time t; y is the left-hand side of the equation,
    y(r) = V(r) R(r) + Σ_r' w(r') U(r, r') R(r'). The regressors take plain arrays::

        X, y = rows.mean()
        regressor.fit(X, y, y_std=rows.sigma)
        JackknifeRegressor(regressor, resample=rows.kind).fit(
            rows.data, rows.target, y_std=rows.sigma
        )

    The record keeps read-only copies of the arrays; `dataclasses.replace` makes a changed one. Two
    records are equal only if they are the same object.

    Parameters
    ----------
    data : array-like of shape (n_bins, n_rows, n_channels n_r)
        X: R at the radii of the sum over r', channels side by side.
    target : array-like of shape (n_bins, n_rows, n_channels n_out)
        y, at the radii of the output, in the same way.
    r, weights : array-like of shape (n_r,)
        Radii r' and the measure w of the sum: the trapezoidal rule for 4πr²dr, or the number of
        lattice sites on each shell.
    labels : sequence of pair
        (source, t) of each row.
    stencil : int
        Points of the time stencil.
    kind : {"jackknife", "bootstrap", "mean"}
        What the bins are; see `halkit.correlators.Correlators`. `halkit.JackknifeRegressor` takes
        it as ``resample``, but for "mean", which has no errors.
    sigma : array-like of shape (n_rows, n_channels n_out), optional
        Errors of y: ``|R|`` times the error of y/R over the bins, in which the normalisation of
        each bin drops out (coupled channels: see `halkit.equations.coupled_rows`). None if there
        is one bin.
    r_out : array-like of shape (n_out,), optional
        Radii of the output; by default r.
    laplacian : array-like of shape (n_bins, n_rows, n_channels n_out), optional
        ∇²R on the lattice, for `halkit.equations.local_approximation`.
    energy_range : pair of float, optional
        Energies for which the stencil is designed (`halkit.equations.designed_stencil`); None: it
        has derivatives. Of coupled channels, a tuple with one entry for each.
    mass_bins : array-like of shape (n_bins, 2) or (n_bins, n_channels, 2), optional
        Masses of the two hadrons in each bin, if they differ. `halkit.JackknifeRegressor.fit` takes
        them, for observables of the bins.
    channels : sequence of halkit.Channel, optional
        The coupled channels, in the order of their columns. By default there is one channel.

    Attributes
    ----------
    sources : tuple of str
        Quark sources, each once, in the order of the rows.
    times : tuple of float
        Times, in the same way.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, or numbers are not finite.
    """

    data: NDArray[np.float64]
    target: NDArray[np.float64]
    r: NDArray[np.float64]
    weights: NDArray[np.float64]
    labels: Sequence[tuple[str, float]]
    stencil: int
    kind: str
    sigma: NDArray[np.float64] | None = None
    r_out: NDArray[np.float64] | None = None
    laplacian: NDArray[np.float64] | None = None
    energy_range: EnergyRange | tuple[EnergyRange | None, ...] | None = None
    mass_bins: NDArray[np.float64] | None = None
    channels: ChannelList | None = None

    _samples = "X must be an array, such as the first of rows.mean()"

    def __post_init__(self) -> None:
        check_choice(self.kind, "kind", KINDS[1:])
        self._set(labels=tuple((source, time) for source, time in self.labels))
        r = read_only(self.r, "r", sign="≥ 0")
        r_out = r if self.r_out is None else read_only(self.r_out, "r_out", sign="≥ 0")
        for name, nodes in (("r", r), ("r_out", r_out)):
            if nodes.ndim != 1:
                raise ValueError(f"{name} must have one axis, got the shape {nodes.shape}")
        if self.channels is not None:
            resolve_channels(self.channels)
            self._set(channels=tuple(self.channels))
        data, expected = read_only(self.data, "data"), (len(self.labels), self.n_channels * r.size)
        if data.ndim != 3 or not data.size or data.shape[1:] != expected:
            columns = "n_r" if self.channels is None else "n_channels n_r"
            raise ValueError(
                f"data must have shape (n_bins, n_rows, {columns}) = (n_bins, {expected[0]}, "
                f"{expected[1]}) for the labels and r, got {data.shape}"
            )
        weights = read_only(self.weights, "weights", shape=r.shape, sign="≥ 0")
        self._set(r=r, r_out=r_out, data=data, weights=weights)
        if self.mass_bins is not None:
            each = (2,) if self.channels is None else (self.n_channels, 2)
            masses = read_only(self.mass_bins, "mass_bins", shape=(len(data), *each), sign="> 0")
            self._set(mass_bins=masses)
        shape = (*data.shape[:2], self.n_channels * r_out.size)
        for name in ("target", "laplacian", "sigma"):
            if (values := getattr(self, name)) is not None:
                expected = shape[1:] if name == "sigma" else shape
                self._set(**{name: read_only(values, name, shape=expected)})

    @property
    def n_bins(self) -> int:
        return len(self.data)

    @property
    def n_channels(self) -> int:
        return 1 if self.channels is None else len(self.channels)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source for source, _ in self.labels))

    @property
    def times(self) -> tuple[float, ...]:
        return tuple(dict.fromkeys(time for _, time in self.labels))

    def mean(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return X (n_rows, n_channels n_r) and y (n_rows, n_channels n_out), means over the bins.

        Examples
        --------
        >>> import numpy as np
        >>> from halkit.equations import Rows
        >>> rows = Rows(
        ...     data=[[[1.0, 2.0]], [[3.0, 4.0]]], target=[[[5.0, 6.0]], [[7.0, 8.0]]],
        ...     r=[1.0, 2.0], weights=[1.0, 1.0], labels=[("wall", 7)], stencil=3,
        ...     kind="jackknife",
        ... )
        >>> [values.tolist() for values in rows.mean()]
        [[[2.0, 3.0]], [[6.0, 7.0]]]
        """
        return self.data.mean(axis=0), self.target.mean(axis=0)

    def select(
        self, *, sources: Iterable[str] | None = None, times: Iterable[float] | None = None
    ) -> Rows:
        """Return the rows of some quark sources and times, in the order that they have here.

        Parameters
        ----------
        sources, times : sequence, optional
            Each once; by default all.

        Returns
        -------
        Rows

        Raises
        ------
        ValueError, TypeError
            If a source or a time is unknown, or no row has both.
        """
        sources = check_choices(sources, self.sources, "sources")
        times = check_choices(times, self.times, "times")
        keep = [i for i, (s, t) in enumerate(self.labels) if s in sources and t in times]
        if not keep:
            raise ValueError(f"there must be rows of {sources} at t = {times}, got none")
        return replace(
            self,
            data=self.data[:, keep],
            target=self.target[:, keep],
            labels=[self.labels[i] for i in keep],
            sigma=None if self.sigma is None else self.sigma[keep],
            laplacian=None if self.laplacian is None else self.laplacian[:, keep],
        )

    def pooled_sigma(self) -> NDArray[np.float64]:
        """Return σ with relative errors averaged over the times of each source.

        Twenty bins know σ to 16 %, which costs fits of coupled channels up to a factor of two in
        accuracy. The relative errors of neighbouring times are alike, and their average scatters
        less: fit with ``y_std=rows.pooled_sigma()``. See `halkit.resampling.pooled_errors`.

        Returns
        -------
        ndarray of shape (n_rows, n_channels n_out)

        Raises
        ------
        ValueError
            If the rows have no σ, if X is zero somewhere at r_out, or r_out are not among r.

        Examples
        --------
        >>> import numpy as np
        >>> from halkit.datasets import make_coupled
        >>> from halkit.interactions import lambda_lambda_n_xi_model
        >>> rows = make_coupled(
        ...     lambda_lambda_n_xi_model(), r=np.arange(1, 31) * 0.2, box_radius=8.0,
        ...     times=[0.8, 0.9, 1.0], noise=1e-3, n_bins=20, random_state=0,
        ... ).rows
        >>> rows.pooled_sigma().shape == rows.sigma.shape
        True
        """
        if self.sigma is None:
            raise ValueError("sigma must be given to be pooled, got None: one bin has no errors")
        if self.r_out is None or not np.isin(self.r_out, self.r).all():
            raise ValueError("r_out must be among r, where X gives the size of relative errors")
        columns = np.argmax(self.r == self.r_out[:, np.newaxis], axis=1)
        X = self.data.mean(axis=0).reshape(len(self.labels), self.n_channels, -1)[..., columns]
        sources = [source for source, _ in self.labels]
        return pooled_errors(self.sigma, X.reshape(self.sigma.shape), groups=sources)

    def __repr__(self) -> str:
        bins = "the mean" if self.kind == "mean" else f"{self.n_bins} {self.kind} bins"
        r_out = self.r if self.r_out is None else self.r_out
        times = " ".join(f"{t:g}" for t in self.times)
        designed = (
            "designed " if any(entry is not None for entry in self.energy_range or ()) else ""
        )
        coupled = f" in {self.n_channels} coupled channels" if self.n_channels > 1 else ""
        return (
            f"{type(self).__name__} of {', '.join(self.sources)}{coupled}\n"
            f"  t = {times}, {designed}{self.stencil}-point stencil, {bins}\n"
            f"  X: {len(self.labels)} rows on {self.r.size} radii up to {self.r[-1]:.4g}, "
            f"y on {r_out.size} up to {r_out[-1]:.4g}"
        )


def ratio_errors(X, y, kind="jackknife"):
    """Return ``|R|`` times the error of y/R over bins, with R and y (n_bins, n_rows, n_out)."""
    if kind == "mean":
        return None
    if len(X) < 2:
        raise ValueError(f"errors need at least 2 {kind} bins, got {len(X)}")
    return np.abs(X.mean(axis=0)) * standard_error(y / X, kind)


def check_correlators(correlators):
    """Refuse what is not a `Correlators`, and single configurations.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(correlators, Correlators):
        raise TypeError(
            f"correlators must be a Correlators, got a {type(correlators).__name__}: "
            "halkit.correlators.load_correlators reads one, and "
            "halkit.correlators.Correlators(R=..., ...) makes one from arrays"
        )
    if correlators.kind == "configs":
        raise ValueError(
            "correlators must have bins of kind 'jackknife' or 'bootstrap', got 'configs': average "
            "single configurations with halkit.resampling.jackknife_samples, then form ratios"
        )


def check_choices(values, known, name):
    """Return some of the known values, each once, as a list; None stands for all of them.

    Raises
    ------
    TypeError
        If they are not a sequence.
    ValueError
        If one is unknown or comes twice, or the list is empty.
    """
    known = list(known)
    if values is None:
        return known
    if isinstance(values, str) or not np.iterable(values):
        raise TypeError(f"{name} must be a sequence of some of {known}, got {values!r}")
    values = list(values)
    for value in values:
        if value not in known:
            raise ValueError(f"{name} must be among {known}, got {value!r}")
    if not values or len(set(values)) < len(values):
        raise ValueError(f"{name} must be at least one of {known}, each once, got {values}")
    return [known[known.index(value)] for value in values]
