"""
Two parameters from one row
===========================

The separable potential of Aoki and Doi,

.. math:: U(r, r') = \\omega\\, e^{-\\theta_1 r - \\theta_2 r'}, \\quad \\theta_1 = \\theta_2 = 1,

has a known strength ω = −0.017. Its two ranges are learned from twenty wave functions and
their sources at the single radius r = R = 2.5 (units μ = 1): by least squares, by Adam, and
without the formula, by the network that is the default elsewhere.
"""

# %%
# Data
# ----
# The wave functions reach to 12.5 for the sum over r'; the source is wanted at R alone.

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np

from halkit import NonLocalPotentialRegressor, ParametricPotentialRegressor
from halkit.datasets import make_separable
from halkit.exceptions import MisfitWarning

OMEGA, R, MASS = -0.017, 2.5, 3.3

data = make_separable(n_k=20, reduced_mass=MASS)
source = data.interaction.target(data.k, np.array([R]), reduced_mass=MASS)
print(f"X: {data.data.shape}, y: {source.shape}")

# %%
# Least squares
# -------------
# ``ParametricPotentialRegressor`` takes any function of arrays. Its distance to θ = 1 comes
# from the trapezoidal sum over r', which stops at 12.5. That is no noise, so that the errors,
# read off the scatter of the residuals, do not cover it, and the fit warns of what is left.

warnings.simplefilter("ignore", MisfitWarning)


def exponentials(r, r_prime, theta):
    return OMEGA * np.exp(-theta[0] * r - theta[1] * r_prime)


begin = time.perf_counter()
parametric = ParametricPotentialRegressor(
    exponentials, [0.5, 0.5], r=data.r, r_out=[R], reduced_mass=MASS
).fit(data.data, source)
seconds = time.perf_counter() - begin
errors = np.sqrt(np.diag(parametric.theta_cov_))
for number, (theta, error) in enumerate(zip(parametric.theta_, errors, strict=True), start=1):
    print(f"θ{number} = {theta:.6f} ± {error:.6f}")
print(f"{parametric.n_iter_} iterations, {1e3 * seconds:.1f} ms")

# %%
# With a longer sum and finer nodes the same fit comes closer.

far = make_separable(n_k=20, n_r=400, r_max=20.0, reduced_mass=MASS)
longer = ParametricPotentialRegressor(
    exponentials, [0.5, 0.5], r=far.r, r_out=[R], reduced_mass=MASS
).fit(far.data, far.interaction.target(far.k, np.array([R]), reduced_mass=MASS))
for name, theta in {"100 nodes to 12.5": parametric.theta_, "400 to 20": longer.theta_}.items():
    print(f"{name:18s} largest |θ − 1| = {np.abs(theta - 1).max():.1e}")

# %%
# Adam
# ----
# First-order steps of size 0.01 need thousands where least squares need a handful: the loss
# is flat along one direction of θ.

path, m, v = [np.array([0.5, 0.5])], np.zeros(2), np.zeros(2)
begin = time.perf_counter()
for step in range(1, 4001):
    theta = path[-1]
    row = exponentials(R, data.r, theta)
    residual = data.data @ (data.weights * row) - source[:, 0]
    slopes = data.data @ (data.weights * row * np.array([np.full_like(data.r, R), data.r])).T
    gradient = -2 * residual @ slopes / len(residual)
    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
    step_size = 0.01 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    path.append(theta - step_size * m / (np.sqrt(v) + 1e-8))
path = np.array(path)
print(f"Adam, 4000 steps, {time.perf_counter() - begin:.2f} s: θ = {path[-1].round(4)}")

# %%
# A network
# ---------
# The default regressor knows that U is symmetric and decays, not that it is an exponential.

begin = time.perf_counter()
network = NonLocalPotentialRegressor(data.r, r_out=[R], reduced_mass=MASS, random_state=0)
network.fit(data.data, source)
print(f"network, {network.n_iter_} iterations, {time.perf_counter() - begin:.2f} s")

truth = OMEGA * np.exp(-R - data.r)
rows = {"least squares": parametric.potential_[0], "Adam": exponentials(R, data.r, path[-1])}
rows["network"] = network.potential_[0]
for name, row in rows.items():
    norm = np.sqrt(data.weights)
    error = np.linalg.norm(norm * (row - truth)) / np.linalg.norm(norm * truth)
    print(f"{name:13s} relative error of the row, with the measure 4πr'²dr': {error:.1e}")

# %%
# The row, and the way there
# --------------------------

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for (name, row), style in zip(rows.items(), ("-", "-.", ":"), strict=True):
    left.plot(data.r, row, style, label=name)
left.plot(data.r, truth, "k--", lw=0.8, label="truth")
left.set(
    xlim=(0, 6), xlabel="$r'$ [1/μ]", ylabel="$U(R, r')$ [μ⁴]", title="the learned row, R = 2.5/μ"
)
left.legend()
for number, curve in enumerate(np.abs(path - 1).T, start=1):
    right.loglog(np.arange(1, len(curve) + 1), curve, label=f"Adam, $|\\theta_{number} - 1|$")
right.axhline(
    np.abs(parametric.theta_ - 1).max(), color="k", ls="--", lw=0.8,
    label=f"least squares after {parametric.n_iter_}",
)  # fmt: skip
right.set(xlabel="step", ylabel="$|\\theta - 1|$", title="distance to the truth")
right.legend()
plt.show()

# %%
# The measure
# -----------
# The sum over r' has the weights 4πr'²Δr'. With one power of r' less the fit converges just
# as well, to other parameters; only the size of the residual tells.

slip = ParametricPotentialRegressor(
    exponentials, [0.5, 0.5], r=data.r, r_out=[R], weights=data.weights / data.r
).fit(data.data, source)
print(f"4πr'²Δr': θ = {parametric.theta_.round(4)}, loss {parametric.loss_:.1e}")
print(f"4πr'Δr':  θ = {slip.theta_.round(4)}, loss {slip.loss_:.1e}")
