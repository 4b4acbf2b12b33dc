"""Options that every network has beside its own; `create_model` takes them and `find_option_faults` checks them."""

from dataclasses import dataclass

from mien.models.classifier import Classifier
from mien.models.layers.choice import check_choice
from mien.models.layers.normalization import replace_batch_norms
from mien.models.outputs import OUTPUT_ACTIVATIONS


@dataclass(frozen=True)
class SharedOptions:
    """What can be changed in any network.

    Args:
        output_activation: ``softmax``, ``sigmoid`` or ``relu``: what turns the last layer's outputs into probabilities.
        norm: ``own``, or ``group`` for group norm in place of every batch norm.

    Raises:
        ValueError: If a word is unknown.
    """

    output_activation: str = "softmax"
    norm: str = "own"

    def __post_init__(self) -> None:
        check_choice("output_activation", self.output_activation, OUTPUT_ACTIVATIONS)
        check_choice("norm", self.norm, ("own", "group"))

    def apply(self, network: Classifier) -> None:
        """Change a network in place.

        Args:
            network: The network.

        Raises:
            ValueError: If group norm is wanted and there is no batch norm.
        """
        network.output_activation = self.output_activation
        if self.norm == "group" and not replace_batch_norms(network):
            raise ValueError("norm is 'group', and there is no batch norm to replace; leave it out")
