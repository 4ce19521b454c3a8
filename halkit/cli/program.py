"""`main`: one command, its exit status, and what a terminal sees of warnings and errors.

Data go to stdout, all talk to stderr: a warning is one line, and so is an error of the user, with
the status 2. An error of the user is one that halkit or scikit-learn raises on purpose, or a file
that cannot be opened. Everything else keeps its traceback.
"""

from __future__ import annotations

import contextlib
import dis
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module

from halkit.cli.arguments import make_parser

__all__ = ["main"]

INTERRUPTED, PIPE_CLOSED = 130, 141  # as a shell counts SIGINT and SIGPIPE
KINDS = (ValueError, TypeError, ImportError)
# Of a file that the user named; others, such as a full disk, are failures.
NAMED = (
    FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        The words after the program's name; default ``sys.argv[1:]``.

    Returns
    -------
    int
        0; 1 if the command failed; 130 after Ctrl-C; 141 if nobody reads the output.

    Raises
    ------
    SystemExit
        With 2 for an error of the user, after one line on stderr, and with 0 after ``--help``.
    """
    options = make_parser().parse_args(arguments)
    command = options.parser
    try:
        with _warnings_in_one_line():
            status = import_module(f".{options.module}", __package__).run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{command.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return PIPE_CLOSED
    except OSError as error:
        if isinstance(error, NAMED):
            command.error(_of_system(error))
        print(f"{command.prog}: error: {_of_system(error)}", file=sys.stderr)
        return 1
    except KINDS as error:
        if not _is_deliberate(error):
            raise
        command.error(_with_option(_one_line(error), command))
    return status


@contextlib.contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    def show(message, category, filename, lineno, file=None, line=None):  # noqa: ARG001
        print(f"warning: {_one_line(message)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _one_line(text):
    return " ".join(str(text).split())


def _with_option(message, command):
    """A message about an argument of the library, with the option that sets it in front."""
    option = f"--{message.partition(' ')[0].replace('_', '-')}"
    return f"{option}: {message}" if option in command._option_string_actions else message


def _of_system(error):
    """The message of an OSError, with the file but without the number."""
    if error.strerror is None or error.filename is None:
        return _one_line(error)
    return f"{error.filename}: {error.strerror}"


def _is_deliberate(error):
    """Tell whether halkit or scikit-learn raised the error by a statement of their own."""
    at = error.__traceback__
    while at.tb_next is not None:
        at = at.tb_next
    module = at.tb_frame.f_globals.get("__name__", "")
    if module in ("halkit.resampling.workers", "halkit.cli.models") and error.__cause__ is not None:
        return _is_deliberate(error.__cause__)  # of a bin, with its number; of momenta beyond π/a
    raised = dis.opname[at.tb_frame.f_code.co_code[at.tb_lasti]] == "RAISE_VARARGS"
    return raised and module.partition(".")[0] in ("halkit", "sklearn")


def _forget_stdout():
    """Let Python close a stdout that nobody reads without another error."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
