"""The command line: each command is a few calls of the library, with its numbers on stdout."""

from halkit.cli.program import main

__all__ = ["main"]
