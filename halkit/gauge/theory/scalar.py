"""The action of two-dimensional φ⁴ on fields (n, L0, L1), periodic in both directions."""

from operator import itemgetter

import numpy as np

__all__ = ["action", "exact", "force", "neighbours", "observables"]


def neighbours(field):
    """Return the sum over the four neighbours of each site."""
    return sum(np.roll(field, shift, axis) for axis in (-1, -2) for shift in (1, -1))


def action(field, kappa, lam):
    """Return Σ [−2κ Σ_μ φ φ_{+μ} + (1 − 2λ) φ² + λ φ⁴] of each configuration."""
    square = field * field
    density = square * (1 - 2 * lam + lam * square) - kappa * field * neighbours(field)
    return density.sum((-2, -1), dtype=np.float64)


def force(field, kappa, lam):
    """Return −∂S/∂φ."""
    return 2 * kappa * neighbours(field) - field * (2 * (1 - 2 * lam) + 4 * lam * field * field)


def observables(field, kappa, lam):
    """Return the names and functions of means that make a report, and the quantities (n, k).

    With M = Σ φ/V: the mean of ``|M|``; χ₂ = V⟨M²⟩, and with the square of the former taken off
    ⟨M²⟩; U_L = 1 − ⟨M⁴⟩/(3⟨M²⟩²); ⟨φ²⟩; S/V; the identity 2S/V + 2λφ⁴, whose mean is 1; and the
    two-point function G(t) = ⟨φ(x) φ(x + t μ̂)⟩, both directions.
    """
    volume, square = field[0].size, field * field
    M = field.mean((-2, -1))
    S = action(field, kappa, lam) / volume
    quartic = lam * (square * square).mean((-2, -1))
    columns = [np.abs(M), M**2, M**4, square.mean((-2, -1)), S, 2 * S + 2 * quartic]
    rows = [
        ("|M|", lambda m: m[0]),
        ("chi_2", lambda m: volume * m[1]),
        ("chi_2 con", lambda m: volume * (m[1] - m[0] ** 2)),
        ("U_L", lambda m: 1 - m[2] / (3 * m[1] ** 2)),
        ("phi^2", lambda m: m[3]),
        ("S/V", lambda m: m[4]),
        ("identity", lambda m: m[5]),
    ]
    for t in sorted({1, 2, min(field.shape[1:]) // 2}):
        if 0 < t < min(field.shape[1:]):
            pairs = [(field * np.roll(field, t, axis)).mean((-2, -1)) for axis in (-1, -2)]
            rows.append((f"G({t})", itemgetter(len(columns))))
            columns.append((pairs[0] + pairs[1]) / 2)
    return rows, np.stack(columns, axis=1)


def exact(kappa, lam, lattice_shape):
    """Return what is known in closed form: the identity, and all of the free field."""
    known = {"identity": 1.0}
    if lam:
        return known
    p = [2 * np.pi * np.arange(size) / size for size in lattice_shape]
    power = 1 / (2 * (1 - 2 * kappa * np.add.outer(np.cos(p[0]), np.cos(p[1]))))
    volume = np.prod(lattice_shape)
    chi = power[0, 0]
    absolute = np.sqrt(2 * chi / (np.pi * volume))
    known |= {"|M|": absolute, "chi_2": chi, "chi_2 con": chi - volume * absolute**2}
    known |= {"U_L": 0.0, "phi^2": power.mean(), "S/V": 0.5}
    for t in range(1, min(lattice_shape)):
        waves = np.add.outer(np.cos(t * p[0]), np.cos(t * p[1]))
        known[f"G({t})"] = (power * waves).mean() / 2
    return known
