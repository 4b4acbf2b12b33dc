from collections.abc import Callable

from mien.data import DATASETS
from tests.unit.app.cli.conftest import Ran


def test_list_prints_every_card(run: Callable[..., Ran]) -> None:
    done = run("data", "list")
    assert done.code == 0
    for entry in DATASETS:
        assert f"\n{entry.name}" in f"\n{done.out}"
        assert f"  licence: {entry.card.license}" in done.out
        assert f"  source: {entry.card.source}" in done.out
    assert "ferplus  (31,412 pictures)" in done.out
    assert "  option: labels=majority  ('majority' or 'arg_max')" in done.out
    assert "  option: neutral=true  (true or false)" in done.out
    assert "  option: angles=['S', 'HL', 'HR', 'FL', 'FR']" in done.out
    assert "\nmanifest\n" in done.out
