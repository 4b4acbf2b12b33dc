"""Two models' answers to the same rows brought into one order of rows and classes, before they are compared."""

from dataclasses import replace

import numpy as np

from mien.errors import ProtocolError
from mien.metrics.predictions import Predictions


def align_predictions(predictions: Predictions, reference: Predictions) -> Predictions:
    """Return what a model answered with rows and classes in the order of another's answers.

    Args:
        predictions: What the model answered.
        reference: What the other answered on the same rows, under the same labels.

    Raises:
        ProtocolError: If the two are of different data sets or splits, or hold other rows, classes or labels.
    """
    names = f"{predictions.model!r} and {reference.model!r}"
    places = [f"{each.split} of {each.data_set}" for each in (predictions, reference)]
    if places[0] != places[1]:
        raise ProtocolError(f"{names} answered {places[0]} and {places[1]}; expected the same split of one data set")
    row_of = {row_id: row for row, row_id in enumerate(predictions.row_ids.tolist())}
    if row_of.keys() != set(reference.row_ids.tolist()):
        num_shared = len(row_of.keys() & set(reference.row_ids.tolist()))
        raise ProtocolError(
            f"{names} did not answer the same rows: {len(predictions):,} and {len(reference):,}, {num_shared:,} shared"
        )
    if set(predictions.expressions) != set(reference.expressions):
        classes = [", ".join(each.expressions) for each in (predictions, reference)]
        raise ProtocolError(f"{names} know different classes: {classes[0]}; and {classes[1]}")
    rows = np.array([row_of[row_id] for row_id in reference.row_ids.tolist()])
    columns = np.array([predictions.expressions.index(name) for name in reference.expressions])
    labels = np.argsort(columns)[predictions.labels[rows]]
    num_differing = int((labels != reference.labels).sum())
    if num_differing:
        raise ProtocolError(f"{names} were not given the same labels: {num_differing:,} of {len(rows):,} rows differ")
    return replace(
        predictions,
        probabilities=predictions.probabilities[np.ix_(rows, columns)],
        labels=labels,
        row_ids=predictions.row_ids[rows],
        has_copy_in_training=predictions.has_copy_in_training[rows],
        expressions=reference.expressions,
    )
