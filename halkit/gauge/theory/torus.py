"""Links on a periodic L0 × L1 lattice: the checks at the border and the formulas inside.

A configuration is a set of angles θ_μ(x) of the links e^{iθ_μ(x)}, μ on axis −3, x on the last
two axes. Curl and divergence are adjoint: the plaquettes are the curl of the links,

    P(x) = θ_0(x) + θ_1(x+0̂) − θ_0(x+1̂) − θ_1(x),

and a scalar h per plaquette pulls at the links with

    s_0(x) = h(x) − h(x−1̂),    s_1(x) = h(x−0̂) − h(x).

The functions that do not begin with ``check`` or ``as`` trust their arguments. The formulas hold
for torch tensors as well, with derivatives; `namespace` tells whose functions to call.
"""

import sys
from numbers import Integral
from typing import NamedTuple

import numpy as np

from halkit.checks import check_array, check_integer, check_number
from halkit.warn import warn_caller

__all__ = [
    "LINKS",
    "Axes",
    "add_curl",
    "as_field",
    "as_lattice_shape",
    "as_links",
    "as_real",
    "check_beta",
    "check_lattice_shape",
    "curl",
    "flux_quantum",
    "namespace",
    "plaquette_sum",
    "wilson_action",
    "within_circle",
    "wrap",
]

TWO_PI = 2 * np.pi


class Axes(NamedTuple):
    """Axes of a configuration before and after the two of the lattice, and its kind of numbers."""

    before: tuple = ()
    after: tuple = ()
    numbers: str = "numbers"


LINKS = Axes((2,), (), "angles")


def namespace(array):
    """Return torch for a tensor, else numpy; torch is not imported for it.

    The two agree on ``roll(a, shift, axis)`` and ``stack(arrays, axis)`` if the axis has no name.
    """
    torch = sys.modules.get("torch")
    return np if torch is None or not isinstance(array, torch.Tensor) else torch


def wrap(angle):
    """Return angles in [−π, π), each moved by a multiple of 2π."""
    xp = namespace(angle)
    wrapped = angle - TWO_PI * xp.round(angle / TWO_PI)
    return xp.where(wrapped >= np.pi, wrapped - TWO_PI, wrapped)


def plaquette_sum(links):
    """Return θ_0(x) + θ_1(x+0̂) − θ_0(x+1̂) − θ_1(x), not wrapped."""
    along_0, along_1 = links[..., 0, :, :], links[..., 1, :, :]
    total = along_0 - along_1
    total[..., :-1] -= along_0[..., 1:]
    total[..., -1] -= along_0[..., 0]
    total[..., :-1, :] += along_1[..., 1:, :]
    total[..., -1, :] += along_1[..., 0, :]
    return total


def curl(h):
    """Return the pull (..., 2, L0, L1) of a scalar h (..., L0, L1) per plaquette on the links."""
    xp = namespace(h)
    return xp.stack([h - xp.roll(h, 1, -1), xp.roll(h, 1, -2) - h], -3)


def add_curl(links, h):
    """Add the pull of a scalar h per plaquette to links, in place."""
    along_0, along_1 = links[..., 0, :, :], links[..., 1, :, :]
    along_0 += h
    along_0[..., 1:] -= h[..., :-1]
    along_0[..., 0] -= h[..., -1]
    along_1 -= h
    along_1[..., 1:, :] += h[..., :-1, :]
    along_1[..., 0, :] += h[..., -1, :]


def wilson_action(links, beta):
    """Return β Σ (1 − cos P) of each configuration; 2 sin²(P/2) keeps its digits at small P."""
    xp, half = namespace(links), plaquette_sum(links)
    half /= 2
    # In place where no derivative needs what is overwritten.
    out = half if xp is np else None
    square = xp.square(xp.sin(half, out=out), out=out)
    return 2 * beta * square.sum((-2, -1), **({"dtype": np.float64} if xp is np else {}))


def flux_quantum(lattice_shape):
    """Return links (2, L0, L1) with 2π/V, modulo 2π, in each of the V plaquettes.

    θ_0(x, y) = −2πy/V and θ_1(x, L1−1) = 2πx/L0.
    """
    size_0, size_1 = lattice_shape
    links = np.zeros((2, size_0, size_1))
    links[0] = -TWO_PI * np.arange(size_1) / (size_0 * size_1)
    links[1, :, -1] = TWO_PI * np.arange(size_0) / size_0
    return links


def as_links(theta, lattice_shape=None, *, tensors=False, name="theta", wrapped=True):
    """Return configurations as an array (n, 2, L0, L1) of angles, after the checks.

    Rows (n, 2·L0·L1) need a `lattice_shape`. Angles beyond 2π are wrapped, with a warning; without
    `wrapped` they stay as they are. With `tensors` a torch tensor stays one. Messages call the
    configurations by their `name`.
    """
    theta = as_field(theta, LINKS, lattice_shape, name, namespace(theta) if tensors else np)
    return within_circle(theta, name) if wrapped else theta


def within_circle(theta, name):
    """Return the angles, wrapped with a warning if there are angles beyond 2π."""
    if namespace(theta).abs(theta).max() <= TWO_PI * (1 + 1e-6):
        return theta
    warn_caller(
        f"{name} has angles beyond 2π: radians are expected, and they are wrapped to [-π, π)",
        UserWarning,
    )
    return wrap(theta)


def as_field(field, axes, lattice_shape=None, name="field", xp=np, *, least=2):
    """Return configurations of finite numbers, an array (n, *before, L0, L1, *after).

    Rows need a `lattice_shape`; its sides are at least `least`.
    """
    field = as_real(field, xp, name)
    field = _shape_field(field, axes, lattice_shape, name, least)
    if not xp.isfinite(field).all():
        raise ValueError(f"{name} must be finite; it has NaN or infinite {axes.numbers}")
    return field


def as_real(angle, xp, name):
    """Return angles as an array of numpy or torch, in double precision unless in single."""
    if xp is np or not isinstance(angle, xp.Tensor):
        angle = check_array(angle, name, finite=False, single=True, copy=False)
    if xp is np:
        return angle
    angle = xp.as_tensor(angle)
    if angle.is_complex():
        raise ValueError(f"Complex data not supported: {name} has dtype {angle.dtype}")
    if angle.dtype == xp.bool:
        raise TypeError(f"{name} must hold real numbers, got a tensor of dtype {angle.dtype}")
    return angle if angle.dtype in (xp.float32, xp.float64) else angle.double()


def _shape_field(field, axes, lattice_shape, name, least):
    before, after, _ = axes
    if lattice_shape is not None:
        lattice_shape = check_lattice_shape(lattice_shape, least)
        length = int(np.prod((*before, *lattice_shape, *after)))
        if field.ndim == 2:
            if field.shape[1] != length:
                raise ValueError(
                    f"rows of {name} on a {lattice_shape} lattice have {length} {axes.numbers}; "
                    f"got {field.shape[1]}"
                )
            field = field.reshape(-1, *before, *lattice_shape, *after)
    end, n_axes = 1 + len(before), 3 + len(before) + len(after)
    shape = tuple(field.shape)
    if len(shape) != n_axes or (shape[1:end], shape[end + 2 :]) != (before, after):
        sides = ", ".join(map(str, ("n", *before, "L0", "L1", *after)))
        row = "*".join(map(str, [int(np.prod(before + after))] * bool(before) + ["L0", "L1"]))
        raise ValueError(
            f"{name} must have shape ({sides}), or (n, {row}) with lattice_shape; got {shape}"
        )
    if lattice_shape is not None and shape[end : end + 2] != lattice_shape:
        raise ValueError(f"{name} is on a {shape[end : end + 2]} lattice, not on {lattice_shape}")
    check_lattice_shape(shape[end : end + 2], least)
    if not len(field):
        raise ValueError(f"{name} must hold at least one configuration; got none")
    return field


def check_lattice_shape(lattice_shape, least=2):
    """Return (L0, L1) as a tuple of integers ≥ `least`, or raise."""
    shape = lattice_shape if isinstance(lattice_shape, tuple | list) else ()
    if len(shape) != 2 or not all(isinstance(size, Integral) and size >= least for size in shape):
        raise ValueError(
            f"lattice_shape must be two integers (L0, L1), each at least {least}; got "
            f"{lattice_shape!r}"
        )
    return tuple(int(size) for size in shape)


def as_lattice_shape(lattice_size, least=2):
    """Return (L0, L1) of an integer L or of two, or raise."""
    if not isinstance(lattice_size, tuple | list):
        lattice_size = (check_integer(lattice_size, "lattice_size", least=least),) * 2
    return check_lattice_shape(lattice_size, least)


def check_beta(beta):
    """Return the coupling as a float ≥ 0, or raise."""
    return check_number(beta, "beta", least=0)
