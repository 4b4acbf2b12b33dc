"""``RunFolder``: one training run on disk; resolved recipe, what it saw, curves, weights, and how to go on."""

import csv
import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor

from mien.data import FaceSet
from mien.errors import RecipeError, RunFolderError, WeightsError
from mien.metrics.predictions import CHOSEN_ON, TRAINED_ON, UNKNOWN
from mien.models import ESTIMATORS, Classifier, Estimator, create_estimator, create_model, load_weights
from mien.models.weights import write_weights
from mien.training.recipe import Recipe, build_recipe
from mien.writing import create_numbered_folder, write_atomically

CURVE_COLUMNS = ("epoch", "loss", "validation_accuracy", "validation_loss", "learning_rate", "pictures_per_second")

_FILES = ("recipe.json", "run.json")
_FACTS = ("data_fingerprint", "expressions", "splits_seen", "recipe_fingerprint", "seed", "mean", "std", "in_channels")


@dataclass(frozen=True)
class RunFolder:
    """A training run on disk.

    Args:
        folder: The folder; ``recipe.json``, ``run.json``, ``curves.csv``, ``curves.png``, ``weights/`` and
            ``resume.ckpt`` lie in it, of an estimator neither curves nor checkpoint.
    """

    folder: Path

    @property
    def resume_file(self) -> Path:
        """Lightning's checkpoint after the last complete epoch."""
        return self.folder / "resume.ckpt"

    def remove_partial_files(self) -> None:
        """Remove what a killed process was writing."""
        for folder in (self.folder, self.folder / "weights"):
            for partial_file in folder.glob(".*.partial*"):
                partial_file.unlink(missing_ok=True)

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @classmethod
    def create(cls, runs_folder: Path, recipe: Recipe, face_set: FaceSet, *, facts: dict[str, Any]) -> "RunFolder":
        """Return a new run folder, named after the recipe and numbered from 1; it is whole or not there.

        Args:
            runs_folder: Folder of all runs; made where it is missing.
            recipe: The resolved recipe.
            face_set: The faces as they train, splits and all.
            facts: Further facts for ``run.json``.

        Raises:
            MienError: If the disk is full or the place may not be written.
        """
        contents = {
            "recipe.json": recipe.model_dump_json(indent=2) + "\n",
            "run.json": json.dumps(_describe(recipe, face_set) | facts, indent=2) + "\n",
        }
        return cls(create_numbered_folder(runs_folder, recipe.name, contents, inside=["weights"]))

    @classmethod
    def open(cls, folder: Path) -> "RunFolder":
        """Return an existing run folder.

        Raises:
            RunFolderError: If it is missing or not a run folder.
        """
        run = cls(Path(folder))
        if not run.folder.is_dir():
            raise RunFolderError(f"{folder} does not exist; expected a run folder that `mien train` made")
        for name in _FILES:
            if not (run.folder / name).exists():
                raise RunFolderError(f"{folder}: no {name} in it; expected a run folder that `mien train` made")
        return run

    @classmethod
    def find(cls, file: Path) -> "RunFolder | None":
        """Return the run in whose folder a file lies, however deep; None where it lies in none."""
        runs = map(cls, file.resolve().parents)
        return next((run for run in runs if all((run.folder / name).exists() for name in _FILES)), None)

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe.

        Raises:
            RunFolderError: If it is damaged.
        """
        file = self.folder / "recipe.json"
        try:
            return build_recipe(json.loads(file.read_text(encoding="utf-8")), source=str(file))
        except (json.JSONDecodeError, UnicodeDecodeError, RecipeError) as fault:
            raise RunFolderError(f"{file} is damaged: {fault}") from None

    @property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` says: data fingerprint, splits seen, normalisation, versions, seed, device, start.

        Raises:
            RunFolderError: If it is damaged.
        """
        file = self.folder / "run.json"
        try:
            facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as fault:
            raise RunFolderError(f"{file} is damaged: {fault}") from None
        missing = [name for name in _FACTS if name not in facts]
        if missing:
            raise RunFolderError(f"{file} is damaged: no {', '.join(missing)} in it")
        return facts

    @property
    def forerunners(self) -> list[dict[str, Any]]:
        """What its starting weights and teachers were, and their own forerunners; see `mien.training.forerunners`."""
        facts = self.facts
        if "forerunners" in facts or "starting_weights" not in facts:
            return list(facts.get("forerunners", []))
        # A run of an earlier version says what it began with, and not how that one's data were cut.
        earlier = facts["starting_weights"]
        return [earlier | {"data_set": earlier["data_set"] or UNKNOWN, "has_published_splits": False}]

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that decide about what it answers here and now."""
        return package_versions(self.recipe.model.name)

    @property
    def is_finished(self) -> bool:
        """Whether it was trained to its end, early or after all epochs, or its estimator was fitted."""
        recipe = self.recipe
        if recipe.model.is_estimator:
            return self.weights_file().exists()
        accuracies = [row["validation_accuracy"] for row in self.read_curves()]
        patience = recipe.training.early_stopping or recipe.training.epochs
        has_stopped_early = bool(accuracies) and len(accuracies) - 1 - accuracies.index(max(accuracies)) >= patience
        return has_stopped_early or len(accuracies) >= recipe.training.epochs

    @property
    def mean(self) -> float:
        """Mean grey value of the training split, 0..255."""
        return float(self.facts["mean"])

    @property
    def std(self) -> float:
        """Standard deviation of the grey values of the training split."""
        return float(self.facts["std"])

    # --- weights ---------------------------------------------------------------------------------------------------

    def weights_file(self, which: str = "best") -> Path:
        """Return the file of the ``best`` or ``last`` weights."""
        return self.folder / "weights" / f"{which}.safetensors"

    def save_weights(self, state: dict[str, Tensor], *, which: str, facts: dict[str, Any]) -> None:
        """Write weights, whole or not at all.

        Args:
            state: State of the network, or of the estimator as tensors.
            which: ``best`` or ``last``.
            facts: Kept as text in the file's metadata, such as epoch and accuracy.
        """
        write_weights(self.weights_file(which), state, facts={key: str(value) for key, value in facts.items()})

    def load_network(self, which: str = "best") -> Classifier:
        """Return the trained network in evaluation mode, on the CPU, in float32.

        Raises:
            RunFolderError: If there are no such weights or they are damaged.
            MienError: If the run is of an estimator.
        """
        file = self._existing_weights(which)
        # The weights are loaded right after; those a run began with need not be there any more.
        network = create_network(self.recipe, self.facts, is_pretrained=False)
        try:
            load_weights(network, file, is_exact=True)
        except WeightsError as fault:
            raise RunFolderError(str(fault)) from None
        return network.eval()

    def load_estimator(self, which: str = "best") -> Estimator:
        """Return the fitted estimator.

        Raises:
            RunFolderError: If nothing was fitted yet or the file is damaged.
            MienError: If the run is of a network.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        file = self._existing_weights(which)
        model = self.recipe.model
        estimator = create_estimator(model.name, **model.options)
        try:
            estimator.load_state(load_file(file))
        except (SafetensorError, ValueError) as fault:
            raise RunFolderError(
                f"{file} is damaged or of another model: {str(fault).splitlines()[0]}; "
                f"delete it and fit again with: mien train --resume {self.folder}"
            ) from None
        return estimator

    def weights_fingerprint(self, which: str = "best") -> str:
        """Return the SHA-256 of the weights file.

        Raises:
            RunFolderError: If there are no such weights.
        """
        return hashlib.sha256(self._existing_weights(which).read_bytes()).hexdigest()

    def weights_facts(self, which: str = "best") -> dict[str, str]:
        """Return what was noted when weights were saved: the validation accuracy, and a network's epoch.

        Raises:
            RunFolderError: If there are no such weights or they are damaged.
        """
        from safetensors import SafetensorError, safe_open

        file = self._existing_weights(which)
        try:
            with safe_open(file, "numpy") as opened:
                return dict(opened.metadata() or {})
        except SafetensorError as fault:
            raise RunFolderError(f"{file} is damaged: {str(fault).splitlines()[0]}") from None

    def _existing_weights(self, which: str) -> Path:
        file = self.weights_file(which)
        if file.exists():
            return file
        if self.recipe.model.is_estimator:
            raise RunFolderError(f"{self.folder}: not fitted yet; fit with: mien train --resume {self.folder}")
        raise RunFolderError(f"{self.folder}: no {which} weights yet; train at least one epoch")

    # --- curves ----------------------------------------------------------------------------------------------------

    def read_curves(self) -> list[dict[str, float]]:
        """Return one row an epoch, with the columns of ``curves.csv``."""
        file = self.folder / "curves.csv"
        if not file.exists():
            return []
        with file.open(newline="") as stream:
            return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(stream)]

    def write_curves(self, rows: list[dict[str, float]]) -> None:
        """Write all rows anew, whole or not at all."""
        lines = [",".join(CURVE_COLUMNS)]
        lines += [",".join(f"{row[column]:.6g}" for column in CURVE_COLUMNS) for row in rows]
        write_atomically(self.folder / "curves.csv", "\n".join(lines) + "\n")


def create_network(recipe: Recipe, facts: Mapping[str, Any], *, is_pretrained: bool = True) -> Classifier:
    """Return the recipe's network as training begins with it, head and all.

    Args:
        recipe: The recipe, of a network.
        facts: What ``run.json`` says of the faces: ``expressions``, ``in_channels``, and ``size_hw`` where it is known.
        is_pretrained: Whether it has the published weights that the recipe may ask for.

    Raises:
        MienError: If it cannot be built.
    """
    options = recipe.model.options
    return create_model(
        recipe.model.name,
        num_classes=len(facts["expressions"]),
        in_channels=facts["in_channels"],
        head=None if recipe.head is None else recipe.head.model_dump(),
        size_hw=tuple(facts["size_hw"]) if "size_hw" in facts else None,
        crop_side=recipe.augmentation.crop_pixels or None,
        **(options if is_pretrained else {name: options[name] for name in options if name != "pretrained"}),
    )


def splits_seen_by(recipe: Recipe) -> dict[str, str]:
    """Return what a run of a recipe sees of the splits itself."""
    return {"training": TRAINED_ON, "validation": TRAINED_ON if recipe.training.join_validation else CHOSEN_ON}


def package_versions(model_name: str) -> dict[str, str]:
    """Return the versions that decide about a result: Python, mien, torch, Lightning, NumPy, an estimator's packages.

    Args:
        model_name: Registered name of a network or an estimator.
    """
    own = ESTIMATORS.get(model_name).card.packages if model_name in ESTIMATORS else ("torch", "lightning")
    return {"python": platform.python_version()} | {name: version(name) for name in ("mien", *own, "numpy")}


def _describe(recipe: Recipe, face_set: FaceSet) -> dict[str, Any]:
    return {
        "data_set": face_set.name,
        "data_fingerprint": face_set.fingerprint,
        "data_history": list(face_set.history),
        "split_counts": face_set.split_counts(),
        "expressions": list(face_set.expressions),
        "splits_seen": splits_seen_by(recipe),
        "is_leaky": recipe.data.allow_leakage or face_set.is_leaky,
        "recipe_fingerprint": recipe.fingerprint,
        "seed": recipe.training.seed,
        "versions": package_versions(recipe.model.name),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
