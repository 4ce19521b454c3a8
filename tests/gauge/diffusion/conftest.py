"""Models that were fitted once, for the tests of what they learn and draw."""

import pytest

from halkit.gauge import U1DiffusionSampler, sample_exact


@pytest.fixture(scope="session")
def fitted():
    """A training on 3000 configurations at β = 1, L = 8."""
    settings = {"learning_rate": 2e-2, "batch_size": 128, "max_epochs": 6, "random_state": 0}
    return U1DiffusionSampler(**settings).fit(sample_exact(3000, 1.0, (8, 8), random_state=0))


@pytest.fixture(scope="session")
def X():
    return sample_exact(60, 1.0, (4, 4), random_state=1)


@pytest.fixture(scope="session")
def tiny(X):
    return U1DiffusionSampler(hidden_channels=(4,), max_epochs=2, random_state=0).fit(X)
