"""The command line, run inside the test's own process."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from mien.app.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str


def run_mien(*arguments: object) -> Done:
    """Run ``mien`` with the arguments as a person would type them."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["mien", *map(str, arguments)]),
        patch.dict("os.environ", {"COLUMNS": "200", "TERM": "dumb"}),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0
    return Done(code, out.getvalue(), err.getvalue())
