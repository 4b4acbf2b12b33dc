"""The protocol ``official``: what may be judged on which split, and the opening of a test split, which leaves a record.

Train on training, choose everything on validation, open test once. The command line and export call these functions.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mien.data.face_set import SPLITS
from mien.errors import ProtocolError, suggest
from mien.evaluation.conformal import SetFigures
from mien.evaluation.records import (
    FORMAT,
    LATER_FACTS,
    SAME_FACTS,
    Record,
    canonical_json,
    compare_with,
    list_records,
    read_record,
    sealed_text,
    sha256_of,
)
from mien.metrics.bootstrap import NUM_DRAWS
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.predictions import JUDGED_PROTOCOLS, TRAINED_ON, Predictions
from mien.writing import explaining_write_faults, write_atomically

_NUMBERED = re.compile(r"\.?(\d{4,})[-.]")
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_CHOICE_FACTS = ("model", "weights_fingerprint", "recipe_fingerprint", "data_set", "views", "average")


def check_may_open(*, model: str, shipped_name: str | None, results_folder: Path, data_set: str) -> None:
    """Raise what would keep a record from being written, before any test row is answered.

    Args:
        model: Name of the model.
        shipped_name: Name under which it is to ship, or None.
        results_folder: Where the record will lie.
        data_set: Name of the data set.

    Raises:
        ProtocolError: If a name cannot name a file, or an earlier record was altered.
        MienError: If the place cannot be written.
    """
    for name in (model, data_set, *([] if shipped_name is None else [shipped_name])):
        _check_name(name)
    list_records(results_folder)
    with explaining_write_faults(results_folder):
        results_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results_folder) as probe:
            probe.write(b"0" * 65_536)


def check_may_judge(splits_seen: Mapping[str, str], split: str, *, model: str, data_set: str) -> None:
    """Raise unless a model may be judged on a split: it must not have seen it, and nothing is judged on training.

    Args:
        splits_seen: What the model has seen, inherited included: split name to how it was seen.
        split: Split to judge on.
        model: Name of the model, for the message.
        data_set: Name of the data set, for the message.

    Raises:
        ProtocolError: If the split was seen, is training, or is unknown.

    Example:
        >>> check_may_judge({"training": "trained on"}, "test", model="compact", data_set="fer2013")
        >>> check_may_judge({"validation": "chosen on"}, "validation", model="compact", data_set="fer2013")
        Traceback (most recent call last):
        mien.errors.ProtocolError: validation of fer2013 was seen by 'compact' (chosen on); judge it on test
    """
    _check_split(split)
    unseen = [name for name in ("test", "validation") if name not in splits_seen and name != split]
    advice = f"judge it on {unseen[0]}" if unseen else f"no split of {data_set} is left to judge it on"
    if split in splits_seen:
        raise ProtocolError(f"{split} of {data_set} was seen by {model!r} ({splits_seen[split]}); {advice}")
    if split == "training":
        raise ProtocolError(f"training of {data_set} is there to learn from, nothing is judged on it; {advice}")


def check_may_choose(splits_seen: Mapping[str, str], split: str, *, model: str, data_set: str) -> None:
    """Raise unless something may be chosen by a split: validation alone, and only if it was not trained on.

    Args:
        splits_seen: What the model has seen, inherited included: split name to how it was seen.
        split: Split to choose on.
        model: Name of the model, for the message.
        data_set: Name of the data set, for the message.

    Raises:
        ProtocolError: If the split is training or test, is unknown, or the model was trained on it.
    """
    _check_split(split)
    if split == "training":
        raise ProtocolError(f"training of {data_set} is there to learn from; choose on validation, judge on test")
    if split == "test":
        raise ProtocolError(f"nothing is chosen on test of {data_set}; choose on validation")
    if TRAINED_ON in splits_seen.get(split, ""):
        raise ProtocolError(f"{split} of {data_set} was trained on by {model!r}; it cannot choose by it")


def find_kind(splits_seen: Mapping[str, str], split: str, *, model: str, data_set: str) -> str:
    """Return what a model's figures on a split are for: ``choice`` if it was chosen on it, else ``judgement``.

    Args:
        splits_seen: What the model has seen, inherited included: split name to how it was seen.
        split: The split that was, or is to be, answered.
        model: Name of the model, for the message.
        data_set: Name of the data set, for the message.

    Raises:
        ProtocolError: If they are good for neither: the split was trained on, is a test split that was seen, is
            training, or is unknown.
    """
    if split == "validation" and split in splits_seen:
        check_may_choose(splits_seen, split, model=model, data_set=data_set)
        return "choice"
    check_may_judge(splits_seen, split, model=model, data_set=data_set)
    return "judgement"


def figures_for_choice(predictions: Predictions, *, num_draws: int = 0) -> Figures:
    """Return figures of kind ``choice``, by which an epoch, a recipe or a temperature is chosen; they judge nothing.

    Args:
        predictions: What the model answered on the validation split.
        num_draws: Draws behind the bootstrap intervals; with 0 there are none.

    Raises:
        ProtocolError: If the split is training or test, or the model was trained on it.
    """
    check_may_choose(predictions.splits_seen, predictions.split, model=predictions.model, data_set=predictions.data_set)
    return compute_figures(predictions, kind="choice", num_draws=num_draws)


def open_test_split(
    predictions: Predictions,
    *,
    results_folder: Path,
    recipe: Mapping[str, Any],
    shipped_name: str | None = None,
    reference: Predictions | None = None,
    choice: Predictions | None = None,
    num_parameters: int | None = None,
    temperature: float | None = None,
    calibrator: str | None = None,
    sets: Sequence[SetFigures] | None = None,
    cross_dataset: Mapping[str, Any] | None = None,
) -> Record:
    """Judge a model on a test split and return the sealed record that this leaves, with the predictions beside it.

    Every opening is recorded, that of the same weights again included, and each record says how many came before.

    Args:
        predictions: What the model answered on the whole test split, in float32.
        results_folder: The folder that holds ``<protocol>/<data set>/NNNN-<model>.json``.
        recipe: The resolved recipe in plain types.
        shipped_name: Name under which the model is to ship.
        reference: What another model answered on the same rows; McNemar's test compares the two.
        choice: What the same model answered on the validation split that chose it; its accuracy is recorded beside.
        num_parameters: Number of a network's trainable parameters, or of what an estimator was fitted to.
        temperature: What the logits were divided by, fitted on validation; None if they were not.
        calibrator: Name of the calibrator that was fitted on validation, if any.
        sets: What conformal sets that were fitted on validation do on these rows.
        cross_dataset: Of a model that was trained on another data set, in plain types: on which, and what was left out.

    Raises:
        ProtocolError: If the split is not test or was seen, if these are only some of its rows, if they were not
            computed in float32, if reference or choice do not belong to them, or if an earlier record was altered.
        MienError: If the place cannot be written.
    """
    _check_opens_test(predictions)
    _check_name(predictions.model)
    if shipped_name is not None:
        _check_name(shipped_name)
    content = {
        **{name: getattr(predictions, name) for name in (*SAME_FACTS, *LATER_FACTS)},
        "views": list(predictions.views),
        "forerunners": list(predictions.forerunners),
        "recipe": dict(recipe),
        "shipped_name": shipped_name,
        "num_parameters": num_parameters,
        "temperature": temperature,
        "calibrator": calibrator,
        "sets": None if sets is None else [each.to_dict() for each in sets],
        "figures": compute_figures(predictions, kind="judgement", num_draws=NUM_DRAWS).to_dict(),
        "choice": None if choice is None else _choice_facts(predictions, choice),
        "mcnemar": None if reference is None else _comparison(predictions, reference),
        **({} if cross_dataset is None else {"cross_dataset": dict(cross_dataset)}),
    }
    canonical_json(content)
    return _write(content, predictions, results_folder=results_folder)


def _write(content: dict[str, Any], predictions: Predictions, *, results_folder: Path) -> Record:
    folder = results_folder / predictions.protocol / predictions.data_set
    with explaining_write_faults(folder), _claimed_number(folder) as number:
        stem = f"{number:04d}-{predictions.model}"
        openings = _openings_before(results_folder, content, number=number)
        predictions_file = predictions.save(folder / f"{stem}.npz")
        try:
            file = folder / f"{stem}.json"
            sealed = {
                "format": FORMAT,
                "number": number,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                **content,
                **openings,
                "predictions_file": predictions_file.name,
                "predictions_sha256": sha256_of(predictions_file),
            }
            write_atomically(file, sealed_text(sealed))
        except BaseException:
            predictions_file.unlink(missing_ok=True)
            raise
    return read_record(file)


def _openings_before(results_folder: Path, content: Mapping[str, Any], *, number: int) -> dict[str, int | None]:
    """Return how often this test split was opened before, under whatever protocol.

    Numbers count, not files: one that broke off, is under way, or was taken away since counts too.
    """
    data_set, protocol, name = content["data_set"], content["protocol"], content["shipped_name"]
    elsewhere = [
        max(_numbers(results_folder / other / data_set), default=0) for other in JUDGED_PROTOCOLS if other != protocol
    ]
    records = [
        record
        for record in list_records(results_folder, data_set=data_set)
        if record.protocol != protocol or record.number < number
    ]
    return {
        "openings_before": number - 1 + sum(elsewhere),
        "openings_before_under_name": None if name is None else sum(record.shipped_name == name for record in records),
    }


@contextmanager
def _claimed_number(folder: Path) -> Iterator[int]:
    """Give the next free number of a folder; no other process gets the same one."""
    folder.mkdir(parents=True, exist_ok=True)
    number, claim_file = _claim(folder)
    try:
        yield number
    finally:
        claim_file.unlink(missing_ok=True)


def _claim(folder: Path) -> tuple[int, Path]:
    while True:
        number = max(_numbers(folder), default=0) + 1
        claim_file = folder / f".{number:04d}.claim"
        try:
            claim_file.open("x").close()
        except FileExistsError:
            continue
        # Another process may have claimed, written and released this number since the folder was listed.
        if number not in _numbers(folder, pattern="[0-9]*"):
            return number, claim_file
        claim_file.unlink()


def _numbers(folder: Path, *, pattern: str = "*") -> set[int]:
    matches = (_NUMBERED.match(file.name) for file in folder.glob(pattern))
    return {int(match[1]) for match in matches if match}


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ProtocolError(f"unknown split {split!r}{suggest(split, SPLITS)}")


def _check_opens_test(predictions: Predictions) -> None:
    if predictions.split != "test":
        raise ProtocolError(f"a record is of the test split; these predictions are of {predictions.split}")
    check_may_judge(predictions.splits_seen, "test", model=predictions.model, data_set=predictions.data_set)
    if predictions.is_selection:
        raise ProtocolError(f"test of {predictions.data_set} is judged whole; these are {len(predictions)} of its rows")
    if not predictions.is_float32:
        raise ProtocolError(f"records are computed in float32; {predictions.model!r} answered in a lower precision")
    _check_name(predictions.data_set)


def _check_name(name: str) -> None:
    if not _SAFE_NAME.fullmatch(name):
        raise ProtocolError(f"{name!r} cannot name a file; expected letters, digits and _ . + -")


def _choice_facts(predictions: Predictions, choice: Predictions) -> dict[str, Any]:
    for name in _CHOICE_FACTS:
        if getattr(choice, name) != getattr(predictions, name):
            raise ProtocolError(
                f"the choice on {choice.split} has another {name}: {getattr(choice, name)!r}; "
                f"expected {getattr(predictions, name)!r}"
            )
    if choice.is_selection:
        raise ProtocolError(f"{choice.split} of {choice.data_set} is told whole; these are {len(choice)} of its rows")
    figures = figures_for_choice(choice).all_rows
    return {
        "split": choice.split,
        "num_rows": figures.num_rows,
        "accuracy": figures.accuracy,
        "accuracy_interval": list(figures.accuracy_interval),
    }


def _comparison(predictions: Predictions, reference: Predictions) -> dict[str, Any]:
    if (reference.data_set, reference.split) != (predictions.data_set, predictions.split):
        raise ProtocolError(
            f"the reference {reference.model!r} answered {reference.split} of {reference.data_set}; "
            f"expected {predictions.split} of {predictions.data_set}"
        )
    check_may_judge(reference.splits_seen, reference.split, model=reference.model, data_set=reference.data_set)
    return compare_with(predictions, reference)
