"""Small made-up copies of every data set, with the names and folders that the real ones have.

Each picture's brightness tells its expression, so that a reader that mixes up pictures and labels is caught.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mien.expressions import (
    CK_PLUS_EXPRESSIONS,
    FER2013_EXPRESSIONS,
    FERPLUS_VOTE_NAMES,
    RAF_DB_COMPOUND_EXPRESSIONS,
    RAF_DB_EXPRESSIONS,
)
from tests.conftest import make_rows, write_csv

FERPLUS_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
_CODES = {"AN": "angry", "DI": "disgust", "FE": "fear", "HA": "happy", "NE": "neutral", "SA": "sad", "SU": "surprise"}
_LEVELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt", *RAF_DB_COMPOUND_EXPRESSIONS)


class Row(NamedTuple):
    """What a reader must say of a picture."""

    expression: str
    split: str = "training"
    subject: str = ""


@dataclass
class Made:
    """A made-up copy: where it lies, and its rows by id."""

    path: Path
    rows: dict[str, Row] = field(default_factory=dict)


def brightness_of(expression: str) -> int:
    """Mean brightness of all made pictures of an expression."""
    return 20 + 11 * _LEVELS.index(expression)


def save_face(file: Path, expression: str, *, size_wh: tuple[int, int] = (48, 48), mode: str = "L") -> Path:
    """Write a picture whose brightness tells its expression and whose noise tells its name."""
    seed = int.from_bytes(file.as_posix().encode()[-24:], "little")
    noise = np.random.default_rng(seed).integers(-8, 9, size=(size_wh[1], size_wh[0]))
    pixels = (brightness_of(expression) + noise - round(noise.mean())).clip(0, 255).astype(np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(file, **({"quality": 95} if file.suffix.lower() == ".jpg" else {}))
    return file


def make_fer2013(folder: Path) -> Made:
    faces, labels, usages = make_rows(70)
    for row, label in enumerate(labels):
        level = brightness_of(FER2013_EXPRESSIONS[label])
        faces[row] = level + row % 5 - 2
        faces[row].flat[row] = 0
    made = Made(write_csv(folder / "fer2013.csv", faces, labels, usages))
    splits = {"Training": "training", "PublicTest": "validation", "PrivateTest": "test"}
    for row, (label, usage) in enumerate(zip(labels, usages, strict=True)):
        made.rows[f"fer2013:{row:05d}"] = Row(FER2013_EXPRESSIONS[label], splits[usage])
    return made


def make_ferplus(folder: Path) -> Made:
    """FER2013 with votes that agree with its labels, but for rows 3, 4 and 5: no majority, unknown, not a face."""
    made = make_fer2013(folder)
    votes = [dict.fromkeys(FERPLUS_VOTE_NAMES, 0) | {row.expression: 9, "contempt": 1} for row in made.rows.values()]
    for row, changed in {3: {"sad": 5, "happy": 5}, 4: {"unknown": 10}, 5: {"not_a_face": 10}}.items():
        votes[row] = dict.fromkeys(FERPLUS_VOTE_NAMES, 0) | changed
    lines = [
        f"Training,fer{row:07d}.png,{','.join(str(each[name]) for name in FERPLUS_VOTE_NAMES)}"
        for row, each in enumerate(votes)
    ]
    (folder / "fer2013new.csv").write_text("\n".join([FERPLUS_HEADER, *lines]) + "\n")
    kept = [(key, row) for number, (key, row) in enumerate(made.rows.items()) if number not in (3, 4, 5)]
    return Made(made.path, {key.replace("fer2013", "ferplus"): row for key, row in kept})


def make_ck_plus48(folder: Path) -> Made:
    made = Made(folder / "CK+48")
    names = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
    for number, (name, expression) in enumerate(zip(names, CK_PLUS_EXPRESSIONS, strict=True)):
        for subject in ("S010", "S999"):
            for frame in (15, 16, 17):
                stem = f"{subject}_{number + 1:03d}_{frame:08d}"
                save_face(made.path / name / f"{stem}.png", expression)
                made.rows[f"ck_plus48:{stem}"] = Row(expression, subject=subject)
    return made


def make_ck_plus(folder: Path) -> Made:
    """Eight sequences of six frames, seven of them labelled, and the odd file that a Mac leaves."""
    made = Made(folder)
    for number, expression in enumerate((*CK_PLUS_EXPRESSIONS, ""), start=1):
        subject, sequence = f"S{10 + number % 3:03d}", f"{number:03d}"
        for frame in range(1, 7):
            shown = expression if expression and frame > 3 else "neutral"
            stem = f"{subject}_{sequence}_{frame:08d}"
            file = folder / "cohn-kanade-images" / subject / sequence / f"{stem}.png"
            save_face(file, shown, size_wh=(64, 49 if number % 2 else 48))
            if expression and (frame == 1 or frame > 3):
                made.rows[f"ck_plus:{stem}"] = Row(shown, subject=subject)
        labels = folder / "Emotion" / subject / sequence
        labels.mkdir(parents=True)
        if expression:
            (labels / f"{subject}_{sequence}_00000006_emotion.txt").write_text(f"   {number:.7e}\n")
    (folder / "cohn-kanade-images" / ".DS_Store").write_bytes(b"x")
    return made


def make_jaffe(folder: Path) -> Made:
    made = Made(folder / "jaffe")
    for number, subject in enumerate(("KA", "YM")):
        for take, (code, expression) in enumerate(_CODES.items(), start=1):
            stem = f"{subject}.{code}{take % 3 + 1}.{10 * number + take}"
            save_face(made.path / f"{stem}.tiff", expression, size_wh=(64, 64))
            made.rows[f"jaffe:{stem}"] = Row(expression, subject=subject)
    (made.path / "README").write_text("Japanese Female Facial Expression\n")
    return made


def make_kdef(folder: Path) -> Made:
    """Two people of one number, both sessions of one of them, five angles; and one of the two misnamed files."""
    made = Made(folder / "KDEF")
    codes = {"AF" if code == "FE" else code: expression for code, expression in _CODES.items()}
    for person in ("AF01", "BF01", "AM01"):
        for code, expression in codes.items():
            for angle in ("FL", "HL", "S", "HR", "FR"):
                name = f"{person}{code}{angle}"
                save_face(made.path / person / f"{name}.JPG", expression, size_wh=(28, 38), mode="RGB")
                made.rows[f"kdef:{name}"] = Row(expression, subject=person[1:])
    save_face(made.path / "AF31" / "AF31V.JPG", "happy", size_wh=(28, 38), mode="RGB")
    return made


def make_raf_db(folder: Path, *, compound: bool = False) -> Made:
    made = Made(folder / ("compound" if compound else "basic"))
    name = "raf_db_compound" if compound else "raf_db"
    lines = []
    for label, expression in enumerate(RAF_DB_COMPOUND_EXPRESSIONS if compound else RAF_DB_EXPRESSIONS, start=1):
        for stem in (f"train_{label:05d}", f"train_{20 + label:05d}", f"test_{label:04d}"):
            save_face(made.path / "Image" / "aligned" / f"{stem}_aligned.jpg", expression, size_wh=(40, 40), mode="RGB")
            lines.append(f"{stem}.jpg {label}")
            split = "training" if stem.startswith("train") else "test"
            made.rows[f"{name}:{stem}"] = Row(expression, split)
    (made.path / "EmoLabel").mkdir()
    (made.path / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    return made


def make_raf_db_folders(folder: Path) -> Made:
    made = Made(folder)
    for label, expression in enumerate(RAF_DB_EXPRESSIONS, start=1):
        for split, stem in (("train", f"train_{label:05d}"), ("test", f"test_{label:04d}")):
            origin = f"DATASET/{split}/{label}/{stem}_aligned.jpg"
            save_face(folder / origin, expression, size_wh=(40, 40), mode="RGB")
            made.rows[f"raf_db:{origin}"] = Row(expression, "training" if split == "train" else "test")
    (folder / "DATASET" / "train_labels.csv").write_text("image,label\n")
    return made


def make_facial_recognition(folder: Path, *, has_disgust: bool = True) -> Made:
    made = Made(folder)
    names = {"Angry": "angry", "Fear": "fear", "Happy": "happy", "Neutral": "neutral", "Sad": "sad"}
    names |= {"Suprise": "surprise"} | ({"Disgust": "disgust"} if has_disgust else {})
    for split, mine in (("Training", "training"), ("Testing", "test")):
        for name, expression in names.items():
            for number in range(2):
                origin = f"{split}/{split}/{name}/{split}_{number}.jpg"
                save_face(folder / origin, expression)
                made.rows[f"facial_recognition:{origin}"] = Row(expression, mine)
    return made


def make_class_folders(folder: Path, *, splits: tuple[str, ...] = ("train", "val", "test")) -> Made:
    made = Made(folder / "mine")
    names = {"0_anger": "angry", "HAPPINESS": "happy", "sadness": "sad", "contempt": "contempt"}
    mine = {"train": "training", "val": "validation", "test": "test", "": "training"}
    for split in splits or ("",):
        for name, expression in names.items():
            for number in range(2):
                origin = f"{split}/{name}/{number}.png".removeprefix("/")
                save_face(made.path / origin, expression, size_wh=(24, 24))
                made.rows[f"mine:{origin}"] = Row(expression, mine[split])
    return made


def make_manifest(folder: Path, *, ending: str = ".csv") -> Made:
    """Pictures of two sizes, so that they stay in files, and a column of one's own."""
    made = Made(folder / f"faces{ending}")
    table = []
    for number, expression in enumerate(("angry", "happy", "sad", "happy", "angry", "sad")):
        path = f"pictures/{number}.png"
        save_face(folder / path, expression, size_wh=(24 + number % 2, 24))
        split, subject = ("train", "valid", "test")[number // 2], f"p{number % 2}"
        table.append({"path": path, "label": expression.upper(), "split": split, "subject": subject, "camera": "left"})
        named = {"train": "training", "valid": "validation"}.get(split, split)
        made.rows[f"faces:{path}"] = Row(expression, named, subject)
    write_table(made.path, table)
    return made


def write_table(file: Path, table: list[dict[str, str]]) -> Path:
    """Write rows as CSV or Parquet, as the ending says."""
    if file.suffix == ".parquet":
        import pandas as pd

        pd.DataFrame(table).to_parquet(file)
        return file
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return file


MAKERS: dict[str, Callable[[Path], Made]] = {
    "ck_plus": make_ck_plus,
    "ck_plus48": make_ck_plus48,
    "class_folders": make_class_folders,
    "facial_recognition": make_facial_recognition,
    "fer2013": make_fer2013,
    "ferplus": make_ferplus,
    "jaffe": make_jaffe,
    "kdef": make_kdef,
    "manifest": make_manifest,
    "raf_db": make_raf_db,
}
"""What makes a copy of each registered data set."""
