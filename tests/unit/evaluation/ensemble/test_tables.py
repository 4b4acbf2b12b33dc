from pathlib import Path

from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.ensemble.tables import ensemble_lines, gain_line, member_rows
from mien.evaluation.ensemble.worth import Gain, MemberWorth
from mien.training import RunFolder

NAN = float("nan")


def test_member_rows_say_what_each_adds() -> None:
    rows = member_rows([MemberWorth("a", 0.25, 0.7, 0.72, 0.2), MemberWorth("b", NAN, 0.6, NAN, NAN)])
    assert rows[0] == ["run", "weight", "accuracy alone", "ensemble without it", "answers otherwise than others"]
    assert rows[1:] == [["a", "0.250", "70.00 %", "72.00 %", "20.00 %"], ["b", "-", "60.00 %", "-", "-"]]


def test_gain_line_names_the_best_single_runs() -> None:
    gain = Gain(100, 0.72, ("a", "b"), 0.7, (-0.01, 0.05))
    assert gain_line(gain) == (
        "chosen on one half, judged on the other, both ways: accuracy 72.00 %, the best single run so chosen (a and b) "
        "70.00 %: +2.00 points (95 % interval -1.00 to +5.00)"
    )


def test_gain_line_of_a_tree_compares_with_nothing() -> None:
    assert gain_line(Gain(100, 0.72)) == (
        "chosen on one half, judged on the other, both ways: accuracy 72.00 %; no single run answers all classes"
    )


def test_ensemble_lines_say_what_it_is_and_that_nothing_is_judged(
    trained_against_rest: list[RunFolder], tmp_path: Path
) -> None:
    built = build_ensemble(trained_against_rest, method="tree", ensembles_folder=tmp_path)
    lines = ensemble_lines(built)
    assert lines[0].startswith("tree: 2 of 2 runs, views: plain; accuracy ")
    assert lines[0].endswith(" on the 6 validation rows that chose it, which judges nothing")
    assert lines[1].startswith("asks for ")
    assert lines[1].endswith(", then fear")
    assert lines[-1] == f"saved as {tmp_path / 'tree-of-2-1'}"
