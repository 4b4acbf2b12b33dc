from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.data import read_dataset
from mien.errors import DataError
from mien.training.batches import OrderedBatches, ShuffledBatches, epoch_generator, faces_as_tensor


def make_batches(epoch: int = 0, seed: int = 0, **place: int) -> ShuffledBatches:
    images = torch.arange(50, dtype=torch.uint8).reshape(50, 1, 1, 1)
    return ShuffledBatches(images, torch.arange(50), batch_size=8, seed=seed, epoch=epoch, **place)


def test_an_epoch_shows_each_picture_at_most_once_and_leaves_the_rest_out() -> None:
    batches = list(make_batches())
    assert len(batches) == len(make_batches()) == 6
    shown = torch.cat([labels for _, labels in batches])
    assert len(shown) == len(shown.unique()) == 48
    assert all(torch.equal(images.flatten().long(), labels) for images, labels in batches)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(**place: int) -> list[int]:
        return torch.cat([labels for _, labels in make_batches(**place)]).tolist()

    assert order(epoch=1) == order(epoch=1)
    assert len({tuple(order(epoch=0)), tuple(order(epoch=1)), tuple(order(seed=1))}) == 3


def test_probabilities_say_how_often_each_picture_is_drawn() -> None:
    probabilities = torch.zeros(5000)
    probabilities[10], probabilities[20] = 0.75, 0.25
    images = torch.zeros(5000, 1, 1, 1, dtype=torch.uint8)
    batches = ShuffledBatches(images, torch.arange(5000), batch_size=100, seed=0, epoch=0, probabilities=probabilities)
    drawn = torch.cat([labels for _, labels in batches])
    assert len(drawn) == 5000
    assert (drawn == 10).sum() + (drawn == 20).sum() == 5000
    assert 0.72 < (drawn == 10).float().mean() < 0.78


def test_fewer_pictures_than_a_batch_are_refused() -> None:
    message = r"5 training pictures are fewer than one batch of 8; lower training\.batch_size"
    with pytest.raises(DataError, match=message):
        ShuffledBatches(torch.zeros(5, 1, 2, 2), torch.zeros(5), batch_size=8, seed=0, epoch=0)


@pytest.mark.parametrize("world_size", [2, 4])
def test_processes_share_each_batch_of_one(world_size: int) -> None:
    shares = [list(make_batches(rank=rank, world_size=world_size)) for rank in range(world_size)]
    for number, (images, labels) in enumerate(make_batches()):
        parts = [share[number] for share in shares]
        assert {len(part[1]) for part in parts} == {8 // world_size}
        assert torch.equal(torch.cat([part[0] for part in parts]), images)
        assert torch.equal(torch.cat([part[1] for part in parts]), labels)


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    message = r"3 processes cannot share a batch of 8 evenly; make training\.batch_size a multiple of 3"
    with pytest.raises(DataError, match=message):
        make_batches(world_size=3)


@pytest.mark.parametrize(("num_rows", "world_size"), [(50, 2), (51, 2), (33, 4), (3, 4), (64, 2)])
def test_processes_share_a_split_without_doubles_and_wait_for_none(num_rows: int, world_size: int) -> None:
    labels = torch.arange(num_rows)
    place = {"batch_size": 16, "world_size": world_size}
    shares = [OrderedBatches(torch.zeros(num_rows, 1), labels, rank=rank, **place) for rank in range(world_size)]
    assert len({len(share) for share in shares}) == len({len(list(share)) for share in shares}) == 1
    seen = torch.cat([part for share in shares for _, part in share])
    assert sorted(seen.tolist()) == labels.tolist()


def test_ordered_batches_keep_every_row_in_order() -> None:
    batches = OrderedBatches(torch.zeros(50, 1, 2, 2), torch.arange(50), batch_size=16)
    assert [len(labels) for _, labels in batches] == [16, 16, 16, 2]
    assert len(batches) == 4
    assert torch.equal(torch.cat([labels for _, labels in batches]), torch.arange(50))


def test_streams_and_processes_of_one_epoch_differ() -> None:
    seeds = {epoch_generator(0, 0, stream=stream, rank=rank).initial_seed() for stream in range(5) for rank in (0, 1)}
    assert len(seeds) == 10


def test_faces_as_tensor_puts_channels_first(fer2013_csv: Path) -> None:
    face_set = read_dataset("fer2013", fer2013_csv)
    assert faces_as_tensor(face_set).shape == (140, 1, 48, 48)
    colour = replace(face_set, pictures=np.arange(140 * 12, dtype=np.uint8).reshape(140, 2, 2, 3))
    assert faces_as_tensor(colour)[7, 2].tolist() == colour.faces[7, :, :, 2].tolist()
