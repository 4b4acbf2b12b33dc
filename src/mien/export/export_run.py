"""From a run or an ensemble to a model file: calibrated, with its contract, compared with torch before it is there."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.data.steps import ContractSteps, contract_steps
from mien.errors import ExportError
from mien.evaluation.calibrators import choose_unsure_threshold
from mien.evaluation.conformal import DEFAULT_METHOD, fit_sets_for
from mien.evaluation.crop_margins import CropMargin, measure_crop_margin
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator, predict_split
from mien.evaluation.predictors import Predictor, ShippedNetwork, load_predictor, order_run_views
from mien.evaluation.protocol import check_may_choose, figures_for_choice
from mien.evaluation.records import Record, list_records
from mien.export.onnx_graph import build_graph
from mien.faces.detector import FaceDetector
from mien.metrics.figures import Figures
from mien.metrics.row_figures import RowFigures
from mien.recognition.calibrators import Calibrator, Temperature, calibrator_to_contract, softmax
from mien.recognition.conformal import check_sets
from mien.recognition.model_file import METADATA_KEY, Contract, ModelFile, load_model_file, order_views
from mien.recognition.recognizer import Recognizer
from mien.training.training_data import TrainingData
from mien.writing import replacing

LARGEST_DIFFERENCE = 1e-4
ACCURACY_OF_SURE_ANSWERS = 0.8
NUM_COMPARED_FACES = 512


@dataclass(frozen=True)
class ExportReport:
    """What an export did.

    Args:
        model_file: The file written.
        largest_difference: Largest difference of a probability between the file and torch, on real faces, before any
            calibrator but the temperature.
        num_compared: Faces compared.
        calibrator: Fitted on validation.
        margins: The crop margin measured for each detector.
        num_bytes: Size of the file.
    """

    model_file: ModelFile
    largest_difference: float
    num_compared: int
    calibrator: Calibrator
    margins: tuple[CropMargin, ...]
    num_bytes: int


def export_run(
    run: JudgedModel,
    output: Path,
    *,
    data: TrainingData,
    detectors: Sequence[FaceDetector],
    name: str | None = None,
    views: Sequence[str] | None = None,
    licence: str = "MIT",
    results_folder: Path = Path("results"),
    largest_difference: float = LARGEST_DIFFERENCE,
    known_margins: Mapping[str, float] | None = None,
    calibrator: str = "temperature",
    coverage: float | None = None,
    sets: str = DEFAULT_METHOD,
    say: Callable[[str], None] = lambda _: None,
) -> ExportReport:
    """Write a run's best weights, or an ensemble's, as one ONNX model file with its contract.

    Calibrator, unsure threshold, conformal sets and crop margins are fitted on validation. The file is written only if
    its probabilities agree with torch on real faces.

    Args:
        run: A trained run, or an ensemble, whose file averages the views itself.
        output: The file to write.
        data: The faces as the run trained on them.
        detectors: Detectors to measure a crop margin for.
        name: Name under which the model ships; None takes the recipe's.
        views: Views the recognizer averages; None takes the recipe's.
        licence: Licence of the weights.
        results_folder: Where records lie; the record of these weights goes into the contract.
        largest_difference: Largest difference of a probability that is accepted.
        known_margins: Crop margins of further detectors, which need no measuring.
        calibrator: One of `mien.recognition.calibrators.CALIBRATORS`.
        coverage: Share of faces whose set of expressions shall hold the right one, between 0 and 1; None gives no sets.
        sets: How sets are made, one of `mien.recognition.conformal.SET_METHODS`.
        say: Is told each step.

    Raises:
        ExportError: If the run is of an estimator, members of an ensemble prepare faces differently, a step of the
            preparation fits into no contract, torch cannot write the network as ONNX, or file and torch differ by more;
            nothing is written then.
        ProtocolError: If the data set is not the run's, or the run was trained on validation, too.
        DataError: If there is no such calibrator.
        ModelFileError: If there are no such sets.
        RunFolderError: If the run has no weights.
        MienError: If the file cannot be written.
    """
    if coverage is not None:
        check_sets(sets, coverage)
    face_set = data.face_set
    check_may_choose(run.facts["splits_seen"], "validation", model=run.recipe.name, data_set=face_set.name)
    views = order_views(views or order_run_views(run, None))
    predictor = load_predictor(run)
    shipped = predictor.to_shipped(views)
    preparation = find_contract_steps(data)
    chosen_on = predict_split(run, face_set, "validation", views=views)
    for line in preparation.left_out:
        say(line)
    fitted = fit_run_calibrator(run, face_set, name=calibrator, views=views)
    calibrated = apply_calibrator(chosen_on, fitted)
    fitted_name = f"temperature {fitted.temperature:.4f}" if isinstance(fitted, Temperature) else fitted.name
    say(f"calibrator: {fitted_name}, fitted on {len(chosen_on.labels):,} validation faces")
    side_hw = (face_set.faces.shape[1], face_set.faces.shape[2])
    contract = _draft_contract(
        run,
        name=name or run.recipe.name,
        shipped=shipped,
        licence=licence,
        side_hw=side_hw,
        preparation=tuple(dict(step) for step in preparation.steps),
    )
    threshold = choose_unsure_threshold(
        calibrated.probabilities, calibrated.labels, accuracy_above=ACCURACY_OF_SURE_ANSWERS
    )
    conformal = {}
    if coverage is not None:
        conformal = fit_sets_for(chosen_on, calibrator=fitted.name, method=sets, coverage=coverage).to_dict()
    record = _record_of(run, results_folder, views=views, calibrator=fitted.name)
    contract = replace(
        contract,
        **calibrator_to_contract(fitted),
        conformal=conformal,
        unsure_below=threshold.threshold,
        scores=scores_for_contract(figures_for_choice(calibrated), record),
    )
    graph = build_graph(shipped.module, in_channels=contract.num_channels, size_hw=contract.input_size_hw)
    with tempfile.TemporaryDirectory() as temporary:
        draft = Recognizer(write_model_file(graph, contract, Path(temporary) / "draft.onnx"), engine="onnxruntime")
        validation = face_set.split("validation")
        say(f"comparing with torch on {min(NUM_COMPARED_FACES, len(validation))} real faces")
        difference, num_compared = compare_with_torch(draft, predictor, data, views=views)
        if not difference < largest_difference:
            raise ExportError(
                f"{output} not written: its probabilities differ from torch by {difference:.2g} at most, "
                f"{largest_difference:.0e} is allowed"
            )
        unprepared = data.unprepared(validation)
        margins = tuple(_measure_margin(draft, validation, unprepared, detector, say=say) for detector in detectors)
    contract = replace(
        contract,
        crop_margins={"none": 0.0, **(known_margins or {})}
        | {measured.detector: measured.margin for measured in margins},
        crop_margin_losses={measured.detector: measured.to_dict() for measured in margins},
    )
    model_file = write_model_file(graph, contract, output)
    return ExportReport(model_file, difference, num_compared, fitted, margins, model_file.num_bytes)


def find_contract_steps(data: TrainingData) -> ContractSteps:
    """Return what a contract holds of the preparation of a run's faces.

    Args:
        data: The faces as the run trains on them.

    Raises:
        ExportError: If a step fits into no contract.
    """
    shape_before = data.before.faces.shape[1:] if data.before.is_in_memory else None
    return contract_steps(data.steps, shape_before=shape_before)


def compare_with_torch(
    recognizer: Recognizer, predictor: Predictor, data: TrainingData, *, views: tuple[str, ...]
) -> tuple[float, int]:
    """Return the largest difference of a probability between a model file and its model, and the faces compared.

    The file prepares the faces by its contract, so that a step which is not the one of training shows, too. Compared is
    what goes into a calibrator, for both sides would share that: the softmax, over the temperature if there is one.

    Args:
        recognizer: The model file, ready.
        predictor: What it came from.
        data: The faces as the run trained on them; at most 512 of validation, evenly spread, are compared.
        views: Views that the file is to average.
    """
    validation = data.face_set.split("validation")
    rows = np.linspace(0, len(validation) - 1, min(NUM_COMPARED_FACES, len(validation))).astype(np.int64)
    part = validation.select(np.unique(rows))
    temperature = recognizer.contract.temperature
    from_file = softmax(recognizer.predict_logits(recognizer.prepare(data.unprepared(part))) / temperature)
    from_torch = softmax(predictor.predict_logits(part, views=views) / temperature)
    return float(np.abs(from_file - from_torch).max()), len(part)


def _draft_contract(
    run: JudgedModel,
    *,
    name: str,
    shipped: ShippedNetwork,
    licence: str,
    side_hw: tuple[int, int],
    preparation: tuple[dict[str, object], ...],
) -> Contract:
    facts, recipe = run.facts, run.recipe
    colour = "grey" if facts["in_channels"] == 1 else "rgb"
    return Contract(
        name=name,
        expressions=tuple(facts["expressions"]),
        input_size_hw=side_hw,
        colour=colour,
        preparation=preparation,
        crop_margins={"none": 0.0},
        views=shipped.views,
        mean=(shipped.mean,) * facts["in_channels"],
        std=(shipped.std,) * facts["in_channels"],
        temperature=1.0,
        unsure_below=0.0,
        data_fingerprint=facts["data_fingerprint"],
        splits_seen=dict(facts["splits_seen"]),
        scores={},
        crop_margin_losses={},
        recipe=recipe.model_dump(mode="json"),
        weights_fingerprint=run.weights_fingerprint(),
        licence=licence,
        mien_version=version("mien"),
        forerunners=tuple(run.forerunners),
    )


def scores_for_contract(choice: Figures, record: Record | None) -> dict[str, object]:
    """Return the figures that a contract holds.

    Args:
        choice: Figures on validation.
        record: The record of the test split, if it was opened for this very model.
    """
    scores: dict[str, object] = {"validation": _headline(choice) | {"kind": "the epoch was chosen on it"}}
    if record is not None:
        scores["test"] = _headline(record.figures) | {"protocol": record.protocol, "record": record.file.name}
    return scores


def _headline(figures: Figures) -> dict[str, object]:
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    headline: dict[str, object] = {"data_set": figures.data_set, "is_leaky": figures.is_leaky, **_shares(rows)}
    if without_copy is not None:
        headline["without_a_copy_in_training"] = _shares(without_copy)
    return headline


def _shares(rows: RowFigures) -> dict[str, object]:
    return {
        "num_rows": rows.num_rows,
        "accuracy": round(rows.accuracy, 5),
        "accuracy_interval": [round(end, 5) for end in rows.accuracy_interval],
        "balanced_accuracy": round(rows.balanced_accuracy, 5),
        "macro_f1": round(rows.macro_f1, 5),
        "log_loss": round(rows.log_loss, 5),
        "expected_calibration_error": round(rows.expected_calibration_error, 5),
    }


def _record_of(run: JudgedModel, results_folder: Path, *, views: tuple[str, ...], calibrator: str) -> Record | None:
    """Return the newest record of these weights, views and calibrator, if the test split was opened for them.

    A model file averages the logits of its views, so must the record.
    """
    asked = (run.weights_fingerprint(), views, "logits", calibrator)
    records = [
        record
        for record in list_records(results_folder)
        if not record.is_cross_dataset
        and (record.content["weights_fingerprint"], record.figures.views, record.average, record.calibrator) == asked
    ]
    return records[-1] if records else None


def _measure_margin(
    recognizer: Recognizer,
    validation: FaceSet,
    unprepared: Sequence[NDArray[Any]],
    detector: FaceDetector,
    *,
    say: Callable[[str], None],
) -> CropMargin:
    def classify(faces: NDArray[Any]) -> NDArray[np.int64]:
        classes: NDArray[np.int64] = recognizer.predict_logits(faces).argmax(axis=1)
        return classes

    say(f"measuring the crop margin for {detector.name} on {len(validation):,} pasted faces")
    measured = measure_crop_margin(
        validation, detector, faces=unprepared, classify=classify, preparation=recognizer.contract.preparation
    )
    say(
        f"{detector.name}: margin {measured.margin:+.2f} loses {measured.accuracy_lost * 100:.2f} points, "
        f"{measured.share_found:.1%} of the faces found"
    )
    return measured


def write_model_file(graph: Any, contract: Contract, file: Path) -> ModelFile:
    """Return the model file that a graph and a contract were written to.

    Args:
        graph: An ``onnx.ModelProto``; whatever metadata it has are replaced.
        contract: The contract.
        file: The file to write.

    Raises:
        MienError: If the file cannot be written.
    """
    import onnx

    onnx.helper.set_model_props(graph, {METADATA_KEY: contract.to_json()})
    with replacing(file) as partial:
        partial.write_bytes(graph.SerializeToString())
    return load_model_file(file)
