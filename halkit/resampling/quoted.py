r"""A result with a statistical and a systematic error, as papers quote it: 0.351(51)(28).

Of a quantity f, with f_v of each accepted variation v of the analysis and f_vb of its bins b,

    value = med_v f_v,   statistical = error over b of med_v f_vb,
    systematic = (q_84 − q_16)/2 of f_v,   total² = statistical² + systematic².
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from halkit.checks import as_numbers, check_number
from halkit.samples import Kind, standard_error
from halkit.typing import Array, Number

__all__ = ["QUANTILES", "QuotedValue", "complex_value", "quote", "quoted_value"]

QUANTILES = (0.16, 0.84)
# Powers of ten beyond which numbers are written with an exponent.
SMALL, LARGE = -5, 6
# Errors, relative to the value, that are rounding errors of it.
ROUNDING = 1e-14
# Smallest error, over the largest, that asks for a digit of its own.
NOTED = 1e-3


def quote(value: Number, *errors: Number) -> str:
    """Write a value with its errors in parentheses, in units of the last digit.

    The largest error has two significant digits, and the smallest at least one, unless it is a
    thousand times smaller.

    Parameters
    ----------
    value : float
    *errors : float
        Statistical error first, then others.

    Returns
    -------
    str
        An error of 1 or more is written with its decimal point where the value has one.

    Raises
    ------
    ValueError, TypeError
        If an error is negative, or an argument is no number.

    Examples
    --------
    >>> from halkit.resampling import quote
    >>> quote(0.35123, 0.0512, 0.0281)
    '0.351(51)(28)'
    >>> quote(12.34, 1.2, 0.4), quote(1234.4, 56.0, 7.0)
    ('12.3(1.2)(4)', '1234(56)(7)')
    """
    x, sizes = _number(value, "value"), [_number(error, "errors") for error in errors]
    for size in sizes:
        if size < 0:
            raise ValueError(f"errors must be ≥ 0, got {size!r}")
    sizes = [0.0 if size < ROUNDING * abs(x) < np.inf else size for size in sizes]
    known = [size for size in sizes if 0 < size < np.inf]
    if not known or not np.isfinite(x):
        return f"{x:.6g}" + "".join(f"({_plain(size)})" for size in sizes)
    largest = max(abs(x), *known)
    power = _power(largest, 2)
    scaled = not SMALL < power < LARGE
    unit = 10.0**power if scaled else 1.0
    noted = min(size for size in known if size >= NOTED * max(known))
    places = -min(_power(max(known) / unit, 2) - 1, _power(noted / unit, 1))
    text = f"{_rounded(x / unit, places):.{max(places, 0)}f}"
    text += "".join(f"({_in_digits(size / unit, places)})" for size in sizes)
    return f"{text}e{power:+03d}" if scaled else text


def _number(value, name):
    """A float, which may be NaN or infinite."""
    number = as_numbers(value, name)
    if number.ndim:
        what = "a number" if name == "value" else "numbers"
        raise ValueError(f"{name} must be {what}, got an array of shape {number.shape}")
    return float(number)


def _power(x, digits):
    """The power of ten of x rounded to a number of significant digits."""
    return int(f"{x:.{digits - 1}e}".partition("e")[2])


def _rounded(x, places):
    return round(x, places) + 0.0


def _plain(size):
    return f"{size:.2g}"


def _in_digits(size, places):
    """An error in units of the last of `places` decimals."""
    if not np.isfinite(size):
        return _plain(size)
    rounded = _rounded(size, places)
    if places > 0 and rounded < 1:
        return f"{rounded * 10.0**places:.0f}"
    return f"{rounded:.{max(places, 0)}f}"


@dataclass(frozen=True, eq=False)
class QuotedValue:
    """A number or an array with its statistical and systematic errors.

    ``str`` writes it as in papers, and indices select entries of an array. Numbers multiply it. A
    complex number has the errors of its real and imaginary parts, ``real`` and ``imag``.

    Attributes
    ----------
    value : float or ndarray of shape (...)
        Median of the accepted variations.
    statistical : float or ndarray of shape (...)
        Error over the bins b of the median of the accepted variations in b.
    systematic : float or ndarray of shape (...)
        Half the distance of the 16 % and 84 % quantiles of the accepted variations, linear between
        two of them; 0 for a single one.
    variations : ndarray of shape (n_variations, ...)
        Central value of each variation, the centre first; NaN where a fit failed, and where the
        value is infinite.
    variation_errors : ndarray of shape (n_variations, ...)
        Their statistical errors.
    shift_errors : ndarray of shape (n_variations, ...)
        Statistical errors of their differences from the centre: bins share their noise.
    accepted : ndarray of bool of shape (n_variations,)
        Which of them count.
    """

    value: Any
    statistical: Any
    systematic: Any
    variations: Array
    variation_errors: Array
    shift_errors: Array
    accepted: Any

    __array_ufunc__ = None

    @property
    def total(self) -> Any:
        """Both errors in quadrature."""
        if np.iscomplexobj(self.value):
            return self.real.total + 1j * self.imag.total
        return np.hypot(self.statistical, self.systematic)[()]

    @property
    def real(self) -> Self:
        """The real part with its errors."""
        return self._each(np.real, np.real)

    @property
    def imag(self) -> Self:
        """The imaginary part with its errors."""
        return self._each(np.imag, np.imag)

    def __str__(self) -> str:
        """Write value(statistical)(systematic)."""
        if np.ndim(self.value) == 0:
            if np.iscomplexobj(self.value):
                return f"{self.real} + i·{self.imag}"
            return quote(self.value, self.statistical, self.systematic)
        texts = np.array([str(entry) for entry in self._entries()], dtype=object)
        return np.array2string(
            texts.reshape(np.shape(self.value)), formatter={"all": str}, threshold=64
        )

    __repr__ = __str__

    def _entries(self) -> Iterator[Self]:
        return (self[index] for index in np.ndindex(np.shape(self.value)))

    def __getitem__(self, index: Any) -> Self:
        """Entries of an array."""
        whole = index if isinstance(index, tuple) else (index,)
        return self._each(lambda x: np.asarray(x)[index], lambda x: x[(slice(None), *whole)])

    def __len__(self) -> int:
        if np.ndim(self.value) == 0:
            raise TypeError("a number has no len")
        return len(self.value)

    def __mul__(self, factor: Number) -> Self:
        """In another unit."""
        factor = check_number(factor, "factor")
        return self._each(lambda x: factor * x, lambda x: factor * x)._positive()

    __rmul__ = __mul__

    def __truediv__(self, divisor: Number) -> Self:
        return self * (1 / check_number(divisor, "divisor"))

    def __neg__(self) -> Self:
        return self * -1.0

    def _each(self, of_all, of_variations):
        return replace(
            self, value=of_all(self.value), statistical=of_all(self.statistical),
            systematic=of_all(self.systematic), variations=of_variations(self.variations),
            variation_errors=of_variations(self.variation_errors),
            shift_errors=of_variations(self.shift_errors),
        )  # fmt: skip

    def _positive(self):
        names = "statistical", "systematic", "variation_errors", "shift_errors"
        return replace(self, **{name: _absolute(getattr(self, name)) for name in names})


def _absolute(errors):
    """Positive errors, of the real and the imaginary part."""
    if np.iscomplexobj(errors):
        return np.abs(errors.real) + 1j * np.abs(errors.imag)
    return np.abs(errors)


def complex_value(real: QuotedValue, imag: QuotedValue) -> QuotedValue:
    """Quote a complex quantity from its real and imaginary parts."""
    names = (
        "value", "statistical", "systematic", "variations", "variation_errors", "shift_errors"
    )  # fmt: skip
    joined = {name: getattr(real, name) + 1j * getattr(imag, name) for name in names}
    return replace(real, **joined)


def quoted_value(centres: Array, bins: Array, kind: Kind, accepted: Any) -> QuotedValue:
    """Quote a quantity from its values in all variations and their bins.

    Parameters
    ----------
    centres : ndarray of shape (n_variations, ...)
        The centre first; NaN where a fit failed.
    bins : ndarray of shape (n_variations, n_bins, ...)
        Infinite values count as NaN, as in `centres`.
    kind : {"jackknife", "bootstrap"}
    accepted : ndarray of bool of shape (n_variations,)
    """
    centres, bins = (np.where(np.isinf(x), np.nan, x) for x in (centres, bins))
    chosen = centres[accepted]
    low, high = np.quantile(chosen, QUANTILES, axis=0)
    return QuotedValue(
        value=np.median(chosen, axis=0)[()],
        statistical=standard_error(np.median(bins[accepted], axis=0), kind),
        systematic=((high - low) / 2)[()],
        variations=centres,
        variation_errors=standard_error(bins, kind, axis=1),
        shift_errors=standard_error(bins - bins[0], kind, axis=1),
        accepted=accepted,
    )


def table_of(quoted: QuotedValue, results: dict[str, Any]) -> str:
    """What moves a number: a line for each variation, and the result below.

    Parameters
    ----------
    quoted : QuotedValue
        Of a number.
    results : dict
        ``results_`` of the budget.
    """
    if np.iscomplexobj(quoted.value):
        raise ValueError("observable must be real for a table, got complex: take real or imag")
    if np.ndim(quoted.value):
        raise ValueError(
            f"observable must be a number for a table, got an array of shape "
            f"{np.shape(quoted.value)}: choose an entry by its index"
        )
    lines = [("variation", "value", "shift", "χ²/dof", "p", "accepted")]
    for i, name in enumerate(results["name"]):
        if results["reason"][i]:
            lines.append((name, "failed", "", "", "", f"no: {results['reason'][i]}"))
            continue
        value = quoted.variations[i]
        shift = quote(value - quoted.variations[0], quoted.shift_errors[i]) if i else ""
        lines.append(
            (
                name, quote(value, quoted.variation_errors[i]), shift,
                f"{results['chi2'][i]:.2f}", f"{results['p_value'][i]:.2g}",
                "yes" if quoted.accepted[i] else "no",
            )
        )  # fmt: skip
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    rows = [
        "  ".join([line[0].ljust(widths[0])]
                  + [text.rjust(width) for text, width in zip(line[1:5], widths[1:], strict=True)]
                  + [line[5]])
        for line in lines
    ]  # fmt: skip
    used = f"median of {np.count_nonzero(quoted.accepted)} of {len(quoted.accepted)} variations"
    criteria = ", ".join(dict.fromkeys(entry for entry in results["criterion"] if entry))
    return "\n".join([*rows, f"{quoted}: {used}, accepted by χ² ({criteria})"])
