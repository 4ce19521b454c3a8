"""Central values and errors of what a potential gives, from one fit for each bin.

f(θ̄) ± error of {f(θ_b)}: every observable is computed with the fit to the mean and with the
fit of each bin, so that errors of derived quantities need no derivatives.
"""

import warnings
from operator import methodcaller

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from halkit.checks import as_numbers, check_boolean
from halkit.exceptions import AccuracyWarning
from halkit.potentials.validation import check_samples, like_input
from halkit.resampling.samples import resampling_error
from halkit.resampling.workers import run_bins

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
    mean), ``estimators_`` (one for each bin) and ``resample_`` (what the bins are).
    """

    def samples(self, function, *arguments):
        """Values of a function of the fit of each bin.

        Parameters
        ----------
        function : callable
            ``function(estimator, *arguments of the bin)``, a number or an array of one shape.
        *arguments : array-like of shape (n_bins, ...)
            What differs from bin to bin beside the fit.

        Returns
        -------
        ndarray of shape (n_bins, ...)
        """
        check_is_fitted(self)
        lengths = [len(argument) for argument in arguments]
        if any(length != len(self.estimators_) for length in lengths):
            raise ValueError(f"arguments need {len(self.estimators_)} bins each, got {lengths}")
        values = self._on_bins(function, *arguments)
        shapes = sorted({np.shape(value) for value in values})
        if len(shapes) > 1:
            raise ValueError(
                f"the function needs values of one shape for all bins, got shapes {shapes}"
            )
        return np.array(values)

    def _on_bins(self, function, *arguments):
        return run_bins(function, self.estimators_, *arguments, n_jobs=self.n_jobs)

    def evaluate(self, function):
        """Central value and error of any function of the fit.

        Parameters
        ----------
        function : callable
            ``function(estimator)``, a number or an array. It sees one fitted clone of the
            estimator at a time: ``lambda m: -1 / m.scattering_length()`` is k cot δ(0).

        Returns
        -------
        centre, std
            Of the shape that the function returns.
        """
        check_is_fitted(self)
        return function(self.estimator_), self._error(self.samples(function))

    def _error(self, samples):
        return resampling_error(samples, self.resample_)

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
        return _of_data(self, "predict", X, return_std)

    r_ = _of_the_fit("r_")
    r_out_ = _of_the_fit("r_out_")
    weights_ = _of_the_fit("weights_")

    @_offered("localize")
    def localize(self, X, return_std=False):
        """Local potentials that act on each wave function as U does; see `predict`."""
        return _of_data(self, "localize", X, return_std)

    @_offered("predict_potential")
    def predict_potential(self, r=None, r_prime=None, return_std=False):
        """The non-local potential U(r, r') on any points, (n, m), and its error."""
        return _centre_and_std(self, methodcaller("predict_potential", r, r_prime), return_std)

    @_offered("local_potential")
    def local_potential(self, r, return_std=False):
        """V(r) of the local term, and its error."""
        return _centre_and_std(self, methodcaller("local_potential", r), return_std)

    @_offered("phase_shift")
    def phase_shift(self, k, *, channel_radius=None, n_mesh=None, return_std=False):
        """S-wave phase shifts δ(k) in radians, on the branch δ(∞) = 0.

        Parameters
        ----------
        k : array-like
            Momenta, > 0, in the inverse unit of r.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.
        return_std : bool
            Whether the error over bins is returned.

        Returns
        -------
        delta : ndarray of the shape of k
            By the fit to the mean.
        std : ndarray of the shape of k
            If `return_std`. Bins with another number of bound states lie on another branch:
            they are compared with the centre modulo π.

        Warns
        -----
        AccuracyWarning
            Where bins were on another branch; they are named.
        """
        method = methodcaller("phase_shift", k, channel_radius=channel_radius, n_mesh=n_mesh)
        delta = _centre_and_std(self, method, return_std=False)
        if not check_boolean(return_std, "return_std"):
            return delta
        return delta, self._error(_on_branch(self.samples(method), delta))

    @_offered("bound_states")
    def bound_states(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """Energies and binding momenta, deepest state first, and their errors.

        Returns
        -------
        states : halkit.scattering.BoundStates
            Of the fit to the mean.
        std : halkit.scattering.BoundStates
            If `return_std`. NaN for a state that some bin does not have: a state that comes
            and goes has no error bar.

        Warns
        -----
        AccuracyWarning
            Where bins have another number of states than the fit to the mean; counted.
        """
        method = methodcaller("bound_states", channel_radius=channel_radius, n_mesh=n_mesh)
        states = _centre_and_std(self, method, return_std=False)
        if not check_boolean(return_std, "return_std"):
            return states
        bins = self._on_bins(method)
        _same_number_of_states(states, bins, "the errors of the states that come and go are NaN")
        return states, type(states)(
            *(
                self._error([_padded(getattr(b, name), len(states.energy)) for b in bins])
                for name in states._fields
            )
        )

    @_offered("scattering_length")
    def scattering_length(
        self, *, sign="nuclear", channel_radius=None, n_mesh=None, return_std=False
    ):
        """a0 in k cot δ = −1/a0 + r_eff k²/2, and its error; see `halkit.scattering` for `sign`.

        Where some bins bind and others do not, a0 passes through infinity and has no error
        bar: that of k cot δ(0) is ``evaluate(lambda m: -1 / m.scattering_length())``.

        Warns
        -----
        AccuracyWarning
            Where the number of bound states differs between bins.
        """
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        convention = {} if sign == "nuclear" else {"sign": sign}
        return _threshold(self, "scattering_length", settings, return_std, **convention)

    @_offered("effective_range")
    def effective_range(self, *, channel_radius=None, n_mesh=None, return_std=False):
        """r_eff in k cot δ = −1/a0 + r_eff k²/2, and its error; see `scattering_length`."""
        settings = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return _threshold(self, "effective_range", settings, return_std)


def _centre_and_std(model, method, return_std):
    check_is_fitted(model)
    with_std = check_boolean(return_std, "return_std")
    return model.evaluate(method) if with_std else method(model.estimator_)


def _of_data(model, name, X, return_std):
    """A method of the fits, of one X for all of them or of one for each."""
    check_is_fitted(model)
    if as_numbers(X, "X").ndim != 3:
        rows = check_samples(model, X, reset=False)
        result = _centre_and_std(model, methodcaller(name, rows), return_std)
        if return_std:
            return tuple(like_input(part, X) for part in result)
        return like_input(result, X)
    X = model._validated_bins(X, "X")
    if len(X) != len(model.estimators_):
        raise ValueError(
            f"X needs {len(model.estimators_)} bins, as many as the fit had, got {len(X)}"
        )
    centre = methodcaller(name, X.mean(axis=0))(model.estimator_)
    if not check_boolean(return_std, "return_std"):
        return centre
    return centre, model._error(model.samples(_Method(name), X))


class _Method:
    """``estimator.name(argument)`` as a function of both."""

    def __init__(self, name):
        self.name = name

    def __call__(self, estimator, argument):
        return getattr(estimator, self.name)(argument)


def _threshold(model, name, settings, return_std, **convention):
    """Scattering length or effective range, with a warning where binding comes and goes."""
    observable = methodcaller(name, **settings, **convention)
    centre = _centre_and_std(model, observable, return_std=False)
    if not check_boolean(return_std, "return_std"):
        return centre
    method = methodcaller("bound_states", **settings)
    _same_number_of_states(
        method(model.estimator_),
        model._on_bins(method),
        "a0 passes through infinity between them, and its error and that of r_eff mean little; "
        "quote k cot δ(0) = −1/a0",
    )
    return centre, model._error(model.samples(observable))


def _on_branch(samples, delta):
    """Phase shifts of the bins, each within π/2 of the centre by a multiple of π."""
    turns = np.round((samples - delta) / np.pi)
    elsewhere = np.flatnonzero(turns.reshape(len(samples), -1).any(axis=1))
    if elsewhere.size:
        warnings.warn(
            f"in {elsewhere.size} of {len(samples)} bins ({', '.join(map(str, elsewhere))}) δ is "
            "a multiple of π away from the fit to the mean, as with another number of bound "
            "states: its error is that of δ modulo π",
            AccuracyWarning,
            stacklevel=3,
        )
    return samples - np.pi * turns


def _same_number_of_states(states, bins, consequence):
    counts = np.array([len(b.energy) for b in bins])
    if np.all(counts == len(states.energy)):
        return
    found = ", ".join(f"{np.sum(counts == n)} have {n}" for n in np.unique(counts))
    warnings.warn(
        f"the fit to the mean has {len(states.energy)} bound states, of {len(bins)} bins {found}: "
        f"{consequence}",
        AccuracyWarning,
        stacklevel=4,
    )


def _padded(values, n):
    """The first n values, NaN where there are fewer."""
    return np.concatenate([values, np.full(n, np.nan)])[:n]
