r"""R(t, r) of two hadrons from their correlators, bin by bin, with the masses of the bins.

    R(t, r) = C_NM(t, r) / [C_N(t) C_M(t)].

The ratio is formed of averages, never of single configurations. In a bin, R decays with the masses
of that bin: their errors cancel only if the equation takes them from the same bin.

Reference: N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from halkit.checks import (
    check_array,
    check_choice,
    check_masses,
    check_nodes,
)
from halkit.correlators.masses import MassFit
from halkit.correlators.record import Correlators
from halkit.exceptions import MisfitWarning
from halkit.radial import Wedge
from halkit.samples import standard_error
from halkit.scaling import exponent, in_unit
from halkit.typing import Numbers
from halkit.warn import warn_caller

__all__ = ["two_hadron_ratio"]

# A decay rate further from the mass than this factor is one of other units.
FACTOR = 3.0
# Part of a mass, and number of errors, by which the decay rate of the last times may differ.
NEAR, SIGNIFICANT = 0.2, 5.0
RESAMPLE = (
    'kind must be "jackknife" or "bootstrap", got "configs": R of a single configuration is no '
    "measurement; average first, with halkit.resampling.jackknife_samples or bootstrap_samples, "
    "each correlator with the same bin_size"
)


def two_hadron_ratio(
    C_NM: Numbers | Mapping[str, Numbers],
    C_N: Numbers | Mapping[str, Numbers],
    C_M: Numbers | Mapping[str, Numbers] | None = None,
    *,
    t: Numbers,
    kind: Literal["jackknife", "bootstrap"],
    masses: Any,
    r: Numbers | None = None,
    wedge: Wedge | None = None,
    units: str = "lattice",
    bin_size: int | None = None,
    n_configs: int | None = None,
    inverse_spacing: float | None = None,
    pion_mass: float | None = None,
    citation: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Correlators:
    """Form R(t, r) = C_NM(t, r)/[C_N(t) C_M(t)] in each bin.

    Parameters
    ----------
    C_NM : array-like of shape (n_bins, n_t, n_points), or mapping of str to such
        Four-point function of the two hadrons, of one quark source or of each by its name.
    C_N : array-like of shape (n_bins, n_t), or mapping of str to such
        Two-point function of the first hadron, at the same times and with the same bins. A mapping
        names the sources of `C_NM`; one array is for all of them.
    C_M : as C_N, optional
        Of the second hadron; by default the hadrons are the same.
    t : array-like of shape (n_t,)
        Times of all correlators.
    kind : {"jackknife", "bootstrap"}
        What the bins are.
    masses : MassFit, array-like of shape (n_bins,), float; or a tuple of two of them
        Mass of the first hadron, and of the second where `C_M` is given. What
        `halkit.correlators.fit_mass` returns, or the masses of the bins, makes the `mass_bins` of
        the record; a number has no error.
    r : array-like of shape (n_points,), optional
        Radial nodes of `C_NM`.
    wedge : Wedge, optional
        The points of `C_NM` on an L³ lattice, in the place of r; `halkit.radial.Wedge.project`
        takes a field on all sites to them.
    units, bin_size, inverse_spacing, pion_mass, citation, attributes
        See `Correlators`.
    n_configs : int, optional
        See `Correlators`. By default, for bootstrap samples, as `masses` of
        `halkit.correlators.fit_mass` know it.

    Returns
    -------
    Correlators

    Raises
    ------
    ValueError
        If bins, times, points or sources do not fit, bins are single configurations, a two-point
        function vanishes or changes its sign, a mass is more than a factor of three away from the
        decay rate of its two-point function, or as `Correlators`.
    TypeError
        If an array is not of real numbers, or there is not one mass for each hadron.

    Warns
    -----
    MisfitWarning
        If the decay rate of a two-point function over the last third of the times differs from the
        mass by 20 % and by five errors: the masses may be exchanged, or of another ensemble.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.correlators import fit_mass, two_hadron_ratio
    >>> from halkit.resampling import jackknife_samples
    >>> t, r, random = np.arange(12), np.linspace(0.5, 8.0, 16), np.random.default_rng(0)
    >>> noise = 1 + 0.01 * random.standard_normal((40, 12))
    >>> C_N = jackknife_samples(np.exp(-0.5 * t) * noise, bin_size=2)
    >>> wave = np.exp(-1.01 * t)[:, np.newaxis] * (1 - np.exp(-r))
    >>> C_NN = jackknife_samples(wave * noise[..., np.newaxis] ** 2, bin_size=2)
    >>> mass = fit_mass(C_N, window=(2, 11), kind="jackknife")
    >>> two_hadron_ratio(
    ...     C_NN, C_N, t=t, r=r, kind="jackknife", masses=mass, bin_size=2, inverse_spacing=2194.0
    ... )
    Correlators of R
      t = 0 … 11 (12 slices), 20 jackknife bins of 2 configurations
      16 radial nodes, r = 0.5 … 8
      hadron_mass = 0.500062 ± 0.0002 by bins, lattice units, 1/a = 2194 MeV, a = 0.08994 fm
    """
    if kind == "configs":
        raise ValueError(RESAMPLE)
    check_choice(kind, "kind", ("jackknife", "bootstrap"))
    t, r = check_array(t, "t"), None if r is None else check_nodes(r)
    if t.ndim != 1:
        raise ValueError(f"t must have one axis, got shape {t.shape}")
    n_points = _n_points(r, wedge)
    waves = _by_source(C_NM, "C_NM", None, (t.size, n_points))
    n_bins = next(iter(waves.values())).shape[0]
    first = _by_source(C_N, "C_N", waves, (t.size,))
    second = first if C_M is None else _by_source(C_M, "C_M", waves, (t.size,))
    R = {
        source: np.moveaxis(_ratio(wave, first[source], second[source]), 1, 0)
        for source, wave in waves.items()
    }
    hadron_mass, mass_bins = _masses(masses, 1 if C_M is None else 2, n_bins)
    hadrons = (first,) if C_M is None else (first, second)
    for C, mass, name in zip(hadrons, np.ravel(hadron_mass), ("C_N", "C_M"), strict=False):
        _check_decay(next(iter(C.values())), t, mass, name)
        _warn_of_rate(next(iter(C.values())), t, mass, name, kind)
    if n_configs is None and kind == "bootstrap":
        n_configs = _n_configs(masses, bin_size)
    return Correlators(
        R=R, t=t, r=r, wedge=wedge, kind=kind, units=units, hadron_mass=hadron_mass,
        mass_bins=mass_bins, bin_size=bin_size, n_configs=n_configs,
        inverse_spacing=inverse_spacing, pion_mass=pion_mass, citation=citation,
        attributes=attributes or {},
    )  # fmt: skip


def _ratio(wave, first, second):
    """C_NM/[C_N C_M] of correlators of any size, which are first scaled by powers of two."""
    wave_unit = exponent(wave, axis=(0, 2), keepdims=True)
    units = [exponent(C, axis=0, keepdims=True)[..., np.newaxis] for C in (first, second)]
    hadrons = [
        np.ldexp(C[..., np.newaxis], -unit) for C, unit in zip((first, second), units, strict=True)
    ]
    ratio = np.ldexp(wave, -wave_unit) / (hadrons[0] * hadrons[1])
    return in_unit(ratio, wave_unit - units[0] - units[1], "R")


def _n_points(r, wedge):
    if (r is None) == (wedge is None):
        given = "neither" if r is None else "both"
        raise ValueError(f"C_NM must be given on either r or a wedge, got {given}")
    if wedge is None:
        return np.size(r)
    if not isinstance(wedge, Wedge):
        raise TypeError(f"wedge must be a halkit.radial.Wedge, got {wedge!r}")
    return wedge.size


def _by_source(C, name, waves, rest):
    """Return arrays (n_bins, *rest) by source, with the sources and bins of `waves`."""
    if not isinstance(C, Mapping):
        array = _with_bins(C, name, waves, rest)
        return dict.fromkeys(["R"] if waves is None else waves, array)
    if not C or (waves is not None and set(C) != set(waves)):
        known = "named sources" if waves is None else f"the sources {list(waves)} of C_NM"
        raise ValueError(f"{name} must hold {known}, got {list(C)}")
    arrays = {}
    for source, values in C.items():
        before = arrays or None if waves is None else waves
        arrays[source] = _with_bins(values, f"{name}[{source!r}]", before, rest)
    return arrays


def _with_bins(values, name, others, rest):
    values = check_array(values, name)
    n_bins = len(next(iter(others.values()))) if others else "n_bins"
    axes = ("n_bins", "n_t", "n_points")[: 1 + len(rest)]
    fits = values.ndim == len(axes) and values.shape[1:] == rest
    if not fits or values.shape[0] < 2 or n_bins not in ("n_bins", values.shape[0]):
        raise ValueError(
            f"{name} must have shape ({', '.join(axes)}) = ({', '.join(map(str, (n_bins, *rest)))})"
            f", bins first and two at least, then times; got {values.shape}"
        )
    if len(rest) == 1:
        _refuse_zeros(values, name)
    return values


def _refuse_zeros(C, name):
    """A two-point function has one sign, and falls with time more than bins scatter."""
    if not np.all(np.sign(C) == np.sign(C[0, 0])) or C[0, 0] == 0:
        raise ValueError(
            f"{name} must be of one sign at all times in all bins: leave out times at which noise "
            "hides it"
        )
    size = np.log(np.abs(C))
    if C.shape[0] == C.shape[1] and np.ptp(size, axis=0).min() > np.ptp(size, axis=1).max():
        raise ValueError(
            f"{name} must have bins first and times second, got values that decay along the bins"
        )


def _check_decay(C, t, mass, name):
    """Refuse a mass of another unit than the times."""
    rate = np.median(-np.diff(np.log(np.abs(C.mean(axis=0)))) / np.diff(t))
    if not mass / FACTOR < rate < mass * FACTOR:
        raise ValueError(
            f"masses must be near the decay rate of {name}, {rate:.3g} in the inverse unit of t, "
            f"got {mass:.3g}: convert them (halkit.units), or leave out times at which the hadron "
            "comes back around the lattice"
        )


def _warn_of_rate(C, t, mass, name, kind):
    """Excited states make the rate larger, a hadron that comes back makes it smaller."""
    first = -1 - max(len(t) // 3, 1)

    def rate(values):
        return np.log(values[..., first] / values[..., -1]) / (t[-1] - t[first])

    found, error = float(rate(C.mean(axis=0))), float(standard_error(rate(C), kind))
    if abs(found - mass) > max(NEAR * mass, SIGNIFICANT * error):
        why = "excited states are left" if found > mass else "the hadron comes back"
        warn_caller(
            f"masses must be those of the hadrons of {name}, which decays at {found:.4g} ± "
            f"{error:.1g} over t = {t[first]:g} … {t[-1]:g}, got {mass:.4g}: take them from "
            f"fit_mass({name}), or other times if {why}",
            MisfitWarning,
        )


def _n_configs(masses, bin_size):
    """The configurations of bootstrap samples, if the fits of the masses agree in it."""
    drawn = {fit.n_configs for fit in _each(masses) if isinstance(fit, MassFit)} - {None}
    return round(drawn.pop() * (bin_size or 1)) if len(drawn) == 1 else None


def _each(masses):
    return masses if isinstance(masses, tuple) and not isinstance(masses, MassFit) else (masses,)


def _masses(masses, n_hadrons, n_bins):
    """Return the central masses and the masses of the bins, None without bins."""
    given = _each(masses)
    if len(given) != n_hadrons:
        raise TypeError(
            f"masses must be {'one' if n_hadrons == 1 else 'a tuple of two'}, for the hadrons of "
            f"{'C_N' if n_hadrons == 1 else 'C_N and C_M'}, got {len(given)}"
        )
    centres, bins = zip(*(_one_mass(mass, n_bins) for mass in given), strict=True)
    own = None
    if any(values.ndim for values in bins):
        own = np.stack([np.broadcast_to(values, n_bins) for values in bins], axis=-1)
        own = own[:, 0] if n_hadrons == 1 else own
    return centres[0] if n_hadrons == 1 else centres, own


def _one_mass(mass, n_bins):
    """Return the central value and the mass of each bin, an array without axes if it has none."""
    if isinstance(mass, MassFit):
        centre, bins = mass.mass, check_array(mass.bins, "masses")
    else:
        bins = check_array(mass, "masses", sign="> 0")
        centre = bins.mean()
    if bins.shape not in ((), (n_bins,)):
        raise ValueError(
            f"masses must be a number or have shape (n_bins,) = ({n_bins},) for each hadron, got "
            f"{bins.shape}"
        )
    return check_masses(centre, "masses")[0], bins
