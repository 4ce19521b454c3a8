"""Femtoscopy: momentum correlations of two hadrons from a source of size R.

Koonin and Pratt: C(k) = ∫ d³r S(r) |Ψ_k(r)|². With interactions in partial waves,

    C(k) = 1 + Σ w ∫ 4πr² S(r) [ψ_k(r)² − j_l(kr)²] dr                    (distinguishable)
    C(k) = 1 ± ∫ 4πr² S(r) j0(2kr) dr/(2s+1) + 2 Σ w ∫ 4πr² S(r) [ψ_k² − j_l²] dr   (identical)

(+ for bosons, − for fermions of spin s; only some spin states of identical hadrons have even l,
hence the 2). ψ_k → sin(kr − lπ/2 + δ)/(kr), S normalised to 1. w is the number of states of a
total angular momentum per spin state of the pair, (2J+1)/(2s₁+1)(2s₂+1). Coupled channels b add
w ω_b ∫ 4πr² S_b |ψ_b|² dr, with ω_b pairs produced for one of the observed pair and ψ_b of
`halkit.scattering.coupled_wave_functions`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import dawsn

from halkit.channels import ChannelList
from halkit.checks import check_momenta, check_number, check_scale
from halkit.scattering.femtoscopy.sources import Source
from halkit.scattering.femtoscopy.states import SpinStates
from halkit.scattering.femtoscopy.waves import pair_waves
from halkit.typing import Array, Number, Numbers

__all__ = ["correlation_function", "lednicky_lyuboshitz"]


def correlation_function(
    spin_states: SpinStates,
    k: Numbers,
    *,
    source: Source | Sequence[Source],
    production: Numbers | None = None,
    reduced_mass: Number | None = None,
    spin: Number | None = None,
    channels: ChannelList | None = None,
    observed: int | Sequence[int] = 0,
    relativistic: bool | None = None,
    charge_product: Number | Sequence[Number | None] | None = None,
    dipole_radius: Number | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> Array:
    """Return the correlation function C(k) of Koonin and Pratt, with the full wave functions.

    `halkit.scattering.pair_waves` solves the waves once for many sources;
    `halkit.scattering.combine_correlations` and `halkit.scattering.smear_momentum` add feed-down
    and the resolution of a detector.

    Parameters
    ----------
    spin_states : interaction, or list of (weight, interaction) or (weight, interaction, l)
        An interaction as in `halkit.scattering.phase_shift`, in S waves of all spin states; or
        the spin states that interact, with their partial wave (l = 0 if left out). The weight
        is (2J+1)/(2s₁+1)(2s₂+1) for two hadrons of spin s₁, s₂ with total angular momentum J:
        (2S+1)/(2s₁+1)(2s₂+1) in an S wave, 2l+1 for a force that does not depend on spins. The
        other states do not interact. The place of an interaction may take a
        `halkit.interactions.InteractionMatrix`, or an estimator fitted to coupled channels; and
        waves for the same momenta: what `halkit.scattering.scattering_wave_functions` returned,
        or `halkit.scattering.TabulatedWaves`.
    k : float or array of any shape
        Relative momenta k > 0 in the rest frame of the observed pair.
    source : callable, or list of one for each channel
        S(r), normalised to ∫ 4πr² S dr = 1; `GaussianSource` is one.
    production : array of shape (n_channels,), optional
        ω_b: how many pairs of channel b are produced for one of the observed pair, which comes
        first and has 1; the others keep their order. Default: 1 for all.
    reduced_mass : float, optional
        Reduced mass m (ħ = c = 1). Coupled channels and fitted estimators bring it.
    spin : float, optional
        Spin s = 0, 1/2, 1, … of two identical hadrons: bosons or fermions. With s > 0 an
        interaction needs its weight. Default: the hadrons are distinguishable.
    channels, relativistic : optional
        Of matrices, as in `halkit.scattering.coupled_s_matrix`.
    observed : int or sequence of int, default 0
        Index of the channel of the observed pair; or of its partial waves, all of them, if a
        tensor force couples them: (0, 1) for ³S₁-³D₁.
    charge_product : float, or sequence of one or None for each channel, optional
        Z1 Z2 as in `halkit.scattering.coulomb_phase_shift`; the interactions are the strong
        ones alone. The waves are Coulomb waves in all l, with the strong interaction in the l
        of the spin states. One number is that of the observed pair. Default: no Coulomb force.
    dipole_radius : float, optional
        As in `halkit.scattering.coulomb_phase_shift`.
    channel_radius, n_mesh, r
        As in `halkit.scattering.phase_shift`.

    Returns
    -------
    float array of the shape of `k`
        C(k), dimensionless, of genuine pairs.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, if the weights of one l exceed 2l+1 or what Pauli's
        principle leaves of it to identical hadrons, or if the source is not normalised to 0.1 %.

    Warns
    -----
    AccuracyWarning, UnderdeterminedWarning
        As `halkit.scattering.scattering_wave_functions` and `coupled_wave_functions`.

    Notes
    -----
    Pauli's principle allows even l in the part s/(2s+1) of the spin states of fermions, and odd l
    in (s+1)/(2s+1); the other way round for bosons. Dipole charges change the Coulomb waves of
    the l that are listed only.

    References
    ----------
    S. E. Koonin, Phys. Lett. B 70 (1977) 43; S. Pratt, Phys. Rev. Lett. 53 (1984) 1219;
    R. Lednický, V. V. Lyuboshitz and V. L. Lyuboshitz, Phys. At. Nucl. 61 (1998) 2950;
    J. Haidenbauer, Nucl. Phys. A 981 (2019) 1 [arXiv:1808.05049] (coupled channels).

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import GaussianSource, correlation_function
    >>> U = Separable(omega=-0.017, mu=1.0)
    >>> correlation_function(U, [0.1, 0.5], reduced_mass=3.3, source=GaussianSource(2.0)).round(5)
    array([0.7854 , 0.88654])

    Two coupled channels; the first is observed:

    >>> from halkit import Channel
    >>> from halkit.interactions import GaussianSum, InteractionMatrix
    >>> A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, -0.4, -1.0))
    >>> two = [Channel(reduced_mass=1.0), Channel(reduced_mass=1.2, threshold=0.5)]
    >>> V = InteractionMatrix([[A, T], [T, B]], channels=two)
    >>> correlation_function(V, [0.5, 1.1], source=GaussianSource(1.2)).round(4)
    array([1.3303, 1.0229])
    """
    waves = pair_waves(
        spin_states,
        k,
        reduced_mass=reduced_mass,
        spin=spin,
        channels=channels,
        observed=observed,
        relativistic=relativistic,
        charge_product=charge_product,
        dipole_radius=dipole_radius,
        channel_radius=channel_radius,
        n_mesh=n_mesh,
        r=r,
    )
    return waves.correlation(source, production=production)


def lednicky_lyuboshitz(
    k: Numbers, *, R: Number, scattering_length: Number, effective_range: Number = 0.0
) -> Array:
    """Return C(k) for a Gaussian source, with the asymptotic wave function at all r.

    C = 1 + ``|f|²``/2R² [1 − r_eff/(2√π R)] + 2 Re f F1(2kR)/(√π R) − Im f F2(2kR)/R, with
    f = 1/(−1/a0 + r_eff k²/2 − ik), F1(z) = ∫_0^z e^{x²−z²} dx/z, F2(z) = (1 − e^{−z²})/z, for
    two distinguishable hadrons and one interior. A good approximation where R is large
    against the range: 10 % off at R = 1 fm and 0.3 % at 3 fm for two Ω at 10 MeV.

    Parameters
    ----------
    k : float or array of any shape
        Relative momenta, k > 0.
    R : float
        Radius of the source, as in `GaussianSource`.
    scattering_length : float
        a0 ≠ 0, defined by k cot δ = −1/a0 + r_eff k²/2: positive with a shallow bound state.
    effective_range : float, default 0.0
        r_eff.

    Returns
    -------
    float array of the shape of `k`

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or if a0 or r_eff is not one number.

    References
    ----------
    R. Lednický and V. L. Lyuboshitz, Sov. J. Nucl. Phys. 35 (1982) 770.

    Examples
    --------
    >>> from halkit.scattering import lednicky_lyuboshitz
    >>> C = lednicky_lyuboshitz(0.1, R=1.0, scattering_length=4.5, effective_range=1.3)
    >>> round(float(C), 5)
    2.06136
    """
    k, R = check_momenta(k), check_scale(R, "R")
    scattering_length = check_number(scattering_length, "scattering_length")
    effective_range = check_number(effective_range, "effective_range")
    if scattering_length == 0:
        raise ValueError("scattering_length must be a number other than 0, got 0")
    f = 1 / (-1 / scattering_length + effective_range * k**2 / 2 - 1j * k)
    z = 2 * k * R
    F1, F2 = dawsn(z) / z, -np.expm1(-(z**2)) / z
    short = 1 - effective_range / (2 * np.sqrt(np.pi) * R)
    return (
        1
        + np.abs(f) ** 2 / (2 * R**2) * short
        + 2 * f.real * F1 / (np.sqrt(np.pi) * R)
        - f.imag * F2 / R
    )
