"""``halkit fit``: a `CorrelatorRegressor` on correlators, kept with `halkit.save`."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from halkit.cli.estimators import make_estimator, parsed
from halkit.cli.output import check_new, table
from halkit.cli.records import load_records
from halkit.persistence import save
from halkit.resampling import CorrelatorRegressor, blocks
from halkit.resampling.blocks import chosen_blocks

__all__ = ["run"]

# Bins that the covariance of a goodness of fit needs.
FEWEST = 4


def run(options: Namespace) -> int:
    """Fit, save, and print the goodness of fit."""
    output = check_new(options.output, options.force, options.files)
    estimator = make_estimator(options.estimator, parsed(options.set), random_state=options.seed)
    records = load_records(options.files, options.group, options.lattice, options.channels)
    X = blocks(*records)
    model = CorrelatorRegressor(
        estimator, times=options.times, stencil=options.stencil,
        energy_range=options.energy_range and tuple(options.energy_range), r_max=options.r_max,
        r_prime_max=options.r_prime_max, sources=options.sources, volumes=options.volumes,
        errors=options.errors, resample=options.resample, refit=options.refit, n_jobs=options.jobs,
    ).fit(X)  # fmt: skip
    save(model, output, overwrite=options.force)
    rows = model.rows_
    print(
        f"{output}: {options.estimator} of {', '.join(rows.sources)}, {len(rows.labels)} rows, "
        f"{rows.n_bins} {rows.kind} bins",
        file=sys.stderr,
    )
    if rows.kind == "mean" or rows.n_bins < FEWEST:
        print(f"no goodness of fit: it needs {FEWEST} bins, got {rows.n_bins}", file=sys.stderr)
        return 0
    fit = model.goodness_of_fit(chosen_blocks(X, options.sources, options.volumes))
    lines: list[Any] = [
        *((*label, one) for label, one in fit.by_row.items()),
        ("all", "all", "all", fit),
    ]
    sys.stdout.write(
        table(
            {
                "L": ["-" if line[0] is None else line[0] for line in lines],
                "source": [line[1] for line in lines],
                "t": [line[2] for line in lines],
                "chi2/dof": [f"{line[3].chi2 / line[3].dof:.3f}" for line in lines],
                "p": [f"{line[3].p_value:.3f}" for line in lines],
            }
        )
    )
    return 0
