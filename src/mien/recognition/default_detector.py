"""Which detector finds faces where none is named: the better one if its file is there."""

from mien.faces.detector import DETECTORS
from mien.recognition.model_file import Contract

AUTO = "auto"
"""What stands for the default detector."""

BETTER, BUNDLED = "yunet", "haar"


def choose_detector(contract: Contract) -> str:
    """Return ``yunet`` where its file is in the weights folder and the model knows its crops, else ``haar``.

    Args:
        contract: Contract of the model.
    """
    weights = DETECTORS.get(BETTER).card.weights
    is_usable = weights is not None and weights.is_there and BETTER in contract.crop_margins
    return BETTER if is_usable else BUNDLED


def how_to_get_better(contract: Contract) -> str | None:
    """Return one line on how to get the better detector; none where it is chosen already, or the model cannot use it.

    Args:
        contract: Contract of the model.
    """
    if choose_detector(contract) == BETTER or BETTER not in contract.crop_margins:
        return None
    return f"faces are found by {BUNDLED}; {BETTER} finds more; to have it used: mien weights pull {BETTER}"
