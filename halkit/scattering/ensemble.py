r"""Many interactions, one value with an error: bins, draws, seeds, starts, variations.

An observable f is computed with the centre and with each member; its error follows from the
samples f_b, see `halkit.samples`. Phase shifts and scattering lengths are compared on the circles
where they live, see `halkit.scattering.branches`: at a threshold 1/a0 is smooth and has an error,
where a0 = 0 a0 has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike

from halkit.channels import momentum_or_energy
from halkit.checks import check_array, check_boolean, check_callable
from halkit.interactions import Interaction, InteractionMatrix
from halkit.interactions.bound import BoundStates
from halkit.samples import Kind
from halkit.scattering.branches import angle_error, matched_states
from halkit.scattering.coupled.members import (
    coupled_matrix,
    coupled_phases,
    coupled_states,
    poles_of_members,
)
from halkit.scattering.coupled.phase import CoupledPhaseShifts
from halkit.scattering.members import (
    Members,
    compare_counts,
    listed,
    on_branch,
    refuse_interactions,
    warn_of_wide,
)
from halkit.scattering.phase import sign_factor
from halkit.scattering.thresholds import (
    STATISTICAL,
    error_at_zero,
    length_unit,
    lengths_of,
    may_pass,
    warn_of_curvature,
    warn_of_outliers,
)
from halkit.typing import Array, Number, Numbers, SignConvention
from halkit.warn import warn_caller

__all__ = ["Ensemble"]


class _Mesh(TypedDict, total=False):
    channel_radius: Number | None
    n_mesh: int | None


class _Signed(_Mesh, total=False):
    sign: SignConvention


class Ensemble(Members):
    r"""Many interactions that stand for one, and its observables with their errors.

    Parameters
    ----------
    interactions : sequence of interactions or of fitted estimators
        The members, at least one; ``len``, iteration and indices give them back.
    kind : {"jackknife", "bootstrap", "draws", "seeds", "starts", "variations"}
        How the members arose, which fixes the error: fits that each leave one bin out, or to
        resampled bins; draws from a posterior; fits from other seeds or starts; variations of a
        choice, whose error is the largest distance from the centre.
    centre : interaction or fitted estimator, optional
        Gives the central values. By default the mean of the members' potentials.
    reduced_mass : float, optional
        Required for observables of interactions. Fitted estimators know their mass.
    l : int, default 0
        Orbital angular momentum.
    map : callable, optional
        ``map(function, members, *arguments)`` returns the list of values, from several
        processes for instance.

    Raises
    ------
    ValueError, TypeError
        If the kind is unknown or there are no members; from observables, if interactions have
        no `reduced_mass`.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import Ensemble
    >>> wells = [GaussianSum([-depth], [0.5]) for depth in (0.9, 1.0, 1.1)]
    >>> e = Ensemble(wells, kind="bootstrap", reduced_mass=1.0)
    >>> [round(float(x), 4) for x in e.inverse_scattering_length(return_std=True)]
    [0.2156, 0.0472]
    """

    @classmethod
    def from_parameters(
        cls, function: Callable[[Array], Interaction | InteractionMatrix], bins: Numbers,
        kind: Kind, *, centre: Numbers | None = None, reduced_mass: Number | None = None,
        l: int = 0, map: Callable[..., Any] | None = None,  # noqa: A002
    ) -> Self:  # fmt: skip
        """Return the ensemble of a published fit with parameters of each bin.

        Parameters
        ----------
        function : callable
            ``function(theta)`` makes the interaction of parameters θ, (n_parameters,).
        bins : array-like of shape (n_bins, n_parameters)
            θ of each member.
        kind, reduced_mass, l, map
            As of the class.
        centre : array-like of shape (n_parameters,), optional
            θ of the central values. By default the mean of the members' potentials.

        Raises
        ------
        ValueError, TypeError
            As of the class; if shapes do not fit, or the function returns no interaction.

        Examples
        --------
        >>> from halkit.interactions import GaussianSum
        >>> from halkit.scattering import Ensemble
        >>> e = Ensemble.from_parameters(
        ...     lambda p: GaussianSum(p[:1], p[1:]), [[-0.9, 0.5], [-1.1, 0.5]], "bootstrap",
        ...     centre=[-1.0, 0.5], reduced_mass=1.0,
        ... )
        >>> [round(float(x), 4) for x in e.inverse_scattering_length(return_std=True)]
        [0.2156, 0.0666]
        """
        check_callable(function, "function")
        theta = check_array(bins, "bins")
        if theta.ndim != 2 or not theta.size:
            raise ValueError(f"bins must have shape (n_bins, n_parameters), got {theta.shape}")
        middle = None
        if centre is not None:
            middle = function(check_array(centre, "centre", shape=theta.shape[1:]))
        members = [function(parameters) for parameters in theta]
        for member in members:
            if not isinstance(member, Interaction | InteractionMatrix):
                raise TypeError(
                    f"function must return an interaction, got a {type(member).__name__}"
                )
        return cls(members, kind=kind, centre=middle, reduced_mass=reduced_mass, l=l, map=map)

    @overload
    def phase_shift(
        self, k_or_energy: Numbers = ..., /, *, k: Numbers = ...,
        return_std: Literal[False] = ..., **settings: Unpack[_Mesh],
    ) -> Array: ...  # fmt: skip
    @overload
    def phase_shift(
        self, k_or_energy: Numbers = ..., /, *, k: Numbers = ...,
        return_std: Literal[True], **settings: Unpack[_Mesh],
    ) -> tuple[Array, Array]: ...  # fmt: skip
    @overload
    def phase_shift(
        self, *, energy: Numbers, return_std: Literal[False] = ..., **settings: Unpack[_Mesh]
    ) -> CoupledPhaseShifts: ...
    @overload
    def phase_shift(
        self, *, energy: Numbers, return_std: Literal[True], **settings: Unpack[_Mesh]
    ) -> tuple[CoupledPhaseShifts, CoupledPhaseShifts]: ...
    def phase_shift(
        self, k_or_energy=None, /, *, k=None, energy=None, channel_radius=None, n_mesh=None,
        return_std=False,
    ):  # fmt: skip
        """Return the phase shifts δ(k) in radians, on the branch δ(∞) = 0.

        Parameters
        ----------
        k_or_energy : array-like
            Momenta k > 0, in the inverse unit of r; energies E > 0 above the lowest threshold for
            members of several channels, whose phase shifts have the branch of
            `halkit.scattering.coupled_phase_shifts`.
        k, energy : array-like, optional
            The same by name.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.
        return_std : bool
            Whether the error is returned.

        Returns
        -------
        delta : ndarray of the shape of k, or CoupledPhaseShifts
            From the centre.
        std : ndarray of the shape of k, or CoupledPhaseShifts
            If `return_std`. Members on another branch are compared with the centre modulo π.
            The errors of Re S and Im S are the parts of a complex number.

        Warns
        -----
        AccuracyWarning
            If members are on another branch; it names them. If the error exceeds π/6, too large
            for an angle modulo π.
        UnderdeterminedWarning
            If the centre is a fitted estimator whose data do not determine δ within its error.
        """
        k = momentum_or_energy(self.n_channels, k_or_energy, k, energy)
        if self.n_channels > 1:
            mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
            return coupled_phases(self, k, mesh, return_std)
        observable = self._observable("phase_shift", channel_radius, n_mesh, k=k)
        delta = observable(self.centre)
        if not check_boolean(return_std, "return_std"):
            self._tell_momenta(k)
            return delta
        angles = on_branch(self, self.samples(observable), delta)
        std = self.error(angles, delta)
        warn_of_wide("k", k, std)
        self._tell_momenta(k, std)
        return delta, std

    def s_matrix(
        self, energy: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None,
        return_std: bool = False,
    ) -> Any:  # fmt: skip
        """Return S(E) of members of several channels, complex of shape (..., n, n).

        Parameters as in ``phase_shift``.

        Returns
        -------
        S : complex ndarray
            From the centre, NaN in closed channels; see `halkit.scattering.coupled_s_matrix`.
        std : complex ndarray
            If `return_std`: the errors of Re S and Im S.
        """
        if self.n_channels == 1:
            raise ValueError("interactions must have several channels for s_matrix, got one")
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return coupled_matrix(self, energy, mesh, return_std)

    def resonances(
        self, start: ArrayLike, *, sheet: Sequence[int] | None = None,
        channel_radius: Number | None = None, n_mesh: int | None = None, return_std: bool = False,
    ) -> Any:  # fmt: skip
        """Return poles of S next to complex energies; see `halkit.scattering.resonances`.

        For one channel E = k²/2m, as for its bound states.

        Returns
        -------
        poles : halkit.scattering.Resonances
            From the centre; see `halkit.scattering.resonances`.
        std : halkit.scattering.Resonances
            If `return_std`: errors of real and imaginary parts; NaN for a pole that is missing in a
            member. Members are searched from the poles of the centre, on the same sheets.

        Warns
        -----
        AccuracyWarning
            If poles are missing in members.
        """
        if self.n_channels == 1 and self.reduced_mass is None:
            refuse_interactions([self.centre, *self.members], self.l)
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return poles_of_members(self, start, sheet, mesh, return_std)

    @overload
    def k_cot_delta(
        self, k: Numbers, *, return_std: Literal[False] = ..., **settings: Unpack[_Mesh]
    ) -> Array: ...
    @overload
    def k_cot_delta(
        self, k: Numbers, *, return_std: Literal[True], **settings: Unpack[_Mesh]
    ) -> tuple[Array, Array]: ...
    def k_cot_delta(self, k, *, channel_radius=None, n_mesh=None, return_std=False):
        """Return k cot δ(k), smooth at a threshold; parameters as in ``phase_shift``.

        Returns
        -------
        k_cot_delta : ndarray of the shape of k
            From the centre, in the unit of k.
        std : ndarray of the shape of k
            If `return_std`. NaN, with an AccuracyWarning, where δ may be a multiple of π.

        Warns
        -----
        UnderdeterminedWarning
            As ``phase_shift``.
        """
        observable = self._observable("phase_shift", channel_radius, n_mesh, k=k)
        lengths = np.tan(observable(self.centre)) / k
        with np.errstate(divide="ignore"):
            value = 1 / lengths
            if not check_boolean(return_std, "return_std"):
                self._tell_momenta(k)
                return value
            members = np.tan(self.samples(observable)) / k
            std = self.error(1 / members, value)
        scale = 1 / np.asarray(k) if self.l else length_unit(self, channel_radius, n_mesh)
        pole = may_pass(self, 0.0, members / scale, lengths / scale)
        if np.any(pole):
            momenta = np.broadcast_to(k, pole.shape)[pole]
            warn_caller(
                f"δ may be a multiple of π at k = {listed(momenta)}: the error of k cot δ is NaN"
            )
        std = np.where(pole, np.nan, std)[()]
        self._tell_momenta(k, angle_error(k, value, std))
        return value, std

    @overload
    def bound_states(
        self, *, return_std: Literal[False] = ..., **settings: Unpack[_Mesh]
    ) -> BoundStates: ...
    @overload
    def bound_states(
        self, *, return_std: Literal[True], **settings: Unpack[_Mesh]
    ) -> tuple[BoundStates, BoundStates]: ...
    def bound_states(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """Return the bound states, deepest first.

        Returns
        -------
        states : halkit.scattering.BoundStates, or CoupledBoundStates
            From the centre.
        std : halkit.scattering.BoundStates, or CoupledBoundStates
            If `return_std`. States are matched by their binding momenta. NaN for a state that
            is missing in a member: it has no error bar.

        Warns
        -----
        AccuracyWarning
            If members have another number of states, or if the shallowest state is bound by less
            than its error.
        """
        if self.n_channels > 1:
            mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
            return coupled_states(self, mesh, return_std)
        observable = self._observable("bound_states", channel_radius, n_mesh)
        states = observable(self.centre)
        if not check_boolean(return_std, "return_std"):
            return states
        found = self._map(observable, self.members)
        compare_counts(self, states, found)
        samples = np.array([_aligned(member, states) for member in found])
        std = BoundStates(*self.error(samples, np.stack(states)))
        if np.any(std.kappa[-1:] > states.kappa[-1:]):
            warn_caller(
                f"the shallowest state has κ = {states.kappa[-1]:.3g} ± {std.kappa[-1]:.2g}: it "
                "may be unbound within this error"
            )
        return states, std

    @overload
    def scattering_length(
        self, *, return_std: Literal[False] = ..., **settings: Unpack[_Signed]
    ) -> float: ...
    @overload
    def scattering_length(
        self, *, return_std: Literal[True], **settings: Unpack[_Signed]
    ) -> tuple[float, float]: ...
    def scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """Return a0 in k cot δ = −1/a0 + r_eff k²/2; `sign` as in `halkit.scattering`.

        Returns
        -------
        a0 : float
            From the centre.
        std : float
            If `return_std`. NaN where a0 may be infinite, for example if only some members bind:
            ``inverse_scattering_length`` has an error there.

        Warns
        -----
        AccuracyWarning
            If the error is NaN; it gives 1/a0 with its error.
        """
        factor = sign_factor(sign)
        a0 = factor * self._centre("scattering_length", channel_radius, n_mesh)
        if not check_boolean(return_std, "return_std"):
            return a0
        lengths, infinite, _ = lengths_of(self, channel_radius, n_mesh)
        if not infinite:
            return a0, self.error(factor * lengths, a0)
        inverse, std = 1 / a0, self.error(factor / lengths, 1 / a0)
        warn_caller(
            f"a0 = {a0:.4g} passes through infinity within its error, which is NaN "
            f"({np.sum(lengths > 0)} of {len(self)} {self.noun} have a0 > 0 in the nuclear "
            f"convention): quote 1/a0 = {inverse:.3g} ± {std:.2g} of inverse_scattering_length"
        )
        return a0, np.nan

    @overload
    def inverse_scattering_length(
        self, *, return_std: Literal[False] = ..., **settings: Unpack[_Signed]
    ) -> float: ...
    @overload
    def inverse_scattering_length(
        self, *, return_std: Literal[True], **settings: Unpack[_Signed]
    ) -> tuple[float, float]: ...
    def inverse_scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """Return 1/a0 = −k cot δ at k = 0, smooth at a threshold.

        Parameters and results as in ``scattering_length``. The error is NaN, with an
        AccuracyWarning, where a0 may vanish.
        """
        factor = sign_factor(sign)
        with np.errstate(divide="ignore"):
            inverse = factor / self._centre("scattering_length", channel_radius, n_mesh)
            if not check_boolean(return_std, "return_std"):
                return inverse
            lengths, _, zero = lengths_of(self, channel_radius, n_mesh)
            std = self.error(factor / lengths, inverse)
        return inverse, error_at_zero(self, std, lengths, zero, "1/a0")

    @overload
    def effective_range(
        self, *, return_std: Literal[False] = ..., **settings: Unpack[_Mesh]
    ) -> float: ...
    @overload
    def effective_range(
        self, *, return_std: Literal[True], **settings: Unpack[_Mesh]
    ) -> tuple[float, float]: ...
    def effective_range(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """Return r_eff in k cot δ = −1/a0 + r_eff k²/2, smooth at a threshold.

        The error is NaN, with an AccuracyWarning, where a0 may vanish: r_eff grows like 1/a0².
        For ``|a0| < |r_eff|`` r_eff may not be linear in the data, which an AccuracyWarning says.
        """
        observable = self._observable("effective_range", channel_radius, n_mesh)
        if not check_boolean(return_std, "return_std"):
            return observable(self.centre)
        value, samples = observable(self.centre), self.samples(observable)
        std = self.error(samples, value)
        lengths, _, zero = lengths_of(self, channel_radius, n_mesh)
        if not zero and self.kind == "draws":
            warn_of_outliers(samples)
        if not zero and self.kind in STATISTICAL and not self.l:
            a0 = self._centre("scattering_length", channel_radius, n_mesh)
            warn_of_curvature(self.error, value, samples, a0, lengths)
        return value, error_at_zero(self, std, lengths, zero, "r_eff")


def _aligned(member, states):
    """(energy, κ) of a member for each state of the centre; NaN where it has no such state."""
    index = matched_states(member.kappa, states.kappa)
    padded = np.column_stack([np.stack(member), [np.nan, np.nan]])
    return padded[:, index]
