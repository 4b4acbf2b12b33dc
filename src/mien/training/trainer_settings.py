"""The section ``[trainer]`` of a recipe: on what and with how many processes a run trains."""

from typing import Literal

from pydantic import Field, field_validator

from mien.training.data_settings import Section


class TrainerSettings(Section):
    """Where a run trains; the names are those of Lightning's trainer, which takes them as they are.

    None of it belongs to the recipe's fingerprint: the batch stays the recipe's, so that a run on several processes has
    the same steps as a run on one, up to rounding.

    Attributes:
        accelerator: ``auto`` takes a GPU where there is one; ``cpu``, ``gpu`` or ``mps``.
        devices: Processes on each machine, each with a device of its own; ``auto`` takes all GPUs, or one process.
        num_nodes: Machines.
        strategy: ``auto`` and ``ddp`` add up the gradients of all processes; ``ddp_find_unused_parameters_true`` is for
            networks of which a step may leave parts unused.
    """

    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    devices: int | str = 1
    num_nodes: int = Field(1, ge=1)
    strategy: Literal["auto", "ddp", "ddp_find_unused_parameters_true"] = "auto"

    @field_validator("devices")
    @classmethod
    def _devices_are_countable(cls, devices: int | str) -> int | str:
        if devices == "auto" or (isinstance(devices, int) and devices >= 1):
            return devices
        raise ValueError("expected a positive number or 'auto'")

    @property
    def is_one_process(self) -> bool:
        """Whether one process trains, on one machine."""
        return self.devices == 1 and self.num_nodes == 1
