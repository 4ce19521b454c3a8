"""What a model says, as arrays; two processes compare it bit for bit."""

import sys
from pathlib import Path

import numpy as np

import halkit

K = [0.3, 0.9]


def numbers(model):
    """Return predictions and observables of a fitted model."""
    if hasattr(model, "sample"):
        draw = {"n_samples": 2, "beta": 1.5, "random_state": 1}
        return [model.sample(**draw, lattice_size=4), model.harmonics_]
    if hasattr(model, "cv_results_"):
        scores = [value for key, value in model.cv_results_.items() if "score" in key]
        return [*scores, *numbers(model.best_estimator_)]
    if hasattr(model, "kind") or hasattr(model, "rows_"):
        return list(model.phase_shift(K, return_std=True))
    n = model.n_features_in_
    waves = np.cos(np.arange(3 * n)).reshape(3, n)
    values = [model.predict(waves)]
    if hasattr(model, "predict_potential"):
        values.append(model.predict_potential(np.linspace(0.5, 3.0, 4), np.linspace(0.5, 3.0, 5)))
    if hasattr(model, "ensemble_"):
        values += model.phase_shift(K, return_std=True)
    return values


def write(folder, trusted):
    """Read every model of a folder, and write its numbers beside it."""
    for path in sorted(Path(folder).glob("*.halkit")):
        np.savez(path.with_suffix(".npz"), *numbers(halkit.load(path, trusted=trusted)))


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2:])
