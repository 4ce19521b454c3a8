"""What a word of the command line stands for: numbers, ranges of times, pairs, settings.

All functions raise an ``argparse.ArgumentTypeError`` that says what was expected.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

__all__ = [
    "count",
    "existing_file",
    "intervals",
    "keyed",
    "names",
    "number",
    "numbers",
    "radii",
    "seed",
    "stencil",
    "times",
]


def number(text: str) -> float:
    """Return a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentTypeError(f"must be a number, got {text!r}")
    return value


def count(text: str) -> int:
    """Return an integer above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"must be an integer above 0, got {text!r}")
    return int(text)


def seed(text: str) -> int:
    """Return the seed of a generator."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise ArgumentTypeError(f"must be an integer from 0 to 2^32 - 1, got {text}")
    return int(text)


def numbers(text: str) -> list[float]:
    """Return the numbers of "0.1,0.2", or of "0.1:0.5:9", nine from 0.1 to 0.5."""
    parts = text.split(":")
    if len(parts) == 1:
        return [number(part) for part in text.split(",")]
    if len(parts) != 3:
        raise ArgumentTypeError(f"must be numbers a,b,… or first:last:count, got {text!r}")
    first, last, n = number(parts[0]), number(parts[1]), count(parts[2])
    if n < 2:
        raise ArgumentTypeError(f"must be two numbers at least from first to last, got {text!r}")
    step = (last - first) / (n - 1)
    return [*(first + i * step for i in range(n - 1)), last]


def times(text: str) -> list[float]:
    """Return the times of "12-15,18": each, and all from the first to the last of a range."""
    found: list[float] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last):
            found += range(int(first), int(last) + 1)
        elif part.isdecimal():
            found.append(int(part))
        elif not dash and math.isfinite(number(part)):
            found.append(number(part))
        else:
            raise ArgumentTypeError(f"must be times like 12-15 or 12,13,15, got {text!r}")
    return found


def intervals(text: str) -> list[tuple[int, int]]:
    """Return the first and last times of "7-13", or of "7-13,6-12"."""
    found = [part.partition("-")[::2] for part in text.split(",")]
    if not all(a.isdecimal() and b.isdecimal() and int(a) < int(b) for a, b in found):
        raise ArgumentTypeError(f"must be first-last, or one such range each, got {text!r}")
    return [(int(a), int(b)) for a, b in found]


def names(text: str) -> list[str]:
    """Return the names of "wall,exp"."""
    found = [part.strip() for part in text.split(",")]
    if not all(found):
        raise ArgumentTypeError(f"must be names with commas between them, got {text!r}")
    return found


def radii(text: str) -> float | dict[int, float]:
    """Return one radius, or the radius of each volume of "40=17,48=20"."""
    try:
        if "=" not in text:
            return number(text)
        pairs = [part.partition("=") for part in text.split(",")]
        return {count(L): number(radius) for L, _, radius in pairs}
    except ArgumentTypeError as error:
        raise ArgumentTypeError(
            f"must be one radius, or L=R,… with the radius of each volume, as 40=17,48=20, got "
            f"{text!r}: {error}"
        ) from None


def stencil(text: str) -> int | str:
    """Return the points of a time stencil, or its name."""
    if text not in ("auto", "designed", "3", "5", "7"):
        raise ArgumentTypeError(f"must be auto, designed, 3, 5 or 7, got {text!r}")
    return int(text) if text.isdecimal() else text


def keyed(text: str) -> tuple[str, str]:
    """Return the key and the value of "key=value"."""
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise ArgumentTypeError(f"must be KEY=VALUE, got {text!r}")
    return key, value


def existing_file(text: str) -> Any:
    """Return the path of a file that exists."""
    path = Path(text)
    if not path.is_file():
        raise ArgumentTypeError(f"{text} is not a file")
    return path
