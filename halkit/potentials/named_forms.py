r"""Named forms of a local potential V(r; θ).

    "gaussians"            Σ_m v_m e^{−(r/b_m)²},                         θ = (v_1 … v_n, b_1 … b_n)
    "gaussians+two_pion"   Σ_m … + c (1 − e^{−(r/d)²})^p (e^{−μr}/r)²,    θ = (v…, b…, c, d, μ)
    "yukawa"               c e^{−μr}/r,                                   θ = (c, μ)

With a given mass μ of the exchanged particle, θ ends before it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_integer, check_positive
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions.local import two_pion
from halkit.potentials.least_squares import at_limits
from halkit.typing import Array, Number
from halkit.warn import warn_caller

__all__ = ["FORMS", "FormName", "NamedForm", "gaussians", "named_form"]

FormName: TypeAlias = Literal["gaussians", "gaussians+two_pion", "yukawa"]
FORMS: tuple[FormName, ...] = get_args(FormName)
# Part of the volume integral from which a long Gaussian counts.
MATTERS = 0.05


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

    def ranges(self, n_parameters: int) -> NDArray[np.bool_]:
        """Which parameters are ranges b of Gaussians."""
        end = n_parameters - self.n_parameters(0)
        place = np.arange(n_parameters)
        return (place >= end // 2) & (place < end)

    def limits(self, start: Array, n_pairs: int, longest: Number) -> Array:
        """Largest absolute θ, where a range of Gaussians has one, or that of the start."""
        ranges = np.tile(self.ranges(len(start) // n_pairs), n_pairs)
        return np.where(ranges, np.maximum(longest, np.abs(start)), np.inf)

    def widths(self, n_parameters: int) -> NDArray[np.bool_]:
        """Which parameters are widths: b and −b, or d and −d, are the same V."""
        d = n_parameters - self.n_parameters(0) + 1
        of_tail = (np.arange(n_parameters) == d) & (self.name == "gaussians+two_pion")
        return self.ranges(n_parameters) | of_tail

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

    def warn_of_range(self, blocks: Array, std: Array, limits: Array) -> None:
        """Warn of Gaussians as long as a fit admits, for θ of shape (n_pairs, n_parameters).

        They count if they have a twentieth of the volume integrals of the others, Σ v b³, within
        their errors.

        Warns
        -----
        UnderdeterminedWarning
        """
        n = np.count_nonzero(self.ranges(blocks.shape[1]))
        v, b, error = blocks[:, :n], np.abs(blocks[:, n : 2 * n]), std[:, :n]
        held = at_limits(b, limits[:, n : 2 * n])
        volume = (np.abs(v) + np.where(np.isfinite(error), error, 0.0)) * b**3
        long, others = (np.sum(np.where(x, volume, 0.0), axis=1) for x in (held, ~held))
        matters = held & (long > MATTERS * others)[:, None]
        if matters.any():
            warn_caller(
                f"a Gaussian of strength {v[matters][0]:.3g} ± {error[matters][0]:.1g} has reached "
                f"the range {b[matters][0]:.4g}, twice as far as the data: they see a constant, "
                "and phase shifts rest on what it is beyond them. Take fewer terms (n_terms), or "
                "data that reach further",
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
