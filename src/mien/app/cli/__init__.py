"""The command line: one file a verb in this folder, found by scanning it.

A verb's file is a function under ``@app.command()`` that parses, calls the library and prints. Whatever is heavy
is imported inside the function, so that one verb never waits for the packages of another.
"""

import importlib
import os
import pkgutil
import sys
from typing import Annotated, NoReturn

import typer

from mien.app.extras import explain_missing_module
from mien.app.interrupting import EXIT_INTERRUPTED
from mien.errors import MienError
from mien.writing import WRITE_FAULTS

EXIT_FAULT, EXIT_BROKEN_PIPE = 2, 1

app = typer.Typer(
    name="mien",
    help="Read facial expressions from pictures; train, judge and ship the models that do so.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line and exit: 0, or 2 after a known fault printed as one line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # file names may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        _import_verbs()
        try:
            app(prog_name="mien")
        finally:
            sys.stdout.flush()
    except MienError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        explained = explain_missing_module(error)
        if explained is None:
            raise
        _fail(str(explained))
    except KeyboardInterrupt:
        _close_standard_output()
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        _close_standard_output()
        sys.exit(EXIT_BROKEN_PIPE)
    except OSError as error:
        if error.errno not in WRITE_FAULTS:
            raise
        if error.filename is None:
            _close_standard_output()
        _fail(f"{error.filename or 'standard output'}: {WRITE_FAULTS[error.errno]}")
    sys.exit(0)


def print_error(message: str) -> None:
    """Print one line ``error: ...`` on standard error, whatever line ends the message holds."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr, flush=True)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from mien import __version__

        print(f"mien {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take the options that stand before a verb."""


def _import_verbs() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def _fail(message: str) -> NoReturn:
    print_error(message)
    sys.exit(EXIT_FAULT)


def _close_standard_output() -> None:
    """Keep Python from flushing into a broken pipe or a full disk once more while it shuts down."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # replaced streams have no descriptor and need none
        return
