"""Central values and errors of what a potential gives, from one fit for each bin.

f(θ̄) ± error of {f(θ_b)}: every observable is computed with the fit to the mean and with the
fit of each bin, so that errors of derived quantities need no derivatives.
"""

from functools import partial
from operator import methodcaller

from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from halkit.checks import as_numbers, check_boolean
from halkit.potentials.validation import check_samples, like_input
from halkit.resampling.samples import check_bins
from halkit.resampling.workers import run_bins
from halkit.scattering import Ensemble

__all__ = ["ResampledPotential"]


def _of_the_fit(name):
    return property(lambda self: getattr(self.estimator_, name), doc=f"`{name}` of each fit.")


def _offered(name):
    """Whether the estimator within has a method: without it there is none here either."""

    def check(self):
        inner = getattr(self, "estimator_", self.estimator)
        if not hasattr(inner, name):
            raise AttributeError(
                f"{type(self).__name__} has no {name}, because {type(inner).__name__} has none: "
                "it takes the potential itself, not a Pipeline or a search around it"
            )
        return True

    return available_if(check)


class ResampledPotential:
    """The face of a fitted potential, with errors over bins.

    A subclass stores ``estimator`` and ``n_jobs``, and gives the fitted ``estimator_`` (to the
    mean), ``estimators_`` (one for each bin) and ``resample_``. ``ensemble_`` holds them together.
    """

    @property
    def ensemble_(self):
        check_is_fitted(self)
        run = partial(run_bins, n_jobs=self.n_jobs)
        return Ensemble(self.estimators_, kind=self.resample_, centre=self.estimator_, map=run)

    def samples(self, function, *arguments):
        """Values of a function of each fit; see `halkit.scattering.Ensemble`."""
        return self.ensemble_.samples(function, *arguments)

    def evaluate(self, function):
        """Central value and error of any function of the fit.

        Parameters
        ----------
        function : callable
            ``function(estimator)``, a number or an array. It sees one fitted clone of the
            estimator at a time: ``lambda m: m.local_potential(2.0)``.

        Returns
        -------
        centre, std
            Of the shape that the function returns. Values are compared as they are: the methods
            for phase shifts and scattering lengths know branches and poles.
        """
        return self.ensemble_.evaluate(function)

    def predict(self, X, return_std=False):
        """Sources of wave functions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r) or (n_bins, n_samples, n_r)
            One set of wave functions for all fits; or one for each bin, in the order of the
            fit, whose own fluctuations then count too.
        return_std : bool
            Whether the error over bins is returned.

        Returns
        -------
        y : ndarray of shape (n_samples, n_out)
            By the fit to the mean.
        y_std : ndarray of shape (n_samples, n_out)
            If `return_std`.
        """
        return self._of_data("predict", X, return_std)

    r_ = _of_the_fit("r_")
    r_out_ = _of_the_fit("r_out_")
    weights_ = _of_the_fit("weights_")

    @_offered("localize")
    def localize(self, X, return_std=False):
        """Local potentials that act on each wave function as U does; see `predict`."""
        return self._of_data("localize", X, return_std)

    @_offered("predict_potential")
    def predict_potential(self, r=None, r_prime=None, return_std=False):
        """The non-local potential U(r, r') on any points, (n, m), and its error."""
        return self._centre_and_std(methodcaller("predict_potential", r, r_prime), return_std)

    @_offered("local_potential")
    def local_potential(self, r, return_std=False):
        """V(r) of the local term, and its error."""
        return self._centre_and_std(methodcaller("local_potential", r), return_std)

    @_offered("phase_shift")
    def phase_shift(self, k, *, channel_radius=None, n_mesh=None, return_std=False):
        """S-wave phase shifts δ(k) in radians; see `halkit.scattering.Ensemble.phase_shift`."""
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.ensemble_.phase_shift(k, **settings, return_std=return_std)

    @_offered("phase_shift")
    def k_cot_delta(self, k, *, channel_radius=None, n_mesh=None, return_std=False):
        """k cot δ(k), smooth at a threshold; see `halkit.scattering.Ensemble.k_cot_delta`."""
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.ensemble_.k_cot_delta(k, **settings, return_std=return_std)

    @_offered("bound_states")
    def bound_states(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """Energies and binding momenta; see `halkit.scattering.Ensemble.bound_states`."""
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.ensemble_.bound_states(**settings, return_std=return_std)

    @_offered("scattering_length")
    def scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """a0; see `halkit.scattering.Ensemble.scattering_length`."""
        settings = {"sign": sign, "channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.ensemble_.scattering_length(**settings, return_std=return_std)

    @_offered("scattering_length")
    def inverse_scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """1/a0; see `halkit.scattering.Ensemble.inverse_scattering_length`."""
        settings = {"sign": sign, "channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.ensemble_.inverse_scattering_length(**settings, return_std=return_std)

    @_offered("effective_range")
    def effective_range(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """r_eff; see `halkit.scattering.Ensemble.effective_range`."""
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return self.ensemble_.effective_range(**settings, return_std=return_std)

    def _centre_and_std(self, method, return_std):
        check_is_fitted(self)
        with_std = check_boolean(return_std, "return_std")
        return self.evaluate(method) if with_std else method(self.estimator_)

    def _of_data(self, name, X, return_std):
        """A method of the fits, of one X for all of them or of one for each."""
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
