from types import SimpleNamespace

from mien.training.callbacks import KeepCurvesAndWeights, SaveToResume


def test_what_a_resumed_run_needs_is_kept() -> None:
    first, second = (KeepCurvesAndWeights(run=None) for _ in range(2))
    first.rows, first.best_accuracy, first.best_epoch = [{"epoch": 0.0}], 0.5, 0
    second.load_state_dict(first.state_dict())
    assert (second.rows, second.best_accuracy, second.best_epoch) == ([{"epoch": 0.0}], 0.5, 0)


def test_other_processes_take_part_in_saving() -> None:
    """Lightning lets all of them wait for the first one, which writes."""
    asked: list[object] = []
    SaveToResume(None).on_train_epoch_end(SimpleNamespace(save_checkpoint=asked.append), None)  # type: ignore[arg-type]
    assert len(asked) == 1
