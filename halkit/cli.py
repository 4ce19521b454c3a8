"""The command line: ``halkit reproduce`` writes the report of the main job."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from halkit import __version__
from halkit.gallery import reproduce_all
from halkit.report import make_folder
from halkit.reproduce import reproduce, xixi_rows

__all__ = ["main"]

CORRELATORS = "xixi_1s0_rcorr.npz"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        The words after the program's name; default ``sys.argv[1:]``.

    Returns
    -------
    int
        0, or 1 if an example failed.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.full and options.seed is not None:
        parser.error("--seed has no effect with --full: the examples have seeds of their own")
    if options.examples is not None and not options.full:
        parser.error("--examples needs --full")
    if options.full and options.data is not None and options.data.name != CORRELATORS:
        parser.error(f"--data must be named {CORRELATORS} with --full: the examples look for it")
    try:
        make_folder(options.out)
    except OSError as error:
        parser.error(f"--out: no report can be written to {options.out}: {error.strerror}")
    try:
        if options.data is not None:
            xixi_rows(options.data)
    except (OSError, ValueError) as error:
        parser.error(f"--data: {error}")
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


def _parser():
    parser = argparse.ArgumentParser(prog="halkit", description="Hadron interactions, learned.")
    parser.add_argument("--version", action="version", version=f"halkit {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "reproduce",
        help="fit the examples and write a report",
        description=(
            "Fit the separable toy model, synthetic correlators and, if given, real correlators; "
            "write index.html, pictures and metrics.json."
        ),
    )
    command.add_argument("--out", default="report", metavar="DIR", help="default: report")
    command.add_argument(
        "--data",
        type=_existing_file,
        default=_default_data(),
        metavar="FILE",
        help=f"real correlators; default: {CORRELATORS} in the folder that HALKIT_DATA names",
    )
    command.add_argument(
        "--full", action="store_true", help="run every example of the documents instead (minutes)"
    )
    command.add_argument(
        "--examples",
        metavar="DIR",
        help="with --full: folder of the examples; default: docs/examples",
    )
    command.add_argument("--seed", type=_seed, help="seed of the starts (default: 0)")
    return parser


def _seed(text):
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"must be an integer from 0 to 2^32 - 1, got {text}")
    return int(text)


def _existing_file(name):
    path = Path(name)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{name} is not a file")
    return path


def _default_data():
    folder = os.environ.get("HALKIT_DATA")
    path = Path(folder or ".", CORRELATORS)
    return path if folder and path.is_file() else None
