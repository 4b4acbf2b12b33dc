"""Training a network step by step; `mien.training.train` calls it where a recipe names one."""

import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from lightning import Callback, Trainer

from mien.data import FaceSet
from mien.data.balancing import class_weights, sampling_weights
from mien.errors import MienError, MissingExtraError, RunFolderError, TrainingError
from mien.models import count_parameters
from mien.training.batches import faces_as_tensor
from mien.training.callbacks import (
    KeepCurvesAndWeights,
    LogToTensorBoard,
    SaveToResume,
    ShowProgress,
    StopEarly,
    StopWhenNotFinite,
    averaging_of,
)
from mien.training.learning_curves import draw_learning_curves
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import Recipe
from mien.training.run_folder import RunFolder, create_network
from mien.training.targets import Targets, build_targets
from mien.training.trainer import quiet_lightning

if TYPE_CHECKING:
    from rich.console import Console


def fit_network(
    run: RunFolder | None,
    recipe: Recipe,
    face_set: FaceSet,
    *,
    facts: dict[str, Any],
    trainer: Trainer,
    console: "Console",
) -> RunFolder:
    """Train a network to the end of its recipe and return its run folder; the first of several processes alone returns.

    Args:
        run: The run folder; None in another process than the first, which need not know of it.
        recipe: Its recipe.
        face_set: The data set as the recipe gives it.
        facts: What ``run.json`` says of the training split and of the precision.
        trainer: Trains; the callbacks that it has come after those of every run.
        console: Where progress goes.

    Raises:
        RunFolderError: If the checkpoint to go on from is damaged.
        TrainingError: If the loss or the weights cease to be finite.
        MienError: If the disk is full, or another process of the run went away.
        KeyboardInterrupt: On Ctrl-C.
        SystemExit: With 0, at the end of another process than the first.
    """
    targets = build_targets(face_set, recipe.training.targets)
    # Votes are no part of the data's fingerprint.
    if facts.get("targets", targets.facts) != targets.facts:
        raise RunFolderError(
            f"{run and run.folder}: the votes are not those this run began with; start a new run instead"
        )
    module, data = _build_module(recipe, face_set, targets, facts=facts)
    checkpoint = _find_checkpoint(run) if run else None
    if run is None or not trainer.is_global_zero:
        _take_part(trainer, module, data, checkpoint=checkpoint)
    counts = face_set.split_counts()
    others = f", {trainer.world_size} processes" if trainer.world_size > 1 else ""
    _say(
        console,
        f"{run.folder}: {recipe.model.name}, {count_parameters(module.network):,} parameters, "
        f"{counts['training']:,} faces train, {counts['validation']:,} choose, "
        f"{facts['precision']} ({facts['precision_reason']}){others}"
        + (f", {targets}" if recipe.training.targets != "labels" else ""),
    )
    try:
        _run_trainer(trainer, module, data, checkpoint=checkpoint, callbacks=_callbacks(recipe, run, console))
    except SystemExit:  # Lightning's answer to Ctrl-C
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _say(console, f"stopped; go on with: mien train --resume {run.folder}")
        raise KeyboardInterrupt from None
    except TrainingError as fault:
        stands = f"the checkpoint of the last complete epoch stands: mien train --resume {run.folder}"
        if not run.resume_file.exists():
            stands = "no epoch was complete, so nothing of it is kept"
        raise TrainingError(f"{run.folder}: {fault}; {stands}") from fault
    except MienError as fault:  # the disk is full, or another process is lost
        raise MienError(f"{fault}; then go on with: mien train --resume {run.folder}") from fault
    _conclude(run, recipe, has_stopped_early=trainer.should_stop, console=console)
    return run


def _build_module(
    recipe: Recipe, face_set: FaceSet, targets: Targets, *, facts: dict[str, Any]
) -> tuple[TrainingModule, SplitsInMemory]:
    torch.manual_seed(recipe.training.seed)
    network = create_network(recipe, facts | {"expressions": face_set.expressions})
    weights = torch.from_numpy(class_weights(face_set)) if recipe.training.class_weights == "balanced" else None
    lowest, highest = facts.get("value_range", (0.0, 255.0))
    module = TrainingModule(
        network,
        recipe,
        mean=facts["mean"],
        std=facts["std"],
        value_range=(lowest, highest),
        class_weights=weights,
    )
    (faces, _), validation = _split_as_tensors(face_set, "training"), _split_as_tensors(face_set, "validation")
    drawn = torch.from_numpy(sampling_weights(face_set.split("training")))
    probabilities = drawn if recipe.training.sampling == "level" else None
    return module, SplitsInMemory((faces, targets), validation, recipe, probabilities=probabilities)


def _callbacks(recipe: Recipe, run: RunFolder | None, console: "Console | None") -> list[Callback]:
    """Return what happens around the epochs, in this order; without a run, what other processes than the first do."""
    keep = KeepCurvesAndWeights(run)
    callbacks: list[Callback] = [StopWhenNotFinite(), keep, *averaging_of(recipe)]
    if recipe.training.early_stopping:
        callbacks.append(StopEarly(recipe.training.early_stopping, keep))
    if console:
        callbacks.append(ShowProgress(console, keep))
    if run and recipe.training.tensorboard:
        callbacks.append(LogToTensorBoard(run, keep))
    return [*callbacks, SaveToResume(run)]


def _take_part(trainer: Trainer, module: TrainingModule, data: SplitsInMemory, *, checkpoint: Path | None) -> NoReturn:
    """Train beside the first process, silently, and end; what goes wrong, that one says."""
    with suppress(TrainingError, _ProcessLostError):
        _run_trainer(trainer, module, data, checkpoint=checkpoint, callbacks=_callbacks(module.recipe, None, None))
    sys.exit(0)


def _run_trainer(
    trainer: Trainer,
    module: TrainingModule,
    data: SplitsInMemory,
    *,
    checkpoint: Path | None,
    callbacks: list[Callback],
) -> None:
    trainer.callbacks = [*callbacks, *trainer.callbacks]  # type: ignore[attr-defined]
    try:
        with quiet_lightning():
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=False)
    except RuntimeError as fault:  # which is all that gloo and NCCL have for it
        if trainer.world_size == 1 or "by peer" not in str(fault):
            raise
        raise _ProcessLostError("another process of this run stopped, and may have said why; mend that") from fault


class _ProcessLostError(MienError):
    """Another process of the run went away."""


def _conclude(run: RunFolder, recipe: Recipe, *, has_stopped_early: bool, console: "Console") -> None:
    if has_stopped_early:
        epochs = recipe.training.early_stopping
        _say(console, f"stopped early: validation accuracy has not risen for {epochs} epochs (training.early_stopping)")
    try:
        draw_learning_curves([run], run.folder / "curves.png")
    except MissingExtraError as fault:
        _say(console, f"no curves.png: {fault}")


def _say(console: "Console", line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)


def _find_checkpoint(run: RunFolder) -> Path | None:
    """Return the checkpoint to go on from, if there is one and it is whole."""
    if not run.resume_file.exists():
        return None
    try:
        # The checkpoint is this run's own, so its pickled state may be loaded.
        torch.load(run.resume_file, map_location="cpu", weights_only=False)
    except Exception as fault:  # a cut pickle may raise anything
        raise RunFolderError(
            f"{run.resume_file} is damaged; delete it to start this run anew, or begin another"
        ) from fault
    return run.resume_file


def _split_as_tensors(face_set: FaceSet, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    part = face_set.split(split)
    return faces_as_tensor(part), torch.from_numpy(part.labels.copy())
