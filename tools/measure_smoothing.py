"""Prints the table of docs/video.md on smoothing: made-up videos of the shipped model's answers on PublicTest.

Run from the repository: ``python tools/measure_smoothing.py`` (needs ``mien[train]`` and FER2013, a minute).
"""

import cv2
import numpy as np

from mien.data.datasets.fer2013 import locate_fer2013
from mien.data.registry import read_dataset
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer
from mien.recognition.smoothing import METHODS, Smoother, flicker_per_minute

NUM_FACES, NUM_DRAWS = 105, 40
NUM_VIDEOS, VIDEO_S, FPS = 12, 40, 30
SHOT_S = 2.0  # a new face so often, on the average


def draw_face(face: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a face in another size, place, light and noise, as a tracked box gives it from frame to frame."""
    growth, (right, down) = 1 + random.normal(0, 0.04), random.normal(0, 1.2, 2)
    to_face = np.array([[growth, 0, 24 - 24 * growth + right], [0, growth, 24 - 24 * growth + down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(face, to_face, (48, 48), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    noise = random.normal(0, 8) + random.normal(0, 5, moved.shape)
    return np.clip(moved + noise, 0, 255).astype(np.uint8)


def ask_model() -> np.ndarray:
    """Return the answers on every draw of every face, shape ``(NUM_FACES, NUM_DRAWS, 7)``."""
    faces = read_dataset("fer2013", locate_fer2013()).split("validation").faces[:NUM_FACES]
    recognizer, random = Recognizer(load_model_file("compact")), np.random.default_rng(0)
    draws = [draw_face(face, random) for face in faces for _ in range(NUM_DRAWS)]
    return recognizer.predict_probabilities(recognizer.prepare(draws)).reshape(len(faces), NUM_DRAWS, -1)


def make_video(
    answers: np.ndarray, random: np.random.Generator, *, frames_a_draw: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the answers ``(F, 7)`` and the right labels ``(F,)``: what the mean over the face's draws says."""
    rows, labels, num_frames = [], [], VIDEO_S * FPS
    while sum(map(len, rows)) < num_frames:
        face, length = random.integers(len(answers)), max(1, int(random.exponential(SHOT_S) * FPS))
        draws = random.integers(0, NUM_DRAWS, length // frames_a_draw + 1).repeat(frames_a_draw)[:length]
        rows.append(answers[face, draws])
        labels.append(np.full(length, answers[face].mean(axis=0).argmax()))
    return np.concatenate(rows)[:num_frames], np.concatenate(labels)[:num_frames]


def main() -> None:
    """Print share of right frames and label changes a minute of each method."""
    answers, times_s = ask_model(), (np.arange(VIDEO_S * FPS) / FPS).tolist()
    for frames_a_draw in (1, 5):
        random = np.random.default_rng(0)
        videos = [make_video(answers, random, frames_a_draw=frames_a_draw) for _ in range(NUM_VIDEOS)]
        true = np.mean([flicker_per_minute(labels.tolist(), times_s) for _, labels in videos])
        print(f"draw held for {frames_a_draw} frames; true changes a minute: {true:.0f}")
        for method in METHODS:
            rights, flickers = [], []
            for rows, labels in videos:
                smoother = Smoother(method, num_classes=rows.shape[1])
                smoothed = [smoother.update(1, row, time) for row, time in zip(rows, times_s, strict=True)]
                named = np.argmax(smoothed, axis=1)
                rights.append((named == labels).mean())
                flickers.append(flicker_per_minute(named.tolist(), times_s))
            print(f"  {method:12} right {np.mean(rights):.1%}, changes a minute {np.mean(flickers):.0f}")


if __name__ == "__main__":
    main()
