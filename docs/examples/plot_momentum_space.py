"""
A potential in momentum space
=============================

Between S waves of momenta p and p' a non-local potential is

.. math::

    \\tilde U(p, p') = 4\\pi \\int\\!\\!\\int r^2 r'^2\\, j_0(pr)\\, U(r, r')\\,
    j_0(p'r')\\, dr\\, dr'.

For the separable potential of Aoki and Doi, ω e^{−μr} e^{−μr'}, it is
16π μ² ω / [(μ² + p²)² (μ² + p'²)²]. Units: μ = 1.
"""

# %%
# The truth, on the nodes of a sine transform
# -------------------------------------------
# On r_i = i h and p_j = jπ/R the matrix j0(p_j r_i) is that of the discrete sine transform,
# its own inverse. So the way there and back changes nothing, and Parseval's sums agree.

import matplotlib.pyplot as plt
import numpy as np

from halkit import NonLocalPotentialRegressor, RadialGrid
from halkit.datasets import make_separable
from halkit.scattering import (
    discrete_fourier_potential,
    fourier_potential,
    inverse_fourier_potential,
    sine_grids,
)

data = make_separable()
OMEGA = data.interaction.omega


def closed_form(p, p_prime):
    return 16 * np.pi * OMEGA / np.outer((1 + p**2) ** 2, (1 + p_prime**2) ** 2)


r, p = sine_grids(20.0, 199)
U = data.interaction.nonlocal_potential(r.r[:, None], r.r)
waves = fourier_potential(U, r.r, p.r, weights=r.weights)
back = inverse_fourier_potential(waves, p.r, r.r, weights=p.weights)
scale = 16 * np.pi * abs(OMEGA)
parseval = 4 * np.pi**4 * (r.weights @ U**2 @ r.weights) / (p.weights @ waves**2 @ p.weights)
print(f"there and back, relative to the largest U: {np.abs(back - U).max() / np.abs(U).max():.1e}")
print(f"∫∫p²p'²Ũ² = 4π⁴ ∫∫r²r'²U², ratio − 1: {parseval - 1:.1e}")
error = np.abs(waves - closed_form(p.r, p.r)).max() / scale
print(f"largest distance to the closed form: {error:.1e} of Ũ(0, 0)")

# %%
# A learned potential
# -------------------
# A fitted model is a function of r and r' and can be transformed on any nodes, here those of
# Gauss and Legendre, at any momenta. It was trained on k = 0.01 … 1 (dotted lines below).

model = NonLocalPotentialRegressor(data.r, reduced_mass=3.3, random_state=0)
model.fit(data.data, data.target)
grid, q = RadialGrid.gauss_legendre(40.0, 120), np.linspace(0.0, 3.0, 121)
learned = fourier_potential(model, grid.r, q, weights=grid.weights)
exact = closed_form(q, q)
error = np.abs(learned - exact).max() / scale
print(f"learned, largest error for p, p' < 3: {error:.1e} of Ũ(0, 0)")

# %%
# The plain double sum
# --------------------
# Σ U(r, r') e^{−2πi(rp + r'p')/N} has neither the measure nor j0: it falls off too slowly, and
# it grows as the square of the number of nodes.

plain = {}
for n in (100, 200):
    s = np.linspace(0.01, 12.5, n)
    plain[n] = discrete_fourier_potential(data.interaction.nonlocal_potential(s[:, None], s))
    at_zero = plain[n][0, 0].real
    print(f"plain sum at p = p' = 0 with {n} nodes: {at_zero:.4f}; Ũ(0, 0) = {-scale:.4f}")

# %%
# Pictures
# --------

figure, axes = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
for ax, values, title in (
    (axes[0], learned, "$\\tilde U(p, p')$, learned [$\\mu^{-2}$]"),
    (axes[1], learned - exact, "learned − closed form [$\\mu^{-2}$]"),
):
    limit = np.abs(values).max()
    image = ax.pcolormesh(q, q, values, cmap="RdBu_r", vmin=-limit, vmax=limit, shading="nearest")
    figure.colorbar(image, ax=ax)
    ax.axvline(1.0, color="0.5", ls=":")
    ax.axhline(1.0, color="0.5", ls=":")
    ax.set(xlabel="$p'$ [$\\mu$]", ylabel="$p$ [$\\mu$]", title=title)
    ax.set_aspect("equal")
axes[2].semilogy(q, -np.diagonal(learned), label="learned $-\\tilde U(p, p)$")
axes[2].semilogy(q, -np.diagonal(exact), "k--", lw=0.9, label="closed form")
for n, values in plain.items():
    momenta = 2 * np.pi * np.arange(n // 2) / (n * 12.49 / (n - 1))
    size = np.abs(np.diagonal(values))[: n // 2]
    axes[2].semilogy(momenta, size, ".", label=f"plain sum, {n} nodes, $|u(p, p)|$")
axes[2].set(xlim=(0, 3), ylim=(1e-5, 10), xlabel="$p$ [$\\mu$]", title="the diagonal")
axes[2].legend()
plt.show()
