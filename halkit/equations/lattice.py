"""Correlators on the wedge of an L³ lattice become rows (X, y, σ) on shells of equal r².

Time differences and the 7-point Laplacian act on the lattice; only then are sites of equal r²
averaged, which is exact for every ``U(|r|, |r'|)``: y(r) = V(r) R(r) + Σ_r' n(r') U(r, r') R(r')
with n(r') the number of sites on a shell.
"""

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import as_numbers, check_array, check_number
from halkit.equations.time import STENCILS, time_part, time_stencil
from halkit.scaling import std

__all__ = ["lattice_rows", "ratio_errors", "validate_bins", "validate_kind", "validate_sources"]

NEEDED = ("correlators", "t", "hadron_mass", "wedge")


def lattice_rows(correlators, *, times, sources, r_max, r_prime_max=None, stencil="auto"):
    """Rows of the time-dependent equation from correlators on the wedge of an L³ lattice.

    Time differences and the 7-point Laplacian are taken on the wedge, then averaged over
    shells of equal r²: exact for every ``U(|r|, |r'|)``. Each row is divided by one constant, the
    mean of R over the output shells, so that times and sources are of one size.

    Parameters
    ----------
    correlators : Bunch
        As `halkit.correlators.load_correlators` returns it: ``correlators``, the arrays (n_t,
        n_bins, n_wedge) of each source; ``t`` (n_t,), consecutive; ``hadron_mass``; ``wedge``;
        ``kind`` of the bins, "jackknife" (the default) or "bootstrap".
    times : sequence of int
        Times of the rows, each once.
    sources : sequence of str
        Keys of ``correlators.correlators``, each once.
    r_max : float
        Largest radius of the output rows, in lattice units, at most L/2.
    r_prime_max : float, optional
        Largest radius of the sum over r'; by default three sites further, within L/2.
    stencil : {"auto", 3, 5, 7}
        Points of the time stencil, the same for all rows; "auto" is the widest that every one
        of `times` allows.

    Returns
    -------
    Bunch
        data (n_bins, n_rows, n_r) and target (n_bins, n_rows, n_out): X and y of each bin;
        sigma (n_rows, n_out): ``|R|`` times the error of y/R over bins, in which the common
        normalisation drops out; r, weights (n_r,): shells and their numbers of sites; r_out
        (n_out,); laplacian (n_bins, n_rows, n_out): ∇²R at r_out; labels: the pairs (source, t)
        of the rows; points: of the stencil; kind: of the bins, which is the parameter ``resample``
        of `halkit.JackknifeRegressor`.

    Raises
    ------
    ValueError
        For sources, times and radii that the correlators do not have, for rows that would count
        twice, for a single bin, and for bins that are no samples yet.
    TypeError
        For correlators that are not of a lattice, and for one source or time in the place of a
        sequence.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012); T. Iritani et al. (HAL QCD),
    JHEP 03 (2019) 007, section 2.
    """
    _validate_correlators(correlators)
    sources = validate_sources(sources, correlators.correlators)
    times = _validate_times(times)
    kind = validate_kind(correlators.get("kind", "jackknife"))
    wedge = correlators.wedge
    R = validate_bins(correlators, sources, len(wedge.xyz))
    keep_out, keep = _radii(wedge, r_max, r_prime_max)
    points = _common_stencil(correlators.t, times, stencil)
    labels = [(source, t) for source in sources for t in times]
    rows = [_row(correlators, R[source], t, points, keep_out, keep) for source, t in labels]
    data, target, laplacian = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    return Bunch(
        data=data,
        target=target,
        sigma=ratio_errors(data[..., keep_out], target, kind),
        r=wedge.shell_r[keep],
        weights=wedge.shell_weights[keep].astype(float),
        r_out=wedge.shell_r[keep_out],
        laplacian=laplacian,
        labels=labels,
        points=points,
        kind=kind,
    )


def _row(correlators, R, t, points, keep_out, keep):
    """Return X (n_bins, n_r), and y and ∇²R (n_bins, n_out), of R(t, r) at one time."""
    wedge, half = correlators.wedge, points // 2
    at = int(np.flatnonzero(as_numbers(correlators.t, "t") == t)[0])
    R = R[at - half : at + half + 1]
    mu, part = time_part(R, correlators.hadron_mass, points, 1.0)
    X = wedge.to_shells(R[half])
    D = wedge.to_shells(wedge.laplacian(R[half]))
    y = wedge.to_shells(part[0]) + D / (2 * mu)
    size = np.average(np.abs(X.mean(axis=0)[keep_out]), weights=wedge.shell_weights[keep_out])
    return X[:, keep] / size, y[:, keep_out] / size, D[:, keep_out] / size


def ratio_errors(X, y, kind="jackknife"):
    """Return ``|R|`` times the error of y/R over bins, with R and y (n_bins, n_rows, n_out)."""
    n_bins = len(X)
    if n_bins < 2:
        raise ValueError(f"errors need at least 2 {kind} bins, got {n_bins}")
    factor = n_bins - 1 if kind == "jackknife" else n_bins / (n_bins - 1)
    return np.abs(X.mean(axis=0)) * np.sqrt(factor) * std(y / X, axis=0)


def validate_bins(correlators, sources, n_points):
    """Return R(t, r) of each source, (n_t, n_bins, n_points), if times, bins and points fit."""
    n_t, found = len(correlators.t), {}
    for source in sources:
        R = check_array(correlators.correlators[source], source, finite=False, copy=False)
        n_bins = next(iter(found.values())).shape[1] if found else None
        if R.ndim != 3 or R.shape != (n_t, n_bins or R.shape[1], n_points):
            raise ValueError(
                f"{source} must have shape (n_t, n_bins, n_points) = ({n_t}, "
                f"{n_bins or 'n_bins'}, {n_points}), times first and bins second; got {R.shape}"
            )
        found[source] = R
    return found


def validate_kind(kind):
    """Return the kind of bins, if they are samples."""
    if kind not in ("jackknife", "bootstrap"):
        raise ValueError(
            f"correlators need bins of kind 'jackknife' or 'bootstrap', got {kind!r}: average "
            "single configurations with halkit.resampling.jackknife_samples, then form ratios"
        )
    return kind


def _validate_correlators(correlators):
    missing = [name for name in NEEDED if not hasattr(correlators, name)]
    if missing:
        nodes = ", the rows of radial nodes come from halkit.equations.radial_rows"
        raise TypeError(
            f"correlators must have {', '.join(NEEDED)}, as halkit.correlators.load_correlators "
            f"returns them for a lattice; got a {type(correlators).__name__} without "
            f"{', '.join(missing)}{nodes if missing == ['wedge'] else ''}"
        )


def validate_sources(sources, known):
    """Return names of sources as a list, if they are known and come once each."""
    known = list(known)
    if isinstance(sources, str) or not np.iterable(sources):
        raise TypeError(f"sources must be a sequence of names among {known}, got {sources!r}")
    sources = list(sources)
    for source in sources:
        if source not in known:
            raise ValueError(f"sources must be among {known}, got {source!r}")
    if not sources:
        raise ValueError(f"sources must name at least one of {known}, got none")
    return _each_once(sources, "sources")


def _validate_times(times):
    if isinstance(times, str) or not np.iterable(times):
        raise TypeError(f"times must be a sequence of integers, got {times!r}")
    return _each_once(as_numbers(times, "times").tolist(), "times")


def _each_once(values, name):
    if len(set(values)) < len(values):
        raise ValueError(f"{name} must hold each entry once, got {values}")
    return values


def _radii(wedge, r_max, r_prime_max):
    """Return the slices of the shells up to r_max and up to r_prime_max."""
    half, r_max = wedge.L / 2, check_number(r_max, "r_max")
    if r_prime_max is None:
        r_prime_max = min(r_max + 3, half)
    r_prime_max = check_number(r_prime_max, "r_prime_max")
    if not 0 < r_max <= r_prime_max <= half:
        raise ValueError(
            f"radii must obey 0 < r_max <= r_prime_max <= L/2 = {half}, got r_max = {r_max:g} "
            f"and r_prime_max = {r_prime_max:g}"
        )
    r = wedge.shell_r
    return (slice(0, int(np.searchsorted(r, limit, "right"))) for limit in (r_max, r_prime_max))


def _common_stencil(t, times, stencil):
    """Return the points of the widest stencil that every requested time allows."""
    t = as_numbers(t, "t")
    if np.any(np.diff(t) != 1):
        raise ValueError(f"the time slices must be consecutive, got t = {t}")
    margins = [min(time - t[0], t[-1] - time) for time in times]
    if not margins or min(margins) < 1 or not np.all(np.isin(times, t)):
        raise ValueError(
            f"times must be slices with neighbours, {t[0] + 1} … {t[-1] - 1}, got {list(times)}"
        )
    if stencil == "auto":
        return max(points for points in STENCILS if points // 2 <= min(margins))
    if time_stencil(len(t), stencil) // 2 > min(margins):
        raise ValueError(
            f"a stencil of {stencil} points does not fit around every one of {list(times)} in "
            f"t = {t[0]} … {t[-1]}"
        )
    return stencil
