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
from mien.models.rebuilding import settle_batch_norms
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
from mien.training.starting_weights import StartingWeights, begin_with
from mien.training.trainer import quiet_lightning
from mien.training.training_rows import TrainingRows

if TYPE_CHECKING:
    from rich.console import Console

NUM_FACES_TO_SETTLE = 512
"""Training faces by which batch norms that came back from a model file get their statistics."""


def fit_network(
    run: RunFolder | None,
    recipe: Recipe,
    face_set: FaceSet,
    *,
    rows: TrainingRows,
    facts: dict[str, Any],
    trainer: Trainer,
    console: "Console",
    weights: StartingWeights | None = None,
) -> RunFolder:
    """Train a network to the end of its recipe and return its run folder; the first of several processes alone returns.

    Args:
        run: The run folder; None in another process than the first, which need not know of it.
        recipe: Its recipe.
        face_set: The data set as the recipe gives it.
        rows: Its rows that train, and their targets.
        facts: What ``run.json`` says of the training split and of the precision.
        trainer: Trains; the callbacks that it has come after those of every run.
        console: Where progress goes.
        weights: What the network begins with; None begins from nothing.

    Raises:
        RunFolderError: If the checkpoint to go on from is damaged.
        TrainingError: If the loss or the weights cease to be finite.
        MienError: If the disk is full, or another process of the run went away.
        KeyboardInterrupt: On Ctrl-C.
        SystemExit: With 0, at the end of another process than the first.
    """
    checkpoint = _find_checkpoint(run) if run else None
    is_pretrained = weights is None and checkpoint is None  # or else other weights are loaded right after
    module, data = _build_module(recipe, face_set, rows, facts=facts, is_pretrained=is_pretrained)
    loaded = f", beginning with {_begin(module, data, weights, face_set)}" if weights else ""
    if run is None or not trainer.is_global_zero:
        _take_part(trainer, module, data, checkpoint=checkpoint)
    counts = face_set.split_counts()
    others = f", {trainer.world_size} processes" if trainer.world_size > 1 else ""
    _say(
        console,
        f"{run.folder}: {recipe.model.name}, {count_parameters(module.network):,} parameters, "
        f"{counts['training']:,} faces train, {counts['validation']:,} "
        f"{'train, too, and nothing chooses' if recipe.training.join_validation else 'choose'}, "
        f"{facts['precision']} ({facts['precision_reason']}){others}"
        + (f", {rows.targets}" if recipe.training.targets != "labels" else "")
        + (f", {rows.soft_targets}" if rows.soft_targets is not None else "")
        + loaded,
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
    recipe: Recipe, face_set: FaceSet, rows: TrainingRows, *, facts: dict[str, Any], is_pretrained: bool
) -> tuple[TrainingModule, SplitsInMemory]:
    torch.manual_seed(recipe.training.seed)
    network = create_network(recipe, facts | {"expressions": face_set.expressions}, is_pretrained=is_pretrained)
    is_weighted = recipe.training.class_weights == "balanced"
    lowest, highest = facts.get("value_range", (0.0, 255.0))
    module = TrainingModule(
        network,
        recipe,
        mean=facts["mean"],
        std=facts["std"],
        value_range=(lowest, highest),
        class_weights=torch.from_numpy(class_weights(rows.faces)) if is_weighted else None,
    )
    is_level = recipe.training.sampling == "level"
    return module, SplitsInMemory(
        (faces_as_tensor(rows.faces), rows.targets),
        _as_tensors(face_set.split("validation")),
        recipe,
        probabilities=torch.from_numpy(sampling_weights(rows.faces)) if is_level else None,
        soft_targets=None if rows.soft_targets is None else rows.soft_targets.values,
    )


def _callbacks(recipe: Recipe, run: RunFolder | None, console: "Console | None") -> list[Callback]:
    """Return what happens around the epochs, in this order; without a run, what other processes than the first do."""
    keep = KeepCurvesAndWeights(run, is_choosing=not recipe.training.join_validation)
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
    epochs = recipe.training.early_stopping
    if has_stopped_early and epochs:  # a callback of the caller's may have stopped it, too
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


def _as_tensors(part: FaceSet) -> tuple[torch.Tensor, torch.Tensor]:
    return faces_as_tensor(part), torch.from_numpy(part.labels.copy())


def _begin(module: TrainingModule, data: SplitsInMemory, weights: StartingWeights, face_set: FaceSet) -> str:
    """Load the weights that a run begins with, and say how; a graph that gave them has no statistics for batch norm."""
    has_new_head = module.recipe.finetuning.head == "new"
    loaded = begin_with(module.network, weights, expressions=face_set.expressions, has_new_head=has_new_head)
    if weights.is_rebuilt:
        faces = data.training[0][:NUM_FACES_TO_SETTLE]
        settle_batch_norms(module.network, [module.normalise(batch) for batch in torch.split(faces, 128)])
    has_own_scale = weights.mean is not None and (weights.mean, weights.std) != (module.mean, module.std)
    return f"{loaded}{'; mean and deviation are those of the new faces' if has_own_scale else ''}"
