"""A regressor by separable interpolation; see `halkit.potentials.expansion`."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from halkit import scattering
from halkit.callbacks import with_callbacks
from halkit.channels import ChannelList
from halkit.checks import check_number, check_positive
from halkit.exceptions import MisfitWarning, OverfitWarning
from halkit.interactions.matrix import InteractionMatrix
from halkit.potentials.base import PotentialMixin
from halkit.potentials.coupling import own_wave, pair_masses, resolved, split
from halkit.potentials.exact import warn_of_quadrature
from halkit.potentials.expansion import (
    FormFactors,
    Overlap,
    SeparableExpansion,
    overlap_matrix,
)
from halkit.potentials.problem import FEWEST, unshifted
from halkit.potentials.reach import warn_of_reach
from halkit.potentials.tails import warn_of_tails
from halkit.potentials.validation import check_sample_weight
from halkit.scaling import norm
from halkit.training import unchanged_on_error
from halkit.typing import Number, Numbers
from halkit.versions import Versioned
from halkit.warn import warn_caller

__all__ = ["ESTPotentialRegressor"]

# Eigenvalues below are rounding errors, relative to the largest.
ROUNDING = 1e-13
# Asymmetry of M from which phase shifts are off by degrees; number of its errors, and least size,
# of one that the errors do not explain.
ASYMMETRY, SIGNIFICANT, NOTICEABLE = 2e-3, 4.0, 1e-5
# Part of the norm of a target that a good interpolation may miss.
LEFT = 0.1
# Change of the energy of a bound state when one wave is left out, and how many are, one by one.
MOVED, LEFT_OUT = 0.5, 8


class ESTPotentialRegressor(PotentialMixin, RegressorMixin, Versioned):
    r"""Non-local potential U(r, r') by separable interpolation, without training.

    A sample is one wave φ_i on the nodes r, its target y_i = (E_i − H0) φ_i. The separable
    expansion of Ernst, Shakin and Thaler,

        U(r, r') = Σ_ij y_i(r) (M⁻¹)_ij y_j(r'),   M_ij = ∫ 4πr² dr φ_i(r) y_j(r),

    reproduces all of them: N waves of stationary states up to a momentum give the phase shifts up
    to there, the better the more waves. It is made for waves without noise, and for checks of other
    fits. Noise ε of y gives errors of a few ε in the S matrix. Time-dependent rows, which are
    nearly parallel and whose targets have errors of per cents, give phase shifts that are wrong
    by degrees; a warning says so where M shows it.

    Parameters
    ----------
    r : array-like of shape (n_r,), optional
        Nodes of the waves, increasing and >= 0, in the user's unit of length (ħ = c = 1). Without
        them: r = 1 … n_r.
    weights : array-like of shape (n_r,), optional
        Measure of the sum over r: 4πr²Δr by the trapezoid rule by default (to fourth order for
        targets that grow as 1/r towards the origin), or lattice multiplicities.
    r_out : array-like of shape (n_out,), optional
        The first n_out nodes, if the targets end earlier than the waves: U is zero beyond.
    reduced_mass : float, optional
        m in H0 = −∇²/2m: half the hadron mass for two equal hadrons.
    channels : list of halkit.Channel, optional
        Coupled channels, in the order of their thresholds, side by side in X and y. What a
        channel leaves None it takes from `reduced_mass` and `l`. Set after a fit, masses and
        thresholds change observables, but not their number. By default one channel.
    l : int, optional
        Orbital angular momentum, 0 by default. Data of the wave l give a potential of this wave.
    rcond : float, optional
        Directions of M with eigenvalues below `rcond` times the largest are left out. By default
        the asymmetry of M, which is what errors of the data leave of M − Mᵀ, or its expected size
        if `y_std` makes it larger. Two or three waves tell the asymmetry only roughly, and one
        wave does not: with noise give `rcond` or `y_std` then.

    Attributes
    ----------
    rank_ : int
        Number of directions kept, n_directions below.
    eigenvalues_ : ndarray of shape (n_directions,)
        ``|λ_a|``, relative to the largest.
    form_factors_ : ndarray of shape (n_directions, n_out) or (n_directions, n_channels, n_out)
        g_a at the nodes.
    signs_ : ndarray of shape (n_directions,)
        Signs of λ_a.
    asymmetry_ : float
        ‖M − Mᵀ‖/‖M + Mᵀ‖, for waves and targets of the same norm. Zero for a Hermitian U and data
        without error.
    asymmetry_std_ : float or None
        Its root mean square for a Hermitian U and errors `y_std`.
    potential_ : ndarray of shape (n_out, n_r)
        U on the nodes of the fit.
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the fit.
    loss_ : float
        Mean of ((prediction − y)/σ)² with `y_std`, relative to Σ W² y² without.

    Notes
    -----
    The data determine U at their energies. Phase shifts in between converge quickly, modulo π:
    bound states far from the energies of the data may be missing, or be there without reason, and
    Levinson's theorem then moves the branch of δ. ``bound_states`` warns of them.

    Between the nodes r y_i(r) is a spline of degree 5. Ten waves of AV18 ¹S₀ on uniform nodes up to
    12 fm give δ to 0.002° with 150 nodes, 0.005° with 100 and 2.8° with 60, which a warning names.

    References
    ----------
    D. J. Ernst, C. M. Shakin, R. M. Thaler, Phys. Rev. C 8, 46 (1973).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_separable
    >>> from halkit.potentials import ESTPotentialRegressor
    >>> d = make_separable()
    >>> model = ESTPotentialRegressor(d.r, reduced_mass=3.3).fit(d.data[:1], d.target[:1])
    >>> exact = d.interaction.phase_shift(d.k[:4], reduced_mass=3.3)
    >>> bool(np.all(np.abs(np.rad2deg(model.phase_shift(d.k[:4]) - exact)) < 0.012))
    True
    """

    def __init__(
        self, r: Numbers | None = None, *, weights: Numbers | None = None,
        r_out: Numbers | None = None, reduced_mass: Number | None = None,
        channels: ChannelList | None = None, l: int | None = None, rcond: Number | None = None,
    ) -> None:  # fmt: skip
        self.r = r
        self.weights = weights
        self.r_out = r_out
        self.reduced_mass = reduced_mass
        self.channels = channels
        self.l = l
        self.rcond = rcond

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Interpolate between waves and their targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels·n_r)
            Waves on the nodes r, channels side by side.
        y : array-like of shape (n_samples, n_channels·n_out) or (n_samples,)
            Their targets (E_i − H0) φ_i at r_out.
        sample_weight : array-like of shape (n_samples,), optional
            s counts as s equal rows: it decides which directions are left out. A row of weight 0
            is left out.
        y_std : array-like of the shape of y, optional
            Standard deviations of y. They set the expected asymmetry of M and, without `rcond`, the
            least eigenvalue; an interpolation does not weight its points.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if r_out are not the first nodes of r, if the data are
            complex, infinite or all zero, or if shapes do not fit the nodes.

        Warns
        -----
        MisfitWarning
            If M is not symmetric: by more than 2e-3, or with `y_std` by more than four times what
            these errors explain. If U misses a target by a tenth of its norm, as `rcond` or errors
            leave too few directions.
        AccuracyWarning
            If the nodes are too coarse for U.
        UnderdeterminedWarning
            If U has not vanished where the data end.
        """
        check_positive(self.reduced_mass, "reduced_mass", optional=True)
        check_number(self.rcond, "rcond", least=0, below=1, optional=True)
        with self._task(X, y, sample_weight), unchanged_on_error(self):
            problem = self._problem(X, y, sample_weight, y_std)
            self._check_data(problem)
            left = self._interpolate(problem, check_sample_weight(sample_weight, len(problem.X)))
            if self._nodes_given:
                self._warn(problem, left)
        return self

    def _check_data(self, problem):
        """Refuse targets on other nodes than the waves, and data without a direction."""
        n = len(self.r_out_)
        if not np.array_equal(self.r_out_, self.r_[:n]):
            raise ValueError(
                "r_out must be the first nodes of r: overlaps of waves and targets need both on "
                f"the same nodes, got {self.r_out_[:5]}"
            )
        if not np.any(self._where_targets(problem.X) * problem.y * self._measure_of_targets()):
            raise ValueError("X and y must overlap, got X y = 0 on all nodes with a measure")

    def _where_targets(self, X):
        """The waves on the nodes of the targets."""
        return split(X, self.n_channels_)[:, :, : len(self.r_out_)].reshape(len(X), -1)

    def _measure_of_targets(self):
        return np.tile(self.weights_[: len(self.r_out_)], self.n_channels_)

    def _interpolate(self, problem, sample_weight):
        """Keep the form factors; return the largest ‖Uφ_i − y_i‖/‖y_i‖."""
        phi, weights, errors = self._where_targets(problem.X), self._measure_of_targets(), None
        if problem.has_errors:
            s = np.ones(len(phi)) if sample_weight is None else sample_weight
            W = problem.W
            errors = np.divide(
                np.sqrt(s / problem.total)[:, None], W, out=np.zeros_like(W), where=W > 0
            )
        overlap = overlap_matrix(phi, problem.y, weights, sample_weight=sample_weight, y_std=errors)
        self.asymmetry_ = overlap.asymmetry
        self.asymmetry_std_ = overlap.asymmetry_std if problem.has_errors else None
        cut = max(overlap.asymmetry, overlap.asymmetry_std)
        self._cut = min(max(ROUNDING, cut if self.rcond is None else float(self.rcond)), 1.0)
        self._M, self._targets = overlap.M, overlap.targets
        g, self.signs_, size = overlap.form_factors(self._cut)
        self.eigenvalues_, self.rank_ = size / size[0], len(g)
        shape = (self.n_channels_, len(self.r_out_)) if self.n_channels_ > 1 else g.shape[1:]
        self.form_factors_ = g.reshape(len(g), *shape)
        shift, W = problem.shifted()
        rest = (((phi * weights) @ g.T) * self.signs_) @ g - problem.y
        with np.errstate(over="ignore", under="ignore"):
            self.loss_ = unshifted(norm(W * rest) ** 2, shift)
        size, left = (norm(rows * np.sqrt(weights), axis=1) for rows in (problem.y, rest))
        return float(np.max(np.divide(left, size, out=np.zeros_like(size), where=size > 0)))

    def _warn(self, problem, left):
        """Warn of data that M shows to be wrong, and of nodes that are too few or end too early."""
        a, std = self.asymmetry_, self.asymmetry_std_
        if a > ASYMMETRY or (std is not None and a > max(SIGNIFICANT * std, NOTICEABLE)):
            beside = "" if std is None else f", where y_std explains {std:.1g}"
            warn_caller(
                f"⟨φ_i|y_j⟩ is asymmetric by {a:.1g} of its size{beside}: the targets have noise "
                "or belong to other energies, or U is not Hermitian. Phase shifts of an "
                "interpolation may be off by degrees: fit correlators with "
                "GaussianProcessPotentialRegressor",
                MisfitWarning,
            )
        if left > LEFT:
            warn_caller(
                f"U misses a target by {left:.0%} of its norm with {self.rank_} directions of the "
                f"{len(self._M)} waves: the others are below rcond or the errors of ⟨φ_i|y_j⟩, or "
                "rcond lets directions in that are noise",
                MisfitWarning,
            )
        warn_of_tails(self, problem)
        if len(self.r_out_) < FEWEST:
            return
        n = self.n_channels_
        for (a, b), mass in pair_masses(self, n).items():
            one = self._learned if n == 1 else self._learned[a, b]
            if a == b and mass is not None:
                one.l = own_wave(self) if n == 1 else resolved(self).l[a]
                warn_of_quadrature(one, self.r_, self.weights_, mass)
            warn_of_reach(
                self.r_out_, U=one.nonlocal_potential, V=None, std=np.zeros_like, ends_there=True,
                reduced_mass=mass, exact=not problem.has_errors,
            )  # fmt: skip

    def bound_states(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> Any:
        """Energies and binding momenta; see `halkit.scattering.bound_states`.

        With several channels, see `halkit.scattering.coupled_bound_states`.

        Warns
        -----
        OverfitWarning
            If the energy of a state changes by more than half when one of the waves is left out:
            the state is far from the energies of the data.
        """
        states = super().bound_states(channel_radius=channel_radius, n_mesh=n_mesh)
        if states.energy.size and len(self._M) > 1:
            self._check_stable(states.energy, self._scattering(channel_radius, n_mesh))
        return states

    def _check_stable(self, energy, settings):
        """Warn of bound states that change when a wave is left out."""
        overlap, moved = Overlap(self._M, self._targets, 0.0, 0.0), np.zeros(energy.size)
        one = self.n_channels_ == 1
        solve = scattering.bound_states if one else scattering.coupled_bound_states
        counted = np.flatnonzero(norm(self._targets, axis=1))
        some = np.linspace(0, len(counted) - 1, min(len(counted), LEFT_OUT)).astype(int)
        for i in counted[some]:
            g, signs, _ = overlap.without(i).form_factors(self._cut)
            without = solve(self._expansion(g, signs), **settings).energy
            change = np.abs(energy[:, None] - without).min(axis=1, initial=np.inf)
            moved = np.maximum(moved, change / np.abs(energy))
        if np.any(moved > MOVED):
            warn_caller(
                f"the bound states at E = {energy[moved > MOVED]} change by more than half when "
                "one of the waves is left out: they are far from the energies of the data",
                OverfitWarning,
            )

    def _expansion(self, g, signs):
        """The interaction, or the matrix of interactions, with given form factors."""
        factors = [
            FormFactors(self.r_out_, one, singular=self._singular)
            for one in np.moveaxis(split(g, self.n_channels_), 1, 0)
        ]
        rows = [[SeparableExpansion(left, right, signs) for right in factors] for left in factors]
        return self._in_channels(InteractionMatrix(rows) if len(rows) > 1 else rows[0][0])

    @property
    def _learned(self):
        return self._expansion(self.form_factors_, self.signs_)
