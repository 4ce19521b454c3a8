r"""Named forms of a local potential V(r; θ), and a θ from which a fit starts.

    "gaussians"            Σ_m v_m e^{−(r/b_m)²},                         θ = (v_1 … v_n, b_1 … b_n)
    "gaussians+two_pion"   Σ_m … + c (1 − e^{−(r/d)²})^p (e^{−μr}/r)²,    θ = (v…, b…, c, d, μ)
    "yukawa"               c e^{−μr}/r,                                   θ = (c, μ)

With a given mass μ of the exchanged particle, θ ends before it. The strengths are linear: for
given widths and masses they follow from linear least squares.
"""

from itertools import combinations, product
from math import comb
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from halkit.checks import check_integer, check_positive
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions.local import two_pion
from halkit.scaling import norm
from halkit.typing import Array, Number
from halkit.warn import warn_caller

__all__ = ["FORMS", "FormName", "NamedForm", "form_start", "gaussians", "named_form"]

FormName: TypeAlias = Literal["gaussians", "gaussians+two_pion", "yukawa"]
FORMS: tuple[FormName, ...] = get_args(FormName)
# Widths of Gaussians and parameters of a tail in the list of starts, sets of them that are tried,
# and the least singular value of a set.
N_WIDTHS, N_TAILS, N_STARTS, RIDGE = 16, 5, 6, 1e-9


def gaussians(r: Array, theta: Array) -> Array:
    """V(r) = Σ_m v_m e^{−(r/b_m)²} for θ = (v_1 … v_n, b_1 … b_n), of the shape of `r`."""
    v, b = np.split(theta, 2)
    return np.asarray(np.exp(-((np.asarray(r)[..., None] / b) ** 2)) @ v)


class NamedForm(NamedTuple):
    """A form V(r; θ) of one pair of channels.

    Attributes
    ----------
    name : str
        One of `FORMS`.
    mu : float or None
        Mass of the exchanged particle; None: it is the last parameter.
    power : int
        Power p of the form factor.
    """

    name: FormName
    mu: float | None = None
    power: int = 1

    @property
    def has_tail(self) -> bool:
        """Whether a hadron is exchanged."""
        return self.name != "gaussians"

    @property
    def n_tail(self) -> int:
        """Number of parameters of the tail besides its strength."""
        return {"gaussians": 0, "gaussians+two_pion": 2, "yukawa": 1}[self.name] - (
            self.mu is not None
        )

    def n_parameters(self, n_terms: int) -> int:
        """Number of parameters with n Gaussians."""
        return 2 * n_terms + self.has_tail * (1 + self.n_tail)

    def n_gaussians(self, n_parameters: int) -> int | None:
        """Number of Gaussians that belongs to a number of parameters; None: there is none."""
        n, odd = divmod(n_parameters - self.n_parameters(0), 2)
        return None if odd or n < (self.name != "yukawa") or (n and self.name == "yukawa") else n

    @property
    def length(self) -> str:
        """Number of parameters in words."""
        tail = self.n_parameters(0)
        return f"{tail}" if self.name == "yukawa" else f"2 n_terms{f' + {tail}' if tail else ''}"

    def tail(self, r: Array, shape: Array) -> Array:
        """The tail with strength 1 at radii r, for its other parameters."""
        mu = shape[-1] if self.mu is None else self.mu
        if self.name == "yukawa":
            return np.exp(-mu * r) / r
        return two_pion(r, shape[0] ** -2, mu, self.power)

    def __call__(self, r: Array, theta: Array) -> Array:
        """Return V(r; θ), of the shape of r."""
        end = len(theta) - self.n_parameters(0)
        V = gaussians(r, theta[:end])
        return V if end == len(theta) else V + theta[end] * self.tail(r, theta[end + 1 :])

    def widths(self, n_parameters: int) -> NDArray[np.bool_]:
        """Which parameters are widths: b and −b, or d and −d, are the same V."""
        end = n_parameters - self.n_parameters(0)
        place = np.arange(n_parameters)
        return ((place >= end // 2) & (place < end)) | (
            (place == end + 1) & (self.name == "gaussians+two_pion")
        )

    def warn_of_growth(self, blocks: Array) -> None:
        """Warn of a fitted mass μ ≤ 0, for parameters (n_pairs, n_parameters).

        Warns
        -----
        UnderdeterminedWarning
        """
        if self.has_tail and self.mu is None and np.any(blocks[:, -1] <= 0):
            warn_caller(
                f"mu must be > 0 for a tail that decays, the fit gives {blocks[:, -1].min():.3g}: "
                "give mu, or take data that reach further",
                UnderdeterminedWarning,
            )

    def __repr__(self) -> str:
        return repr(self.name)


def named_form(name: FormName, mu: Number | None, power: int | None) -> NamedForm:
    """Return a form, after a check of the parameters of its tail.

    Raises
    ------
    ValueError, TypeError
        If they do not belong to the form, or are out of range.
    """
    if mu is not None and name == "gaussians":
        raise ValueError(f"mu must be None for {name!r}, which has no exchange, got {mu!r}")
    if power is not None and name != "gaussians+two_pion":
        raise ValueError(f"power must be None for {name!r}, without form factor, got {power!r}")
    power = 1 if power is None else check_integer(power, "power", least=1)
    return NamedForm(name, check_positive(mu, "mu", optional=True), int(power))


def form_start(form: NamedForm, r: Array, V: Array, a: Array, n_terms: int) -> Array:
    """θ of a form close to the V of least Σ a² (form − V)².

    For given widths and masses the strengths follow from linear least squares. The best sets of a
    list are each brought to their minimum; the lowest is taken.
    """
    widths, tails = _grid(form, r, n_terms)

    def columns(widths, tails):
        shapes = [np.exp(-((r[:, None] / np.exp(widths)) ** 2))]
        if form.has_tail:
            shapes += [form.tail(r, np.exp(shape))[:, None] for shape in tails]
        A = a[:, None] * np.hstack(shapes)
        size = norm(A, axis=0)
        size = np.where(size > 0, size, 1.0)
        return A / size, size

    def left(z):
        A, _ = columns(z[:n_terms], z[None, n_terms:])
        return target - A @ np.linalg.lstsq(A, target, rcond=RIDGE)[0]

    unit = norm(a * V)
    target = a * V / (unit if unit > 0 else 1.0)
    A, _ = columns(widths, tails)
    terms = _sets(len(widths), n_terms, len(tails) if form.has_tail else 0)
    gram, b = A.T @ A, A.T @ target
    block = gram[terms[:, :, None], terms[:, None, :]] + RIDGE * np.eye(terms.shape[1])
    explained = np.sum(np.linalg.solve(block, b[terms][..., None])[..., 0] * b[terms], axis=1)
    place = terms[np.argsort(-explained)[:N_STARTS]]
    last = tails[place[:, -1] - len(widths) if form.has_tail else np.zeros(len(place), dtype=int)]
    z = _lowest(
        left, np.hstack([widths[place[:, :n_terms]], last]), *_bounds(widths, tails, n_terms)
    )
    z[:n_terms] = np.sort(z[:n_terms])
    A, size = columns(z[:n_terms], z[None, n_terms:])
    v = np.linalg.lstsq(A, a * V, rcond=RIDGE)[0] / size
    return np.concatenate([v[:n_terms], np.exp(z[:n_terms]), v[n_terms:], np.exp(z[n_terms:])])


def _grid(form, r, n_terms):
    """Logarithms of widths, from the first node to r[-1]/2, and of tails, (n_tails, n_tail)."""
    low, high = r[r > 0][0], r[-1] / 2
    low = min(low, high / 2)
    lists = [np.geomspace(low, high, N_TAILS), np.geomspace(0.5 / high, 0.5 / low, N_TAILS)]
    lists = lists[form.name == "yukawa" : 2 - (form.mu is not None)]
    tails = np.log([*product(*lists)]) if form.n_tail else np.zeros((1, 0))
    return np.log(np.geomspace(low, high, max(N_WIDTHS, n_terms))), tails


def _sets(n_widths, n_terms, n_tails):
    """Columns of each set: n Gaussians, and a tail if there are any."""
    sets = np.array([*combinations(range(n_widths), n_terms)], dtype=int)
    sets = sets.reshape(comb(n_widths, n_terms), n_terms)
    if not n_tails:
        return sets
    tail = n_widths + np.tile(np.arange(n_tails), len(sets))
    return np.column_stack([np.repeat(sets, n_tails, axis=0), tail])


def _bounds(widths, tails, n_terms):
    """Lowest and highest logarithms of widths and of a tail."""
    low = np.append(np.full(n_terms, widths[0]), tails.min(axis=0)) - np.log(2)
    return low, np.append(np.full(n_terms, widths[-1]), tails.max(axis=0)) + np.log(4)


def _lowest(left, starts, low, high):
    """The lowest of the minima next to starts."""
    if not low.size:
        return starts[0]
    found = [least_squares(left, z, bounds=(low, high)) for z in starts]
    return min(found, key=lambda solution: solution.cost).x
