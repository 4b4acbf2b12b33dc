"""Make ``pictures/montage.jpg``: several faces in one picture, from the two bundled photographs.

Run it from anywhere: ``python examples/make_montage.py``.
"""

from pathlib import Path

from PIL import Image, ImageOps

PICTURES_FOLDER = Path(__file__).resolve().parent / "pictures"
SIZE = (1200, 720)

# Photograph, part of it (left, upper, right, lower), width in the montage, corner (x, y), mirrored or not.
PLACES = (
    ("astronaut.png", (40, 0, 400, 400), 420, (0, 0), False),
    ("grace_hopper.jpg", (16, 13, 496, 600), 360, (420, 0), False),
    ("astronaut.png", (40, 0, 400, 400), 420, (780, 0), True),
    ("grace_hopper.jpg", (16, 20, 496, 580), 240, (0, 440), True),
    ("astronaut.png", (100, 0, 360, 303), 240, (240, 440), False),
    ("grace_hopper.jpg", (56, 20, 456, 487), 240, (480, 440), False),
    ("astronaut.png", (100, 0, 360, 303), 240, (720, 440), True),
    ("grace_hopper.jpg", (16, 20, 496, 580), 240, (960, 440), False),
)


def main() -> None:
    """Write the montage."""
    montage = Image.new("RGB", SIZE, (90, 100, 110))
    for name, part, width, corner, is_mirrored in PLACES:
        with Image.open(PICTURES_FOLDER / name) as photograph:
            tile = photograph.convert("RGB").crop(part)
        height = round(tile.height * width / tile.width)
        tile = tile.resize((width, height), Image.Resampling.LANCZOS)
        montage.paste(ImageOps.mirror(tile) if is_mirrored else tile, corner)
    montage.save(PICTURES_FOLDER / "montage.jpg", quality=88)


if __name__ == "__main__":
    main()
