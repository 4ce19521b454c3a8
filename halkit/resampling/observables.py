"""Central values and errors of the predictions and observables of a potential fitted to each bin.

Every observable f is computed with the fit to the mean, θ̄, and with the fit of each bin, θ_b. The
result is f(θ̄), with the error of the samples f(θ_b), without derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import methodcaller
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from halkit.channels import momentum_or_energy
from halkit.checks import as_numbers, check_boolean
from halkit.potentials.seen import lent_waves, phase_error, warn_of_energies, warn_of_momenta
from halkit.potentials.validation import check_samples, like_input
from halkit.resampling.samples import Resampling, check_bins
from halkit.resampling.workers import run_bins
from halkit.scattering import Ensemble
from halkit.scattering.branches import angle_error
from halkit.typing import Number, Numbers, SignConvention

__all__ = ["ResampledPotential"]


def _of_the_fit(name):
    return property(lambda self: getattr(self.estimator_, name), doc=f"`{name}` of each fit.")


def _offered(name):
    """Offer a method if the estimator within has it."""

    def check(self):
        inner = getattr(self, "estimator_", self.estimator)
        if not hasattr(inner, name):
            raise AttributeError(
                f"{type(self).__name__} has no {name}, because {type(inner).__name__} has none: "
                "pass the potential itself as estimator, not a Pipeline or a search around it"
            )
        return True

    return available_if(check)


class ResampledPotential:
    """Predictions and observables of a fitted potential, with errors over bins.

    A subclass stores ``estimator`` and ``n_jobs``, and fits ``estimator_`` (to the mean) and
    ``estimators_`` (to each bin); ``ensemble_`` joins them.
    """

    estimator: Any
    n_jobs: int | None
    verbose: int
    estimator_: Any
    estimators_: list[Any]
    resample_: Resampling

    @property
    def _workers(self):
        return {"n_jobs": self.n_jobs, "verbose": self.verbose}

    @property
    def ensemble_(self) -> Ensemble:
        """The fits of the bins, with the fit to the mean as their centre."""
        check_is_fitted(self)
        run = partial(run_bins, **self._workers)
        return Ensemble(self.estimators_, kind=self.resample_, centre=self.estimator_, map=run)

    def samples(self, function: Callable[..., Any], *arguments: Sequence[Any]) -> NDArray[Any]:
        """Values of a function of each fit; see `halkit.scattering.Ensemble`."""
        return self.ensemble_.samples(function, *arguments)

    def evaluate(self, function: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Central value and error of any function of the fit.

        Parameters
        ----------
        function : callable
            ``function(estimator)``, a number or an array, of one fit at a time, such as
            ``lambda m: m.local_potential(2.0)``.

        Returns
        -------
        centre, std
            Of the shape of the values. These are compared as they are; only the methods for phase
            shifts and scattering lengths know branches and poles.

        Warns
        -----
        AccuracyWarning
            If the function returns NaN or an infinite value, which makes its error NaN.
        UnderdeterminedWarning
            If the function computes phase shifts beyond π/a, with the spacing a of the nodes.
        """
        ensemble = self.ensemble_
        with lent_waves(self.estimator_, vars(self).get("_data_waves")) as centre:
            value = function(centre)
        return ensemble._with_error(value, function)

    def predict(self, X: Numbers, return_std: bool = False) -> Any:
        """Targets of wave functions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r) or (n_bins, n_samples, n_r)
            One set of wave functions for all fits; or one for each bin, in the order of the
            fit, so that their fluctuations count too.
        return_std : bool
            Whether the error over bins is returned.

        Returns
        -------
        y : ndarray of shape (n_samples, n_out)
            Of the fit to the mean.
        y_std : ndarray of shape (n_samples, n_out)
            If `return_std`.
        """
        return self._of_data("predict", X, return_std)

    r_ = _of_the_fit("r_")
    r_out_ = _of_the_fit("r_out_")
    weights_ = _of_the_fit("weights_")
    local_strength_ = _of_the_fit("local_strength_")
    nonlocal_strength_ = _of_the_fit("nonlocal_strength_")
    nonlocal_reach_ = _of_the_fit("nonlocal_reach_")

    @_offered("localize")
    def localize(self, X: Numbers, return_std: bool = False) -> Any:
        """Local potentials that act on each wave function as U does; see `predict`."""
        return self._of_data("localize", X, return_std)

    @_offered("predict_potential")
    def predict_potential(
        self, r: Numbers | None = None, r_prime: Numbers | None = None, return_std: bool = False
    ) -> Any:
        """The non-local potential U(r, r') on any points, (n, m), and its error."""
        return self._centre_and_std(methodcaller("predict_potential", r, r_prime), return_std)

    @_offered("local_potential")
    def local_potential(self, r: Numbers, return_std: bool = False) -> Any:
        """V(r) of the local term, and its error."""
        return self._centre_and_std(methodcaller("local_potential", r), return_std)

    @_offered("phase_shift")
    def phase_shift(
        self, k_or_energy: Numbers | None = None, /, *, k: Numbers | None = None,
        energy: Numbers | None = None, channel_radius: Number | None = None,
        n_mesh: int | None = None, return_std: bool = False,
    ) -> Any:  # fmt: skip
        """Phase shifts in radians; see `halkit.scattering.Ensemble.phase_shift`.

        At momenta k of one channel, or at energies above the lowest threshold of several.

        Warns
        -----
        UnderdeterminedWarning
            Where the data do not determine δ: beyond π/a in an open channel, with the spacing a of
            the nodes; and where what they leave open moves δ by more than two of its errors.
        """
        given = momentum_or_energy(self.ensemble_.n_channels, k_or_energy, k, energy)
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        found = self._of_ensemble("phase_shift", given, **mesh, return_std=return_std)
        if self.ensemble_.n_channels > 1:
            self._warn_of_s_matrix(given, found, return_std)
        else:
            self._warn_of_phases(given, found[1] if return_std else None)
        return found

    def _warn_of_phases(self, k, std):
        """Warn of momenta of one channel at which the data do not determine δ within its error."""
        warn_of_momenta(self.estimator_, vars(self).get("_data_waves"), k, std)

    @_offered("s_matrix")
    def s_matrix(
        self, energy: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None,
        return_std: bool = False,
    ) -> Any:  # fmt: skip
        """S(E) of coupled channels; see `halkit.scattering.Ensemble.s_matrix`."""
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        found = self._of_ensemble("s_matrix", energy, **mesh, return_std=return_std)
        self._warn_of_s_matrix(energy, found, return_std)
        return found

    def _warn_of_s_matrix(self, energy, found, return_std):
        """Warn of energies of coupled channels at which the data do not determine S."""
        std = phase_error(found[1]) if return_std else None
        warn_of_energies(self.estimator_, vars(self).get("_data_waves"), energy, std)

    @_offered("resonances")
    def resonances(
        self, start: ArrayLike, *, sheet: Sequence[int] | None = None,
        channel_radius: Number | None = None, n_mesh: int | None = None, return_std: bool = False,
    ) -> Any:  # fmt: skip
        """Poles of S; see `halkit.scattering.Ensemble.resonances`."""
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._of_ensemble("resonances", start, sheet=sheet, **mesh, return_std=return_std)

    @_offered("phase_shift")
    def k_cot_delta(
        self, k: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None,
        return_std: bool = False,
    ) -> Any:  # fmt: skip
        """k cot δ(k), smooth at a threshold; see `halkit.scattering.Ensemble.k_cot_delta`.

        Warns as ``phase_shift`` of momenta at which the data do not determine δ.
        """
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        found = self._of_ensemble("k_cot_delta", k, **mesh, return_std=return_std)
        self._warn_of_phases(k, angle_error(k, *found) if return_std else None)
        return found

    @_offered("bound_states")
    def bound_states(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None,
        return_std: bool = False,
    ) -> Any:  # fmt: skip
        """Energies and binding momenta; see `halkit.scattering.Ensemble.bound_states`."""
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._of_ensemble("bound_states", **mesh, return_std=return_std)

    @_offered("scattering_length")
    def scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None, return_std: bool = False,
    ) -> Any:  # fmt: skip
        """a0; see `halkit.scattering.Ensemble.scattering_length`."""
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._of_ensemble("scattering_length", sign=sign, **mesh, return_std=return_std)

    @_offered("scattering_length")
    def inverse_scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None, return_std: bool = False,
    ) -> Any:  # fmt: skip
        """1/a0; see `halkit.scattering.Ensemble.inverse_scattering_length`."""
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._of_ensemble(
            "inverse_scattering_length", sign=sign, **mesh, return_std=return_std
        )

    @_offered("effective_range")
    def effective_range(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None,
        return_std: bool = False,
    ) -> Any:  # fmt: skip
        """r_eff; see `halkit.scattering.Ensemble.effective_range`."""
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self._of_ensemble("effective_range", **mesh, return_std=return_std)

    def _of_ensemble(self, name, *given, **settings):
        return getattr(self.ensemble_, name)(*given, **settings)

    def _centre_and_std(self, method, return_std):
        check_is_fitted(self)
        centre = method(self.estimator_)
        if not check_boolean(return_std, "return_std"):
            return centre
        return centre, self.ensemble_.error(self.samples(method), centre)

    def _of_data(self, name, X, return_std):
        """A method of the fits, of one X for all of them or of one X for each."""
        check_is_fitted(self)
        if as_numbers(X, "X").ndim != 3:
            rows = check_samples(self, X, reset=False)
            result = self._centre_and_std(methodcaller(name, rows), return_std)
            if return_std:
                return tuple(like_input(part, X) for part in result)
            return like_input(result, X)
        X = check_bins(X, "X")
        if len(X) != len(self.estimators_):
            raise ValueError(
                f"X must have {len(self.estimators_)} bins, as many as the fit had, got {len(X)}"
            )
        centre = methodcaller(name, X.mean(axis=0))(self.estimator_)
        if not check_boolean(return_std, "return_std"):
            return centre
        return centre, self.ensemble_.error(self.samples(_Method(name), X), centre)


class _Method:
    """``estimator.name(argument)`` as a function of both."""

    def __init__(self, name):
        self.name = name

    def __call__(self, estimator, argument):
        return getattr(estimator, self.name)(argument)
