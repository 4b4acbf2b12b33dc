"""Draws the memory of ``mien analyze`` over a video: three faces that move, a cut every 20 s, minutes without a face.

Run from the repository: ``python -m tools.measure_video_memory FOLDER [--minutes 60]``; an hour may take another one.
It leaves ``memory.csv`` and ``memory.png`` in the folder.
"""

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.moving_faces import make_background, paste_head

SIZE_HW, RATE = (240, 320), 10
SHOT_S, FACES_S, EMPTY_S = 20, 300, 120
MOST_MEGABYTES = 600
_HEADS = (("astronaut", 110), ("hopper", 100), ("astronaut", 90))
_SPEEDS_XY = ((3.0, 1.0), (-2.0, 2.0), (2.0, -1.5))


def make_frame(number: int) -> np.ndarray:
    """Return a frame: in every seven minutes, five have three faces and two none; every 20 s is another place."""
    time_s = number / RATE
    shot = int(time_s // SHOT_S)
    frame = make_background(shot % 50, SIZE_HW).copy()
    if time_s % (FACES_S + EMPTY_S) < FACES_S:
        for place, ((name, side), speed_xy) in enumerate(zip(_HEADS, _SPEEDS_XY, strict=True)):
            paste_head(frame, name, _bounce(number % (SHOT_S * RATE), place, shot, speed_xy, side), side=side)
    return frame


def _bounce(step: int, place: int, shot: int, speed_xy: Sequence[float], side: int) -> tuple[float, float]:
    """Return the upper left corner of a head that goes back at the edges of its third of the picture."""
    third = SIZE_HW[1] / 3
    spans = (max(1.0, third - side + 20), SIZE_HW[0] - side)
    x, y = (
        abs((17 * shot + 31 * place + speed * step) % (2 * span) - span)
        for speed, span in zip(speed_xy, spans, strict=True)
    )
    return min(place * third + x, SIZE_HW[1] - side), y


def write_video(path: Path, *, minutes: float) -> Path:
    """Write the video as Motion JPEG in Matroska."""
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, RATE, SIZE_HW[::-1])
    for number in range(round(60 * minutes * RATE)):
        writer.write(cv2.cvtColor(make_frame(number), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def measure_memory(command: Sequence[str], *, every_s: float = 1.0) -> list[tuple[float, float]]:
    """Run a command, and return seconds and megabytes that it held, sampled as it ran.

    Raises:
        RuntimeError: If the command fails.
    """
    started = time.monotonic()
    samples = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
            samples += [(time.monotonic() - started, int(each) / 1024) for each in kilobytes]  # none as it ends
            time.sleep(every_s)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return samples


def analyze_command(video: Path, folder: Path) -> list[str]:
    """Return a command that analyses a video into every kind of file."""
    names = {"csv": "rows.csv", "parquet": "rows.parquet", "subtitles": "out.srt", "timeline": "out.png"}
    options = [text for option, name in names.items() for text in (f"--{option}", str(folder / name))]
    save = ["--save", str(folder / "out.webm")]
    detection = ["--detector", "haar", "--detect-every", "5"]
    return [sys.executable, "-m", "mien", "analyze", str(video), *options, *save, *detection]


def megabytes_an_hour(samples: Sequence[tuple[float, float]]) -> float:
    """Return by how much memory grew an hour in the second half, by a line through the samples."""
    times_s, megabytes = np.array(samples[len(samples) // 2 :]).T
    return float(3600 * np.polyfit(times_s, megabytes, 1)[0])


def draw_memory(samples: Sequence[tuple[float, float]], path: Path) -> None:
    """Draw megabytes over seconds, with the bound."""
    width, height, edge = 1000, 400, 50
    last_s, top = samples[-1][0], MOST_MEGABYTES * 1.1
    picture = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(14)

    def place(time_s: float, megabytes: float) -> tuple[float, float]:
        return edge + (width - 2 * edge) * time_s / last_s, height - edge - (height - 2 * edge) * megabytes / top

    for megabytes in range(0, MOST_MEGABYTES + 1, 100):
        colour = "red" if megabytes == MOST_MEGABYTES else "lightgrey"
        draw.line((*place(0, megabytes), *place(last_s, megabytes)), fill=colour)
        draw.text((8, place(0, megabytes)[1] - 8), f"{megabytes}", fill="black", font=font)
    draw.line([place(*sample) for sample in samples], fill="navy", width=2)
    peak = max(megabytes for _, megabytes in samples)
    draw.text((edge, 14), f"resident memory of mien analyze, MB; peak {peak:.0f}", fill="black", font=font)
    draw.text((width - 120, height - 34), f"{last_s:.0f} s", fill="black", font=font)
    picture.save(path)


def main() -> None:
    """Make the video, analyse it, and write the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    video = write_video(chosen.folder / "video.mkv", minutes=chosen.minutes)
    samples = measure_memory(analyze_command(video, chosen.folder))
    with (chosen.folder / "memory.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("seconds", "megabytes"), *samples])
    draw_memory(samples, chosen.folder / "memory.png")
    peak = max(megabytes for _, megabytes in samples)
    print(
        f"{samples[-1][0]:.0f} s, peak {peak:.0f} MB, {megabytes_an_hour(samples):+.0f} MB an hour in the second half"
    )


if __name__ == "__main__":
    main()
