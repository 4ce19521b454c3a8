"""Models: interactions of halkit that behave like systems of two hadrons, for studies and tests.

They have the masses, thresholds and scattering lengths or quasi-bound states of real systems.
Their shapes are our choice; none is a published potential, see `halkit.interactions.hal` for those.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from halkit.channels import Channel
from halkit.checks import check_boolean, check_choice
from halkit.interactions.interaction import Interaction, Sum
from halkit.interactions.local import GaussianSum
from halkit.interactions.matrix import InteractionMatrix
from halkit.interactions.separable import SeparableGaussian
from halkit.interactions.separable_matrix import SeparableMatrix
from halkit.typing import Number
from halkit.units import from_fm, from_mev

__all__ = [
    "KN_MASSES",
    "kaon_nucleon_model",
    "lambda_lambda_n_xi_model",
    "p_wave_model",
    "pi_sigma_kbar_n_model",
]

KN_MASSES = (495.0, 939.0)
"""Masses of K and N in MeV for `kaon_nucleon_model`."""


class _Gaussians(NamedTuple):
    """V = Σ strength e^{−(r/range)²} and U = omega (rr'/rho²)^l e^{−(r² + r'²)/rho²}/rho³."""

    strengths: tuple[float, ...]  # MeV
    ranges: tuple[float, ...]  # fm
    omega: float = 0.0  # MeV
    rho: float = 0.8  # fm
    l: int = 0

    def interaction(self, inverse_spacing: Number | None, local_only: bool = False) -> Interaction:
        """Return V + U in fm⁻¹ and fm, or in lattice units."""
        energies = [from_mev(c, inverse_spacing=inverse_spacing) for c in self.strengths]
        lengths = [from_fm(x, inverse_spacing=inverse_spacing) for x in self.ranges]
        V = GaussianSum.from_ranges(energies, lengths)
        if local_only or self.omega == 0:
            return V
        omega = from_mev(self.omega, inverse_spacing=inverse_spacing)
        rho = from_fm(self.rho, inverse_spacing=inverse_spacing)
        return Sum(V, SeparableGaussian(omega, rho, l=self.l))


KAON_NUCLEON = {
    (1, False): _Gaussians((600.0, 169.87), (0.25, 0.6)),
    (1, True): _Gaussians((600.0, 54.97), (0.25, 0.6), 40.0, 0.5),
    (0, False): _Gaussians((600.0, -58.32), (0.25, 0.6)),
    (0, True): _Gaussians((600.0, -246.08), (0.25, 0.6), 60.0, 0.5),
}
LAMBDA_LAMBDA_N_XI = {
    (0, 0): _Gaussians((-40.0, 250.0), (1.0, 0.45), -25.0),
    (0, 1): _Gaussians((-45.0,), (0.7,), 15.0),
    (1, 1): _Gaussians((-95.0, 300.0), (1.05, 0.45), -30.0),
}
P_WAVE = _Gaussians((-190.0, 300.0), (1.0, 0.45), -60.0, l=1)


class _Yamaguchis(NamedTuple):
    """λ in fm⁻², β in fm⁻¹, all with l = n = 0; masses in MeV."""

    masses: tuple[tuple[float, float], ...]
    strengths: tuple[tuple[float, ...], ...]
    beta: tuple[float, ...]

    def matrix(self, inverse_spacing: Number | None) -> SeparableMatrix:
        fm = from_fm(1.0, inverse_spacing=inverse_spacing)
        return SeparableMatrix(
            np.array(self.strengths) / fm**2,
            np.array(self.beta) / fm,
            [0] * len(self.beta),
            channels=_channels(self.masses, inverse_spacing),
        )


LL_NX_MASSES = ((1115.683, 1115.683), (938.919, 1318.285))
LL_NX_SEPARABLE = _Yamaguchis(
    LL_NX_MASSES, ((-1.591799, 0.685932), (0.685932, -1.847373)), (2.0, 1.5)
)
PI_SIGMA_KBAR_N = _Yamaguchis(
    ((138.04, 1193.15), (495.65, 938.919)),
    ((-21.10019, 10.536066), (10.536066, -14.613965)),
    (3.0, 2.5),
)


def kaon_nucleon_model(
    isospin: Literal[0, 1], *, nonlocal_part: bool = False, inverse_spacing: Number | None = None
) -> Interaction:
    """Return a model of the S-wave K–N interaction, V(r) = Σ c_i e^{−(r/d_i)²} (+ U(r, r')).

    c = (600, c_2) MeV, d = (0.25, 0.6) fm, and U = ω e^{−(r² + r'²)/ρ²}/ρ³ with ρ = 0.5 fm:

    ======= ============== ============== ===============
    isospin c_2 without U  c_2 with U     ω
    ======= ============== ============== ===============
    1       169.87 MeV     54.97 MeV      40 MeV
    0       −58.32 MeV     −246.08 MeV    60 MeV
    ======= ============== ============== ===============

    With the masses `KN_MASSES` they have the scattering lengths of a lattice calculation at the
    physical point, −0.226(5) fm for I = 1 and +0.028(61) fm for I = 0 (statistical errors; k cot δ
    → +1/a0), and, as there, repulsion at short distances, a pocket of attraction for I = 0 only.
    The potentials are not the published ones. With and without U the phase shifts of I = 0 agree to
    0.1° up to 10 MeV, and at 100 MeV they are −0.7° and 0.6°.

    Parameters
    ----------
    isospin : {0, 1}
    nonlocal_part : bool
        Whether the interaction has U.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    Interaction

    References
    ----------
    K. Murakami et al. (HAL QCD), arXiv:2509.00838, for the scattering lengths.

    Examples
    --------
    >>> from halkit.interactions import KN_MASSES, kaon_nucleon_model, reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> V = kaon_nucleon_model(1)
    >>> round(scattering_length(V, reduced_mass=reduced_mass(KN_MASSES), sign="lattice"), 3)
    -0.226
    """
    check_boolean(nonlocal_part, "nonlocal_part")
    shape = KAON_NUCLEON[check_choice(isospin, "isospin", (0, 1)), nonlocal_part]
    return shape.interaction(inverse_spacing)


def lambda_lambda_n_xi_model(
    kind: Literal["nonlocal", "local", "separable"] = "nonlocal",
    *,
    inverse_spacing: Number | None = None,
) -> InteractionMatrix:
    """Return a model of coupled ΛΛ and NΞ channels in the S wave.

    "nonlocal": V_ab(r) + U_ab(r, r') with, in MeV and r in fm,

        V_11 = −40 e^{−r²} + 250 e^{−(r/0.45)²},    V_12 = −45 e^{−(r/0.7)²},
        V_22 = −95 e^{−(r/1.05)²} + 300 e^{−(r/0.45)²},
        U_ab = ω_ab e^{−(r² + r'²)/0.8²}/0.8³,    ω_11 = −25, ω_12 = 15, ω_22 = −30 MeV.

    It binds ΛΛ by 0.11 MeV and has a quasi-bound NΞ state at 18.58 − 2.18i MeV above the ΛΛ
    threshold. "local": V_ab alone. "separable": Yamaguchi potentials (a `SeparableMatrix`) with a
    quasi-bound NΞ state, at 20.95 − 2.68i MeV with non-relativistic momenta.

    Parameters
    ----------
    kind : {"nonlocal", "local", "separable"}
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    InteractionMatrix
        With its channels: m_Λ = 1115.683, m_N = 938.919, m_Ξ = 1318.285 MeV.

    Examples
    --------
    >>> from halkit.interactions import lambda_lambda_n_xi_model
    >>> from halkit.units import to_mev
    >>> float(to_mev(lambda_lambda_n_xi_model().resolved().threshold[1]).round(3))
    25.838
    """
    if check_choice(kind, "kind", ("nonlocal", "local", "separable")) == "separable":
        return LL_NX_SEPARABLE.matrix(inverse_spacing)
    V11, V12, V22 = (
        shape.interaction(inverse_spacing, kind == "local") for shape in LAMBDA_LAMBDA_N_XI.values()
    )
    channels = _channels(LL_NX_MASSES, inverse_spacing)
    return InteractionMatrix([[V11, V12], [V12, V22]], channels=channels)


def pi_sigma_kbar_n_model(*, inverse_spacing: Number | None = None) -> SeparableMatrix:
    """Return a model of coupled πΣ and K̄N channels in the S wave, Yamaguchi potentials.

    It has a wide quasi-bound K̄N state, at 58.3 − 41.0i MeV above the πΣ threshold with
    non-relativistic momenta.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: K in fm⁻² and r in fm.

    Returns
    -------
    SeparableMatrix
        With its channels: m_π = 138.04, m_Σ = 1193.15, m_K = 495.65, m_N = 938.919 MeV.

    Examples
    --------
    >>> from halkit.interactions import pi_sigma_kbar_n_model
    >>> from halkit.units import from_mev, to_mev
    >>> U = pi_sigma_kbar_n_model()
    >>> to_mev(U.pole(from_mev(60 - 40j), sheet=(-1, 1), relativistic=False)).round(3)
    np.complex128(58.279-41.041j)
    """
    return PI_SIGMA_KBAR_N.matrix(inverse_spacing)


def p_wave_model(
    *, nonlocal_part: bool = True, inverse_spacing: Number | None = None
) -> Interaction:
    """Return a model with a resonance in the P wave of two hadrons of 939 MeV.

    V(r) = −190 e^{−r²} + 300 e^{−(r/0.45)²} and U_1(r, r') = −60 r r' e^{−(r² + r'²)/0.8²}/0.8⁵ in
    MeV and fm. S has a pole at 12.4 − 9.0i MeV, and δ rises to 93° at 40 MeV; without U to 31°.

    Parameters
    ----------
    nonlocal_part : bool
        Whether the interaction has U.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    Interaction
        For l = 1 if it has U.

    Examples
    --------
    >>> from halkit.interactions import p_wave_model
    >>> from halkit.units import to_mev
    >>> float(to_mev(p_wave_model()(0.5, 0.5)).round(3))
    -20.958
    """
    check_boolean(nonlocal_part, "nonlocal_part")
    return P_WAVE.interaction(inverse_spacing, local_only=not nonlocal_part)


def _channels(masses, inverse_spacing):
    return [
        Channel(
            l=0, masses=tuple(float(from_mev(m, inverse_spacing=inverse_spacing)) for m in pair)
        )
        for pair in masses
    ]
