from pathlib import Path

import pytest
import torch
from lightning import Callback

from mien.benchmarks import made_up_training
from mien.benchmarks.made_up_training import Stopwatch, make_faces, train_on
from mien.benchmarks.training_speed import build_speed_recipe
from mien.training.callbacks import SaveToResume, ShowProgress


def test_faces_have_all_expressions_and_the_splits_asked_for() -> None:
    face_set = make_faces(14, 7)
    assert face_set.split_counts()["training"] == 14
    assert list(face_set.class_counts("validation").values()) == [1] * 7


def test_a_run_is_whole_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Callback] = []

    class Look(Callback):
        def on_train_epoch_end(self, trainer: object, pl_module: object) -> None:
            seen.extend(trainer.callbacks)  # type: ignore[attr-defined]
            assert list(tmp_path.rglob("resume.ckpt"))

    monkeypatch.setattr(made_up_training.tempfile, "tempdir", str(tmp_path))
    train_on(make_faces(7, 7), build_speed_recipe(epochs=1, batch_size=7), callbacks=[Look()])
    assert {SaveToResume, ShowProgress} <= {type(callback) for callback in seen}
    assert list(tmp_path.iterdir()) == []


def test_the_stopwatch_counts_each_kind_of_step_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(made_up_training.time, "perf_counter", lambda: now)

    def other() -> None:
        nonlocal now
        now += 10

    nothing = torch.nn.Identity()
    stopwatch = Stopwatch(other=other)
    for step_seconds in (1, 2):
        stopwatch.on_train_epoch_start(nothing, nothing)  # type: ignore[arg-type]
        for _ in range(3):
            now += step_seconds
            stopwatch.on_train_batch_end(nothing, nothing)  # type: ignore[arg-type]
        now += 0.5
        stopwatch.on_train_epoch_end(nothing, nothing)  # type: ignore[arg-type]
    assert stopwatch.seconds == {"whole": [3, 6], "other": [30, 30], "end": [0.5, 0.5]}
