"""How long a contact sheet of explained faces takes."""

import time
from dataclasses import replace

import numpy as np
import torch

from mien.benchmarks.made_up_answers import make_predictions
from mien.benchmarks.made_up_training import DEVIATION, MEAN, make_faces
from mien.benchmarks.measurement import Measurement
from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.answered import AnsweredSplit
from mien.evaluation.explanation.explain_run import draw_answers
from mien.models import create_model
from mien.training.batches import faces_as_tensor

METHODS = ("grad_cam", "occlusion")


def measure_explanation(*, num_faces: int = 100, width: int = 32) -> list[Measurement]:
    """Return the seconds that a sheet of so many faces takes by each of two methods, drawing and all.

    Args:
        num_faces: Faces of the sheet.
        width: Width of the ``vgg_se`` that is explained, untrained.
    """
    answered = _answer_made_up_faces(num_faces, width)
    measurements = []
    for method in METHODS:
        draw_answers(answered, "happy", method=method, rows=1)  # imports, first allocations
        started = time.perf_counter()
        draw_answers(answered, "happy", method=method, rows=num_faces)
        seconds = time.perf_counter() - started
        measurements.append(Measurement(f"sheet of {num_faces} faces by {method}", seconds, "s", 10))
    return measurements


def _answer_made_up_faces(num_faces: int, width: int) -> AnsweredSplit:
    """Return faces that are all happy, with what an untrained network answers."""
    faces = make_faces(0, num_faces)
    faces = replace(faces, labels=np.full(num_faces, faces.expressions.index("happy")))
    network = create_model("vgg_se", width=width).to(memory_format=torch.channels_last)
    model = ExplainedNetwork(network, mean=MEAN, std=DEVIATION)
    answers = model.compute_probabilities(faces_as_tensor(faces).float())
    predictions = make_predictions(faces, answers.float().numpy())
    return AnsweredSplit(model, faces, predictions)
