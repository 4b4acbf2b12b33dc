"""Which pictures show a face, by a detector's word; answers are cached, as a search takes minutes.

The pictures of data sets are small and often nothing but face, so they are enlarged and framed for a detector.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.data.audit.threads import count_threads
from mien.data.face_set import FaceSet
from mien.errors import DataError, MienError, PictureError, suggest
from mien.faces.detector import DETECTORS, create_detector
from mien.images.operations.grey import to_grey
from mien.places import cache_folder
from mien.writing import replacing

_FORMAT = 1


@dataclass(frozen=True)
class Search:
    """How a face is looked for.

    Args:
        detector: Registered detector, or `STUDY_DETECTOR`.
        enlarged_side: Longer side that smaller pictures are enlarged to, in pixels.
        border: Frame of repeated edge pixels around them, as a share of that side.
        source: What the settings come from.
    """

    detector: str
    enlarged_side: int
    border: float
    source: str


STUDY_DETECTOR = "haar_alt"
"""OpenCV's frontal cascade "alt" at scale 1.1 with 1 neighbour, which no registered detector is."""

SEARCHES: Mapping[str, Search] = {
    "haar": Search("haar", 96, 0.25, "chosen on FER2013: the most faces, and the fewest where annotators saw none"),
    "yunet": Search("yunet", 160, 0.0, "chosen on FER2013: the most faces, and the fewest where annotators saw none"),
    "haar_alt_48": Search(STUDY_DETECTOR, 48, 0.0, "the face filter of the study resnet_cbam, its Haar half"),
}
"""Searches by name; any other registered detector is asked with pictures enlarged to 160 pixels."""

_OTHER = partial(Search, enlarged_side=160, border=0.0, source="not tuned")


def search_named(name: str) -> Search:
    """Return how a face is looked for under a name.

    Args:
        name: One of `SEARCHES`, or a registered detector.

    Raises:
        DataError: If there is no such search, or it is one that always finds a face.
    """
    if name in SEARCHES:
        return SEARCHES[name]
    names = [known for known in DETECTORS.names() if known != "none"]
    if name not in names:
        hint = "; it takes any picture for a face" if name == "none" else suggest(name, {*names, *SEARCHES})
        raise DataError(f"no search for faces is called {name!r}{hint}")
    return _OTHER(name)


def find_faces(
    face_set: FaceSet,
    name: str,
    *,
    model_file: Path | None = None,
    report_done: Callable[[int], None] = lambda _: None,
) -> NDArray[np.bool_]:
    """Return in which pictures a detector finds a face; from the cache where it was asked before.

    Args:
        face_set: The faces, in memory or in files; unreadable ones have no face.
        name: One of `SEARCHES`, or a registered detector.
        model_file: The detector's model file; its usual one where none is given.
        report_done: Called with the number of pictures searched; not where the cache has the answer.

    Returns:
        Mask of shape ``(N,)``.

    Raises:
        DataError: If there is no such search.
        MienError: If the detector's file is missing.
    """
    search = search_named(name)
    make = partial(_make_detector, search.detector, model_file)
    make()  # what is missing is said before the search begins
    entry = cache_folder() / "face_presence" / f"{describe_search(face_set, name, model_file=model_file)}.npy"
    with suppress(OSError, ValueError, EOFError):
        found = np.load(entry)
        if found.shape == (len(face_set),) and found.dtype == np.bool_:
            return found  # type: ignore[no-any-return]
    found = np.fromiter(_search_each(face_set, search, make, report_done), dtype=bool, count=len(face_set))
    with suppress(MienError), replacing(entry) as partial_file:
        np.save(partial_file, found)
    return found


def is_there(name: str) -> bool:
    """Return whether a search can be made here: its detector needs no file, or its file is in the weights folder.

    Args:
        name: One of `SEARCHES`, or a registered detector.
    """
    try:
        _make_detector(search_named(name).detector, None)
    except MienError:
        return False
    return True


class _FaceFinder(Protocol):
    def has_face(self, picture: NDArray[np.uint8]) -> bool: ...


class _Detector:
    """A registered detector."""

    def __init__(self, name: str, model_file: Path | None) -> None:
        self._detector = create_detector(name, model_file)

    def has_face(self, picture: NDArray[np.uint8]) -> bool:
        image_rgb = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
        return bool(self._detector.detect(image_rgb))


class _StudyCascade:
    """The study's cascade, which takes any square it half likes, down to the smallest."""

    def __init__(self) -> None:
        self._cascade = cv2.CascadeClassifier(
            str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt.xml")
        )

    def has_face(self, picture: NDArray[np.uint8]) -> bool:
        return len(self._cascade.detectMultiScale(to_grey(picture), 1.1, 1)) > 0


def _make_detector(name: str, model_file: Path | None) -> _FaceFinder:
    return _StudyCascade() if name == STUDY_DETECTOR else _Detector(name, model_file)


def _search_each(
    face_set: FaceSet, search: Search, make: Callable[[], _FaceFinder], report_done: Callable[[int], None]
) -> Iterator[bool]:
    own = threading.local()  # a detector keeps buffers between calls: each thread has its own

    def has_face(picture: NDArray[np.uint8] | PictureError) -> bool:
        if isinstance(picture, PictureError):
            return False
        if not hasattr(own, "finder"):
            own.finder = make()
        return bool(own.finder.has_face(_frame(picture, search)))

    threads = count_threads()
    with ThreadPoolExecutor(threads) as pool:
        pictures = face_set.read_each()
        waiting: list[Future[bool]] = [pool.submit(has_face, picture) for picture in islice(pictures, 2 * threads)]
        number = 0
        while waiting:
            number += 1
            found = waiting.pop(0).result()
            waiting += [pool.submit(has_face, picture) for picture in islice(pictures, 1)]
            report_done(number)
            yield found


def _frame(picture: NDArray[np.uint8], search: Search) -> NDArray[np.uint8]:
    """Return the picture enlarged, where it is small, with a frame of its own edge around it."""
    scale = search.enlarged_side / max(picture.shape[:2])
    if scale < 1:
        return picture
    size_wh = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    enlarged = picture if scale == 1 else cv2.resize(picture, size_wh, interpolation=cv2.INTER_CUBIC)
    width = round(search.border * search.enlarged_side)
    if not width:
        return enlarged.astype(np.uint8, copy=False)
    return cv2.copyMakeBorder(enlarged, width, width, width, width, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


def describe_search(face_set: FaceSet, name: str, *, model_file: Path | None = None) -> str:
    """Return a digest of what an answer depends on: pictures, settings, the detector's files and OpenCV.

    Args:
        face_set: The faces.
        name: One of `SEARCHES`, or a registered detector.
        model_file: The detector's model file; its usual one where none is given.

    Raises:
        DataError: If there is no such search.
    """
    search = search_named(name)
    settings = {key: value for key, value in asdict(search).items() if key != "source"}
    files = [model_file] if model_file else _usual_files(search.detector)
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    parts = (str(_FORMAT), face_set.fingerprint, str(settings), cv2.__version__, *digests)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _usual_files(detector: str) -> list[Path]:
    """Return the files that a detector without one of its own may run from."""
    weights = None if detector == STUDY_DETECTOR else DETECTORS.get(detector).card.weights
    return [weights.place] if weights is not None and weights.is_there else []
