"""
A local potential with a pole
=============================

The Yukawa potential of the talk,

.. math:: V(r) = -\\alpha\\, e^{-\\mu r}/r, \\quad \\alpha = 2,\\ \\mu = 1,\\ m = 3.3,

is learned from four wave functions, k = 0, 1, 2, 3, on 2000 nodes of r = 0.01 … 5 (units μ = 1).
Beyond r = 5 nothing is known: the potential is compared with the exact one cut at 5, and that
with the exact one.
"""

# %%
# Wave functions
# --------------
# u'' = (2mV − k²) u from the origin, where u ≈ r (1 − αmr); k = 0 is the wave at threshold. The
# sources are differences of φ = u/r, as they would be for data without a known V.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

from halkit import NonLocalPotentialRegressor
from halkit.equations import stationary_target
from halkit.exceptions import AccuracyWarning
from halkit.interactions import Local, Yukawa
from halkit.scattering import bound_states, phase_shift

warnings.simplefilter("ignore", AccuracyWarning)

ALPHA, MASS = 2.0, 3.3
truth = Yukawa(ALPHA, 1.0)
r, k = np.linspace(0.01, 5.0, 2000), np.array([0.0, 1.0, 2.0, 3.0])


def wave(momentum, start=1e-6):
    solution = solve_ivp(
        lambda x, u: [u[1], (2 * MASS * truth(x) - momentum**2) * u[0]],
        (start, r[-1]),
        [start - ALPHA * MASS * start**2, 1 - 2 * ALPHA * MASS * start],
        method="DOP853", t_eval=r, rtol=1e-12, atol=1e-14,
    )  # fmt: skip
    return solution.y[0] / r


X = np.array([wave(momentum) for momentum in k])
y = stationary_target(X, k, r, reduced_mass=MASS)
error = np.abs(y - truth(r) * X).max(axis=1) / np.abs(truth(r) * X).max(axis=1)
print(f"sources by differences against V φ: {error.max():.0e}")

# %%
# Two local terms
# ---------------
# ``local="only"`` is a sum of functions of fixed widths b. Gaussians have no pole; with
# v(x) = e^{−x}/x, V is f(r)/r and rφ meets f(r) alone. The truth
# is all but in the span of the second, so that little is left to learn: the basis is the prior.

models = {
    "f(r)/r": {"local": "only", "local_basis": "yukawa"},
    "Gaussians": {"local": "only"},
}
models = {
    name: NonLocalPotentialRegressor(
        r, reduced_mass=MASS, n_init=1, random_state=0, **settings
    ).fit(X, y)
    for name, settings in models.items()
}
near = np.argmin(np.abs(r - 0.1))
for name, model in models.items():
    V = model.local_potential(r)
    print(f"{name:10s} residual {np.sqrt(model.loss_):.0e}, V(0.1) = {V[near]:.4f}")
print(f"exact V(0.1) = {truth(r[near]):.4f}")

# %%
# Phase shifts and bound states
# -----------------------------
# The cut costs 4.9° at k = 0.1, and nothing in the energies of the two bound states. Uncut, the
# sum of Yukawa potentials goes on beyond r = 5 as the truth does.


def cut(V):
    return Local(V.local_potential, radius=5.0)


momenta = np.array([0.1, 0.5, 1.0, 2.0, 3.0])
phases = {
    "exact": phase_shift(truth, momenta, reduced_mass=MASS),
    "exact, cut at 5": phase_shift(cut(truth), momenta, reduced_mass=MASS),
    **{f"{n}, cut": phase_shift(cut(m), momenta, reduced_mass=MASS) for n, m in models.items()},
    "f(r)/r, uncut": models["f(r)/r"].phase_shift(momenta),
}
print("δ / ° at k =" + "".join(f"{momentum:11.1f}" for momentum in momenta))
for name, delta in phases.items():
    print(f"{name:15s}" + "".join(f"{value:11.4f}" for value in np.rad2deg(delta)))
for name, V in {"exact": truth, "exact, cut at 5": cut(truth), "f(r)/r, cut": cut(models["f(r)/r"]),
                "Gaussians, cut": cut(models["Gaussians"])}.items():  # fmt: skip
    print(f"{name:15s} E = {bound_states(V, reduced_mass=MASS).energy.round(6)}")

# %%
# Pictures
# --------

q = np.geomspace(0.05, 4.0, 240)
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(16, 4.4), layout="constrained")
for (name, model), style in zip(models.items(), ("-", "-."), strict=True):
    left.plot(r, r * model.local_potential(r), style, label=name)
    delta = phase_shift(cut(model), q, reduced_mass=MASS)
    middle.plot(q, np.rad2deg(delta), style, label=f"{name}, cut at 5")
    distance = np.abs(delta - phase_shift(cut(truth), q, reduced_mass=MASS))
    right.loglog(q, np.rad2deg(distance), style, label=f"{name}, against the cut truth")
left.plot(r, r * truth(r), "k--", lw=0.8, label="truth")
left.set(xlabel="$r$ [$1/\\mu$]", ylabel="$r V(r)$", title="learned from k = 0, 1, 2, 3")
exact = phase_shift(truth, q, reduced_mass=MASS)
middle.plot(q, np.rad2deg(exact), "k--", lw=0.8, label="truth, not cut")
middle.set(xlabel="$k$ [$\\mu$]", ylabel="$\\delta$ [deg]", title="two bound states: δ(0) = 360°")
price = np.abs(phase_shift(cut(truth), q, reduced_mass=MASS) - exact)
right.loglog(q, np.rad2deg(price), "k:", label="price of the cut at r = 5")
uncut = np.abs(models["f(r)/r"].phase_shift(q) - exact)
right.loglog(q, np.rad2deg(uncut), "--", label="f(r)/r, uncut, against the truth")
right.axhline(0.01, color="0.6", lw=0.8)
right.set(xlabel="$k$ [$\\mu$]", ylabel="error of $\\delta$ [deg]", title="line: 0.01°")
right.set_ylim(bottom=1e-11)
for ax in (left, middle, right):
    ax.legend()
plt.show()
