"""What a run would have seen, told before it trains: nothing is trained that could not be chosen or judged after."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mien.errors import MienError, ProtocolError
from mien.evaluation.protocol import check_may_choose, check_may_judge
from mien.training.forerunners import Forerunner, inherit
from mien.training.recipe import Recipe
from mien.training.run_folder import splits_seen_by
from mien.training.starting_weights import read_starting_weights
from mien.training.training_data import read_training_data
from mien.training.training_rows import build_training_rows

_OTHER_START = "begin with other weights, or learn from other teachers"


def check_keeps_validation(recipe: Recipe) -> None:
    """Raise where a recipe trains on the validation split that is to choose it; its settings alone tell.

    Args:
        recipe: The recipe.

    Raises:
        ProtocolError: If it does.
    """
    with _advising("leave out training.join_validation"):
        check_may_choose(splits_seen_by(recipe), "validation", model=recipe.name, data_set=recipe.data.dataset)


def check_may_be_chosen(recipe: Recipe) -> None:
    """Raise where a run of a recipe could not be chosen by its validation split, as far as that can be known yet.

    Args:
        recipe: The recipe.

    Raises:
        ProtocolError: If it trains on that split, or its starting weights or teachers did.
        DataError: If it names any of these, and the data set cannot be read or the teachers' answers do not fit it.
    """
    check_keeps_validation(recipe)
    data_set, seen = _foresee(recipe)
    with _advising(_OTHER_START):
        check_may_choose(seen, "validation", model=recipe.name, data_set=data_set)


def check_may_be_judged(recipe: Recipe) -> None:
    """Raise where a run of a recipe could not be judged on its test split, as far as that can be known yet.

    Args:
        recipe: The recipe.

    Raises:
        ProtocolError: If its starting weights or teachers have seen that split, or may have.
        DataError: If it names any of these, and the data set cannot be read or the teachers' answers do not fit it.
    """
    data_set, seen = _foresee(recipe)
    with _advising(_OTHER_START):
        check_may_judge(seen, "test", model=recipe.name, data_set=data_set)


def _foresee(recipe: Recipe) -> tuple[str, dict[str, str]]:
    """Return the name of a recipe's data set, and what a run would have seen of its splits.

    Weights and predictions that are not there yet are passed over.
    """
    weights, distillation, own = recipe.finetuning.weights, recipe.distillation, splits_seen_by(recipe)
    if not weights and distillation is None:
        return recipe.data.dataset, own
    face_set = read_training_data(recipe.data).face_set
    forerunners: tuple[Forerunner, ...] = ()
    if weights:
        with suppress(MienError):
            forerunners += read_starting_weights(weights).forerunners
    if distillation is not None and all(Path(file).exists() for file in distillation.predictions):
        soft_targets = build_training_rows(face_set, recipe).soft_targets
        assert soft_targets is not None
        forerunners += soft_targets.forerunners
    return face_set.name, inherit(own, forerunners, face_set).get("splits_seen", own)


@contextmanager
def _advising(advice: str) -> Iterator[None]:
    """Say of what the protocol refuses in a block that nothing was trained, and what to do."""
    try:
        yield
    except ProtocolError as fault:
        raise ProtocolError(f"{fault}; nothing is trained: {advice}") from None
