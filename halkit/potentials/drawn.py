r"""Observables with errors from potentials that are drawn around the fit.

The parameters θ of a known form are drawn from N(θ̂, C), with the covariance C of the fit; a
Gaussian process draws from its posterior.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from halkit import scattering
from halkit.channels import momentum_or_energy
from halkit.checks import check_boolean, check_integer
from halkit.interactions import Interaction, InteractionMatrix
from halkit.potentials.base import PotentialMixin
from halkit.potentials.seen import phase_error
from halkit.seeds import check_random_state
from halkit.typing import Array, Number, Numbers, Random, SignConvention

__all__ = ["DrawnObservables", "DrawnParameters"]


class DrawnObservables(PotentialMixin):
    """Observables that have their errors from ``draws``."""

    @abstractmethod
    def draw_potentials(self, n_draws: int = 1, random_state: Random = None) -> list[Any]:
        """Interactions, or matrices of them, drawn around the fit."""

    def draws(self, n_draws: int = 32) -> scattering.Ensemble:
        """Draws around the fit as one `halkit.scattering.Ensemble`.

        Parameters
        ----------
        n_draws : int
            At least 2; seeded.

        Returns
        -------
        halkit.scattering.Ensemble
            Observables with their errors, for independent errors of the data. Where these are
            correlated, jackknife the fit. An error from n draws is known to 1/√(2n − 2), 13 % for
            32; with fewer than n parameters θ the draws have their covariance exactly, and errors
            are right to first order in it.
        """
        check_integer(n_draws, "n_draws", least=2)
        members = self._members(n_draws)
        if self.n_channels_ > 1:
            self._known_channels()
            return scattering.Ensemble(members, kind="draws", centre=self.interaction_)
        settings = {"reduced_mass": self._known_mass(), "l": self._wave or 0}
        return scattering.Ensemble(members, kind="draws", centre=self, **settings)

    def _members(self, n_draws):
        return self.draw_potentials(n_draws)

    def _drawn(self, name, return_std, n_draws, *given, **settings):
        """The observable of the fit, or with its spread over draws."""
        if check_boolean(return_std, "return_std"):
            return getattr(self.draws(n_draws), name)(*given, **settings, return_std=True)
        return getattr(super(), name)(*given, **settings)

    def phase_shift(
        self, k_or_energy: Numbers | None = None, /, *, k: Numbers | None = None,
        energy: Numbers | None = None, return_std: bool = False, n_draws: int = 32,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """Phase shifts in radians; see `NonLocalPotentialRegressor.phase_shift`.

        With `return_std` also their standard deviation over `n_draws` draws from the posterior:
        ``draws(n_draws).phase_shift(k, return_std=True)``. Momenta at which the data do not
        determine δ are then named only where it may move by more than two standard deviations.
        """
        given = momentum_or_energy(self._count(), k_or_energy, k, energy)
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        found = self._drawn("phase_shift", return_std, n_draws, given, **mesh)
        if return_std and self.n_channels_ > 1:
            self._warn_of_energies(given, phase_error(found[1]))
        return found

    def s_matrix(
        self, energy: Numbers, *, return_std: bool = False, n_draws: int = 32,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """S(E) of coupled channels; see `halkit.scattering.coupled_s_matrix`.

        With `return_std` also the errors of Re S and Im S, as the parts of a complex array.
        """
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        found = self._drawn("s_matrix", return_std, n_draws, energy, **mesh)
        if return_std:
            self._warn_of_energies(energy, phase_error(found[1]))
        return found

    def scattering_length(
        self, *, sign: SignConvention = "nuclear", return_std: bool = False, n_draws: int = 32,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """a_l in k^{2l+1} cot δ = −1/a_l + r_l k²/2; see `halkit.scattering.scattering_length`.

        With `return_std` also its error, as in ``phase_shift``: NaN where a0 may be infinite.
        """
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._drawn("scattering_length", return_std, n_draws, sign=sign, **mesh)

    def effective_range(
        self, *, return_std: bool = False, n_draws: int = 32,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """r_l in k^{2l+1} cot δ = −1/a_l + r_l k²/2; see `halkit.scattering.effective_range`.

        With `return_std` also its error, as in ``phase_shift``.
        """
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._drawn("effective_range", return_std, n_draws, **mesh)

    def bound_states(
        self, *, return_std: bool = False, n_draws: int = 32,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """Energies and binding momenta; see `halkit.scattering.bound_states`.

        With `return_std` also their errors, as in ``phase_shift``.
        """
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._drawn("bound_states", return_std, n_draws, **mesh)


class DrawnParameters(DrawnObservables):
    """A form with parameters ``theta_`` and their covariance ``theta_cov_``.

    A subclass makes the interaction of θ from one channel to another by ``_form``.
    """

    theta_: Array
    theta_cov_: Array
    # what the data do not see of U follows from the form
    _form_is_known = True

    @abstractmethod
    def _form(self, theta: Array, pair: tuple[int, int] = (0, 0)) -> Interaction:
        """The interaction with parameters θ, from channel b to channel a of the pair (a, b)."""

    def _of_theta(self, theta: Array) -> Any:
        """The interaction, or the matrix of interactions, with parameters θ."""
        n = range(self.n_channels_)
        rows = [[self._form(theta, (a, b)) for b in n] for a in n]
        return self._in_channels(InteractionMatrix(rows) if len(n) > 1 else rows[0][0])

    @property
    def _learned(self) -> Any:
        return self._of_theta(self.theta_)

    def draw_potentials(self, n_draws: int = 1, random_state: Random = 0) -> list[Any]:
        """Potentials with parameters from the normal distribution of ``theta_cov_``.

        Parameters
        ----------
        n_draws : int
        random_state : int, RandomState, Generator or None

        Returns
        -------
        list of Interaction, or of InteractionMatrix with several channels

        Raises
        ------
        ValueError
            If ``theta_cov_`` is infinite: the data do not determine the parameters.
        """
        n_draws = check_integer(n_draws, "n_draws", least=1)
        random = check_random_state(random_state)
        return self._of_normals(random.standard_normal((n_draws, len(self._checked_theta()))))

    def _members(self, n_draws):
        """Draws whose mean is θ̂, and whose covariance is C if there are enough of them."""
        normal = check_random_state(0).standard_normal((n_draws, len(self._checked_theta())))
        return self._of_normals(_standardized(normal))

    def _checked_theta(self):
        self._check_radii()
        return self.theta_

    def _of_normals(self, normal):
        """Potentials at θ̂ + C^{1/2} times unit normals."""
        if not np.all(np.isfinite(self.theta_cov_)):
            raise ValueError("theta_cov_ must be finite for errors, got parameters that are open")
        std = np.sqrt(np.diag(self.theta_cov_))
        unit = np.where(std > 0, std, 1.0)
        value, vector = np.linalg.eigh(self.theta_cov_ / np.outer(unit, unit))
        root = unit[:, None] * vector * np.sqrt(np.maximum(value, 0.0))
        return [self._of_theta(self._within(theta)) for theta in self.theta_ + normal @ root.T]

    def _within(self, theta):
        """θ within what a fit admits."""
        return theta


def _standardized(normal):
    """Normals with mean 0 and the unit matrix as covariance; as they are if they are too few."""
    n, p = normal.shape
    if n <= p:
        return normal
    left, _, right = np.linalg.svd(normal - normal.mean(axis=0), full_matrices=False)
    return np.sqrt(n - 1) * left @ right
