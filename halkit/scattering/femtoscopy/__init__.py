"""Femtoscopy: correlations of pairs, from their waves and sources to what a detector sees."""

from halkit.scattering.femtoscopy.correlation import correlation_function, lednicky_lyuboshitz
from halkit.scattering.femtoscopy.measured import combine_correlations, smear_momentum
from halkit.scattering.femtoscopy.sources import GaussianSource
from halkit.scattering.femtoscopy.tables import TabulatedWaves
from halkit.scattering.femtoscopy.waves import PairWaves, pair_waves

__all__ = [
    "GaussianSource",
    "PairWaves",
    "TabulatedWaves",
    "combine_correlations",
    "correlation_function",
    "lednicky_lyuboshitz",
    "pair_waves",
    "smear_momentum",
]
