"""The guard that stops a run in which loss or weights cease to be finite, before anything of it is kept."""

import math
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.training.module import TrainingModule

STEPS_BETWEEN_LOOKS = 50
"""So many steps of a GPU share a look, as the CPU waits for the GPU at each."""


class StopWhenNotFinite(Callback):
    """Looks at loss and weights, and stands before whatever would keep them.

    It looks after each step; on anything but a CPU, after every 50th and the last of an epoch. What is not finite stays
    so until then: losses are added up, and the next step would not mend a weight.

    Several processes stop together, whichever of them has met the fault.
    """

    def __init__(self) -> None:
        self.losses: Tensor | float = 0.0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop where a number is not finite.

        Raises:
            TrainingError: If the loss or a weight is not finite; the line says where, and what helps.
        """
        assert isinstance(pl_module, TrainingModule)
        losses = self.losses = outputs["loss"] + self.losses
        step, num_steps, is_each = batch_idx + 1, trainer.num_training_batches, pl_module.device.type == "cpu"
        if not is_each and step % STEPS_BETWEEN_LOOKS and step != num_steps:
            return
        self.losses = 0.0
        norm = _norm_of_weights(pl_module.network)
        sums = trainer.strategy.reduce(torch.stack([losses, norm.to(losses)]), reduce_op="sum")
        if sums.isfinite().all():
            return
        loss = float(sums[0])
        what = "the weights are not finite" if math.isfinite(loss) else f"the loss is {loss}"
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        raise TrainingError(
            f"{what} in epoch {trainer.current_epoch + 1}, {'' if is_each else 'by '}step {step} of {num_steps} "
            f"(learning rate {rate:.3g}); begin a new run with a lower optimizer.learning_rate, clipped gradients or "
            'training.precision="float32"'
        )


def _norm_of_weights(network: nn.Module) -> Tensor:
    """Return the Euclidean norm of all weights, which is finite if each of them is (and none is beyond 1e19)."""
    return nn.utils.get_total_norm([weight.detach() for weight in network.parameters()])
