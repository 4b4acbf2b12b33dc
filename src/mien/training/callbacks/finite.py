"""The guard that stops a run in the very step in which its loss or its weights cease to be finite."""

import math
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.training.module import TrainingModule


class StopWhenNotFinite(Callback):
    """Looks at loss and weights after each step, and stands before whatever would keep them.

    Several processes stop together, whichever of them has met the fault.
    """

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop where a number is not finite.

        Raises:
            TrainingError: If the loss or a weight is not finite; the line says where, and what helps.
        """
        assert isinstance(pl_module, TrainingModule)
        loss, norm = outputs["loss"], _norm_of_weights(pl_module.network)
        sums = trainer.strategy.reduce(torch.stack([loss, norm.to(loss)]), reduce_op="sum")
        if sums.isfinite().all():
            return
        loss = float(sums[0])
        what = "the weights are not finite" if math.isfinite(loss) else f"the loss is {loss}"
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        raise TrainingError(
            f"{what} in epoch {trainer.current_epoch + 1}, step {batch_idx + 1} of {trainer.num_training_batches} "
            f"(learning rate {rate:.3g}); begin a new run with a lower optimizer.learning_rate, clipped gradients or "
            'training.precision="float32"'
        )


def _norm_of_weights(network: nn.Module) -> Tensor:
    """Return the Euclidean norm of all weights, which is finite if each of them is (and none is beyond 1e19)."""
    return nn.utils.get_total_norm([weight.detach() for weight in network.parameters()])
