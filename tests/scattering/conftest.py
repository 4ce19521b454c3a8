"""The published ΞΞ potentials, which several tests share."""

import numpy as np
import pytest

from halkit.interactions import GaussianSum
from halkit.scattering import DerivativeExpansion

# ΞΞ(¹S₀), t/a = 13, m_π = 510 MeV, lattice units: T. Iritani et al. (HAL QCD),
# Phys. Rev. D 99 (2019) 014514 and JHEP 03 (2019) 007; data of the public analysis (MIT licence).
V0_PARAMETERS = {
    "LO_wall": [0.8758875354, 1.204031055, 0.4261062704, 0.3028031818,
                0.2010080716, 0.0737253221, -0.02922255348, 0.008976576584],
    "LO_smeared": [0.8794624993, 1.211478842, 0.4530187712, 0.2759049622,
                   0.1822942377, 0.06011767574, -0.02187948211, 0.006220035877],
    "N2LO": [1.142582133, 0.9332450236, 0.4244801922, 0.235795939,
             0.2414666403, 0.07875819054, -0.03005392845, 0.009106600587],
}  # fmt: skip
V2_PARAMETERS = [-0.5291468838, 0.07574915359, 2.19533289, -0.1091349848, 0.2177105974, 7.024952783]


def potential(name):
    p = V0_PARAMETERS[name.removesuffix("_V0_only").removesuffix("_V0_V2")]
    V0 = GaussianSum(p[::2], p[1::2])
    if not name.endswith("V0_V2"):
        return V0
    q = V2_PARAMETERS

    def second(r):
        return q[0] * np.exp(-q[1] * (r - q[2]) ** 2) + q[3] * np.exp(-q[4] * (r - q[5]) ** 2)

    return DerivativeExpansion(V0, second)


@pytest.fixture(scope="session")
def published():
    """Return the function that maps a name to the published ΞΞ potential."""
    return potential
