"""Interactions between hadrons, V(r) + V2(r) ∇² + U(r, r').

Parameters, functions, tables or fitted estimators come in; an `Interaction`, which
`halkit.scattering` takes, goes out.
"""

from halkit.interactions.av18 import AV18, CoupledAV18, av18
from halkit.interactions.conversion import as_interaction
from halkit.interactions.derivative import DerivativeExpansion
from halkit.interactions.functions import Laplacian, Local, NonLocal
from halkit.interactions.hal import (
    N_ETA_C_MASSES,
    N_JPSI_MASSES,
    N_OMEGA_MASSES,
    N_PHI_MASSES,
    OMEGA_CCC_MASS,
    OMEGA_OMEGA_MASSES,
    n_eta_c,
    n_jpsi,
    n_omega,
    n_phi,
    omega_ccc,
    omega_omega,
    reduced_mass,
)
from halkit.interactions.interaction import Interaction, Scaled, Sum
from halkit.interactions.local import GaussianSum, TwoPionTail, Yukawa
from halkit.interactions.matrix import InteractionMatrix, Transposed
from halkit.interactions.models import (
    KN_MASSES,
    kaon_nucleon_model,
    lambda_lambda_n_xi_model,
    p_wave_model,
    pi_sigma_kbar_n_model,
)
from halkit.interactions.nucleon import malfliet_tjon, minnesota, nucleon_reduced_mass, reid68
from halkit.interactions.perey_buck import PereyBuck
from halkit.interactions.separable import Separable, SeparableGaussian, Yamaguchi
from halkit.interactions.separable_matrix import SeparableMatrix
from halkit.interactions.tabulated import Tabulated
from halkit.interactions.xixi import (
    XI_MASS,
    XIXI_INVERSE_SPACING,
    XIXI_PION_MASS,
    xixi_leading_order,
    xixi_n2lo,
)

__all__ = [
    "AV18",
    "KN_MASSES",
    "N_ETA_C_MASSES",
    "N_JPSI_MASSES",
    "N_OMEGA_MASSES",
    "N_PHI_MASSES",
    "OMEGA_CCC_MASS",
    "OMEGA_OMEGA_MASSES",
    "XIXI_INVERSE_SPACING",
    "XIXI_PION_MASS",
    "XI_MASS",
    "CoupledAV18",
    "DerivativeExpansion",
    "GaussianSum",
    "Interaction",
    "InteractionMatrix",
    "Laplacian",
    "Local",
    "NonLocal",
    "PereyBuck",
    "Scaled",
    "Separable",
    "SeparableGaussian",
    "SeparableMatrix",
    "Sum",
    "Tabulated",
    "Transposed",
    "TwoPionTail",
    "Yamaguchi",
    "Yukawa",
    "as_interaction",
    "av18",
    "kaon_nucleon_model",
    "lambda_lambda_n_xi_model",
    "malfliet_tjon",
    "minnesota",
    "n_eta_c",
    "n_jpsi",
    "n_omega",
    "n_phi",
    "nucleon_reduced_mass",
    "omega_ccc",
    "omega_omega",
    "p_wave_model",
    "pi_sigma_kbar_n_model",
    "reduced_mass",
    "reid68",
    "xixi_leading_order",
    "xixi_n2lo",
]
