"""Makes the pictures of the README by the program's own commands, of nothing but the bundled pictures.

Run from the repository, with ``mien[video]``: ``python -m tools.make_pictures``; they lie in ``docs/pictures``.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.clips import write_clip
from tests.moving_faces import paste_head

FOLDER = Path("docs/pictures")
SIZE_HW, RATE, SECONDS = (270, 480), 10, 6


def make_frame(number: int) -> np.ndarray:
    """Return a frame: two people who move, the second from the second second to the fifth; shape ``(H, W, 3)``, RGB."""
    shade = np.linspace(70, 130, SIZE_HW[0], dtype=np.uint8)
    frame = np.broadcast_to(shade[:, None, None], (*SIZE_HW, 3)).copy()
    turn = 2 * np.pi * number / (RATE * SECONDS)
    paste_head(frame, "astronaut", (30 + 25 * np.sin(turn), 45 + 20 * np.cos(2 * turn)), side=190)
    if 1 <= number / RATE < 5:
        paste_head(frame, "hopper", (270 + 20 * np.sin(2 * turn), 45 + 25 * np.sin(turn)), side=180)
    return frame


def main() -> None:
    """Write the annotated picture, the animation and its timeline."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        clip = write_clip(Path(folder) / "clip.avi", map(make_frame, range(RATE * SECONDS)), rate=RATE)
        _run("analyze", clip, "--save", FOLDER / "clip.webp", "--timeline", FOLDER / "timeline.png")
        _run("analyze", "examples/pictures/montage.jpg", "--save", FOLDER)


def _run(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "mien", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
