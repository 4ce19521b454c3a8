"""Interactions with known answers: closed forms, sums of Gaussians, published fits, tables."""

from halkit.interactions.base import (
    Interaction,
    Local,
    NonLocal,
    Sum,
    Tabulated,
    as_interaction,
)
from halkit.interactions.hal import omega_ccc
from halkit.interactions.local import GaussianSum, Yukawa
from halkit.interactions.separable import Separable, Yamaguchi

__all__ = [
    "GaussianSum",
    "Interaction",
    "Local",
    "NonLocal",
    "Separable",
    "Sum",
    "Tabulated",
    "Yamaguchi",
    "Yukawa",
    "as_interaction",
    "omega_ccc",
]
