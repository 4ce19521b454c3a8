r"""The direct method: energies of two hadrons from the decay of R(t, r), beside its potential.

With a function ψ(r) at the sink, the sum over all sites of the lattice

    R_ψ(t) = Σ_r ψ(r) R(t, r),    ΔE_eff(t + a/2) = (1/a) ln R_ψ(t)/R_ψ(t + a),

counts ΔE from the threshold m1 + m2. Without ψ both hadrons have zero momentum at the sink.
R = Σ_n A_n φ_n(r) e^{−ΔE_n t} then has elastic states about (2π/L)²/2μ apart, and ΔE_eff forms
plateaux that depend on the source long before the lowest state dominates. With an eigenfunction φ_n
of the box with the potential at the sink one state is left, for every source.

References: T. Iritani et al. (HAL QCD), JHEP 10 (2016) 101 [arXiv:1607.06371] (fake plateaux);
JHEP 03 (2019) 007 [arXiv:1812.08539] (projection on eigenfunctions).
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from halkit.checks import check_array, check_choice, check_number
from halkit.correlators.effective import effective_mass
from halkit.correlators.masses import ends_of, fit_mass
from halkit.correlators.record import Correlators
from halkit.exceptions import MisfitWarning
from halkit.samples import standard_error
from halkit.scaling import exponent, in_unit
from halkit.typing import Array, Numbers
from halkit.warn import warn_caller

__all__ = ["EffectiveEnergy", "EnergyFit", "effective_energy"]

# Overlap of two sinks on nodes that cover the box, and the error of its volume.
OVERLAP, VOLUME = 0.02, 0.02


class EnergyFit(NamedTuple):
    """Energies ΔE of plateaux; see `EffectiveEnergy.fit`.

    Attributes
    ----------
    energy, std : ndarray of shape (n_sources,) or (n_sources, n_states)
        ΔE of the mean, in the unit of 1/t, and its error from the bins.
    bins : ndarray of shape (n_bins, n_sources) or (n_bins, n_sources, n_states)
        ΔE of each bin.
    chi2, p_value : ndarray of the shape of `energy`
        Of one exponential; see `halkit.correlators.MassFit`. A fake plateau has a good p-value.
    dof : int
        Degrees of freedom.
    """

    energy: Array
    std: Array
    bins: Array
    chi2: Array
    p_value: Array
    dof: int


class EffectiveEnergy(NamedTuple):
    """Effective energies of two hadrons, of each source; see `effective_energy`.

    Attributes
    ----------
    sources : tuple of str
        The first axis of `energy`.
    t : ndarray of shape (n_t − 1,)
        Middle of the two times of each ΔE_eff.
    energy, std : ndarray of shape (n_sources, n_t − 1) or (n_sources, n_states, n_t − 1)
        ΔE_eff of the mean over the bins, in the unit of 1/t, and its error. NaN where R_ψ changes
        its sign, in the mean or in a bin.
    bins : ndarray of shape (n_bins, n_sources, …, n_t − 1)
        ΔE_eff of each bin.
    times : ndarray of shape (n_t,)
    correlators : ndarray of shape (n_bins, n_sources, …, n_t)
        R_ψ(t).
    kind : str
        What the bins are.
    n_drawn : int or None
        Bins that each bootstrap sample is drawn from; see `halkit.correlators.Correlators`.
    """

    sources: tuple[str, ...]
    t: Array
    energy: Array
    std: Array
    bins: Array
    times: Array
    correlators: Array
    kind: str
    n_drawn: int | None = None

    def fit(
        self, window: tuple[float, float], *, correlated: bool = True, n_configs: int | None = None
    ) -> EnergyFit:
        """Fit R_ψ(t) = A e^{−ΔE t} on a window of times, for each source and state.

        Parameters
        ----------
        window : pair of float
            First and last time, both included.
        correlated : bool
            As in `halkit.correlators.fit_mass`.
        n_configs : int, optional
            As in `halkit.correlators.fit_mass`, for bootstrap bins. By default `n_drawn`.

        Raises
        ------
        ValueError, TypeError
            If the window is not of times of the record, or as `halkit.correlators.fit_mass`.

        Warns
        -----
        MisfitWarning, AccuracyWarning
            As `halkit.correlators.fit_mass`.
        """
        first, last = _window(window, self.times)
        n_configs = self.n_drawn if n_configs is None else n_configs
        places = list(np.ndindex(self.energy.shape[:-1]))
        fits = [self._fitted(place, first, last, correlated, n_configs) for place in places]
        shape = self.energy.shape[:-1]
        of_mean = np.reshape([(f.mass, f.std, f.chi2, f.p_value) for f in fits], (*shape, 4))
        energy, std, chi2, p_value = np.moveaxis(of_mean, -1, 0)
        bins = np.reshape(np.transpose([f.bins for f in fits]), (-1, *shape))
        return EnergyFit(energy, std, bins, chi2, p_value, fits[0].dof)

    def _fitted(self, place, first, last, correlated, n_configs):
        """The fit of one correlator. fit_mass has decaying states only: ΔE is moved to 1/dt."""
        dt = self.times[1] - self.times[0]
        near = self.energy[place][first:last]
        known = near[np.isfinite(near)]
        shift = 1 / dt - (np.median(known) if known.size else 0.0)
        C = self.correlators[:, *place] * np.exp(-shift * (self.times - self.times[0]))
        kind = check_choice(self.kind, "kind", ("jackknife", "bootstrap"))
        name = repr(self.sources[place[0]]) + "".join(f", state {n}" for n in place[1:])
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fit = fit_mass(
                    C, window=(first, last), kind=kind, correlated=correlated, dt=dt,
                    n_configs=n_configs,
                )  # fmt: skip
        except ValueError as error:
            raise ValueError(f"R(t) of {name} has no fit: {error}") from error
        for warning in caught:
            text = str(warning.message)
            if warning.category is MisfitWarning:
                text = f"χ²/dof = {fit.chi2:.3g}/{fit.dof}: not one state, take another window"
            warn_caller(f"R(t) of {name}: {text}", warning.category)
        return fit._replace(mass=fit.mass - shift, bins=fit.bins - shift)


def effective_energy(
    correlators: Correlators, sink: Numbers | None = None, *, weights: Numbers | None = None
) -> EffectiveEnergy:
    """Return ΔE_eff(t) of two hadrons above threshold, of each quark source.

    Parameters
    ----------
    correlators : Correlators
        R(t, r) on the wedge of a lattice, whose points are counted with their multiplicities, or
        on radial nodes with `weights`.
    sink : array-like of shape (n_points,), (n_states, n_points) or (n_bins, n_states, n_points)
        ψ(r) at the points of the record: `wave_function` of `halkit.scattering.lattice_spectrum`,
        or any other function, of any norm. With bins, each has its own. By default ψ = 1, hadrons
        at rest. With a V2, whose states are not orthogonal, ψ_n = φ_n/(1 − 2m V2).
    weights : array-like of shape (n_points,)
        For radial nodes only: the measure of the sum over r, such as
        `halkit.radial.radial_weights`. The nodes have to cover the whole box.

    Returns
    -------
    EffectiveEnergy

    Raises
    ------
    ValueError
        If shapes do not fit, bins are single configurations, or `weights` are given for a wedge or
        missing on nodes; if nodes do not cover the box: the sum of the weights is not L³, or two
        states overlap; if a sink is missing in "T1" or "E", where the sum over r vanishes.
    TypeError
        If `correlators` is not a `Correlators`.

    References
    ----------
    T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007.

    Examples
    --------
    Two states in R: the sum over sites is 10 to 20 % off, the eigenfunctions find both energies.

    >>> import numpy as np
    >>> from halkit.correlators import Correlators, effective_energy
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.radial import Wedge
    >>> from halkit.scattering import lattice_spectrum
    >>> states = lattice_spectrum(GaussianSum([-0.2], [0.1]), L=12, masses=(0.6, 0.9), n_states=2)
    >>> t, phi = np.arange(4), states.wave_function
    >>> R = np.exp(-np.outer(t, states.energy)) @ ([[1.0], [0.2]] * phi)
    >>> record = Correlators(
    ...     R={"wall": R[:, np.newaxis]}, t=t, wedge=Wedge(12), hadron_mass=(0.6, 0.9),
    ...     kind="mean", units="lattice",
    ... )
    >>> states.energy.round(5)
    array([-0.02261,  0.2941 ])
    >>> effective_energy(record).energy.round(3)
    array([[-0.027, -0.026, -0.025]])
    >>> effective_energy(record, phi).energy.round(5)
    array([[[-0.02261, -0.02261, -0.02261],
            [ 0.2941 ,  0.2941 ,  0.2941 ]]])
    """
    if not isinstance(correlators, Correlators):
        raise TypeError(
            f"correlators must be a Correlators, got a {type(correlators).__name__}: "
            "halkit.correlators.two_hadron_ratio makes one"
        )
    if correlators.kind == "configs":
        raise ValueError(
            "correlators must have bins of kind 'jackknife' or 'bootstrap', got 'configs': average "
            "them with halkit.resampling.jackknife_samples"
        )
    measure = _measure(correlators, weights)
    psi = _sink(correlators, sink, measure)
    unit = exponent(psi, axis=-1)
    psi = np.ldexp(psi, -unit[..., np.newaxis])
    R = np.stack([correlators.R[source] for source in correlators.sources])
    states = "" if psi.ndim == 1 else "n"
    bins = "b" if psi.ndim == 3 else ""
    given = f"stbr,{bins}{states}r->bs{states}t"
    projected = np.einsum(given, R, psi * measure, optimize=True)
    unit = unit[..., np.newaxis] if psi.ndim < 3 else unit[:, np.newaxis, :, np.newaxis]
    projected = in_unit(projected, unit, "the sum of ψ R over r")
    t = np.asarray(correlators.t, dtype=np.float64)
    energies = effective_mass(projected, dt=t[1] - t[0])
    return EffectiveEnergy(
        correlators.sources,
        (t[1:] + t[:-1]) / 2,
        effective_mass(projected.mean(axis=0), dt=t[1] - t[0]),
        _error(energies, correlators.kind),
        energies,
        t,
        projected,
        correlators.kind,
        correlators.n_drawn,
    )


def _error(energies: Array, kind: str) -> Any:
    if kind == "mean":
        return np.full(energies.shape[1:], np.nan)
    return standard_error(energies, kind)  # type: ignore[arg-type]


def _measure(correlators, weights):
    """Weights of the sum over the points of the record."""
    if correlators.wedge is not None:
        if weights is not None:
            raise ValueError("weights must be None on a wedge, which knows its own, got them")
        return correlators.wedge.multiplicities.astype(np.float64)
    if weights is None:
        raise ValueError(
            "weights must be given for radial nodes, got None: the sum over r needs the whole box, "
            "and nodes that end at some r_max do not have it"
        )
    measure = check_array(weights, "weights", sign="≥ 0", shape=(correlators.n_points,))
    L = correlators.L
    if L is not None and abs(measure.sum() / L**3 - 1) > VOLUME:
        raise ValueError(
            f"weights must have the sum L³ = {L**3}, got {measure.sum():.6g}: the nodes do not "
            "cover the box"
        )
    return measure


def _sink(correlators, sink, measure):
    n_points, wedge = correlators.n_points, correlators.wedge
    if sink is None:
        if wedge is not None and wedge.irrep != "A1":
            raise ValueError(
                f"sink must be given in {wedge.irrep!r}, got None: the sum of R over all sites "
                "vanishes there"
            )
        return np.ones(n_points)
    psi = check_array(sink, "sink", n_points)
    if psi.ndim not in (1, 2, 3) or (psi.ndim == 3 and len(psi) != correlators.n_bins):
        raise ValueError(
            f"sink must have shape ({n_points},), (n_states, {n_points}) or "
            f"({correlators.n_bins}, n_states, {n_points}), got {psi.shape}"
        )
    if not np.all(np.any(psi != 0, axis=-1)):
        raise ValueError("sink must have a value other than 0 in each state, got zeros alone")
    if wedge is None and psi.ndim > 1:
        unit = np.ldexp(psi, -exponent(psi, axis=-1, keepdims=True))
        overlap = np.einsum("...mr,...nr->...mn", unit * measure, unit)
        size = np.sqrt(np.diagonal(overlap, axis1=-2, axis2=-1))
        cosine = np.abs(overlap) / (size[..., None, :] * size[..., :, None])
        worst = np.max(cosine - np.eye(psi.shape[-2]))
        if not worst < OVERLAP:
            raise ValueError(
                f"sink must be orthogonal states of the box, got an overlap of {worst:.2g}: the "
                "nodes or their weights do not cover it"
            )
    return psi


def _window(window, times):
    """Indices of the first and the last time of a window."""
    edges = [check_number(edge, "window") for edge in ends_of(window, "times")]
    found = [np.flatnonzero(np.isclose(times, edge, rtol=1e-9, atol=0.0)) for edge in edges]
    if not (found[0].size and found[1].size and edges[0] < edges[1]):
        raise ValueError(
            f"window must be two times of {times[0]:g} … {times[-1]:g}, first before last, "
            f"got {window}"
        )
    return int(found[0][0]), int(found[1][0])
