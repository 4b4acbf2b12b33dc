"""Model files that mien does not bring: what is known of each, where it is kept, and whether it is the right one.

A detector's card names its file; ``mien weights`` lists them. Fetching one is in ``mien.faces.fetching``.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mien.errors import MienError, WeightsError
from mien.places import weights_folder


@dataclass(frozen=True)
class WeightsFile:
    """A published file, pinned to one version.

    Args:
        name: What ``mien weights`` calls it.
        file_name: Its name in the weights folder.
        address: Where it can be fetched, https.
        num_bytes: Its size.
        sha256: SHA-256 of its content, as hexadecimal digits.
        licence: Its licence.
        needed_by: What runs from it, such as ``detector 'yunet'``.
    """

    name: str
    file_name: str
    address: str
    num_bytes: int
    sha256: str
    licence: str
    needed_by: str

    @property
    def place(self) -> Path:
        """Return where the file is looked for and fetched to, whether it is there or not."""
        return weights_folder() / self.file_name

    def find(self, model_file: Path | None = None) -> Path:
        """Return the model file that was given, else the one in the weights folder.

        Args:
            model_file: What the caller gave, or none. It may be another version.

        Raises:
            WeightsError: If there is no such file; the line says how to get it.
        """
        wanted = model_file or self.place
        if wanted.is_file():
            return wanted
        if model_file is not None:
            raise WeightsError(
                f"{model_file}: no such file; {self.needed_by} needs {self.file_name} from {self.address}"
            )
        raise WeightsError(
            f"{self.needed_by} needs {wanted}, which is not there; get it with: mien weights pull {self.name}, "
            f"or put {self.address} there"
        )

    @property
    def is_there(self) -> bool:
        """Return whether some file lies in its place."""
        return self.place.is_file()

    @property
    def is_right(self) -> bool:
        """Return whether the file in its place is this very version."""
        return self.is_there and self.place.stat().st_size == self.num_bytes and hash_file(self.place) == self.sha256

    def check(self, file: Path | None = None) -> None:
        """Check that a file is this very version.

        Args:
            file: Any file; the one in the weights folder if none is given.

        Raises:
            WeightsError: If it is missing, or its size or content is another; the line says which.
        """
        chosen = self.find(file)
        num_bytes = chosen.stat().st_size
        if num_bytes != self.num_bytes:
            raise WeightsError(f"{chosen}: {num_bytes} bytes, expected {self.num_bytes}; {self._again}")
        sha256 = hash_file(chosen)
        if sha256 != self.sha256:
            raise WeightsError(f"{chosen}: SHA-256 {sha256[:12]}..., expected {self.sha256[:12]}...; {self._again}")

    @property
    def _again(self) -> str:
        return f"remove it and fetch it again with: mien weights pull {self.name}"


def hash_file(file: Path) -> str:
    """Return the SHA-256 of a file's content as hexadecimal digits.

    Args:
        file: The file.

    Raises:
        MienError: If it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise MienError(f"{file}: cannot be read: {(error.strerror or str(error)).lower()}") from error
