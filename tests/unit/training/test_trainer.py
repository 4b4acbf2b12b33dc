import re
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mien.errors import MienError, RecipeError
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.recipe import Recipe, build_recipe
from mien.training.trainer import WholeCheckpoints, build_trainer

QUIET = Console(quiet=True)


def make_recipe(**trainer: object) -> Recipe:
    return build_recipe({"name": "some", "model": {"name": "vgg_se"}, "trainer": trainer})


@pytest.mark.parametrize(
    ("settings", "world_size"),
    [({}, 1), ({"devices": 2}, 2), ({"devices": 2, "num_nodes": 3}, 6), ({"devices": "auto"}, 1)],
)
def test_devices_and_machines_go_to_lightning(settings: dict[str, Any], world_size: int) -> None:
    trainer = build_trainer(make_recipe(accelerator="cpu", **settings), precision="float32")
    assert (trainer.world_size, trainer.is_global_zero) == (world_size, True)


@pytest.mark.parametrize("strategy", ["ddp", "ddp_find_unused_parameters_true"])
def test_the_strategy_goes_to_lightning(strategy: str) -> None:
    built = build_trainer(make_recipe(accelerator="cpu", strategy=strategy), precision="float32").strategy
    assert type(built).__name__ == "DDPStrategy"
    assert getattr(built, "_ddp_kwargs").get("find_unused_parameters", False) is (strategy != "ddp")  # noqa: B009


def test_what_the_machine_has_not_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    asked = "trainer.accelerator='gpu', trainer.devices=2, trainer.num_nodes=1, trainer.strategy='auto': not here: "
    with pytest.raises(RecipeError, match=f"^{re.escape(asked)}[^\n]+$"):
        build_trainer(make_recipe(accelerator="gpu", devices=2), precision="float32")


@pytest.mark.parametrize(
    "variables",
    [
        {"TORCHELASTIC_RUN_ID": "some", "WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"},
        {"SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_JOB_NAME": "train", "SLURM_PROCID": "1"},
    ],
    ids=["torchrun", "SLURM"],
)
def test_processes_that_do_not_know_of_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """Each would be a run of its own."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RecipeError, match=r"trainer\.devices=1, .*: not here: You set `devices=1`"):
        build_trainer(make_recipe(accelerator="cpu"), precision="float32")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB, where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (that needs root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def before_second_checkpoint(patch: pytest.MonkeyPatch, do: Any) -> Iterator[None]:
    save, times = WholeCheckpoints.save_checkpoint, []

    def save_after(*arguments: Any, **options: Any) -> None:
        times.append(1)
        if len(times) == 2:
            do()
        save(*arguments, **options)

    with patch.context() as patched:
        patched.setattr(WholeCheckpoints, "save_checkpoint", save_after)
        yield


def assert_stopped_and_resumed(folder: Path, tiny_recipe_file: Path, checkpoints: list[bytes]) -> None:
    """The old checkpoint is whole, nothing half-written lies beside it, and from there the run arrives."""
    assert [path.name for path in folder.glob(".*")] == []
    assert (folder / "resume.ckpt").read_bytes() == checkpoints[0]
    whole = train(read_recipe(tiny_recipe_file), runs_folder=tiny_recipe_file.parent / "whole", console=QUIET)
    resumed = resume_training(folder, console=QUIET)
    assert resumed.weights_file("last").read_bytes() == whole.weights_file("last").read_bytes()


def test_a_full_disk_during_a_checkpoint_loses_nothing(
    tiny_recipe_file: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, filler = RunFolder(small_disk / "runs" / "tiny-1"), small_disk / "filler"
    checkpoints: list[bytes] = []

    def fill_up() -> None:
        checkpoints.append(run.resume_file.read_bytes())
        with filler.open("wb", buffering=0) as stream:
            while True:
                try:
                    stream.write(bytes(4096))
                except OSError:
                    return

    message = f"{run.resume_file}: cannot be written: no space left on the device; free some space or write elsewhere"
    message = re.escape(f"{message}; then go on with: mien train --resume {run.folder}")
    with before_second_checkpoint(monkeypatch, fill_up), pytest.raises(MienError, match=f"^{message}$"):
        train(read_recipe(tiny_recipe_file), runs_folder=small_disk / "runs", console=QUIET)
    filler.unlink()
    assert_stopped_and_resumed(run.folder, tiny_recipe_file, checkpoints)


def test_a_limit_on_files_during_a_checkpoint_loses_nothing(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, limits = RunFolder(tmp_path / "runs" / "tiny-1"), resource.getrlimit(resource.RLIMIT_FSIZE)
    checkpoints: list[bytes] = []

    def limit() -> None:
        checkpoints.append(run.resume_file.read_bytes())
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(checkpoints[0]) // 2, limits[1]))

    try:
        with (
            before_second_checkpoint(monkeypatch, limit),
            pytest.raises(MienError, match=r"resume\.ckpt: cannot be written: the file is larger than allowed here"),
        ):
            train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=QUIET)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_stopped_and_resumed(run.folder, tiny_recipe_file, checkpoints)


def test_whole_checkpoints_keep_the_old_one_until_the_new_one_is_written(tmp_path: Path) -> None:
    file = tmp_path / "some.ckpt"
    WholeCheckpoints().save_checkpoint({"epoch": 1}, file)
    assert WholeCheckpoints().load_checkpoint(file) == {"epoch": 1}
    with pytest.raises(AttributeError):
        WholeCheckpoints().save_checkpoint({"epoch": lambda: 2}, file)
    assert WholeCheckpoints().load_checkpoint(file) == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["some.ckpt"]
