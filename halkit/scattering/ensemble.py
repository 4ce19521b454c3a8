r"""Many interactions, one value with an error: bins, draws, seeds, starts, variations.

An observable f is computed with the centre and with each member; the error is that of the
samples f_b, see `halkit.samples`. Phase shifts and scattering lengths are compared on the circles
where they live, see `halkit.scattering.branches`: of a0 and 1/a0 one is smooth at the threshold,
and has an error there.
"""

import warnings
from functools import partial
from operator import methodcaller

import numpy as np

from halkit.checks import check_boolean, check_choice, check_integer, check_positive
from halkit.exceptions import AccuracyWarning
from halkit.interactions import Interaction, Sum
from halkit.samples import KINDS, standard_error
from halkit.scattering.bound import BoundStates, bound_states
from halkit.scattering.branches import length_scale, matched_states, may_be, nearest_branch
from halkit.scattering.phase import effective_range, phase_shift, scattering_length, sign_factor
from halkit.typing import Array

__all__ = ["Ensemble"]

SOLVERS = {f.__name__: f for f in (phase_shift, bound_states, scattering_length, effective_range)}
PARTIAL_WAVES = "phase_shift", "bound_states"
NOUNS = {"jackknife": "bins", "bootstrap": "samples"}
# Three errors of an angle that is known modulo π fill a quarter turn on both sides.
LARGEST = np.pi / 6


class _Members:
    """Members of one kind, their centre, and any function of them."""

    def __len__(self):
        return len(self.members)

    def __getitem__(self, index):
        return self.members[index]

    def __repr__(self):
        return f"{type(self).__name__} of {len(self)} {self.noun}"

    @property
    def noun(self):
        """What the members are called."""
        return NOUNS.get(self.kind, self.kind)

    def samples(self, function, *arguments):
        """Values of a function of each member.

        Parameters
        ----------
        function : callable
            ``function(member, *arguments of the member)``, a number or an array of one shape.
        *arguments : sequences of length n_members
            What differs from member to member beside the interaction.

        Returns
        -------
        ndarray of shape (n_members, ...)

        Raises
        ------
        ValueError
            For another number of arguments, and for values of different shapes.
        """
        lengths = [len(argument) for argument in arguments]
        if any(length != len(self) for length in lengths):
            raise ValueError(f"arguments need {len(self)} {self.noun} each, got {lengths}")
        values = self._map(function, self.members, *arguments)
        shapes = sorted({np.shape(value) for value in values})
        if len(shapes) > 1:
            raise ValueError(
                f"the function needs values of one shape for all {self.noun}, got shapes {shapes}"
            )
        return np.array(values)

    def evaluate(self, function):
        """Central value and error of any function of an interaction.

        Values are compared as they are. The methods for phase shifts and scattering lengths
        know branches and poles.

        Parameters
        ----------
        function : callable
            ``function(member)``, a number or an array.

        Returns
        -------
        centre, std
            Of the shape that the function returns.
        """
        centre = function(self.centre)
        return centre, self.error(self.samples(function), centre)

    def error(self, samples, centre=None):
        """Error that values of the members stand for; `centre` counts for variations."""
        return standard_error(np.asarray(samples, dtype=np.float64), self.kind, centre=centre)

    def _observable(self, name, channel_radius, n_mesh, **arguments):
        """An observable as a function of a member, to be sent to other processes."""
        settings = {**arguments, "channel_radius": channel_radius, "n_mesh": n_mesh}
        if self.reduced_mass is None:
            _refuse_interactions([self.centre, *self.members], self.l)
            return methodcaller(name, **settings)
        if name in PARTIAL_WAVES:
            settings["l"] = self.l
        return partial(SOLVERS[name], reduced_mass=self.reduced_mass, **settings)

    def _centre(self, name, channel_radius, n_mesh):
        return np.float64(self._observable(name, channel_radius, n_mesh)(self.centre))

    def _warn(self, message):
        warnings.warn(message, AccuracyWarning, stacklevel=4)


class Ensemble(_Members):
    r"""Interactions that stand for one, and the observables of the one with their errors.

    Parameters
    ----------
    interactions : sequence of interactions or of fitted estimators
        The members, at least one; ``len``, iteration and indices give them back.
    kind : {"jackknife", "bootstrap", "draws", "seeds", "starts", "variations"}
        What they are, hence the error: fits that each leave one bin out, or to resampled
        bins; draws from a posterior; fits from other seeds or starts; variations of a choice,
        whose error is the largest distance from the centre.
    centre : interaction or fitted estimator, optional
        What gives the central values. By default the mean of the members' potentials.
    reduced_mass : float, optional
        Of interactions: observables need it. Fitted estimators know theirs.
    l : int, default 0
        Orbital angular momentum of phase shifts and bound states.
    map : callable, optional
        ``map(function, members, *arguments)`` returns the list of values, from several
        processes for instance.

    Raises
    ------
    ValueError, TypeError
        For an unknown kind and no member; observables of interactions without `reduced_mass`.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import Ensemble
    >>> wells = [GaussianSum([-depth], [0.5]) for depth in (0.9, 1.0, 1.1)]
    >>> e = Ensemble(wells, kind="bootstrap", reduced_mass=1.0)
    >>> [round(float(x), 4) for x in e.inverse_scattering_length(return_std=True)]
    [0.2156, 0.0472]
    """

    def __init__(self, interactions, *, kind, centre=None, reduced_mass=None, l=0, map=None):  # noqa: A002
        self.kind = check_choice(kind, "kind", KINDS)
        self.members = list(interactions)
        if not self.members:
            raise ValueError("interactions must have one member at least, got none")
        self.reduced_mass = check_positive(reduced_mass, "reduced_mass", optional=True)
        self.l = check_integer(l, "l", least=0)
        self.centre = _Mean(*self.members) if centre is None else centre
        self._map = _serial if map is None else map

    def phase_shift(self, k, *, channel_radius=None, n_mesh=None, return_std=False):
        """Phase shifts δ(k) in radians, on the branch δ(∞) = 0.

        Parameters
        ----------
        k : array-like
            Momenta, > 0, in the inverse unit of r.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.
        return_std : bool
            Whether the error is returned.

        Returns
        -------
        delta : ndarray of the shape of k
            Of the centre.
        std : ndarray of the shape of k
            If `return_std`. Members on another branch are compared with the centre modulo π.

        Warns
        -----
        AccuracyWarning
            Where members were on another branch; they are named. Where the error exceeds
            π/6, which an angle modulo π does not carry.
        """
        observable = self._observable("phase_shift", channel_radius, n_mesh, k=k)
        delta = observable(self.centre)
        if not check_boolean(return_std, "return_std"):
            return delta
        angles = _on_branch(self, self.samples(observable), delta)
        std = self.error(angles, delta)
        _warn_of_wide(self, k, std)
        return delta, std

    def k_cot_delta(self, k, *, channel_radius=None, n_mesh=None, return_std=False):
        """k cot δ(k), smooth where a state becomes bound; parameters as in ``phase_shift``.

        Returns
        -------
        k_cot_delta : ndarray of the shape of k
            Of the centre, in the unit of k.
        std : ndarray of the shape of k
            If `return_std`. NaN, with an AccuracyWarning, where δ may be a multiple of π.
        """
        observable = self._observable("phase_shift", channel_radius, n_mesh, k=k)
        lengths = np.tan(observable(self.centre)) / k
        with np.errstate(divide="ignore"):
            value = 1 / lengths
            if not check_boolean(return_std, "return_std"):
                return value
            members = np.tan(self.samples(observable)) / k
            std = self.error(1 / members, value)
        scale = 1 / np.asarray(k) if self.l else _scale(self, channel_radius, n_mesh)
        pole = _may_be(self, 0.0, members / scale, lengths / scale)
        if np.any(pole):
            momenta = np.broadcast_to(k, pole.shape)[pole]
            self._warn(
                f"δ may be a multiple of π at k = {_listed(momenta)}: the error of k cot δ is NaN"
            )
        return value, np.where(pole, np.nan, std)[()]

    def bound_states(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """Energies and binding momenta, deepest state first, and their errors.

        Returns
        -------
        states : halkit.scattering.BoundStates
            Of the centre.
        std : halkit.scattering.BoundStates
            If `return_std`. States are matched by their binding momenta. NaN for a state that
            some member does not have: a state that comes and goes has no error bar.

        Warns
        -----
        AccuracyWarning
            Where members have another number of states; where the shallowest is bound by less
            than its error.
        """
        observable = self._observable("bound_states", channel_radius, n_mesh)
        states = observable(self.centre)
        if not check_boolean(return_std, "return_std"):
            return states
        found = self._map(observable, self.members)
        _compare_counts(self, states, found)
        samples = np.array([_aligned(member, states) for member in found])
        std = BoundStates(*self.error(samples, np.stack(states)))
        if np.any(std.kappa[-1:] > states.kappa[-1:]):
            self._warn(
                f"the shallowest state has κ = {states.kappa[-1]:.3g} ± {std.kappa[-1]:.2g}: it "
                "may be unbound within this error"
            )
        return states, std

    def scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """a0 in k cot δ = −1/a0 + r_eff k²/2; see `halkit.scattering` for `sign`.

        Returns
        -------
        a0 : float
            Of the centre.
        std : float
            If `return_std`. NaN where a0 may be infinite, as where only some members bind:
            ``inverse_scattering_length`` has an error there.

        Warns
        -----
        AccuracyWarning
            Where the error is NaN; it gives 1/a0 with its error.
        """
        factor = sign_factor(sign)
        a0 = factor * self._centre("scattering_length", channel_radius, n_mesh)
        if not check_boolean(return_std, "return_std"):
            return a0
        lengths, infinite, _ = _lengths(self, channel_radius, n_mesh)
        if not infinite:
            return a0, self.error(factor * lengths, a0)
        inverse, std = 1 / a0, self.error(factor / lengths, 1 / a0)
        self._warn(
            f"a0 = {a0:.4g} passes through infinity within its error, which is NaN "
            f"({np.sum(lengths > 0)} of {len(self)} {self.noun} have a0 > 0 in the nuclear "
            f"convention): quote 1/a0 = {inverse:.3g} ± {std:.2g} of inverse_scattering_length"
        )
        return a0, np.nan

    def inverse_scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """1/a0 = −k cot δ at k = 0, smooth where a state becomes bound.

        Parameters and results as in ``scattering_length``. The error is NaN, with an
        AccuracyWarning, where a0 may vanish.
        """
        factor = sign_factor(sign)
        with np.errstate(divide="ignore"):
            inverse = factor / self._centre("scattering_length", channel_radius, n_mesh)
            if not check_boolean(return_std, "return_std"):
                return inverse
            lengths, _, zero = _lengths(self, channel_radius, n_mesh)
            std = self.error(factor / lengths, inverse)
        return inverse, _smooth_at_zero(self, std, lengths, zero, "1/a0")

    def effective_range(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """r_eff in k cot δ = −1/a0 + r_eff k²/2, smooth where a state becomes bound.

        The error is NaN, with an AccuracyWarning, where a0 may vanish: r_eff grows like 1/a0².
        """
        observable = self._observable("effective_range", channel_radius, n_mesh)
        if not check_boolean(return_std, "return_std"):
            return observable(self.centre)
        value, std = self.evaluate(observable)
        lengths, _, zero = _lengths(self, channel_radius, n_mesh)
        return value, _smooth_at_zero(self, std, lengths, zero, "r_eff")


class _Mean(Sum):
    """The mean of interactions."""

    def __repr__(self):
        return f"mean of {len(self.terms)} interactions"

    def _sum(self, part: str, function: str, *points: Array) -> Array:
        return super()._sum(part, function, *points) / len(self.terms)


def _scale(ensemble, channel_radius, n_mesh):
    """L of the centre."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)  # only the order of r_eff counts
        names = "scattering_length", "effective_range"
        return length_scale(*(ensemble._centre(name, channel_radius, n_mesh) for name in names))


def _may_be(ensemble, target, tangents, tangent):
    """Whether the angle of the centre's tangent may be the target, by error or by a member."""
    centre = np.arctan(tangent)
    angles = nearest_branch(np.arctan(tangents), centre)
    return may_be(target, angles, centre, ensemble.error(angles, centre))


def _lengths(ensemble, channel_radius, n_mesh):
    """a0 of the members, and whether a0 may be infinite or zero within the error."""
    a0 = ensemble._centre("scattering_length", channel_radius, n_mesh)
    lengths = ensemble.samples(ensemble._observable("scattering_length", channel_radius, n_mesh))
    scale = _scale(ensemble, channel_radius, n_mesh)
    poles = np.pi / 2, 0.0
    return lengths, *(_may_be(ensemble, pole, lengths / scale, a0 / scale) for pole in poles)


def _smooth_at_zero(ensemble, std, lengths, zero, name):
    """The error of 1/a0 or r_eff, NaN where a0 may vanish."""
    if not zero:
        return std
    ensemble._warn(
        f"a0 = {lengths.mean():.3g} ± {ensemble.error(lengths):.2g} passes through zero within "
        f"its error, where {name} is infinite: the error of {name} is NaN"
    )
    return np.nan


def _on_branch(ensemble, angles, centre):
    """Phase shifts on the branch of the centre; members that were on another are named."""
    moved = nearest_branch(angles, centre)
    away = np.abs(moved - angles) > np.pi / 2
    elsewhere = np.flatnonzero(away.reshape(len(angles), -1).any(axis=1))
    if elsewhere.size:
        ensemble._warn(
            f"in {elsewhere.size} of {len(ensemble)} {ensemble.noun} ({_listed(elsewhere)}) δ is "
            "a multiple of π away from the centre, as with another number of bound states: its "
            "error is that of δ modulo π"
        )
    return moved


def _warn_of_wide(ensemble, k, std):
    """Warn of errors that an angle modulo π does not carry."""
    if np.any(std > LARGEST):
        momenta = np.broadcast_to(k, np.shape(std))[std > LARGEST]
        ensemble._warn(
            f"the error of δ reaches {np.nanmax(std):.2g} rad, at k = {_listed(momenta)}: δ "
            "modulo π is hardly known there; k_cot_delta has an error"
        )


def _compare_counts(ensemble, states, found):
    """Warn of members with another number of bound states than the centre."""
    counts = np.array([len(member.kappa) for member in found])
    if np.all(counts == len(states.kappa)):
        return
    numbers = ", ".join(f"{np.sum(counts == n)} have {n}" for n in np.unique(counts))
    ensemble._warn(
        f"the centre has {len(states.kappa)} bound states, of {len(ensemble)} {ensemble.noun} "
        f"{numbers}: the errors of the states that come and go are NaN"
    )


def _serial(function, members, *arguments):
    return [function(*row) for row in zip(members, *arguments, strict=True)]


def _refuse_interactions(members, l):
    """Without a mass every member, and the centre, has to be an estimator that knows its own."""
    bare = next((m for m in members if isinstance(m, Interaction)), None)
    if bare is not None:
        raise ValueError(f"reduced_mass must be given: {bare!r} has no mass of its own")
    if l:
        raise ValueError(f"l must be 0 for fitted estimators, got {l}")


def _aligned(member, states):
    """(energy, κ) of the states of a member that belong to those of the centre, or NaN."""
    index = matched_states(member.kappa, states.kappa)
    padded = np.column_stack([np.stack(member), [np.nan, np.nan]])
    return padded[:, index]


def _listed(values):
    return ", ".join(f"{value:.6g}" for value in values)
