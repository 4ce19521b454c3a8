"""A diffusion model of U(1) links: trained at one coupling, it generates at every coupling."""

import copy
import warnings
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from halkit.gauge import denoising, langevin
from halkit.gauge.networks import NETWORKS
from halkit.gauge.torus import (
    as_generator,
    as_links,
    check_beta,
    check_count,
    check_lattice_shape,
    wrap,
)
from halkit.training import (
    ProgressBar,
    available_device,
    check_device,
    one_thread,
    parameter_arrays,
    seeded,
)

__all__ = ["U1DiffusionSampler"]

# Angles of one batch: 64 configurations of 16 × 16 links.
BATCH = 2**15
SCORE_DRAWS = 16
