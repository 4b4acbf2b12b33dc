import numpy as np
import pytest

from mien.faces.reduced_search import ReducedSearch
from mien.structures import Detection
from tests.moving_faces import ToldDetector

LANDMARKS = np.arange(10, dtype=np.float32).reshape(5, 2)


class LookingDetector(ToldDetector):
    """Remembers how large the picture was that it got to see."""

    size_hw = (0, 0)

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        self.size_hw = image_rgb.shape[:2]
        return super().detect(image_rgb)


def find(
    size_hw: tuple[int, int], box: tuple[float, ...], *, longest_side: int = 320
) -> tuple[tuple[int, int], list[Detection]]:
    detector = LookingDetector()
    detector.faces = [Detection(np.array(box, dtype=np.float32), 0.9, LANDMARKS)]
    found = ReducedSearch(detector, longest_side).detect(np.zeros((*size_hw, 3), dtype=np.uint8))
    return detector.size_hw, found


def test_faces_are_searched_in_a_smaller_picture_and_given_in_the_large_one() -> None:
    seen, (face,) = find((480, 640), (10, 20, 50, 60))
    assert seen == (240, 320)
    assert face.box_xyxy.tolist() == [20, 40, 100, 120]
    assert face.score == 0.9
    assert face.landmarks == pytest.approx(2 * LANDMARKS)


def test_sides_that_do_not_divide_have_a_factor_each() -> None:
    seen, (face,) = find((333, 1000), (0, 0, 100, 33.3), longest_side=300)
    assert seen == (100, 300)
    assert face.box_xyxy == pytest.approx([0, 0, 1000 / 3, 110.889], abs=0.01)


def test_boxes_stay_inside_the_picture() -> None:
    _, (face,) = find((480, 640), (300, 200, 325, 245))
    assert face.box_xyxy.tolist() == [600, 400, 640, 480]


@pytest.mark.parametrize("size_hw", [(240, 320), (320, 100), (1, 1)])
def test_a_picture_that_is_small_enough_is_searched_as_it_is(size_hw: tuple[int, int]) -> None:
    seen, (face,) = find(size_hw, (0, 0, 0.5, 0.5))
    assert seen == size_hw
    assert face.box_xyxy.tolist() == [0, 0, 0.5, 0.5]


def test_it_goes_by_the_name_of_its_detector() -> None:
    assert ReducedSearch(ToldDetector(), 320).name == "told"


def test_a_side_below_a_pixel_is_refused() -> None:
    with pytest.raises(ValueError, match="longest_side must be 1 pixel or more, got 0"):
        ReducedSearch(ToldDetector(), 0)
