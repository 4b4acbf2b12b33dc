"""An ensemble, ready to answer: each member asked about the same faces, and the answers combined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.data import FaceSet
from mien.errors import ExportError, ProtocolError
from mien.evaluation.ensemble.combinations import Combination
from mien.evaluation.ensemble.recipe import EnsembleRecipe
from mien.evaluation.predictors import Predictor, ShippedNetwork
from mien.training.run_folder import RunFolder
from mien.training.training_data import read_training_data


@dataclass(frozen=True)
class Member:
    """A member, ready to answer.

    Args:
        run: Its run.
        predictor: What it learned.
        columns: Its classes in the order that the combination takes them in.
    """

    run: RunFolder
    predictor: Predictor
    columns: tuple[int, ...]


class EnsemblePredictor(Predictor):
    """An ensemble that answers like any model. Every member averages the views for itself.

    Args:
        recipe: What it is made of.
        members: Its members.
        finds_own_faces: Whether a member that was trained on other data is asked about its own faces of the same rows,
            or about the very faces that come.
    """

    def __init__(self, recipe: EnsembleRecipe, members: Sequence[Member], *, finds_own_faces: bool = True) -> None:
        self.recipe, self.members, self.finds_own_faces = recipe, members, finds_own_faces

    @property
    def num_parameters(self) -> int:
        """All numbers that the members learned."""
        return sum(member.predictor.num_parameters for member in self.members)

    def predict_logits(
        self, face_set: FaceSet, *, views: Sequence[str], average: str = "logits", precision: str = "float32"
    ) -> NDArray[np.float32]:
        """Return logits whose softmax are the combined probabilities.

        A member that was trained on faces prepared in another way is asked about its own faces of the same rows.

        Raises:
            ProtocolError: If a member's data have changed, lack some of the rows, or hold them in another split.
        """
        answers = []
        for member in self.members:
            is_own = not self.finds_own_faces or member.run.recipe.data == self.recipe.data
            faces = face_set if is_own else _find_own_faces(member.run, face_set)
            logits = member.predictor.predict_logits(faces, views=views, average=average, precision=precision)
            answers.append(torch.from_numpy(logits).double().log_softmax(dim=1)[:, list(member.columns)])
        combined: NDArray[np.float32] = self.recipe.combination.combine(torch.stack(answers)).float().numpy()
        return combined

    def for_given_faces(self) -> "EnsemblePredictor":
        """Return the same, whose members are asked about the very faces that come.

        Raises:
            ProtocolError: If members prepare faces differently.
        """
        other = self._find_other_preparation()
        if other is not None:
            raise ProtocolError(
                f"{other.run.name} prepares faces otherwise than {self.members[0].run.name}; faces are changed after "
                "their preparation, so all members must have the same data.prepare"
            )
        return EnsemblePredictor(self.recipe, self.members, finds_own_faces=False)

    def to_shipped(self, views: tuple[str, ...]) -> ShippedNetwork:
        """Return all members as one network that averages the views itself.

        Raises:
            ExportError: If a member is an estimator, or members prepare faces differently.
        """
        other = self._find_other_preparation()
        if other is not None:
            raise ExportError(
                f"{other.run.name} prepares faces otherwise than {self.members[0].run.name}; a model file prepares "
                "them once, so all members must have the same data.prepare"
            )
        modules = [member.predictor.to_shipped(("plain",)).module for member in self.members]
        columns = [member.columns for member in self.members]
        network = EnsembleNetwork(modules, self.recipe.combination, columns=columns, views=views)
        return ShippedNetwork(network, ("plain",), mean=0.0, std=1.0)

    def _find_other_preparation(self) -> Member | None:
        """Return the first member that prepares faces otherwise than the ensemble, if any."""
        prepare = self.recipe.data.prepare
        return next((member for member in self.members if member.run.recipe.data.prepare != prepare), None)


class EnsembleNetwork(nn.Module):
    """Networks that each normalise faces themselves, as one.

    Args:
        members: Each takes faces of 0..255 and gives logits.
        combination: How their answers become one.
        columns: For each member its classes in the order that the combination takes them in.
        views: ``plain``, ``flip`` or both, averaged by each member.

    Shape:
        ``(N, C, H, W)`` float32 in 0..255 to ``(N, num_classes)`` logits.
    """

    def __init__(
        self,
        members: Sequence[nn.Module],
        combination: Combination,
        *,
        columns: Sequence[Sequence[int]],
        views: Sequence[str],
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.combination, self.columns, self.views = combination, columns, views

    def forward(self, faces: Tensor) -> Tensor:
        """Return logits, whose softmax are the combined probabilities."""
        # All views at once: each weight stands in the exported graph a single time.
        shown = torch.cat([faces.flip(-1) if view == "flip" else faces for view in self.views])
        answers = []
        for member, columns in zip(self.members, self.columns, strict=True):
            logits = member(shown)
            mean = logits.reshape(len(self.views), -1, logits.shape[1]).mean(dim=0)
            answers.append(mean.log_softmax(dim=1)[:, list(columns)])
        return self.combination.combine(torch.stack(answers))


def pick_rows(own: FaceSet, wanted: FaceSet, *, model: str) -> FaceSet:
    """Return the rows of a set that another one has, in that one's order.

    Args:
        own: The faces as a member trained on them.
        wanted: The rows.
        model: Name of the member, for messages.

    Raises:
        ProtocolError: If rows are missing, or stand in another split.
    """
    place = {row_id: row for row, row_id in enumerate(own.row_ids.tolist())}
    missing = [row_id for row_id in wanted.row_ids.tolist() if row_id not in place]
    if missing:
        raise ProtocolError(
            f"{model!r} was trained on data that lack {len(missing):,} of {len(wanted):,} rows asked for, the first "
            f"{missing[0]}; members must have the same rows"
        )
    found = own.select(np.array([place[row_id] for row_id in wanted.row_ids.tolist()], dtype=np.int64))
    num_moved = int((found.splits != wanted.splits).sum())
    if num_moved:
        raise ProtocolError(
            f"{model!r} had {num_moved:,} of {len(wanted):,} rows asked for in another split; members must have the "
            "same splits"
        )
    return found


def _find_own_faces(run: RunFolder, wanted: FaceSet) -> FaceSet:
    own = read_training_data(run.recipe.data).face_set
    if own.fingerprint != run.facts["data_fingerprint"]:
        raise ProtocolError(f"{run.folder}: the data set is not the one this run trained on, so nothing can be judged")
    return pick_rows(own, wanted, model=run.name)
