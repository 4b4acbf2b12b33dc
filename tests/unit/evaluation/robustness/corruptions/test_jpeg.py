import cv2
import numpy as np

from mien.evaluation.robustness import corrupt_faces
from tests.made_faces import make_faces


def test_faces_come_back_as_opencv_packs_them() -> None:
    faces = make_faces(2)
    packed = [cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, 30])[1] for face in faces]
    expected = [cv2.imdecode(each, cv2.IMREAD_GRAYSCALE).astype(int) for each in packed]
    np.testing.assert_allclose(corrupt_faces(faces, "jpeg", 70), expected, atol=2)
