"""Blocks, the samples of `CorrelatorRegressor`: one quark source on one volume.

Times of one block share their noise, and a model that fits this noise in some of the times finds it
again in the others. Folds therefore leave out whole sources or volumes, or configurations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from halkit.checks import check_choice, check_number
from halkit.correlators import Correlators, CoupledCorrelators
from halkit.equations import Rows, coupled_rows, lattice_rows, radial_rows
from halkit.equations.coupled import times_of
from halkit.equations.rows import check_choices
from halkit.exceptions import UnderdeterminedWarning
from halkit.resampling.goodness import FEWEST_BINS
from halkit.warn import warn_caller

__all__ = [
    "Block",
    "LeaveBlocksOut",
    "blocks",
    "channels_of",
    "check_blocks",
    "chosen_blocks",
    "leave_configurations_out",
    "leave_one_source_out",
    "leave_one_volume_out",
    "rows_of",
]

Block: TypeAlias = Correlators | CoupledCorrelators

# What to do about masses that differ.
SAME = {
    "hadron_mass": ": give two_hadron_ratio of all volumes the MassFit, or the masses, of one of "
    "them (--masses of halkit convert), and join coupled channels in CoupledCorrelators"
}


def blocks(*correlators: Block) -> list[Any]:
    """Split correlators into blocks of one quark source on one volume.

    Parameters
    ----------
    *correlators : Correlators or CoupledCorrelators
        One for each volume.

    Returns
    -------
    list of Correlators or of CoupledCorrelators
        With one source each, in the order of the arguments and of their sources: the X of
        `CorrelatorRegressor`, from which folds are made.

    Raises
    ------
    TypeError
        If an argument is neither.
    ValueError
        If arguments differ in the number of channels.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.resampling import blocks
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12, 30), box_radius=30.0,
    ...     hadron_mass=2.0, times=range(20, 25),
    ... )
    >>> [block.sources for block in blocks(d.correlators)]
    [('wall',), ('exp',)]
    """
    return [
        record.of_source(source)
        for record in check_blocks(list(correlators))
        for source in record.sources
    ]


def check_blocks(X: Any) -> list[Any]:
    """A list of correlators in the same number of channels; a record is split into its sources.

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(X, Block):
        return blocks(X)
    if isinstance(X, str) or not isinstance(X, Sequence | np.ndarray):
        raise TypeError(f"X must be a list of Correlators, got a {type(X).__name__}")
    for record in X:
        if not isinstance(record, Block):
            coupled = isinstance(record, Sequence) and not isinstance(record, str)
            hint = ": join coupled channels in CoupledCorrelators" if coupled else ""
            raise TypeError(
                f"X must be a list of Correlators, got a {type(record).__name__} in it{hint}"
            )
    if not len(X):
        raise ValueError("X must have at least one block of correlators, got none")
    counts = sorted({len(channels_of(record)) for record in X})
    if len(counts) > 1:
        raise ValueError(f"X must have blocks of one number of channels, got {counts}")
    return list(X)


def channels_of(block: Block) -> Sequence[Correlators]:
    """The correlators of each channel of a block."""
    return block.channels if isinstance(block, CoupledCorrelators) else [block]


def chosen_blocks(X: Any, sources: Any, volumes: Any) -> list[Any]:
    """Blocks of some sources and volumes, by default of all, which one potential may describe.

    Raises
    ------
    ValueError, TypeError
        If there are none, or if units or masses differ.
    """
    records = check_blocks(X)
    known = dict.fromkeys(source for record in records for source in record.sources)
    sources = check_choices(sources, known, "sources")
    volumes = check_choices(volumes, dict.fromkeys(record.L for record in records), "volumes")
    chosen = [
        part
        for record in records
        if record.L in volumes
        for part in (blocks(record) if len(record.sources) > 1 else [record])
        if part.sources[0] in sources
    ]
    if not chosen:
        raise ValueError(f"X must have blocks of {sources} on L = {volumes}, got none")
    _check_repeated(chosen)
    for name in ("system", "inverse_spacing", "hadron_mass"):
        values = list(dict.fromkeys(getattr(record, name) for record in chosen))
        if len(values) > 1:
            raise ValueError(
                f"{name} must be the same in all blocks, got {values}{SAME.get(name, '')}"
            )
    return chosen


def _check_repeated(records):
    """Refuse a block that counts twice; the same R of two names would confirm itself."""
    for i, one in enumerate(records):
        for other in records[:i]:
            pairs = zip(channels_of(one), channels_of(other), strict=True)
            if any(_same(a.R[one.sources[0]], b.R[other.sources[0]]) for a, b in pairs):
                raise ValueError(
                    f"X must have each block once, got the same R(t, r) for {other.sources[0]!r} "
                    f"and {one.sources[0]!r} on L = {one.L}"
                )


def _same(R, S):
    return R.shape == S.shape and np.array_equal(R, S)


class LeaveBlocksOut(BaseCrossValidator):
    """Folds that leave out one quark source, one volume, or configurations of correlators.

    Parameters
    ----------
    by : {"source", "volume", "configurations"}
        A fold leaves out all blocks of one source, on every volume, or all blocks of one L. With
        "configurations" the only fold has all blocks for the fit and for the test, and
        `CorrelatorRegressor.score` leaves out configurations. The instances
        `leave_one_source_out`, `leave_one_volume_out` and `leave_configurations_out` are ready to
        be passed as ``cv``.

    Notes
    -----
    Of two sources none is left out: a fit to the other cannot tell a local from a non-local
    potential. "source" then has the fold of "configurations", with an `UnderdeterminedWarning`.
    Blocks of n coupled channels leave out sources, three at least, or volumes: the score of
    "configurations" is that of one channel. Up to 2n sources compare local potentials alone, which
    an `UnderdeterminedWarning` says.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.resampling import blocks, leave_configurations_out
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12, 30), box_radius=30.0,
    ...     hadron_mass=2.0, times=range(20, 25),
    ... )
    >>> X = blocks(d.correlators)
    >>> [(train.tolist(), test.tolist()) for train, test in leave_configurations_out.split(X)]
    [([0, 1], [0, 1])]
    """

    def __init__(self, by: str = "source") -> None:
        self.by = by

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """The number of folds: of sources or volumes in X, or 1."""
        return len(self._folds(X))

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:  # noqa: ARG002
        """Yield the indices of the blocks that a fold fits, and of those that it scores."""
        folds = self._folds(X)
        few = min((block.n_bins for block in X if block.kind != "mean"), default=FEWEST_BINS)
        if few < FEWEST_BINS:
            raise ValueError(
                f"X must have {FEWEST_BINS} bins or more, whose covariance a score needs, got {few}"
            )
        n = len(channels_of(check_blocks(X)[0]))
        if self.by == "source" and n > 1 and len(folds) <= 2 * n:
            warn_caller(
                f"X has {len(folds)} sources, and U of {n} coupled channels needs {2 * n} beside "
                "the one that is left out: compare local potentials, or leave out volumes",
                UnderdeterminedWarning,
            )
        elif self.by == "source" and len(folds) == 1:
            warn_caller(
                "X has two sources, and a fit to one of them cannot tell a local from a non-local "
                "potential: both are fitted, and configurations are left out instead, as with "
                "cv=leave_configurations_out",
                UnderdeterminedWarning,
            )
        yield from folds

    def _folds(self, X):
        check_choice(self.by, "by", ["source", "volume", "configurations"])
        labels = self._labels(X)
        names, every = list(dict.fromkeys(labels)), np.arange(len(labels))
        if self.by == "configurations" or (self.by == "source" and len(names) == 2):
            return [(every, every)]
        out = [np.array([label == name for label in labels]) for name in names]
        return [(every[~mask], every[mask]) for mask in out]

    def _labels(self, X):
        if X is None or isinstance(X, Block):
            raise ValueError("X must be a list of blocks: halkit.resampling.blocks makes it")
        records = check_blocks(X)
        if self.by == "configurations":
            _refuse_coupled(records, "leave_configurations_out")
        if self.by == "configurations":
            return [None] * len(records)
        if self.by == "volume":
            labels, name = [record.L for record in records], "volumes L"
        else:
            several = [record.sources for record in records if len(record.sources) > 1]
            if several:
                raise ValueError(
                    f"X must have blocks of one source each, got {several[0]} in one: "
                    "halkit.resampling.blocks splits correlators"
                )
            labels, name = [record.sources[0] for record in records], "sources"
        if self.by == "source" and len(set(labels)) == 2:
            _refuse_coupled(records, "leave_one_source_out of two sources")
        if len(set(labels)) < 2:
            raise ValueError(
                f"X must have two {name} at least, got {sorted(set(map(str, labels)))}"
            )
        return labels


def _refuse_coupled(records, name):
    """Refuse folds whose score leaves out configurations, which is that of one channel."""
    if len(channels_of(records[0])) > 1:
        raise ValueError(
            f"cv must leave out sources, three at least, or volumes of coupled channels, got {name}"
        )


#: Folds that each leave out the blocks of one quark source, as ``cv`` of a search. Of two sources
#: none is left out, but configurations.
leave_one_source_out = LeaveBlocksOut("source")
#: One fold of all blocks, whose score leaves out configurations, as ``cv`` of a search.
leave_configurations_out = LeaveBlocksOut("configurations")
#: Folds that each leave out the blocks of one volume, as ``cv`` of a search.
leave_one_volume_out = LeaveBlocksOut("volume")

# Rows of records that are alive, by the options that they were made with.
_KNOWN: WeakKeyDictionary[Block, dict[Any, Rows]] = WeakKeyDictionary()


def rows_of(
    record: Block, *, times: Any, r_max: Any, r_prime_max: Any, stencil: Any, **options: Any
) -> Rows:
    """Rows of one record on nodes or on a lattice; made once for each choice of the options.

    Times as in `lattice_rows`, by default all that the stencil allows. ``r_max`` and
    ``r_prime_max`` may be mappings from L to a radius. On radial nodes they cut the radii. Of
    coupled channels the option ``channels`` has their l, of one channel ``l``.
    """
    r_max, r_prime_max = (
        _of_volume(limit, record.L, name)
        for limit, name in ((r_max, "r_max"), (r_prime_max, "r_prime_max"))
    )
    times = None if times is None else tuple(np.asarray(times).ravel().tolist())
    key = (times, r_max, r_prime_max, stencil, *sorted(options.items()))
    known = _KNOWN.setdefault(record, {})
    if key not in known:
        make = _on_nodes if record.wedge is None else _on_lattice
        known[key] = make(record, times, r_max, r_prime_max, stencil, **options)
    return known[key]


def _on_lattice(record, times, r_max, r_prime_max, stencil, *, energy_range, channels=None, **_):
    if r_max is None:
        raise ValueError("r_max must be given on a lattice, got None")
    times, _ = times_of(record.t, times, stencil)
    if r_prime_max is None:
        # the last shell below L/2: there shells and weights of all volumes are the same
        inside = record.wedge.shell_r[record.wedge.shell_r < record.L / 2]
        r_prime_max = max(r_max, min(r_max + 3, inside.max()))
    given = {
        "times": times, "r_max": r_max, "r_prime_max": r_prime_max, "stencil": stencil,
        "energy_range": energy_range,
    }  # fmt: skip
    if isinstance(record, CoupledCorrelators):
        return coupled_rows(record, channels=channels, **given)
    return lattice_rows(record, **given)


def _on_nodes(record, times, r_max, r_prime_max, stencil, *, energy_range, space_order, **waves):
    wanted, points = times_of(record.t, times, stencil)
    given = {"energy_range": energy_range, "space_order": space_order, **waves}
    if isinstance(record, CoupledCorrelators):
        rows = coupled_rows(record, times=wanted, stencil=stencil, **given)
    else:
        equal = np.ndim(record.hadron_mass) == 0 or len(set(record.hadron_mass)) == 1
        if stencil == "auto" and equal:
            stencil = points
        rows = radial_rows(record, stencil=stencil, **given).select(times=wanted)
    if r_max is None and r_prime_max is None:
        return rows
    end = rows.r[-1] if r_prime_max is None else check_number(r_prime_max, "r_prime_max")
    out = end if r_max is None else check_number(r_max, "r_max")
    if not rows.r[0] <= out <= end <= rows.r[-1]:
        raise ValueError(
            f"radii must obey {rows.r[0]:g} <= r_max <= r_prime_max <= {rows.r[-1]:g}, got {out:g} "
            f"and {end:g}"
        )
    return _cut(rows, *(int(np.searchsorted(rows.r, x, "right")) for x in (end, out)))


def _cut(rows, n, n_out):
    """The first n radii of X, and n_out of y, in each channel."""

    def first(values, keep):
        channels = values.reshape(*values.shape[:-1], rows.n_channels, -1)[..., :keep]
        return channels.reshape(*values.shape[:-1], -1)

    return replace(
        rows,
        data=first(rows.data, n),
        target=first(rows.target, n_out),
        sigma=None if rows.sigma is None else first(rows.sigma, n_out),
        r=rows.r[:n],
        weights=rows.weights[:n],
        r_out=rows.r[:n_out],
    )


def _of_volume(limit, L, name):
    """A limit of radii, or its entry for L."""
    if not isinstance(limit, Mapping):
        return limit
    if L not in limit:
        raise ValueError(f"{name} must have an entry for L = {L}, got {limit}")
    return limit[L]
