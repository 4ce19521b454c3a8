"""One estimator from correlators to observables, whose samples are blocks of correlators.

Rows are made within `fit`, so that times, stencil and radii are parameters like those of the prior,
and a search over all of them leaves out whole sources or volumes.
"""

from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import MetaEstimatorMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from halkit.callbacks import with_callbacks
from halkit.checks import check_choice
from halkit.equations import stack_rows
from halkit.potentials.seen import taken_waves
from halkit.resampling.blocks import channels_of, check_blocks, chosen_blocks, rows_of
from halkit.resampling.compared import ComparedWithBlocks
from halkit.resampling.deep_states import warn_of_stencil
from halkit.resampling.filled import filled, waves_of
from halkit.resampling.observables import ResampledPotential
from halkit.resampling.regressor import JackknifeRegressor
from halkit.resampling.samples import check_resample
from halkit.training import unchanged_on_error
from halkit.typing import Array
from halkit.units import HBARC
from halkit.versions import Versioned

__all__ = ["CorrelatorRegressor"]


class CorrelatorRegressor(
    ComparedWithBlocks, ResampledPotential, MetaEstimatorMixin, RegressorMixin, Versioned
):  # fmt: skip
    r"""A potential from correlators R(t, r), with errors; a sample is one source on one volume.

    X is a list of `halkit.correlators.Correlators`, as from `blocks`; of coupled channels, of
    `halkit.correlators.CoupledCorrelators`. `fit` makes their rows, passes nodes, masses and errors
    of the rows to `estimator`, and fits it to the mean over the bins and to each bin
    (`JackknifeRegressor`). Window, stencil, radii and the parameters of the
    estimator can be searched::

        search = GridSearchCV(
            CorrelatorRegressor(GaussianProcessPotentialRegressor(), resample="mean"),
            {"stencil": [3, 5], "estimator__envelope_radius": [4.0, 5.5, 8.0]},
            cv=leave_configurations_out,
        ).fit(blocks(correlators))
        model = clone(search.best_estimator_).set_params(resample=None).fit(blocks(correlators))

    With ``resample="mean"`` the search does not fit each bin, which takes twenty times as long and
    does not change scores, unless the bins raise the size of V or of U.

    Parameters
    ----------
    estimator : regressor
        A potential whose `fit` takes `y_std`. Its parameters r, weights, r_out, and reduced_mass
        or hadron_mass come from the correlators where they are None. Of coupled channels
        `channels` do, or get their masses there; give it where a channel has l > 0.
    times : sequence, optional
        Times of the rows; by default all that the stencil allows.
    stencil : {"auto", "designed", 3, 5, 7}
        Time stencil. "auto" is the widest that all `times` allow; without `times`, the widest that
        leaves three rows. See `halkit.equations.time_dependent_rows`.
    energy_range : pair of float, optional
        Of the designed stencil; of coupled channels see `halkit.equations.coupled_rows`.
    r_max, r_prime_max : float, or mapping of L to float, optional
        Largest radii of the targets and of the sum over r'; see `halkit.equations.lattice_rows`. On
        a lattice `r_max` must be given, and `r_prime_max` is by default three sites further, below
        L/2. On radial nodes all of them are taken by default.
    sources : sequence of str, optional
        Sources that are fitted; by default all of X.
    volumes : sequence of int, optional
        L of the volumes that are fitted; by default all of X.
    space_order : {2, 4, 6, 8, "spline"}
        Order of the Laplacian on radial nodes.
    errors : {"bins", "pooled"}
        Weights of the fit: the errors of the bins, or their relative errors averaged over the rows
        of each source and volume (`pooled_errors`). Coupled channels gain most by "pooled", see
        `halkit.equations.Rows.pooled_sigma`.
    resample : {None, "jackknife", "bootstrap", "seeds", "mean"}
        None: what the bins are. "mean": one fit to the mean, without errors. See
        `JackknifeRegressor`, also for the rest.
    refit, n_seeds, n_jobs, verbose
        See `JackknifeRegressor`.

    Attributes
    ----------
    estimator_ : regressor
        The fit to the mean over bins.
    estimators_ : list of regressor
        The fits of the bins.
    ensemble_ : halkit.scattering.Ensemble
        Both together, with the observables and their errors.
    rows_ : halkit.equations.Rows
        What was fitted; its sigma are the weights.
    volumes_ : tuple
        L of each row; None for radial nodes of an unknown L.
    inverse_spacing_ : float or None
        1/a in MeV of the correlators, ħc/fm for lengths in fm; None if it is not known.
    hadron_mass_ : float or pair of float, or tuple of pairs
        Of the correlators, of coupled channels a pair for each; both are for the axes of
        `halkit.displays`.
    system_ : {"lattice", "fm", "MeV"}
        Units of the correlators, and of everything that the fit returns.

    Notes
    -----
    Bins of different volumes pair up in their order, and must be equally many: independent noise
    then adds in quadrature.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.resampling import blocks
    >>> from halkit.scattering import phase_shift
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
    ...     hadron_mass=2.0, times=range(12, 19), noise=1e-4, n_bins=10, random_state=0,
    ... )
    >>> model = CorrelatorRegressor(GaussianProcessPotentialRegressor(local="only"), times=[15])
    >>> model = model.fit(blocks(d.correlators))
    >>> model.rows_.stencil, model.rows_.labels
    (7, (('wall', 15), ('exp', 15)))
    >>> delta, error = model.phase_shift(0.1, return_std=True)
    >>> exact = phase_shift(d.interaction, 0.1, reduced_mass=1.0)
    >>> bool(abs(delta - exact) < 3 * error)
    True
    """

    _settles = True

    def __init__(
        self, estimator: Any, *, times: Any = None, stencil: Any = "auto",
        energy_range: Any = None, r_max: Any = None, r_prime_max: Any = None, sources: Any = None,
        volumes: Any = None, space_order: Any = 6, errors: Literal["bins", "pooled"] = "bins",
        resample: Any = None, refit: Literal["full", "warm", "linear"] = "full",
        n_seeds: int = 10, n_jobs: int | None = None, verbose: int = 0,
    ) -> None:  # fmt: skip
        self.estimator = estimator
        self.times = times
        self.stencil = stencil
        self.energy_range = energy_range
        self.r_max = r_max
        self.r_prime_max = r_prime_max
        self.sources = sources
        self.volumes = volumes
        self.space_order = space_order
        self.errors = errors
        self.resample = resample
        self.refit = refit
        self.n_seeds = n_seeds
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = False
        return tags

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimators_")

    @with_callbacks
    def fit(self, X: Any, y: Any = None) -> Self:
        """Make the rows of the blocks and fit the potential to them.

        Parameters
        ----------
        X : list of Correlators or of CoupledCorrelators
            One source on one volume each, as from `blocks`; a single record stands for its
            sources.
        y : None
            Not used: targets are made of X.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If X has other entries, or none of the chosen sources and volumes; if channels, masses,
            units, kinds or numbers of bins differ, or differ from the estimator; if times or radii
            do not fit; as for the estimator.

        Warns
        -----
        AccuracyWarning
            If the stencil moves a bound state of one channel by more than its error, 1 % without
            errors; and as `JackknifeRegressor`.
        """
        check_choice(self.errors, "errors", ["bins", "pooled"])
        if self.resample not in (None, "mean"):
            check_resample(self.resample)
        kind: Any
        with self._task(X, y, max_subtasks=1) as task, unchanged_on_error(self):
            records = chosen_blocks(X, self.sources, self.volumes)
            parts = [self._rows(record) for record in records]
            rows = stack_rows([self._weighted(part) for part in parts])
            model = filled(self.estimator, rows, records[0])
            common = {} if rows.sigma is None else {"y_std": rows.sigma}
            if rows.kind == "mean" or self.resample == "mean":
                with task.part("mean").fit_of(model):
                    centre = model.fit(*rows.mean(), **common)
                fits, kind, waves = [centre], "jackknife", taken_waves([centre])
            else:
                kind = self.resample or rows.kind
                if kind not in (rows.kind, "seeds"):
                    raise ValueError(f"resample must be {rows.kind!r} for these bins, got {kind!r}")
                jackknife = JackknifeRegressor(
                    model, resample=kind, refit=self.refit, n_seeds=self.n_seeds,
                    **self._workers,
                )  # fmt: skip
                jackknife._settles = self._settles
                masses = None if kind == "seeds" else rows.mass_bins
                with task.part("bins").fit_of(jackknife):
                    jackknife.fit(rows.data, rows.target, **common, mass_bins=masses)
                centre, fits = jackknife.estimator_, jackknife.estimators_
                waves = jackknife._data_waves
            self.estimator_, self.estimators_, self.resample_ = centre, fits, kind
            self._data_waves = waves
            self.rows_, self.inverse_spacing_ = rows, _inverse_spacing(records[0])
            self.hadron_mass_, self.system_ = records[0].hadron_mass, records[0].system
            self.volumes_ = tuple(
                record.L for record, part in zip(records, parts, strict=True) for _ in part.labels
            )
            warn_of_stencil(self, records)
        return self

    def predict(self, X: Any) -> list[Array]:  # type: ignore[override]
        """Targets of each block, in the window of the fit.

        Parameters
        ----------
        X : list of Correlators or of CoupledCorrelators

        Returns
        -------
        list of ndarray of shape (n_rows, n_channels n_out)
            U R of the mean over bins, in the normalisation of the rows.
        """
        check_is_fitted(self)
        return [
            self.estimator_.apply_potential(rows.mean()[0], rows.r, rows.weights, rows.r_out)
            for rows in map(self._rows, check_blocks(X))
        ]

    def _rows(self, record, *, times=None, stencil=None, r_max=None, r_prime_max=None):
        """Rows of a block; options that are None come from the fit, but for a given stencil."""
        own = stencil is None
        energies = self.energy_range
        if not own and stencil != self.stencil and not _is_designed(stencil, record):
            energies = None
        return rows_of(
            record, times=self.times if own else times, stencil=self.stencil if own else stencil,
            r_max=self.r_max if r_max is None else r_max,
            r_prime_max=self.r_prime_max if r_prime_max is None else r_prime_max,
            energy_range=None if energies is None else tuple(energies),
            space_order=self.space_order, **waves_of(self.estimator, record),
        )  # fmt: skip

    def _weighted(self, rows):
        """Rows with the errors that weight the fit."""
        if self.errors == "bins" or rows.sigma is None:
            return rows
        return replace(rows, sigma=rows.pooled_sigma())


def _inverse_spacing(record):
    units = {"lattice": record.inverse_spacing, "fm": HBARC, "MeV": 1.0}
    return units[record.system]


def _is_designed(stencil, record):
    unequal = all(len({*np.ravel(one.hadron_mass)}) > 1 for one in channels_of(record))
    return stencil == "designed" or (stencil == "auto" and unequal)
