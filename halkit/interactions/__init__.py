"""Interactions with known answers: closed forms, sums of Gaussians, published fits, tables."""

from halkit.interactions.av18 import AV18, CoupledAV18, av18
from halkit.interactions.base import (
    Interaction,
    Local,
    NonLocal,
    Sum,
    Tabulated,
    as_interaction,
)
from halkit.interactions.hal import n_omega, n_phi, omega_ccc, omega_omega
from halkit.interactions.local import GaussianSum, TwoPionTail, Yukawa
from halkit.interactions.nucleon import malfliet_tjon, minnesota, reid68
from halkit.interactions.perey_buck import PereyBuck
from halkit.interactions.separable import Separable, Yamaguchi
from halkit.interactions.xixi import GradientExpansion, xixi_leading_order, xixi_n2lo

__all__ = [
    "AV18",
    "CoupledAV18",
    "GaussianSum",
    "GradientExpansion",
    "Interaction",
    "Local",
    "NonLocal",
    "PereyBuck",
    "Separable",
    "Sum",
    "Tabulated",
    "TwoPionTail",
    "Yamaguchi",
    "Yukawa",
    "as_interaction",
    "av18",
    "malfliet_tjon",
    "minnesota",
    "n_omega",
    "n_phi",
    "omega_ccc",
    "omega_omega",
    "reid68",
    "xixi_leading_order",
    "xixi_n2lo",
]
