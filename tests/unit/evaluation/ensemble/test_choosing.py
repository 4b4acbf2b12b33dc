from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mien.errors import DataError
from mien.evaluation.ensemble import choosing
from mien.evaluation.ensemble.answers import Answers
from mien.evaluation.ensemble.choosing import (
    MARGIN,
    METHODS,
    PENALTY,
    choose_equal,
    choose_greedily,
    find_chooser,
    fit_stacking,
    weigh_by_accuracy,
    weigh_by_hinge,
    weigh_by_likelihood,
)
from mien.evaluation.ensemble.combinations import Stacking, WeightedMean
from mien.evaluation.ensemble.tree import choose_tree

AnswersMaker = Callable[..., Answers]


def two_models(rows: list[tuple[float, float]]) -> Answers:
    """Answers on two classes, of which the first is right: its probability by the one model and by the other."""
    right = np.array(rows).T
    return Answers(("a", "b"), np.stack([right, 1 - right], axis=2), np.zeros(len(rows), dtype=np.int64), ("x", "y"))


def test_all_count_alike_or_by_their_accuracy() -> None:
    answers = two_models([(0.9, 0.9), (0.9, 0.1), (0.9, 0.1), (0.1, 0.1)])
    assert choose_equal(answers).weights == (0.5, 0.5)
    assert weigh_by_accuracy(answers, average="logits") == WeightedMean(average="logits", weights=(0.75, 0.25))


def test_nothing_weighs_models_that_are_never_right() -> None:
    with pytest.raises(DataError, match="none of the 2 models answered any row rightly; there is nothing to weigh by"):
        weigh_by_accuracy(two_models([(0.1, 0.2)]))


def test_likelihood_finds_the_weights_worked_out_by_hand() -> None:
    """3 log(0.1 + 0.8 w) + log(0.9 - 0.8 w) is largest where 3 (0.9 - 0.8 w) = 0.1 + 0.8 w."""
    weights = weigh_by_likelihood(two_models([(0.9, 0.1)] * 3 + [(0.1, 0.9)])).weights
    assert weights == pytest.approx((0.8125, 0.1875), abs=1e-4)


def test_hinge_finds_the_weights_worked_out_by_hand() -> None:
    """Leads are 2 w - 1 and 0.4 (1 - w): 1.5 - 2 w lacks until w is 0.75, and 0.1 + 0.4 w grows."""
    weights = weigh_by_hinge(two_models([(1.0, 0.0), (0.5, 0.7)])).weights
    assert weights == pytest.approx((0.75, 0.25), abs=1e-6)


def log_loss_of(answers: Answers, weights: tuple[float, ...], average: str) -> float:
    combined = answers.combine(WeightedMean(average=average, weights=weights)).astype(np.float64)
    return float(-np.log(combined[np.arange(len(answers.labels)), answers.labels]).mean())


def hinge_loss_of(answers: Answers, weights: tuple[float, ...], average: str) -> float:
    values = torch.from_numpy(answers.probabilities if average == "probabilities" else answers.log_probabilities)
    mean = torch.einsum("k,knc->nc", torch.tensor(weights, dtype=torch.float64), values)
    labels = torch.from_numpy(answers.labels)
    return float(F.multi_margin_loss(mean, labels, margin=MARGIN)) * values.shape[2]  # torch divides by the classes


@pytest.mark.parametrize("average", ["probabilities", "logits"])
@pytest.mark.parametrize(
    ("weigh", "loss"),
    [(weigh_by_likelihood, log_loss_of), (weigh_by_hinge, hinge_loss_of)],
    ids=["likelihood", "hinge"],
)
def test_no_other_weights_lose_less(make_answers: AnswersMaker, weigh: Callable, loss: Callable, average: str) -> None:
    answers = make_answers()
    found = loss(answers, weigh(answers, average=average).weights, average)
    grid = [(a / 20, b / 20, (20 - a - b) / 20) for a in range(21) for b in range(21 - a)]
    assert found <= min(loss(answers, weights, average) for weights in grid) + 1e-6


def best_means(answers: Answers, num_taken: int, start: list[int]) -> dict[tuple[int, ...], tuple[float, float]]:
    """Return accuracy and negative log loss of every mean on the way of a greedy choice, tried one by one."""
    found, taken = {}, list(start)
    if taken:
        found[tuple(taken)] = mean_score(answers, taken)
    while len(taken) < num_taken:
        trials = {number: mean_score(answers, [*taken, number]) for number in range(len(answers.names))}
        taken.append(max(trials, key=lambda number: (trials[number], -number)))
        found[tuple(taken)] = trials[taken[-1]]
    return found


def mean_score(answers: Answers, numbers: list[int]) -> tuple[float, float]:
    mean = answers.probabilities[numbers].mean(axis=0)
    right = mean[np.arange(len(mean)), answers.labels]
    return float((mean.argmax(axis=1) == answers.labels).mean()), float(np.log(right).mean())


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("seed", range(4))
def test_greedy_keeps_the_best_of_all_means_on_its_way(
    make_answers: AnswersMaker, monkeypatch: pytest.MonkeyPatch, seed: int, start: int
) -> None:
    monkeypatch.setattr(choosing, "NUM_ROUNDS", 6)
    answers = make_answers(60, skills=(0.9, 1.0, 0.8, 0.7), seed=seed)
    alone = [mean_score(answers, [number]) for number in range(4)]
    best_first = sorted(range(4), key=lambda number: alone[number], reverse=True)
    tried = best_means(answers, 6 + start, best_first[:start])
    best = max(tried, key=lambda taken: (tried[taken], -len(taken)))
    weights = choose_greedily(answers, start_with=start).weights
    assert weights == pytest.approx(np.bincount(best, minlength=4) / len(best))


def test_one_greedy_pair_is_the_best_with_the_best_single_model(
    make_answers: AnswersMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against all pairs: after two rounds the kept mean is the best of those that hold the best model."""
    monkeypatch.setattr(choosing, "NUM_ROUNDS", 2)
    answers = make_answers(90, skills=(1.0, 1.2, 1.1), seed=5)
    best = max(range(3), key=lambda number: mean_score(answers, [number]))
    scores = {(best, other): mean_score(answers, [best, other]) for other in range(3)}
    pair = max(scores, key=lambda numbers: scores[numbers])
    assert choose_greedily(answers).weights == pytest.approx(np.bincount(pair, minlength=3) / 2)


def test_greedy_takes_as_few_as_are_as_good() -> None:
    answers = two_models([(0.9, 0.6), (0.9, 0.1)])
    assert choose_greedily(answers).weights == (1.0, 0.0)


def test_greedy_averages_logits_too(make_answers: AnswersMaker) -> None:
    answers = make_answers()
    chosen = choose_greedily(answers, average="logits")
    accuracy = (answers.combine(chosen).argmax(axis=1) == answers.labels).mean()
    assert chosen.average == "logits"
    assert accuracy >= answers.is_right.mean(axis=1).max()


def test_greedy_begins_with_all_where_there_are_fewer(make_answers: AnswersMaker) -> None:
    assert choose_greedily(make_answers(), start_with=9) == choose_greedily(make_answers(), start_with=3)
    with pytest.raises(DataError, match="greedy selection is to start with -1 models; expected 0 or more"):
        choose_greedily(make_answers(), start_with=-1)


def penalised_loss(stacking: Stacking, answers: Answers) -> torch.Tensor:
    logits = stacking.combine(torch.from_numpy(answers.log_probabilities))
    squares = torch.tensor(stacking.coefficients, dtype=torch.float64).square().sum()
    return F.cross_entropy(logits, torch.from_numpy(answers.labels)) + PENALTY / 2 * squares


@pytest.mark.parametrize("num_classes", [2, 3])
def test_no_coefficients_near_by_lose_less(make_answers: AnswersMaker, num_classes: int) -> None:
    answers = make_answers(num_classes=num_classes)
    fitted = fit_stacking(answers)
    lowest = penalised_loss(fitted, answers)
    for row in range(num_classes):
        for column in range(3 * num_classes):
            for step in (-0.03, 0.03):
                coefficients = np.array(fitted.coefficients)
                coefficients[row, column] += step
                moved = fitted.model_copy(update={"coefficients": tuple(map(tuple, coefficients.tolist()))})
                # Of two classes scikit-learn punishes the difference of the rows, held by the second alone.
                if num_classes == 3 or row == 1:
                    assert penalised_loss(moved, answers) > lowest


def test_stacking_maps_what_models_mix_up(make_answers: AnswersMaker) -> None:
    """A model that always answers with the next class is as good as a right one."""
    answers = make_answers(300, skills=(4.0,))
    shifted = replace(answers, probabilities=np.roll(answers.probabilities, 1, axis=2))
    assert (shifted.combine(fit_stacking(shifted)).argmax(axis=1) == answers.labels).mean() > 0.9


def test_stacking_needs_every_class(make_answers: AnswersMaker) -> None:
    answers = make_answers()
    with pytest.raises(DataError, match="stacking needs rows of every class; there is none of class_2"):
        fit_stacking(answers.select_rows(answers.labels < 2))


def test_find_chooser_gives_what_chooses_by_each_method(make_answers: AnswersMaker) -> None:
    answers = make_answers()
    assert find_chooser("tree") is choose_tree
    for method in METHODS[:-1]:
        first, again = (find_chooser(method, average="logits")(answers) for _ in range(2))
        assert first == again
    assert find_chooser("greedy", start_with=2)(answers) == choose_greedily(answers, start_with=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "greedly"}, "unknown method 'greedly'; did you mean 'greedy'?"),
        ({"method": "equal", "average": "votes"}, "unknown average 'votes'; expected logits or probabilities"),
    ],
)
def test_find_chooser_refuses_what_it_does_not_know(options: dict[str, str], message: str) -> None:
    with pytest.raises(DataError) as refused:
        find_chooser(**options)
    assert str(refused.value) == message
