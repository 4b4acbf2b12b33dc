from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError
from mien.faces.detector import create_detector


def test_detect_gives_the_whole_picture() -> None:
    (found,) = create_detector("none").detect(np.zeros((30, 40, 3), dtype=np.uint8))
    assert found.box_xyxy.tolist() == [0, 0, 40, 30]
    assert (found.score, found.landmarks) == (1.0, None)


def test_it_takes_no_model_file() -> None:
    with pytest.raises(MienError, match=r"detector 'none' takes no model file, got a.onnx; leave --detector-model out"):
        create_detector("none", Path("a.onnx"))
