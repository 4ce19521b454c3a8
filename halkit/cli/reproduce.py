"""``halkit reproduce``: fit the examples, or run all of the documents, and write a report."""

import sys
from argparse import Namespace
from pathlib import Path

from halkit.cli.arguments import CORRELATORS
from halkit.gallery import reproduce_all
from halkit.report import make_folder
from halkit.reproduce import reproduce, xixi_rows

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Write the report; 1 if an example failed."""
    error = options.parser.error
    if options.full and options.seed is not None:
        error("--seed has no effect with --full: the examples have seeds of their own")
    if options.examples is not None and not options.full:
        error("--examples needs --full")
    if options.full and options.data is not None and options.data.name != CORRELATORS:
        error(f"--data must be named {CORRELATORS} with --full: the examples look for it")
    try:
        make_folder(options.out)
    except OSError as failure:
        error(f"--out: no report can be written to {options.out}: {failure.strerror}")
    try:
        if options.data is not None:
            xixi_rows(options.data)
    except (OSError, ValueError) as failure:
        error(f"--data: {failure}")
    failed = []
    if options.full:
        metrics = reproduce_all(options.out, folder=options.examples, data=options.data)
        failed = [name for name, numbers in metrics.items() if numbers["failed"]]
    else:
        reproduce(options.out, data=options.data, random_state=options.seed or 0)
    print(f"report: {Path(options.out, 'index.html').resolve()}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
