"""Theories: a space of fields and an action, and what is known of them in closed form.

    U(1)    S = β Σ (1 − cos P)              angles of links
    SU(2)   S = β Σ (1 − ½ tr P)             unit quaternions on links
    φ⁴      S = Σ [−2κ Σ_μ φ φ_{+μ} + (1 − 2λ) φ² + λ φ⁴]    real numbers on sites

`halkit.gauge.hmc`, `action`, `force` and `sample_report` take a theory, or the coupling of U(1).
The methods trust their arguments.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from halkit.checks import check_number
from halkit.gauge.theory import scalar, su2
from halkit.gauge.theory.bessel import log_bessel, log_bessel_ratio, orders, partition
from halkit.gauge.theory.characters import su3_loop
from halkit.gauge.theory.quaternion import class_angle, concentrated
from halkit.gauge.theory.spaces import ANGLES, QUATERNIONS, REALS, Space
from halkit.gauge.theory.torus import (
    TWO_PI,
    add_curl,
    check_beta,
    curl,
    flux_quantum,
    namespace,
    plaquette_sum,
    wilson_action,
    wrap,
)

__all__ = ["SU2", "SU3", "U1", "Phi4", "as_theory"]

LARGEST_SU3 = 1e3


@dataclass(frozen=True)
class _Gauge:
    """A gauge theory with the Wilson action in two dimensions."""

    beta: float = 1.0

    def __post_init__(self):
        object.__setattr__(self, "beta", check_beta(self.beta))

    @property
    def frequency(self):
        """The largest frequency at the least action."""
        return np.sqrt(8 * self.beta)

    @property
    def label(self):
        """Name and coupling."""
        return f"{type(self).__name__}, beta = {self.beta:g}"


@dataclass(frozen=True)
class U1(_Gauge):
    """Two-dimensional U(1), S = β Σ (1 − cos P).

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β ≥ 0.

    Examples
    --------
    >>> from halkit.gauge import U1, exact_wilson_loop
    >>> round(float(exact_wilson_loop(1, U1(7.0), (16, 16))), 10)
    0.9255322109
    """

    space: ClassVar[Space] = ANGLES

    def action(self, field):
        """S of each configuration."""
        return wilson_action(field, self.beta)

    def force(self, field):
        """−∂S/∂θ, the curl of h = −β sin P."""
        return curl(-self.beta * namespace(field).sin(plaquette_sum(field)))

    def kick(self, momentum, field, scale):
        """Add scale times the force, the curl of h = −β sin P, to the momentum in place."""
        h = plaquette_sum(field)
        np.sin(h, out=h)
        h *= -scale * self.beta
        add_curl(momentum, h)

    def proposal(self, field, rng):
        """The field with one unit of flux of random sign: a move that the action may refuse."""
        sign = rng.choice([-1.0, 1.0], (len(field), 1, 1, 1))
        return wrap(field + sign * flux_quantum(field.shape[2:]))

    def class_angle(self, field):
        """Angles of the plaquettes, in [−π, π)."""
        return wrap(plaquette_sum(field))

    def draw_plaquettes(self, n, rng):
        """Draw n angles of plaquettes of an infinite lattice."""
        return rng.vonmises(0, self.beta, n)

    @property
    def log_norm(self):
        """log ∫ e^{β (cos P − 1)} dP."""
        return np.log(TWO_PI) + log_bessel(self.beta)

    def partition(self, volume):
        """Z of a torus over the V-th power of Z of one plaquette, Σ_n u_n^V."""
        return partition(self.beta, volume)

    def exact_loop(self, area, volume):
        """⟨cos⟩ of loops on a torus of V plaquettes, or in the plane."""
        order = np.zeros(1) if volume is None else orders(self.beta, volume)
        low, high = (log_bessel_ratio(n, self.beta) for n in (order, order + 1))
        n = np.asarray(area)[..., None].astype(float)
        rest = n if volume is None else volume  # in the plane the trivial character is all there is
        with np.errstate(invalid="ignore"):  # 0·∞, for an area of 0 and for one of V
            weight = np.where(n < rest, (rest - n) * low, 0) + np.where(n > 0, n * high, 0)
        return np.exp(weight).sum(axis=-1) / np.exp(rest * low).sum(axis=-1)


@dataclass(frozen=True)
class SU2(_Gauge):
    """Two-dimensional SU(2), S = β Σ (1 − ½ tr P), on unit quaternions (n, 2, L0, L1, 4).

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β ≥ 0.

    References
    ----------
    A. A. Migdal, Sov. Phys. JETP 42, 413 (1975); B. Rusakov, Mod. Phys. Lett. A 5, 693 (1990).

    Examples
    --------
    >>> from halkit.gauge import SU2, exact_wilson_loop
    >>> round(float(exact_wilson_loop(4, SU2(8.0), (8, 8))), 10)
    0.450469509
    """

    space: ClassVar[Space] = QUATERNIONS

    def action(self, field):
        """S of each configuration; 1 − cos a from the vector part where a is small."""
        return self.beta * su2.plaquette_loss(su2.plaquettes(field)).sum((-2, -1))

    def force(self, field):
        """The derivative of −S by the components of ε in U → e^{i ε·σ} U."""
        momentum = np.zeros_like(field[..., 1:])
        self.kick(momentum, field, 1.0)
        return momentum

    def kick(self, momentum, field, scale):
        """Add scale times the force to the momentum in place."""
        vector = su2.plaquettes(field)[..., 1:]
        su2.add_curl(momentum, field, -scale * self.beta * vector)

    def class_angle(self, field):
        """Class angles of the plaquettes, in [0, π]."""
        return class_angle(su2.plaquettes(field))

    def draw_plaquettes(self, n, rng):
        """Draw n class angles of plaquettes of an infinite lattice."""
        return concentrated(np.full(n, self.beta), rng)

    @property
    def log_norm(self):
        """log ∫ e^{β (cos a − 1)} dU."""
        if self.beta < 1e-8:
            return -self.beta
        return log_bessel(self.beta) + log_bessel_ratio(1, self.beta) - np.log(self.beta / 2)

    def density(self, angle):
        """Density of a class angle on an infinite lattice, with respect to Haar's measure."""
        return np.exp(-2 * self.beta * np.sin(np.asarray(angle) / 2) ** 2 - self.log_norm)

    def partition(self, volume):
        """Z of a torus over the V-th power of Z of one plaquette, Σ_n u_n^V."""
        return float(np.exp(volume * self._log_u(volume)[1:]).sum())

    def _log_u(self, volume):
        """log u_n, n = 0, 1, …, as far as u_n^V counts; u_n = I_n/I_1, and nothing at n = 0."""
        n = np.arange(1, 3 if volume is None else 43 + int(10 * np.sqrt(self.beta / volume)))
        if not self.beta:
            return np.append(-np.inf, np.where(n == 1, 0.0, -np.inf))
        log_u = log_bessel_ratio(n, self.beta)
        return np.append(-np.inf, log_u - log_u[0])

    def exact_loop(self, area, volume):
        """⟨½ tr⟩ of loops on a torus of V plaquettes, or in the plane."""
        log_u = self._log_u(volume)
        n = np.arange(1, len(log_u) - 1)
        area = np.asarray(area, dtype=float)[..., None]
        rest = area if volume is None else volume
        total = np.exp(rest * log_u[n]).sum(axis=-1)
        loop = 0.0
        with np.errstate(invalid="ignore"):
            outside = np.where(rest > area, (rest - area) * log_u[n], 0.0)
            for step in (-1, 1):
                inside = np.where(area > 0, area * log_u[n + step], 0.0)
                weight = (n + step) / (2 * n)
                loop = loop + (weight * np.exp(outside + inside)).sum(axis=-1)
        return loop / total


@dataclass(frozen=True)
class SU3(_Gauge):
    """Two-dimensional SU(3), S = β Σ (1 − ⅓ Re tr P): exact loops, and independent plaquettes.

    `halkit.gauge.sample_su3_plaquettes` draws plaquettes with open boundaries; there are no links
    on a torus.

    Parameters
    ----------
    beta : float, default 1.0
        Coupling β ≥ 0.

    Examples
    --------
    >>> from halkit.gauge import SU3, exact_wilson_loop
    >>> round(float(exact_wilson_loop(1, SU3(3.0))), 10)
    0.20307505
    """

    def __post_init__(self):
        super().__post_init__()
        if self.beta > LARGEST_SU3:
            raise ValueError(f"beta must be at most {LARGEST_SU3:g} for SU3, got {self.beta:g}")

    def exact_loop(self, area, volume):
        """⟨⅓ Re tr⟩ of loops on a torus of V plaquettes, or in the plane."""
        return su3_loop(self.beta, area, volume)


@dataclass(frozen=True)
class Phi4:
    """Two-dimensional φ⁴, S = Σ [−2κ Σ_μ φ φ_{+μ} + (1 − 2λ) φ² + λ φ⁴].

    (a m_0)² = (1 − 2λ)/κ − 4 and λ = κ² λ_0/6 are the mass and coupling of the continuum.

    Parameters
    ----------
    kappa : float, default 0.21
        Hopping parameter κ.
    lam : float, default 0.022
        Coupling λ ≥ 0; without it 4κ < 1.

    References
    ----------
    L. Wang, G. Aarts, K. Zhou, JHEP 05 (2024) 060.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import Phi4, action
    >>> action(np.ones((1, 4, 4)), Phi4(kappa=0.25, lam=0.5)).tolist()
    [-8.0]
    """

    kappa: float = 0.21
    lam: float = 0.022
    space: ClassVar[Space] = REALS

    def __post_init__(self):
        object.__setattr__(self, "kappa", check_number(self.kappa, "kappa"))
        object.__setattr__(self, "lam", check_number(self.lam, "lam", least=0))
        if not self.lam and abs(self.kappa) >= 1 / 4:
            raise ValueError(f"kappa must be below 1/4 in size where lam is 0; got {self.kappa}")

    @property
    def label(self):
        """Name and couplings."""
        return f"phi^4, kappa = {self.kappa:g}, lambda = {self.lam:g}"

    @property
    def vacuum(self):
        """The constant field φ ≥ 0 of the least action."""
        depth = max(4 * self.kappa - (1 - 2 * self.lam), 0.0)
        return np.sqrt(depth / (2 * self.lam)) if depth else 0.0

    @property
    def frequency(self):
        """The largest frequency at the least action."""
        hopping = 4 * abs(self.kappa)
        depth = max(hopping - (1 - 2 * self.lam), 0.0)
        return np.sqrt(max(2 * (1 - 2 * self.lam) + 2 * hopping + 6 * depth, 0.1))

    def action(self, field):
        """S of each configuration."""
        return scalar.action(field, self.kappa, self.lam)

    def force(self, field):
        """−∂S/∂φ."""
        return scalar.force(field, self.kappa, self.lam)

    def kick(self, momentum, field, scale):
        """Add scale times the force to the momentum in place."""
        momentum += scale * self.force(field)


def as_theory(theory, method="action"):
    """Return U(1) of a coupling, or the theory itself, which must have a method."""
    if isinstance(theory, _Gauge | Phi4):
        if not hasattr(theory, method):
            raise TypeError(f"beta must be a theory that has {method}; {theory} has none")
        return theory
    return U1(theory)
