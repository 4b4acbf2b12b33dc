"""How long it takes to answer as many faces as FER2013's test split has on ten crops, and to compute the figures."""

import time

import numpy as np

from mien.benchmarks.made_up_answers import make_predictions
from mien.benchmarks.made_up_training import DEVIATION, MEAN, make_faces
from mien.benchmarks.measurement import Measurement
from mien.benchmarks.training_speed import FER2013_COUNTS
from mien.evaluation.predictors import NetworkPredictor
from mien.metrics.bootstrap import NUM_DRAWS
from mien.metrics.figures import compute_figures
from mien.models import create_model
from mien.recognition.calibrators import softmax


def measure_judging(
    *, num_faces: int = FER2013_COUNTS[-1], width: int = 32, num_draws: int = NUM_DRAWS
) -> list[Measurement]:
    """Return the seconds of ten-crop predictions in bfloat16, and those of all figures with bootstrap intervals.

    Args:
        num_faces: Faces that are answered.
        width: Width of the ``vgg_se`` that answers, untrained.
        num_draws: Draws behind the intervals.
    """
    faces = make_faces(0, num_faces)
    predictor = NetworkPredictor(create_model("vgg_se", width=width), mean=MEAN, std=DEVIATION)
    predictor.predict_logits(
        faces.select(np.arange(min(32, num_faces))), views=["ten_crop"], precision="bfloat16"
    )  # first allocations
    started = time.perf_counter()
    logits = predictor.predict_logits(faces, views=["ten_crop"], precision="bfloat16")
    seconds = time.perf_counter() - started
    predictions = make_predictions(faces, softmax(logits))
    started = time.perf_counter()
    compute_figures(predictions, num_draws=num_draws)
    return [
        Measurement(f"ten-crop answers on {num_faces:,} faces, bfloat16", seconds, "s", 15),
        Measurement(f"figures with {num_draws:,} bootstrap draws", time.perf_counter() - started, "s", 3),
    ]
