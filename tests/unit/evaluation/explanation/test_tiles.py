import numpy as np

from mien.evaluation.explanation.tiles import Section, Tile, as_file_name, draw_tiles

GAP, LINE = 8, 16


def picture(level: int, side: int = 4) -> np.ndarray:
    return np.full((side, side), level, dtype=np.uint8)


def test_tiles_stand_side_by_side_and_break_into_lines() -> None:
    tiles = tuple(Tile((picture(10 + number),)) for number in range(6))
    sheet = draw_tiles("title", [Section("section", tiles)], columns=4, side=20)
    assert (sheet.shape, sheet.dtype) == ((2 * GAP + LINE + LINE + 4 + 2 * (20 + GAP) + GAP, GAP + 4 * 28, 3), np.uint8)
    top = 2 * GAP + LINE + LINE + 4
    for number in range(6):
        row, column = divmod(number, 4)
        corner = (top + row * 28, GAP + column * 28)
        cell = sheet[corner[0] : corner[0] + 20, corner[1] : corner[1] + 20]
        assert (cell == 10 + number).all()


def test_pictures_of_one_tile_stand_together_with_their_words_below() -> None:
    colour = np.full((4, 4, 3), (200, 0, 0), dtype=np.uint8)
    sheet = draw_tiles("title", [Section("section", (Tile((picture(9), colour), ("one", "two")),))], columns=4, side=20)
    top = 2 * GAP + LINE + LINE + 4
    assert (sheet[top : top + 20, GAP : GAP + 20] == 9).all()
    assert (sheet[top : top + 20, GAP + 22 : GAP + 42] == (200, 0, 0)).all()
    words = sheet[top + 20 : top + 20 + 2 * LINE]
    assert all((half < 200).any() for half in (words[:LINE], words[LINE:]))
    assert sheet.shape[0] == top + 20 + 2 * LINE + GAP + GAP


def test_a_section_without_tiles_keeps_its_title() -> None:
    empty = draw_tiles("title", [Section("nothing here", ())], columns=4, side=20)
    assert (empty[2 * GAP + LINE : 2 * GAP + 2 * LINE] < 200).any()


def test_a_long_title_is_folded_into_the_width() -> None:
    section = [Section("section", (Tile((picture(1),)),))]
    short, long = (draw_tiles(text, section, columns=4, side=20) for text in ("short", "long " * 30))
    assert short.shape[1] == long.shape[1]
    assert (long.shape[0] - short.shape[0]) % LINE == 0
    assert long.shape[0] > short.shape[0] + 5 * LINE


def test_names_of_classes_cannot_leave_the_folder() -> None:
    assert as_file_name("test", "grad_cam", "../not a/face") == "test-grad_cam-.._not_a_face"
