r"""Observables of many matrices of interactions, with their errors.

Phases are known modulo π: a member's phases are moved next to the centre's. Since
S_12 = i e^{i(δ₁ + δ₂)} sin 2ε, ε changes sign where δ₁ + δ₂ moves by an odd multiple of π.
Eigenphases may change places, with π/2 more in their mixing angle.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning

from halkit.checks import check_boolean
from halkit.scattering.branches import matched_states, nearest_branch
from halkit.scattering.coupled.bound import CoupledBoundStates, coupled_bound_states
from halkit.scattering.coupled.phase import (
    CoupledPhaseShifts,
    coupled_phase_shifts,
    coupled_s_matrix,
)
from halkit.scattering.coupled.poles import Resonances, resonances
from halkit.scattering.members import Members, compare_counts, listed, on_branch, warn_of_wide
from halkit.typing import Numbers
from halkit.warn import warn_caller

__all__ = [
    "aligned",
    "coupled_matrix",
    "coupled_phases",
    "coupled_states",
    "nearest_poles",
    "poles_of_members",
]


def coupled_matrix(
    ensemble: Members, energy: Numbers, mesh: dict[str, Any], return_std: bool
) -> Any:
    """Return S of the centre, and the errors of its real and imaginary parts if wanted."""
    observable = _observable(ensemble, coupled_s_matrix, mesh, energy=energy)
    S = observable(ensemble.centre)
    if not check_boolean(return_std, "return_std"):
        return S
    return S, ensemble.error(ensemble.samples(observable), S)


def coupled_phases(
    ensemble: Members, energy: Numbers, mesh: dict[str, Any], return_std: bool
) -> Any:
    """Return the `CoupledPhaseShifts` of the centre, and their errors if wanted."""
    observable = _observable(ensemble, coupled_phase_shifts, mesh, energy=energy)
    centre = observable(ensemble.centre)
    if not check_boolean(return_std, "return_std"):
        return centre
    found = ensemble._map(observable, ensemble.members)
    samples = CoupledPhaseShifts(*(np.array(part) for part in zip(*found, strict=True)))
    on_branch(ensemble, samples.phase_shift, centre.phase_shift)  # warns
    std = CoupledPhaseShifts(*map(ensemble.error, aligned(samples, centre), centre))
    warn_of_wide("E", np.asarray(energy)[..., None], std.phase_shift)
    return centre, std


def aligned(samples: CoupledPhaseShifts, centre: CoupledPhaseShifts) -> CoupledPhaseShifts:
    """Return phases that are moved next to the phases of a centre.

    Parameters
    ----------
    samples, centre : CoupledPhaseShifts
        Of many fits, (..., n_E, n), and of one, which broadcasts against them.
    """
    phase = nearest_branch(samples.phase_shift, centre.phase_shift)
    turns = np.round((phase - samples.phase_shift) / np.pi)
    mixing = samples.mixing * np.where(np.nansum(turns, axis=-1) % 2, -1, 1)
    eigenphase, eigen_mixing = _eigenphases(samples, centre)
    return samples._replace(
        phase_shift=phase, mixing=mixing, eigenphase=eigenphase, eigen_mixing=eigen_mixing
    )


def coupled_states(ensemble: Members, mesh: dict[str, Any], return_std: bool) -> Any:
    """Return the `CoupledBoundStates` of the centre, and their errors if wanted.

    The errors have no ``wave_function``. NaN for a state that is missing in a member.
    """
    observable = _observable(ensemble, coupled_bound_states, mesh)
    states = observable(ensemble.centre)
    if not check_boolean(return_std, "return_std"):
        return states
    found = ensemble._map(observable, ensemble.members)
    compare_counts(ensemble, states, found)
    index = [matched_states(member.kappa[:, 0], states.kappa[:, 0]) for member in found]

    def error(name):
        values = [
            np.concatenate([part, np.full((1, *part.shape[1:]), np.nan)])[chosen]
            for part, chosen in zip((getattr(m, name) for m in found), index, strict=True)
        ]
        return ensemble.error(np.array(values), getattr(states, name))

    names = "energy", "kappa", "probability", "rms_radius"
    energy, kappa, probability, radius = map(error, names)
    std = CoupledBoundStates(energy, kappa, probability, radius, ())
    if np.any(std.energy[-1:] > -states.energy[-1:]):
        warn_caller(
            f"the shallowest state has E = {states.energy[-1]:.3g} ± {std.energy[-1]:.2g}: it may "
            "be unbound within this error"
        )
    return states, std


def poles_of_members(
    ensemble: Members, start: ArrayLike, sheet: Sequence[int] | None, mesh: dict[str, Any],
    return_std: bool,
) -> Any:  # fmt: skip
    """Return the `Resonances` of the centre, and their errors if wanted."""
    settings = _settings(ensemble, mesh)
    if ensemble.n_channels == 1:
        settings["l"] = ensemble.l
    poles = _poles(ensemble.centre, start, sheet, settings)
    if not check_boolean(return_std, "return_std") or not len(poles.energy):
        return (poles, poles) if return_std else poles
    search = partial(nearest_poles, poles=poles, settings=settings)
    found = ensemble._map(search, ensemble.members)
    samples = [np.array(part) for part in zip(*found, strict=True)]
    parts = poles.energy, poles.momentum, poles.residue
    energy, momentum, residue = map(ensemble.error, samples, parts)
    missing = np.isnan(samples[0]).sum(axis=0)
    if missing.any():
        warn_caller(
            f"of {len(ensemble)} {ensemble.noun} {listed(missing)} have no pole next to "
            f"{poles.energy}: the errors of poles that are missing are NaN"
        )
    return poles, Resonances(energy, poles.sheet, momentum, residue)


def _poles(member, start, sheet, settings):
    """The poles of an interaction, or of an estimator, which knows its masses and l."""
    if settings["reduced_mass"] is None and hasattr(member, "resonances"):
        mesh = {name: settings[name] for name in ("channel_radius", "n_mesh")}
        return member.resonances(start, sheet=sheet, **mesh)
    return resonances(member, start, sheet=sheet, **settings)


def nearest_poles(member: Any, poles: Resonances, settings: dict[str, Any]) -> list[Any]:
    """Return energies, momenta and residues of a member's poles, matched to the centre's poles.

    They are NaN for a pole that the member does not have.
    """
    values = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the caller counts what is missing
        for i, energy in enumerate(poles.energy):
            sheet = poles.sheet[i].tolist()
            near = _poles(member, energy, sheet, settings)
            parts: Any = near.energy, near.momentum, near.residue
            if not len(near.energy):
                shapes = ((1, *part.shape[1:]) for part in parts)
                parts = tuple(np.full(shape, np.nan, dtype=complex) for shape in shapes)
            values.append([part[0] for part in parts])
    return [np.array(part) for part in zip(*values, strict=True)]


def _observable(ensemble, solver, mesh, **arguments):
    """A solver as a function of a member, which other processes can unpickle."""
    return partial(solver, **arguments, **_settings(ensemble, mesh))


def _settings(ensemble, mesh):
    return {"reduced_mass": ensemble.reduced_mass, **mesh}


def _eigenphases(samples, centre):
    """Eigenphases and their mixing angle, exchanged where its eigenvectors are nearer then."""
    phases, angle = samples.eigenphase[..., :2], centre.eigen_mixing
    kept = nearest_branch(samples.eigen_mixing, angle)
    exchanged = nearest_branch(samples.eigen_mixing + np.pi / 2, angle)
    swap = np.abs(exchanged - angle) < np.abs(kept - angle)
    phases = np.where(swap[..., None], phases[..., ::-1], phases)
    phases = np.concatenate([phases, samples.eigenphase[..., 2:]], axis=-1)
    return nearest_branch(phases, centre.eigenphase), np.where(swap, exchanged, kept)
