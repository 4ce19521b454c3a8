"""One channel on one lattice: R(t, bin, point) of each quark source, checked where it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_array, check_choice, check_nodes, check_positive
from halkit.radial import Wedge
from halkit.samples import standard_error
from halkit.typing import Numbers
from halkit.units import HBARC, from_fm, from_mev, to_fm, to_mev
from halkit.warn import warn_caller

__all__ = ["KINDS", "SCATTER", "Correlators", "Record", "read_only"]

KINDS = ("configs", "jackknife", "bootstrap", "mean")
# What r, t and masses are measured in, in each system of units.
SYSTEMS = {
    "lattice": {"r_units": "a", "t_units": "a", "mass_units": "1/a"},
    "fm": {"r_units": "fm", "t_units": "fm", "mass_units": "1/fm"},
    "MeV": {"r_units": "1/MeV", "t_units": "1/MeV", "mass_units": "MeV"},
}
# Masses of bins are within this fraction of the central ones; more is a mistaken unit or order.
SCATTER = 0.2
# 1/a in MeV of lattices, from coarse to fine.
SPACINGS = 100.0, 50_000.0
# What a file has of the record beside its fields.
DERIVED = {"n_bins", "sources", "xyz"}


def read_only(values, name, **options):
    """Return a read-only copy of real numbers; see `halkit.checks.check_array`."""
    values = check_array(values, name, **options)
    values.flags.writeable = False
    return values


class Record:
    """Base of the frozen dataclasses: what is pickled or copied is checked and read-only again.

    A record is not a sequence of samples. Searches and cross-validation ask for its length, and get
    a ValueError that says what they need: scikit-learn would hide a TypeError.
    """

    _samples = ""
    __iter__ = None

    def __len__(self) -> int:
        raise ValueError(f"{self._samples}, got one {type(self).__name__}")

    def __getitem__(self, index: object) -> NoReturn:
        raise TypeError(f"{self._samples}, got one {type(self).__name__}")

    def __bool__(self) -> bool:
        return True

    def __getstate__(self):
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}

    def __setstate__(self, state):
        self.__init__(**state)

    def _set(self, **values):
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Correlators(Record):
    r"""Correlators R(t, r) of two hadrons in one channel on one lattice, of each quark source.

    R is the four-point function over the product of the two-point functions, formed for each
    bin; a constant factor of R drops out of potentials. The record keeps read-only copies of the
    arrays; `dataclasses.replace` makes a changed one. Two records are equal only if they are the
    same object.

    Parameters
    ----------
    R : mapping of str to array-like of shape (n_t, n_bins, n_points)
        R of each quark source, by its name. Time comes first, the bins second.
    t : array-like of shape (n_t,)
        Times, increasing in equal steps, three at least.
    hadron_mass : float or pair of float
        Mass of one hadron, or of each of the two: the central value.
    kind : {"configs", "jackknife", "bootstrap", "mean"}
        What the bins are. Errors are sqrt(n_bins − 1) times the standard deviation over
        "jackknife" bins, and the standard deviation over "bootstrap" bins. "configs" are single
        measurements: average them first (`halkit.resampling.jackknife_samples`). "mean" is one
        bin without an error.
    units : str
        Beginning with "lattice" (r and t in a, masses in 1/a), "fm" (fm and 1/fm) or "MeV" (1/MeV
        and MeV); the words after the first are a remark.
    r : array-like of shape (n_points,), optional
        Radial nodes, increasing.
    wedge : Wedge, optional
        The points of an L³ lattice, in the place of r, with the irreducible representation of R;
        see `halkit.radial.Wedge`.
    L : int, optional
        Sites per side of the lattice. A wedge knows its own.
    mass_bins : array-like of shape (n_bins,) or (n_bins, 2), optional
        Masses of each bin, (n_bins, 2) for two masses, so that their errors, and the correlation
        with R, enter the rows. By default masses have no error.
    bin_size : int, optional
        Configurations in a bin.
    n_configs : int, optional
        Configurations in all; None if unknown. A bootstrap sample is drawn from `n_configs` /
        `bin_size` bins, without a `bin_size` from single configurations. Errors depend on this
        number, which the samples themselves do not show.
    inverse_spacing, pion_mass : float, optional
        a⁻¹ and m_π in MeV. An a⁻¹ outside of 100 … 50 000 MeV warns.
    citation : str, optional
        Whom to cite.
    attributes : mapping of str to object, optional
        What else is known. Files keep numbers, texts, and lists of them.

    Attributes
    ----------
    sources : tuple of str
        Names of the quark sources.
    n_t, n_bins, n_points : int
        Sizes of the three axes.
    masses : ndarray of shape (n_bins, 2)
        (m1, m2) of each bin: `mass_bins`, or `hadron_mass` for all of them.
    n_drawn : int or None
        Bins that each bootstrap sample is drawn from, if `n_configs` is known; None for other
        kinds.
    system : {"lattice", "fm", "MeV"}
        First word of `units`.

    Raises
    ------
    ValueError, TypeError
        If something does not fit or is not finite; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.correlators import Correlators
    >>> Correlators(
    ...     R={"wall": np.ones((5, 20, 60))}, r=np.linspace(0.5, 30.0, 60), t=np.arange(10, 15),
    ...     kind="jackknife", bin_size=4, hadron_mass=0.665, units="lattice", inverse_spacing=2194,
    ... )
    Correlators of wall
      t = 10 … 14 (5 slices), 20 jackknife bins of 4 configurations
      60 radial nodes, r = 0.5 … 30
      hadron_mass = 0.665, lattice units, 1/a = 2194 MeV, a = 0.08994 fm
    """

    R: Mapping[str, NDArray[np.float64]]
    t: NDArray[Any]
    hadron_mass: float | tuple[float, float]
    kind: str
    units: str
    r: NDArray[np.float64] | None = None
    wedge: Wedge | None = None
    L: int | None = None
    mass_bins: NDArray[np.float64] | None = None
    bin_size: float | None = None
    n_configs: int | None = None
    inverse_spacing: float | None = None
    pion_mass: float | None = None
    citation: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    _samples = "X must be a list of blocks, as halkit.resampling.blocks makes of correlators"

    def __post_init__(self) -> None:
        t, points = _checked_times(self.t), self._checked_points()
        self._set(
            kind=check_choice(self.kind, "kind", KINDS),
            attributes=_checked_attributes(self.attributes, self._reserved()),
            t=t,
            R=_checked_bins(self.R, len(t), points),
            hadron_mass=_checked_mass(self.hadron_mass),
            bin_size=_whole(check_positive(self.bin_size, "bin_size", optional=True)),
        )
        _check_units(self.units, self.attributes)
        for name in ("inverse_spacing", "pion_mass"):
            self._set(**{name: check_positive(getattr(self, name), name, optional=True)})
        _warn_of_spacing(self.inverse_spacing)
        if self.mass_bins is not None:
            self._set(mass_bins=_checked_mass_bins(self))
        self._set(n_configs=_checked_n_configs(self))
        if self.kind == "mean" and self.n_bins > 1:
            raise ValueError(f"kind must be 'mean' of one bin only, got {self.n_bins} bins")

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.R)

    @property
    def n_t(self) -> int:
        return len(self.t)

    @property
    def n_bins(self) -> int:
        return next(iter(self.R.values())).shape[1]

    @property
    def n_points(self) -> int:
        return next(iter(self.R.values())).shape[2]

    @property
    def masses(self) -> NDArray[np.float64]:
        masses = np.asarray(self.hadron_mass if self.mass_bins is None else self.mass_bins)
        if np.ndim(self.hadron_mass) == 0:
            masses = masses[..., np.newaxis]
        return np.broadcast_to(masses, (self.n_bins, 2))

    @property
    def system(self) -> str:
        return _system(self.units)

    def of_source(self, source: str) -> Self:
        """Return the record of one quark source.

        Raises
        ------
        ValueError
            If the record has no source of this name.
        """
        check_choice(source, "source", self.sources)
        return replace(self, R={source: self.R[source]})

    @property
    def n_drawn(self) -> int | None:
        if self.kind != "bootstrap" or self.n_configs is None:
            return None
        return int(self.n_configs // (self.bin_size or 1))

    def to_mev(self, energy: Numbers) -> NDArray[np.float64]:
        """Return energies, masses or momenta of the record in MeV."""
        return to_mev(energy, inverse_spacing=self._energy_unit())

    def from_mev(self, energy: Numbers) -> NDArray[np.float64]:
        """Return energies, masses or momenta, given in MeV, in the units of the record."""
        return from_mev(energy, inverse_spacing=self._energy_unit())

    def to_fm(self, length: Numbers) -> NDArray[np.float64]:
        """Return lengths of the record in fm."""
        return to_fm(length, inverse_spacing=self._energy_unit())

    def from_fm(self, length: Numbers) -> NDArray[np.float64]:
        """Return lengths, given in fm, in the units of the record."""
        return from_fm(length, inverse_spacing=self._energy_unit())

    def _reserved(self):
        """What attributes must not be called: the record, or a file of it, has it itself."""
        names = {entry.name for entry in fields(self)} | DERIVED
        return names if self.wedge is None else names | {"irrep"}

    def _energy_unit(self):
        """The unit of energy in MeV, which is ħc over the unit of length."""
        unit = {"lattice": self.inverse_spacing, "fm": HBARC, "MeV": 1.0}[self.system]
        if unit is None:
            raise ValueError(
                "inverse_spacing must be known to convert lattice units, got None: "
                "dataclasses.replace(correlators, inverse_spacing=...) sets it"
            )
        return unit

    def _checked_points(self):
        """Set r, or the wedge and L; return the number of points."""
        if (self.r is None) == (self.wedge is None):
            given = "neither" if self.r is None else "both"
            raise ValueError(f"correlators must have either r or a wedge, got {given}")
        L = _whole(check_positive(self.L, "L", optional=True))
        if self.wedge is None:
            self._set(r=read_only(check_nodes(self.r), "r"), L=L)
            return len(self.r)
        if not isinstance(self.wedge, Wedge):
            raise TypeError(f"wedge must be a halkit.radial.Wedge, got {self.wedge!r}")
        if L not in (None, self.wedge.L):
            raise ValueError(f"L must be {self.wedge.L} as of the wedge, got {L}")
        self._set(L=self.wedge.L)
        return len(self.wedge.xyz)

    def _mass_text(self):
        if self.mass_bins is None:
            return f"{self.hadron_mass}"
        errors = np.ravel(standard_error(self.mass_bins, self.kind)).tolist()
        pairs = zip(np.ravel(self.hadron_mass).tolist(), errors, strict=True)
        return " and ".join(f"{mass:.6g} ± {error:.1g}" for mass, error in pairs) + " by bins"

    def _axes_text(self):
        size = "" if self.bin_size is None else f" of {self.bin_size:g} configurations"
        bins = "the mean" if self.kind == "mean" else f"{self.n_bins} {self.kind} bins{size}"
        bins += "" if self.n_configs is None else f", {self.n_configs} configurations in all"
        irrep = "" if self.wedge is None or self.wedge.irrep == "A1" else f", {self.wedge.irrep}"
        points = (
            f"{self.n_points} radial nodes, r = {self.r[0]:g} … {self.r[-1]:g}"
            if self.r is not None
            else f"{self.n_points} points in the wedge of L = {self.L}{irrep}"
        )
        times = f"t = {self.t[0]:g} … {self.t[-1]:g} ({self.n_t} slices)"
        return f"{times}, {bins}\n  {points}"

    def _units_text(self):
        spacing = self.inverse_spacing and (
            f", 1/a = {self.inverse_spacing:g} MeV, a = {HBARC / self.inverse_spacing:.4g} fm"
        )
        return f"{self.system} units{spacing or ''}"

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__} of {', '.join(self.sources)}\n  {self._axes_text()}\n"
            f"  hadron_mass = {self._mass_text()}, {self._units_text()}"
        )


def _checked_times(t):
    t = read_only(t, "t")
    if t.ndim != 1 or t.size < 3:
        raise ValueError(f"t must list three slices at least, got {t}")
    steps = np.diff(t)
    if steps[0] <= 0 or np.ptp(steps) > 1e-9 * np.abs(steps[0]):
        raise ValueError(f"t must increase in equal steps, got {t}")
    whole = t.astype(int)
    whole.flags.writeable = False
    return whole if np.array_equal(t, whole) else t


def _checked_bins(R, n_t, n_points):
    """Return a read-only mapping of arrays (n_t, n_bins, n_points)."""
    if not isinstance(R, Mapping) or not all(isinstance(source, str) for source in R):
        raise TypeError(f"R must be a mapping of names of quark sources to arrays, got {R!r}")
    if not R:
        raise ValueError("R must hold one source at least, got none")
    arrays, n_bins = {}, "n_bins"
    for source, values in R.items():
        array = read_only(values, f"R[{source!r}]", finite=False)
        n = array.shape[1] if array.ndim == 3 and n_bins == "n_bins" else n_bins
        if array.shape != (n_t, n, n_points) or n == 0:
            raise ValueError(
                f"R[{source!r}] must have shape (n_t, n_bins, n_points) = ({n_t}, {n_bins}, "
                f"{n_points}), times first and bins second; got {array.shape}"
            )
        bad = np.flatnonzero(~np.isfinite(array).all(axis=(0, 2)))
        if bad.size:
            raise ValueError(
                f"R must be finite, got NaN or infinite values in bin {bad[0]} of {source!r}"
            )
        arrays[source], n_bins = array, n
    return MappingProxyType(arrays)


def _checked_mass(mass):
    values = check_array(mass, "hadron_mass").ravel()
    if values.size not in (1, 2) or np.any(values <= 0):
        raise ValueError(f"hadron_mass must be one mass or two, > 0, got {mass}")
    return tuple(values.tolist()) if values.size == 2 else float(values[0])


def _checked_mass_bins(correlators):
    """Return read-only masses of bins, near the central ones."""
    if correlators.kind not in ("jackknife", "bootstrap"):
        raise ValueError(
            f'mass_bins must be None unless bins are "jackknife" or "bootstrap" averages, got them '
            f"for {correlators.kind!r}"
        )
    central, n_bins = correlators.hadron_mass, correlators.n_bins
    shape = (n_bins,) if np.ndim(central) == 0 else (n_bins, 2)
    masses = read_only(correlators.mass_bins, "mass_bins", sign="> 0", shape=shape)
    if np.any(np.abs(masses / central - 1) > SCATTER):
        raise ValueError(
            f"mass_bins must be within {SCATTER:.0%} of hadron_mass = {central}, got "
            f"{masses.min():g} to {masses.max():g}"
        )
    return masses


def _checked_n_configs(correlators):
    """Return the number of configurations, as many as the bins need at least."""
    given = correlators.n_configs
    n, size = _whole(check_positive(given, "n_configs", optional=True)), correlators.bin_size
    if n is None:
        return None
    kind, n_bins = correlators.kind, correlators.n_bins
    least = np.ceil({"bootstrap": 2 * (size or 1), "mean": 1}.get(kind, n_bins))
    if n < least or not isinstance(n, int):
        raise ValueError(
            f"n_configs must be a whole number ≥ {least:g} for {n_bins} {kind} bins, or None, got "
            f"{given}"
        )
    if kind in ("configs", "jackknife") and size and abs(n - n_bins * size) >= size:
        raise ValueError(
            f"n_configs must be {n_bins * size:g} for {n_bins} {kind} bins of bin_size = {size:g}, "
            f"got {n}"
        )
    return n


def _checked_attributes(attributes, known):
    """Return a read-only mapping; arrays in it are read-only copies."""
    if not isinstance(attributes, Mapping):
        raise TypeError(f"attributes must be a mapping, got {attributes!r}")
    taken = sorted(known & {*attributes})
    if taken:
        raise ValueError(
            f"attributes must not hold {taken[0]!r}, which the record has itself: give it another "
            "name"
        )
    copies = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in attributes.items()}
    for value in copies.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return MappingProxyType(copies)


def _check_units(units, attributes):
    """Refuse lengths in fm beside masses in 1/a: they have no common ħ = c = 1."""
    system = _system(units)
    if system not in SYSTEMS:
        raise ValueError(f"units must begin with one of {list(SYSTEMS)}, got {units!r}")
    found = {key: attributes[key] for key in SYSTEMS[system] if key in attributes}
    wrong = {key: unit for key, unit in found.items() if unit != SYSTEMS[system][key]}
    if wrong:
        raise ValueError(
            f"units = {system!r} stands for {SYSTEMS[system]}, but got {wrong}: convert to one "
            "system (halkit.units)"
        )


def _system(units):
    """The first word of the units, or an empty text."""
    words = units.replace(",", " ").replace(";", " ").split() if isinstance(units, str) else []
    return words[0] if words else ""


def _whole(number):
    return int(number) if number is not None and number.is_integer() else number


def _warn_of_spacing(inverse_spacing):
    """Warn of a⁻¹ that no lattice has in MeV, as of GeV or of a in fm."""
    if inverse_spacing is None or SPACINGS[0] <= inverse_spacing <= SPACINGS[1]:
        return
    meant = ""
    if 0.4 < inverse_spacing <= 50:
        meant = f"; a⁻¹ = {inverse_spacing:g} GeV is inverse_spacing={1000 * inverse_spacing:g}"
    elif 0.004 <= inverse_spacing <= 0.4:
        meant = f"; a = {inverse_spacing:g} fm is inverse_spacing={HBARC / inverse_spacing:.6g}"
    warn_caller(f"inverse_spacing must be a⁻¹ in MeV, got {inverse_spacing:g}{meant}")
