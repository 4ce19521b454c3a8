"""``halkit reproduce``: fit the main experiments, or run examples, and write a report."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from halkit.cli.arguments import CORRELATORS
from halkit.gallery import reproduce_all
from halkit.report import make_folder
from halkit.reproduce import reproduce, xixi_rows

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Write the report, print what named examples print; 1 if an example failed."""
    _check(options)
    failed = []
    if options.full or options.example:
        sections = reproduce_all(
            options.out, names=options.example or None, folder=options.examples, data=options.data
        )
        failed = [name for name, section in sections.items() if section.metrics["failed"]]
        if options.example:
            print(*(section.printed for section in sections.values()), sep="\n", end="")
    else:
        reproduce(options.out, data=options.data, random_state=options.seed or 0)
    print(f"report: {Path(options.out, 'index.html').resolve()}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _check(options):
    """Refuse options that would be ignored, folders and files that cannot be used."""
    error = options.parser.error
    examples = "--full" if options.full else "--example" if options.example else None
    if options.full and options.example:
        error("--example has no effect with --full, which runs every example")
    if examples and options.seed is not None:
        error(f"--seed has no effect with {examples}: the examples have seeds of their own")
    if options.examples is not None and not examples:
        error("--examples needs --full or --example")
    if examples and options.data is not None and options.data.name != CORRELATORS:
        error(f"--data must be named {CORRELATORS} with {examples}: the examples look for it")
    try:
        make_folder(options.out)
    except OSError as failure:
        error(f"--out: no report can be written to {options.out}: {failure.strerror}")
    try:
        if options.data is not None:
            xixi_rows(options.data)
    except (OSError, ValueError) as failure:
        error(f"--data: {failure}")
