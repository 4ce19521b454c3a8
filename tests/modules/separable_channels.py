"""Closed forms of coupled separable potentials, K_ab = λ_ab g_a(r) g_b(r'), g = r^n e^{−βr}.

    S_ab = δ_ab − 4i √(μ_a μ_b/k_a k_b) ĝ_a τ_ab ĝ_b,    τ = λ (1 − J λ)⁻¹,    J = diag J_a(k_a),

ĝ(k) = ∫ F_l(kr) g dr and J = −2μ P/(β − ik)^m by residues; (l, n) = (0, 0) is Y. Yamaguchi, Phys.
Rev. 95 (1954) 1628.
"""

from typing import NamedTuple

import numpy as np

from halkit import Channel
from halkit.channels import resolve_channels
from halkit.interactions import InteractionMatrix, NonLocal

HBARC = 197.3269804


def form_factor(wave, b, k):
    square = k**2 + b**2
    return {
        (0, 0): k / square,
        (0, 1): 2 * b * k / square**2,
        (1, 1): 2 * k**2 / square**2,
        (1, 2): 8 * b * k**2 / square**3,
        (2, 2): 8 * k**3 / square**3,
    }[wave]


def loop(wave, mu, b, k):
    sixth = 18j * b * k**3 + 3 * k**4
    numerator, m = {
        (0, 0): (1 / (2 * b), 2),
        (0, 1): ((5 * b**2 - 4j * b * k - k**2) / (4 * b**3), 4),
        (1, 1): ((b**2 - 4j * b * k - k**2) / (4 * b**3), 4),
        (1, 2): ((7 * b**4 - 42j * b**3 * k - 42 * b**2 * k**2 + sixth) / (4 * b**5), 6),
        (2, 2): ((3 * b**4 - 18j * b**3 * k - 38 * b**2 * k**2 + sixth) / (4 * b**5), 6),
    }[wave]
    return -2 * mu * numerator / (b - 1j * k) ** m


class Model(NamedTuple):
    """Masses in 1/fm, λ_ab in fm^−(2 + n_a + n_b)."""

    masses: tuple
    l: tuple
    n: tuple
    beta: tuple
    strength: np.ndarray

    @property
    def channels(self):
        return [Channel(l=l, masses=m) for l, m in zip(self.l, self.masses, strict=True)]

    @property
    def interactions(self):
        def element(a, b):
            return NonLocal(
                lambda r, s: (
                    self.strength[a, b] / (4 * np.pi) * r ** (self.n[a] - 1.0)
                    * s ** (self.n[b] - 1.0) * np.exp(-self.beta[a] * r - self.beta[b] * s)
                )
            )  # fmt: skip

        size = range(len(self.l))
        rows = [[element(a, b) for b in size] for a in size]
        return InteractionMatrix(rows, channels=self.channels)

    def parts(self, energy, sheet, relativistic):
        """k, ĝ, J of each channel, arrays (n_E, n), with Im k_a of the sign of the sheet."""
        known = resolve_channels(self.channels, relativistic=relativistic)
        k = np.sqrt(known.momentum_squared(np.asarray(energy, dtype=complex)))
        k = np.where((k.imag > 0) == (np.array(sheet) > 0), k, -k)
        waves = list(zip(zip(self.l, self.n, strict=True), self.beta, k.T, strict=True))
        g = np.array([form_factor(*one) for one in waves]).T
        J = [loop(one[0], mu, *one[1:]) for mu, one in zip(known.reduced_mass, waves, strict=True)]
        return k, g, np.array(J).T, np.sqrt(known.reduced_mass)

    def determinant(self, energy, sheet, relativistic=False):
        """det(1 − Jλ), of the shape of `energy`: zero at the poles."""
        J = self.parts(energy, sheet, relativistic)[2]
        return np.linalg.det(np.eye(len(self.l)) - J[..., :, None] * self.strength)

    def continued(self, energy, sheet, relativistic=False):
        """S(E) on a sheet, (n_E, n, n)."""
        k, g, J, mu = self.parts(energy, sheet, relativistic)
        one = np.eye(len(self.l))
        tau = self.strength @ np.linalg.inv(one - J[..., :, None] * self.strength)
        wave = mu * g / np.sqrt(k)
        return one - 4j * wave[..., :, None] * tau * wave[..., None, :]

    def s_matrix(self, energy, relativistic=False):
        """S at real energies, NaN in closed channels."""
        energy = np.atleast_1d(energy)
        known = resolve_channels(self.channels, relativistic=relativistic)
        opened = known.momentum_squared(energy) > 0
        S = self.continued(energy, np.where(opened, -1, 1), relativistic)
        S[~(opened[:, :, None] & opened[:, None, :])] = np.nan
        return S


def mev(*pairs):
    return tuple(tuple(m / HBARC for m in pair) for pair in pairs)


LL_NX = mev((1115.683, 1115.683), (938.919, 1318.285))
QUASI_BOUND = Model(
    LL_NX, (0, 0), (0, 0), (2.0, 1.5),
    np.array([[-1.591799, 0.685932], [0.685932, -1.847373]]),
)  # fmt: skip
BOUND = Model(
    LL_NX, (0, 0), (1, 1), (2.5, 2.0),
    np.array([[-15.658664, 3.975354], [3.975354, -4.983929]]),
)  # fmt: skip
WIDE = Model(
    mev((138.04, 1193.15), (495.65, 938.919)), (0, 0), (0, 0), (3.0, 2.5),
    np.array([[-21.10019, 10.536066], [10.536066, -14.613965]]),
)  # fmt: skip
TENSOR = Model(
    mev((938.919, 938.919), (938.919, 938.919)), (0, 2), (1, 2), (2.2, 2.2),
    np.array([[-13.0, -10.0], [-10.0, 15.0]]),
)  # fmt: skip


def random_model(seed, n=2):
    """n channels of any wave and mass; diagonal strengths of 0.3 to 1.6 of one that binds."""
    rng = np.random.default_rng(seed)
    waves = [((0, 0), (0, 1), (1, 1), (1, 2), (2, 2))[i] for i in rng.integers(5, size=n)]
    total = rng.uniform(3, 16) + np.append(0, np.cumsum(rng.uniform(0.1, 0.6, size=n - 1)))
    part = rng.uniform(0.2, 0.8, size=n)
    masses = tuple((float(m * x), float(m * (1 - x))) for m, x in zip(total, part, strict=True))
    beta = rng.uniform(1.5, 3, size=n)
    mu = [m1 * m2 / (m1 + m2) for m1, m2 in masses]
    critical = [
        abs(1 / loop(wave, m, b, 0.0).real) for wave, m, b in zip(waves, mu, beta, strict=True)
    ]
    strength = rng.uniform(-1, 1, size=(n, n)) * 0.5
    strength = (strength + strength.T) / 2 - np.diag(rng.uniform(0.3, 1.6, size=n))
    root = np.sqrt(critical)
    return Model(
        masses, tuple(l for l, _ in waves), tuple(p for _, p in waves), tuple(beta),
        strength * np.outer(root, root),
    )  # fmt: skip
