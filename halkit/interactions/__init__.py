"""Interactions with known answers: closed forms, sums of Gaussians, published fits, tables."""

from halkit.interactions.base import (
    Interaction,
    Local,
    NonLocal,
    Sum,
    Tabulated,
    as_interaction,
)
from halkit.interactions.separable import Separable, Yamaguchi

__all__ = [
    "Interaction",
    "Local",
    "NonLocal",
    "Separable",
    "Sum",
    "Tabulated",
    "Yamaguchi",
    "as_interaction",
]
