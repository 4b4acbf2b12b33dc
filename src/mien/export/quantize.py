"""From a model file to a smaller variant of it: float16 or 8-bit integers, measured before it is there."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import ExportError, suggest
from mien.evaluation.file_answers import Agreement, answer_validation, measure_agreement
from mien.evaluation.protocol import figures_for_choice
from mien.export.export_run import scores_for_contract, write_model_file
from mien.export.variants import INT8, PRECISIONS, quantize_to_int8, store_as_float16
from mien.recognition.model_file import Contract, ModelFile
from mien.recognition.recognizer import Recognizer
from mien.training.training_data import TrainingData

NUM_CALIBRATION_FACES = 512
LARGEST_LOSS = 0.01


@dataclass(frozen=True)
class VariantReport:
    """What became of a variant.

    Args:
        model_file: The file written.
        num_bytes_before: Size of the float32 file.
        accuracy: Share of the validation faces that it answers rightly.
        accuracy_before: The same of the float32 file.
        agreement: How far the two agree.
    """

    model_file: ModelFile
    num_bytes_before: int
    accuracy: float
    accuracy_before: float
    agreement: Agreement


def write_variant(
    model_file: ModelFile,
    output: Path,
    *,
    precision: str,
    data: TrainingData,
    largest_loss: float = LARGEST_LOSS,
    say: Callable[[str], None] = lambda _: None,
) -> VariantReport:
    """Write a smaller variant of a model file, with its contract.

    Integers are fitted on training faces. Validation figures are measured anew and go into the contract with the
    agreement; the figures of the float32 file on test are not the variant's and are left out. Calibrator, thresholds,
    sets and crop margins stay those of the float32 file.

    Args:
        model_file: The float32 file.
        output: The file to write.
        precision: ``float16`` (stored so, computed in float32) or ``int8``.
        data: The faces that the model was made from, as `mien.evaluation.file_answers.read_data_of` gives them.
        largest_loss: Share of the validation faces by which the variant may be right less often.
        say: Is told each step.

    Raises:
        ExportError: If the precision is unknown, the file is a variant itself, or the variant loses more; nothing is
            written then.
        ProtocolError: If the model was trained on validation.
        MienError: If the file cannot be written.
    """
    import onnx

    contract = model_file.contract
    if precision not in PRECISIONS:
        raise ExportError(f"unknown precision {precision!r}{suggest(precision, PRECISIONS)}")
    if contract.variant:
        raise ExportError(f"{model_file.path}: a {contract.variant['precision']} variant itself; name the float32 file")
    before = Recognizer(model_file, engine="onnxruntime")
    answers_before = answer_validation(before, data)
    facts: dict[str, object] = {"precision": precision, "of": contract.name}
    if precision == INT8:
        images = _take_training_images(before, data)
        say(f"fitting the integers on {len(images)} training faces")
        graph = quantize_to_int8(model_file.path, images)
        facts["calibrated_on"] = f"{len(images)} faces of training"
    else:
        graph = store_as_float16(onnx.load(str(model_file.path)))
    draft = replace(contract, name=f"{contract.name}-{precision}", variant=facts)
    with tempfile.TemporaryDirectory() as folder:
        written = write_model_file(graph, draft, Path(folder) / "draft.onnx")
        answers = answer_validation(Recognizer(written, engine="onnxruntime"), data)
    agreement = measure_agreement(answers_before.probabilities, answers.probabilities)
    accuracy, accuracy_before = float(answers.is_right.mean()), float(answers_before.is_right.mean())
    if accuracy_before - accuracy > largest_loss:
        raise ExportError(
            f"{output} not written: the {precision} variant is right on {accuracy:.2%} of the validation faces, the "
            f"float32 file on {accuracy_before:.2%}; {largest_loss:.2%} less is allowed"
        )
    final: Contract = replace(
        draft,
        variant=facts | {"agreement_on_validation": agreement.to_dict()},
        scores=scores_for_contract(figures_for_choice(answers), None),
    )
    written = write_model_file(graph, final, output)
    return VariantReport(written, model_file.num_bytes, accuracy, accuracy_before, agreement)


def _take_training_images(recognizer: Recognizer, data: TrainingData) -> NDArray[np.float32]:
    """Return training faces, drawn at random, as the network gets them."""
    training = data.face_set.split("training")
    num_faces = min(NUM_CALIBRATION_FACES, len(training))
    rows = np.sort(np.random.default_rng(0).choice(len(training), num_faces, replace=False))
    faces: Any = recognizer.prepare(data.unprepared(training.select(rows)))
    return recognizer.to_images(faces)
