import numpy as np
import pytest

from mien.errors import DataError, ProtocolError, RunFolderError
from mien.evaluation.compare import Comparison, compare, read_answers
from mien.evaluation.judge import predict_for_choice
from mien.evaluation.protocol import open_test_split
from mien.metrics.bootstrap import BOOTSTRAPPED
from mien.metrics.figures import compute_figures
from mien.metrics.intervals import mcnemar_test


@pytest.fixture
def pair(make_predictions):
    return make_predictions(300, random_seed=1), make_predictions(300, random_seed=2, skill=0.5, model="older")


@pytest.fixture
def comparison(pair) -> Comparison:
    return compare(*pair, num_draws=400)


def test_compare_gives_the_figures_of_both(pair, comparison):
    first, second = pair
    assert (comparison.first, comparison.second, comparison.split, comparison.kind) == (
        "compact",
        "older",
        "test",
        "judgement",
    )
    assert [each.figure for each in comparison.all_rows.differences] == list(BOOTSTRAPPED)
    figures = [compute_figures(each) for each in pair]
    for name in ("all_rows", "rows_without_copy"):
        rows = getattr(comparison, name)
        assert rows.num_rows == getattr(figures[0], name).num_rows
        for each in rows.differences:
            expected = [getattr(getattr(figure, name), each.figure) for figure in figures]
            assert [each.first, each.second] == expected
            assert each.difference == expected[0] - expected[1]
    assert comparison.all_rows.mcnemar == mcnemar_test(first.is_right, second.is_right)


def test_compare_draws_the_same_rows_for_both(pair, comparison):
    first, second = (each.is_right.astype(float) for each in pair)
    raw = np.random.PCG64(0).random_raw(400 * 300).reshape(400, 300)
    rows = ((raw >> np.uint64(32)) * np.uint64(300) >> np.uint64(32)).astype(int)
    drawn = (first - second)[rows].mean(axis=1)
    assert comparison.all_rows.differences[0].interval == pytest.approx(np.percentile(drawn, [2.5, 97.5]))


def test_compare_of_a_model_with_itself_finds_no_difference(pair):
    rows = compare(pair[0], pair[0], num_draws=20).all_rows
    assert {(each.difference, each.interval) for each in rows.differences} == {(0.0, (0.0, 0.0))}
    assert rows.mcnemar.p_value == 1


def test_compare_takes_other_orders_of_rows_and_classes(make_predictions, pair, comparison):
    rows = np.random.default_rng(0).permutation(300)
    second = make_predictions(
        300,
        model="older",
        probabilities=pair[1].probabilities[rows][:, ::-1],
        labels=2 - pair[1].labels[rows],
        row_ids=pair[1].row_ids[rows],
        has_copy_in_training=pair[1].has_copy_in_training[rows],
        expressions=pair[1].expressions[::-1],
    )
    assert compare(pair[0], second, num_draws=400) == comparison


def test_rows_without_a_copy_are_those_that_neither_training_split_holds(make_predictions):
    first = make_predictions(20, has_copy_in_training=np.arange(20) < 3)
    second = make_predictions(20, has_copy_in_training=np.arange(20) > 14)
    assert compare(first, second, num_draws=5).rows_without_copy.num_rows == 12
    everywhere = make_predictions(20, has_copy_in_training=np.ones(20, bool))
    assert compare(first, everywhere, num_draws=5).rows_without_copy is None


def test_compare_chooses_where_one_model_was_chosen_on_the_split(make_predictions):
    chosen = make_predictions(20, split="validation")
    unseen = make_predictions(20, split="validation", splits_seen={"training": "trained on"})
    assert compare(unseen, chosen, num_draws=5).kind == "choice"
    assert compare(unseen, unseen, num_draws=5).kind == "judgement"


def test_compare_says_leaky_if_one_of_them_is(make_predictions):
    assert compare(make_predictions(20), make_predictions(20, is_leaky=True), num_draws=5).is_leaky


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "training"}, "training of fer2013 was seen by 'compact' \\(trained on\\)"),
        ({"splits_seen": {"test": "trained on"}}, "test of fer2013 was seen by 'compact' \\(trained on\\)"),
        (
            {"split": "validation", "splits_seen": {"validation": "trained on"}},
            "validation of fer2013 was trained on by 'compact'; it cannot choose by it",
        ),
    ],
    ids=["training", "test seen", "validation trained on"],
)
def test_compare_refuses_rows_that_a_model_learned_from(make_predictions, changes, message):
    predictions = make_predictions(**changes)
    with pytest.raises(ProtocolError, match=message):
        compare(predictions, predictions)


def test_compare_refuses_no_draws(pair):
    with pytest.raises(DataError, match="num_draws is 0; expected at least 1"):
        compare(*pair, num_draws=0)


def test_few_rows_are_marked(make_predictions):
    comparison = compare(make_predictions(33), make_predictions(33), num_draws=5)
    assert (comparison.all_rows.has_few_rows, comparison.rows_without_copy.has_few_rows) == (False, True)


def test_read_answers_takes_records_and_files(make_predictions, tmp_path):
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    for source in (record.file, record.predictions_file):
        assert read_answers(source).row_ids.tolist() == make_predictions().row_ids.tolist()


def test_read_answers_of_a_run_are_those_on_validation(tiny_run):
    answers = read_answers(tiny_run.folder)
    assert answers.split == "validation"
    assert np.array_equal(answers.probabilities, predict_for_choice(tiny_run).probabilities)


@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [
        ("absent.json", ProtocolError, "no such record"),
        ("absent.npz", DataError, "no such file"),
        ("absent", RunFolderError, "expected a run folder"),
    ],
)
def test_read_answers_refuses_what_is_not_there(tmp_path, name, fault, message):
    with pytest.raises(fault, match=message):
        read_answers(tmp_path / name)


def test_read_answers_refuses_an_altered_record(make_predictions, tmp_path):
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    record.file.write_text(record.file.read_text().replace('"seed": 3', '"seed": 4'))
    with pytest.raises(ProtocolError, match="altered since it was sealed"):
        read_answers(record.file)
