"""Lightning's trainer as mien runs it."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.fabric.utilities.exceptions import MisconfigurationException

from mien.errors import RecipeError
from mien.training.recipe import Recipe
from mien.writing import replacing


def build_trainer(
    recipe: Recipe, *, precision: str, callbacks: list[Callback] | None = None, **options: Any
) -> Trainer:
    """Return Lightning's trainer as mien runs it; `mien bench` measures the same.

    Args:
        recipe: Gives the epochs, how gradients are gathered and clipped, and where to train.
        precision: ``bfloat16`` or ``float32``.
        callbacks: What happens around the epochs.
        options: Further arguments of the trainer.

    Raises:
        RecipeError: If this machine has not what the recipe's section ``[trainer]`` asks for, or torchrun or SLURM
            started another number of processes.
    """
    optimizer = recipe.optimizer
    try:
        trainer = Trainer(
            max_epochs=recipe.training.epochs,
            accumulate_grad_batches=optimizer.accumulate,
            gradient_clip_val=optimizer.clip_norm or optimizer.clip_value or None,
            gradient_clip_algorithm="value" if optimizer.clip_value else "norm",
            precision="bf16-mixed" if precision == "bfloat16" else "32-true",
            callbacks=callbacks,
            plugins=[WholeCheckpoints()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            reload_dataloaders_every_n_epochs=1,
            use_distributed_sampler=False,
            **recipe.trainer.model_dump(),
            **options,
        )
        # Lightning looks only where it trains with several processes; each one alone would be a run of its own.
        for launcher in (TorchElasticEnvironment, SLURMEnvironment):
            if launcher.detect():
                launcher().validate_settings(num_devices=trainer.num_devices, num_nodes=trainer.num_nodes)
    except (MisconfigurationException, ValueError, RuntimeError) as fault:
        asked = ", ".join(f"trainer.{name}={value!r}" for name, value in recipe.trainer.model_dump().items())
        raise RecipeError(f"{asked}: not here: {' '.join(str(fault).split())}") from fault
    return trainer


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside the old one and puts it in its place; Lightning would write it elsewhere first."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint, whole or not at all; only the first process is asked to.

        Raises:
            MienError: If the disk is full or the place may not be written.
        """
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        with replacing(path) as partial_file:
            partial_file.write_bytes(buffer.getbuffer())


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's hints and tips to itself for a block; mien says what matters."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
