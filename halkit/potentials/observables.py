r"""Observables of a fitted potential, through `halkit.scattering`.

One channel has phase shifts at momenta k, several have an S matrix at energies E above the lowest
threshold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from halkit import scattering
from halkit.channels import Channel, ChannelList, momentum_or_energy
from halkit.interactions import Interaction, InteractionMatrix
from halkit.potentials.coupling import (
    full_channels,
    reduced_masses,
    refuse_other_count,
)
from halkit.potentials.seen import warn_of_energies, warn_of_momenta
from halkit.scattering import phase as single
from halkit.scattering.coupled import phase as coupled
from halkit.scattering.coupled.system import CoupledSystem
from halkit.typing import Number, Numbers, SignConvention

__all__ = ["ObservablesMixin"]


class ObservablesMixin(ABC):
    """Observables of a fitted potential; see `halkit.potentials.base.PotentialMixin`.

    Attributes
    ----------
    channels, l
        Constructor parameters of estimators that know them.
    n_channels_ : int
        Number of channels of the fit.
    """

    channels: ChannelList | None = None
    l: int | None = None
    n_channels_: int
    _wave: int | None

    @property
    @abstractmethod
    def _learned(self) -> Any:
        """The fitted `Interaction`, or `InteractionMatrix`."""

    @abstractmethod
    def _check_radii(self, **radii: Any) -> Any:
        """The radii of a fitted potential whose nodes are known."""

    @property
    def interaction_(self) -> Any:
        """The fitted V(r) and U(r, r') as one interaction, which can be added to others.

        With n > 1 channels an `halkit.interactions.InteractionMatrix`, with its channels.

        Raises
        ------
        ValueError
            If the fit was made without nodes r, or if `channels` has changed in number since.
        """
        self._check_radii()
        refuse_other_count(self._owner(), self.n_channels_)
        return self._learned

    def _reduced_mass(self) -> float | None:
        """The reduced mass without channels, or None if the estimator does not know it."""
        return getattr(self, "reduced_mass", None)

    def _owner(self) -> Any:
        """The estimator whose channels, wave and masses count."""
        return self

    def _mass(self) -> float | None:
        """The reduced mass of a single channel, or None."""
        owner = self._owner()
        if owner.channels is None:
            return owner._reduced_mass()
        masses = reduced_masses(owner)
        return None if masses is None else masses[0]

    def _in_wave(self, interaction: Interaction) -> Interaction:
        """The interaction, for the partial wave of the fit if it had one."""
        interaction.l = self._wave
        return interaction

    def _in_channels(self, interaction: Any) -> Any:
        """A matrix with the channels of the estimator if their masses are known; or in its wave."""
        if not isinstance(interaction, InteractionMatrix):
            return self._in_wave(interaction)
        channels = full_channels(self._owner())
        return type(interaction)(interaction.interactions, channels=channels)

    def _known_channels(self) -> list[Channel]:
        """Channels with all their data, as many as in the fit."""
        refuse_other_count(self._owner(), self.n_channels_)
        channels = full_channels(self._owner())
        if channels is None:
            raise ValueError(
                f"channels must have masses, or a reduced mass each, for an observable, got "
                f"{self.channels}"
            )
        return channels

    def phase_shift(
        self, k_or_energy: Numbers | None = None, /, *, k: Numbers | None = None,
        energy: Numbers | None = None, channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """Phase shifts in radians: δ(k), or at energies E of coupled channels.

        Parameters
        ----------
        k_or_energy : array-like
            Momenta k of a single channel; energies E above the lowest threshold of several.
        k, energy : array-like, optional
            The same by name. Several channels refuse k, which belongs to one of them.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.

        Returns
        -------
        ndarray of the shape of k, or CoupledPhaseShifts
            See `halkit.scattering.phase_shift` and `halkit.scattering.coupled_phase_shifts`.

        Warns
        -----
        UnderdeterminedWarning
            Where the data do not determine δ: beyond π/a in an open channel, with the spacing a of
            the nodes; and where the waves leave the span of the data by so much that U may move δ
            noticeably.
        """
        given = momentum_or_energy(self._count(), k_or_energy, k, energy)
        if self.n_channels_ > 1:
            return self._coupled(coupled.phases_of, given, channel_radius, n_mesh)
        settings = self._scattering(channel_radius, n_mesh)
        delta, solved = single.solution(self.interaction_, given, **settings)
        self._warn_of_momenta(given, **solved)
        return delta

    def _phases_alike(self, k):
        """Phase shifts of one channel, and a function for similar fits; see `on_mesh_of`."""
        return single.on_mesh_of(self.interaction_, k, **self._scattering(None, None))

    def _s_matrix_alike(self, energy):
        """S and the sum of phases of coupled channels, and a function for similar fits."""
        return coupled.on_mesh_of(self.interaction_, energy)

    def _warn_of_momenta(self, k, std=None, reduced_mass=None, solved=None):
        """Warn of momenta at which the data do not determine δ; `halkit.scattering` calls it."""
        warn_of_momenta(self, vars(self).get("_data_waves"), k, std, reduced_mass, solved)

    def _warn_of_energies(self, energy, std=None, channels=None, solved=None):
        """Warn of energies of coupled channels at which the data do not determine S."""
        warn_of_energies(self, vars(self).get("_data_waves"), energy, std, channels, solved)

    def s_matrix(
        self, energy: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> NDArray[np.complex128]:
        """S(E) of coupled channels, (..., n, n); see `halkit.scattering.coupled_s_matrix`.

        Raises
        ------
        ValueError
            If there is one channel, whose S = e^{2iδ}.

        Warns
        -----
        UnderdeterminedWarning
            As ``phase_shift``.
        """
        if self._count() == 1:
            raise ValueError("channels must be several for s_matrix, got one: see phase_shift")
        return self._coupled(coupled.s_matrix_of, energy, channel_radius, n_mesh)

    def _coupled(self, observable, energy, channel_radius, n_mesh):
        """An observable of coupled channels, with a warning of what the data do not determine."""
        self._scattering(channel_radius, n_mesh)
        system = CoupledSystem(self.interaction_, channel_radius=channel_radius)
        energy = coupled.energies(system, energy, None)
        found, n = observable(system, energy, n_mesh)
        coupled.tell_energies(self, system, energy, n)
        return found

    def resonances(
        self, start: ArrayLike, *, sheet: Sequence[int] | None = None,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """Poles of S next to complex energies `start`; see `halkit.scattering.resonances`.

        For one channel E = k²/2m, as for its bound states.
        """
        check_is_fitted(self)
        settings = self._scattering(channel_radius, n_mesh)
        return scattering.resonances(self.interaction_, start=start, sheet=sheet, **settings)

    def bound_states(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> Any:
        """Energies and binding momenta; see `halkit.scattering.bound_states`.

        With several channels, see `halkit.scattering.coupled_bound_states`.
        """
        settings = self._scattering(channel_radius, n_mesh)
        if self.n_channels_ > 1:
            return scattering.coupled_bound_states(self.interaction_, **settings)
        return scattering.bound_states(self, **settings)

    def scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> float:  # fmt: skip
        """a_l in k^{2l+1} cot δ = −1/a_l + r_l k²/2; see `halkit.scattering.scattering_length`."""
        settings = self._threshold(channel_radius, n_mesh)
        return scattering.scattering_length(self, sign=sign, **settings)

    def effective_range(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> float:
        """r_l in k^{2l+1} cot δ = −1/a_l + r_l k²/2; see `halkit.scattering.effective_range`."""
        return scattering.effective_range(self, **self._threshold(channel_radius, n_mesh))

    def _count(self):
        """The number of channels of the fit."""
        check_is_fitted(self)
        return self.n_channels_

    def _scattering(self, channel_radius, n_mesh):
        """Arguments of the functions of `halkit.scattering`."""
        self._check_radii()
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        if self.n_channels_ > 1:
            self._known_channels()
            return mesh
        wave = {"l": self._wave} if self._wave else {}
        return {"reduced_mass": self._known_mass(), **mesh, **wave}

    def _threshold(self, channel_radius, n_mesh):
        """Arguments of the parameters at threshold, which one channel has."""
        if self._count() > 1:
            raise ValueError(
                f"channels must be one for a parameter at threshold, got {self.n_channels_}: see "
                "s_matrix and phase_shift"
            )
        return self._scattering(channel_radius, n_mesh)

    def _known_mass(self):
        refuse_other_count(self._owner(), self.n_channels_)
        mass = self._mass()
        if mass is None:
            raise ValueError(
                "reduced_mass or hadron_mass must be given for an observable, got None: set it, in "
                "the inverse of the unit of r, in the constructor or with set_params of the "
                "estimator itself (one around it has to be fitted again)"
            )
        return mass
