"""Every command that reads a data set takes the options of its reader, in one way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.made_datasets import make_ferplus
from tests.unit.app.cli.conftest import Ran

Run = Callable[..., Ran]
VERBS = {
    "info": ((), "ferplus: 68 faces of 48x48"),
    "audit": (("--no-detector", "--no-pictures", "--output", "out"), "ferplus: 68 rows audited"),
    "clean": (("--rules", "unreadable"), " 68 "),
    "show": (("--row", "67", "--output", "out.png"), "out.png: 1 picture"),
    "export": (("--output", "out"), "out: 68 faces as folders"),
}
"""Further arguments of each command, and what it says of a set of 68 rows, where the default is 67."""

each_verb = pytest.mark.parametrize(("verb", "arguments", "said"), [(verb, *rest) for verb, rest in VERBS.items()])


@each_verb
def test_options_reach_the_reader(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, verb: str, arguments: tuple[str, ...], said: str
) -> None:
    path = make_ferplus(tmp_path).path
    monkeypatch.chdir(tmp_path)
    done = run("data", verb, "ferplus", path, "labels=arg_max", *arguments)
    assert (done.code, done.err) == (0, "")
    assert said in done.out


@each_verb
def test_options_may_follow_the_name_where_the_path_is_left_out(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, verb: str, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(make_ferplus(tmp_path).path))
    monkeypatch.chdir(tmp_path)
    done = run("data", verb, "ferplus", "labels=arg_max", *arguments)
    assert (done.code, done.err) == (0, "")
    assert said in done.out


@each_verb
def test_an_unknown_option_is_named_in_one_line_and_nothing_is_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, verb: str, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("data", verb, "ferplus", "lables=arg_max", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: data set 'ferplus': lables: unknown option; did you mean 'labels'?\n"
    assert not list(tmp_path.iterdir())
