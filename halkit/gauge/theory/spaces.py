"""Where fields live, and what is known of functions on a group.

A `Space` tells what one configuration is, how it moves along a momentum, and, for a gauge group,
the class functions of one plaquette: angles, characters, their decay under noise. With χ_m/d_m the
characters normalised to 1 at the unit element,

    c_m = ∫ dμ p χ_m/d_m,    p = Σ_m d_m² c_m χ_m/d_m,    c_m → c_m e^{−λ_m s/2}

under white noise of variance s in each direction of the group. For U(1), cos mP, real
combinations count twice and λ_m = m²; for SU(2), sin na/(n sin a) with n = m + 1 and
λ_m = n² − 1 (heat kernel: P. Menotti, E. Onofri, Nucl. Phys. B 190, 288 (1981)).
"""

import numpy as np
from scipy.optimize import brentq

from halkit.gauge.theory.bessel import log_bessel_ratio
from halkit.gauge.theory.quaternion import class_angle, exponential, haar, product
from halkit.gauge.theory.torus import LINKS, TWO_PI, Axes, as_field, as_links, wrap

__all__ = ["ANGLES", "QUATERNIONS", "REALS", "Angles", "Quaternions", "Space"]

UNIT = 1e-6  # by which the norm of a quaternion may differ from 1
ROUNDING = 1e-14
LEAST, MOST = 1e-9, 20.0  # variance of a step
NARROWEST = 0.01  # part of the noise that a step takes away, and its variance at least


class Space:
    """Real numbers on the sites, and what other spaces change of it.

    Attributes
    ----------
    axes : Axes
        Axes of a configuration.
    least : int
        Least side of a lattice.
    """

    axes = Axes()
    least = 1

    def shape(self, lattice_shape):
        """Shape of one configuration."""
        return (*self.axes.before, *lattice_shape, *self.axes.after)

    def lattice_shape(self, field):
        """(L0, L1) of configurations."""
        return field.shape[1 + len(self.axes.before) :][:2]

    def as_field(self, field, lattice_shape=None, name="field", **_):
        """Return configurations as a checked array (n, …); see `halkit.gauge.theory.torus`."""
        return as_field(field, self.axes, lattice_shape, name, least=self.least)

    def momentum(self, field, rng):
        """Normal numbers for every direction in which the field can move, in its layout."""
        momentum = np.empty_like(field)
        momentum[...] = rng.standard_normal(field.shape, dtype=field.dtype)
        return momentum

    def drift(self, field, momentum, step, moved):
        """Move the field along the momentum, in place; `moved` is room for the change."""
        field += np.multiply(momentum, step, out=moved)

    def closed(self, field):
        """Return the field in its normal form."""
        return field


class Angles(Space):
    """Links of U(1), and the circle of their plaquettes; densities are per radian."""

    axes, least = LINKS, 2
    volume = TWO_PI

    def as_field(self, field, lattice_shape=None, name="theta", **options):
        """See `as_links`."""
        return as_links(field, lattice_shape, name=name, **options)

    def closed(self, field):
        """Angles in [−π, π)."""
        return wrap(field)

    def haar(self, x):
        """Return the weight of class angles, normalised to a mean of 1 over [0, π]."""
        return np.ones_like(x)

    def uniform(self, n, rng):
        """Draw class angles from the uniform measure."""
        return rng.uniform(-np.pi, np.pi, n)

    def characters(self, x, m):
        """χ_m/d_m, shape (n_x, n_m)."""
        return np.cos(np.outer(x, m))

    def squares(self, m):
        """d_m²."""
        return np.where(m == 0, 1.0, 2.0)

    def decay(self, m):
        """λ_m."""
        return m**2

    def score(self, c, x, characters, density):
        """Return h = ∂ log p/∂x and h' at class angles, p = Σ d_m² c_m χ_m/d_m > 0."""
        m = np.arange(len(c))
        weight = self.squares(m) * c
        score = -np.sin(np.outer(x, m)) @ (m * weight) / density
        return score, -characters @ (m**2 * weight) / density - score**2

    def reach(self, step):
        """The factor of h in the mean of a reverse step."""
        return step

    def variance(self, step, slope, mean, target):  # noqa: ARG002
        """The variance of a reverse step, at each x."""
        return step * np.maximum(1 + step * slope, 0)

    def width(self, variance):
        """The table from which steps are drawn."""
        return np.sqrt(variance)

    def kick(self, variance, m):
        """Mean of χ_m/d_m over the random part of a step, shape (n_x, n_m)."""
        return np.exp(-np.outer(variance, m**2) / 2)


class Quaternions(Space):
    """Links of SU(2), and the class angles of their plaquettes; densities are those to Haar's."""

    axes, least = Axes((2,), (4,)), 2
    volume = 1.0

    def as_field(self, field, lattice_shape=None, name="theta", **_):
        """See `halkit.gauge.theory.torus.as_field`; every quaternion must be of unit length."""
        field = super().as_field(field, lattice_shape, name)
        norm = np.sqrt(np.square(field).sum(axis=-1))
        if np.abs(norm - 1).max() > UNIT:
            raise ValueError(
                f"{name} must be unit quaternions; got norms from {norm.min():.6g} to "
                f"{norm.max():.6g}"
            )
        return field

    def momentum(self, field, rng):
        """Three components a link, of the Lie algebra."""
        momentum = np.empty_like(field[..., 1:])
        momentum[...] = rng.standard_normal(momentum.shape, dtype=field.dtype)
        return momentum

    def drift(self, field, momentum, step, moved):
        """U ← e^{i step p·σ} U."""
        np.multiply(momentum, step, out=moved)
        field[...] = product(exponential(moved), field)

    def closed(self, field):
        """Quaternions without what rounding has added to their length."""
        return field / np.sqrt(np.square(field).sum(axis=-1, keepdims=True))

    def haar(self, x):
        """Return the weight of class angles, normalised to a mean of 1 over [0, π]."""
        return 2 * np.sin(x) ** 2

    def uniform(self, n, rng):
        """Draw class angles from Haar's measure."""
        return class_angle(haar((n,), rng))

    def characters(self, x, m):
        """sin na/(n sin a), n = m + 1."""
        n, sine = m + 1, np.sin(x)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.sin(np.outer(x, n)) / (n * sine)
        edge = np.where(np.cos(x)[:, None] > 0, 1.0, np.where(m % 2, -1.0, 1.0))
        return np.where(np.abs(sine) < 1e-12, edge, ratio)

    def squares(self, m):
        """n²."""
        return (m + 1.0) ** 2

    def decay(self, m):
        """n² − 1."""
        return m * (m + 2)

    def score(self, c, x, characters, density):  # noqa: ARG002
        """Return h = ∂ log p/∂a and zeros; p sin a is a sum of sines."""
        n = np.arange(len(c)) + 1
        score = np.cos(np.outer(x, n)) @ (n**2 * c) / (np.sin(x) * density) - 1 / np.tan(x)
        return score, np.zeros(len(x))

    def reach(self, step):
        """The factor of h in the mean of a reverse step: (e^{3D} − 1)/3, exact for weak fields."""
        return np.expm1(3 * step) / 3

    def variance(self, step, slope, mean, target):
        """The variance, the same everywhere, that takes the fundamental character to its target."""
        v = step if abs(target) < ROUNDING else 2 / 3 * np.log(max(mean / target, 1.0))
        return np.full(len(slope), max(v, NARROWEST * step))

    def width(self, variance):
        """The concentration k of `concentrated` with I_2(k)/I_1(k) = e^{−3v/2}."""
        least = np.clip(np.min(variance), LEAST, MOST)  # it is the same everywhere

        def difference(log_k):
            k = float(np.exp(log_k))
            return float(log_bessel_ratio(2, k) - log_bessel_ratio(1, k)) + 1.5 * least

        k = np.exp(brentq(difference, np.log(0.1 / MOST) - 1.5 * MOST, np.log(3 / LEAST)))
        return np.full(np.shape(variance), k)

    def kick(self, variance, m):
        """I_n(k)/I_1(k), as `halkit.gauge.theory.quaternion.concentrated` draws."""
        k = self.width(variance)[0]
        return np.exp(log_bessel_ratio(m + 1, k) - log_bessel_ratio(1, k))[None]


QUATERNIONS, ANGLES, REALS = Quaternions(), Angles(), Space()
