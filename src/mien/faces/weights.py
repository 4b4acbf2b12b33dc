"""Where model files that mien does not bring are kept: detectors look for theirs here."""

from pathlib import Path

from mien.errors import MienError
from mien.places import weights_folder


def find_weights(file_name: str, model_file: Path | None, *, needed_by: str, address: str) -> Path:
    """Return the model file that was given, else the one in the weights folder.

    Args:
        file_name: Its name in the weights folder.
        model_file: What the caller gave, or none.
        needed_by: What asks for it, for the message.
        address: Where it can be fetched, for the message.

    Raises:
        MienError: If there is no such file; the line says where to put it.
    """
    wanted = model_file or weights_folder() / file_name
    if wanted.is_file():
        return wanted
    if model_file is not None:
        raise MienError(f"{model_file}: no such file; {needed_by} needs {file_name} from {address}")
    raise MienError(
        f"{needed_by} needs {wanted}, which is not there; fetch {address} or name a file (--detector-model)"
    )
