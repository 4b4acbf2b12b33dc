"""mien's training beside a loop of the kind that published repositories train with."""

import statistics
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2 as transforms

from mien.benchmarks.made_up_training import DEVIATION, MEAN, Stopwatch, make_faces, train_on
from mien.benchmarks.measurement import Measurement
from mien.data import FaceSet
from mien.models import create_model
from mien.training.recipe import build_recipe

NETWORK = "khaireddin_vgg"
CROP_PIXELS = 40
CROPS_A_PICTURE = 10


def measure_plain_loop(*, pictures: int = 32, steps: int = 2, rounds: int = 2) -> list[Measurement]:
    """Return how many times as many crops a second mien trains on as a plain loop, with the same network.

    The network is the VGG with stages of 64, 128, 256 and 512 channels at 40 pixels. The plain loop changes each
    picture by itself with PIL, takes all ten crops, and steps in float32. mien trains whole, with its default
    augmentation and random crops, in the precision that the CPU trains in, on as many crops a step. Both take turns
    step by step.

    Args:
        pictures: Pictures a step of the plain loop.
        steps: Steps of each kind a round.
        rounds: Rounds; the median round counts.
    """
    crops = CROPS_A_PICTURE * pictures
    face_set = make_faces(crops * steps, 7)
    recipe = build_recipe(
        {
            "name": "bench",
            "model": {"name": NETWORK},
            "augmentation": {"crop_pixels": CROP_PIXELS},
            "training": {"epochs": rounds + 1, "batch_size": crops},
            "trainer": {"accelerator": "cpu"},
        }
    )
    stopwatch = Stopwatch(plain=_build_step(_endlessly(DataLoader(TenCrops(face_set), pictures, shuffle=True))))
    train_on(face_set, recipe, callbacks=[stopwatch])
    whole, plain = stopwatch.seconds["whole"][1:], stopwatch.seconds["plain"][1:]
    rates = [steps * crops / statistics.median(seconds) for seconds in (whole, plain)]
    ratio = statistics.median(slow / fast for fast, slow in zip(whole, plain, strict=True))
    name = f"training {NETWORK} at {CROP_PIXELS} px: {rates[0]:,.0f} crops/s against a plain loop's {rates[1]:,.0f}"
    return [Measurement(name, ratio, "times", 6, is_upper=False)]


class TenCrops(Dataset[tuple[Tensor, int]]):
    """The ten crops of each face, changed one by one in PIL.

    Args:
        face_set: Grey faces.
    """

    def __init__(self, face_set: FaceSet) -> None:
        self.faces, self.labels = face_set.faces, face_set.labels
        self.change = transforms.Compose(
            [
                transforms.RandomAffine(15, translate=(0.15, 0.15), scale=(0.85, 1.15)),
                transforms.RandomHorizontalFlip(),
                transforms.TenCrop(CROP_PIXELS),
            ]
        )
        self.finish = transforms.Compose(
            [
                transforms.PILToTensor(),
                transforms.ToDtype(torch.float32, scale=True),
                transforms.Normalize([MEAN / 255], [DEVIATION / 255]),
                transforms.RandomErasing(),
            ]
        )

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        crops = self.change(Image.fromarray(self.faces[row]))
        return torch.stack([self.finish(crop) for crop in crops]), int(self.labels[row])


def _endlessly(loader: DataLoader[tuple[Tensor, int]]) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from loader


def _build_step(batches: Iterator[tuple[Tensor, Tensor]]) -> Callable[[], None]:
    network = create_model(NETWORK)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4)

    def step() -> None:
        crops, labels = next(batches)
        with torch.enable_grad():
            loss = F.cross_entropy(network(crops.flatten(0, 1)), labels.repeat_interleave(CROPS_A_PICTURE))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step
