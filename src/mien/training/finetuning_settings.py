"""The section ``[finetuning]`` of a recipe: which weights a run begins with, and how gently it moves them."""

from typing import Literal

from pydantic import Field, model_validator

from mien.training.data_settings import Section


class FinetuningSettings(Section):
    """Where a run begins, and what of the network trains when.

    Attributes:
        weights: What it begins with: a run folder, a shipped model's name, a model file or a file of weights; empty
            begins from nothing, or from what ``model.pretrained`` names.
        head: ``auto`` takes over of the last layer what answers for classes of the same name; ``new`` takes nothing, of
            `weights` that must be named then.
        freeze_epochs: Epochs in which the head alone trains; the backbone is as in evaluation meanwhile.
        backbone_rate: What the learning rate of the backbone is multiplied by.
    """

    weights: str = ""
    head: Literal["auto", "new"] = "auto"
    freeze_epochs: int = Field(0, ge=0)
    backbone_rate: float = Field(1.0, gt=0)

    @model_validator(mode="after")
    def _a_new_head_is_one_for_weights(self) -> "FinetuningSettings":
        if self.head == "new" and not self.weights:
            raise ValueError("head = 'new' needs weights, without which every head is new; name some, or leave it out")
        return self
