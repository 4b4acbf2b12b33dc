import errno
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
import torch
from optuna import TrialPruned
from optuna.trial import TrialState

import mien.evaluation.judge
import mien.evaluation.predict
from mien.errors import DataError, MienError, ProtocolError
from mien.models import Classifier
from mien.models.headed import HeadedClassifier
from mien.studies.search import run_trial as module
from mien.studies.search.run_trial import ReportToTrial, TrialRunner
from mien.studies.search.search import Search, read_search
from mien.studies.search.space import distributions_of
from mien.studies.search.storage import quiet_optuna
from mien.training import RunFolder
from mien.training.module import TrainingModule

Runner = Callable[..., TrialRunner]


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with quiet_optuna():
        yield


def ask(search: Search, study: optuna.Study | None = None, **fixed: Any) -> optuna.Trial:
    """Return a trial with settings of our own."""
    directions = ["maximize"] + ["minimize"] * (len(search.objectives) - 1)
    study = study or optuna.create_study(directions=directions)
    study.enqueue_trial(fixed)
    return study.ask(distributions_of(search.space))


def test_a_trial_is_trained_judged_and_noted(make_search: Callable[..., Search], tmp_path: Path) -> None:
    search = make_search(objectives=["accuracy", "parameters", "latency"])
    trial = ask(search, **{"model.width": 6, "optimizer.learning_rate": 0.125})
    values = TrialRunner(search, runs_folder=tmp_path / "runs").run(trial, others=[])
    run = RunFolder.open(tmp_path / "runs" / "searches" / "rates" / "0" / "rates-0-1")
    known = trial.user_attrs
    assert known["changes"] == ["optimizer.learning_rate=0.125", "model.width=6"]
    assert (known["run"], known["recipe_fingerprint"]) == (run.name, run.recipe.fingerprint)
    assert (run.recipe.training.epochs, run.recipe.model.options["width"]) == (1, 6)
    assert values == [known["accuracy"], known["parameters"], known["latency_ms"]]
    assert values[0] == pytest.approx(float(run.weights_facts()["validation_accuracy"]), abs=1e-5)
    assert values[1] == 43_501
    assert values[2] > 0
    assert not run.resume_file.exists()


def test_the_test_split_is_never_asked(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    predict_split = mien.evaluation.predict.predict_split

    def watch(run: RunFolder, face_set: Any, split: str, **options: Any) -> Any:
        asked.append(split)
        return predict_split(run, face_set, split, **options)

    monkeypatch.setattr(mien.evaluation.predict, "predict_split", watch)
    monkeypatch.setattr(mien.evaluation.judge, "predict_split", watch)
    search = make_search()
    TrialRunner(search, runs_folder=tmp_path).run(ask(search), others=[])
    assert set(asked) == {"validation"}
    answers = [file.name for file in tmp_path.rglob("*.npz")]
    assert answers == ["validation-plain+flip.npz"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"parameters": 43_500}, "parameters 43,501; the limit is 43,500"),
        ({"latency_ms": 1e-9}, r"latency_ms [\d.]+; the limit is 1e-09"),
    ],
)
def test_a_network_beyond_a_limit_is_refused_before_it_is_trained(
    make_search: Callable[..., Search], tmp_path: Path, limits: dict[str, float], message: str
) -> None:
    search = make_search(limits=limits)
    trial = ask(search, **{"model.width": 6})
    with pytest.raises(TrialPruned, match=message):
        TrialRunner(search, runs_folder=tmp_path / "runs").run(trial, others=[])
    assert trial.user_attrs["parameters"] == 43_501
    assert trial.user_attrs["refused"].startswith(message.partition(" ")[0])
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ([], 43_501),
        # The network's own hidden layer of 16 goes: 48 channels by 16 units, its norm, and 16 by 7; 48 by 7 comes.
        (["head={pooling='average'}"], 42_925),
        (["head={hidden=[10]}"], 42_925 - (48 * 7 + 7) + (48 * 10 + 10) + (10 * 7 + 7)),
    ],
    ids=["own", "pooled", "hidden"],
)
def test_the_network_is_counted_as_it_is_trained(
    make_search: Callable[..., Search], tmp_path: Path, changes: list[str], parameters: int
) -> None:
    search = make_search(changes=changes, limits={"parameters": 1})
    trial = ask(search, **{"model.width": 6})
    with pytest.raises(TrialPruned, match="the limit is 1"):
        TrialRunner(search, runs_folder=tmp_path).run(trial, others=[])
    assert trial.user_attrs["parameters"] == parameters


def test_the_network_is_timed_as_it_is_trained(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed: list[tuple[Classifier, tuple[int, int, int]]] = []
    monkeypatch.setattr(module, "measure_latency_ms", lambda *asked: timed.append(asked) or 9.0)
    search = make_search(changes=["augmentation.crop_pixels=40", "head={pooling='flatten'}"], limits={"latency_ms": 1})
    with pytest.raises(TrialPruned, match=r"latency_ms 9\.0; the limit is 1\.0"):
        TrialRunner(search, runs_folder=tmp_path).run(ask(search), others=[])
    ((network, size),) = timed
    assert (type(network), network.crop_side, size) == (HeadedClassifier, 40, (1, 48, 48))
    assert network.eval()(torch.zeros(1, *size)).shape == (1, 7)


def test_a_trial_on_other_validation_rows_is_refused_before_it_is_trained(
    make_search: Callable[..., Search], tmp_path: Path
) -> None:
    space = {"data.split": {"choices": [{"validation": 0.2, "seed": 1}, {"validation": 0.2, "seed": 2}]}}
    search = make_search(space=space, changes=["data.allow_leakage=true"])
    trial = ask(search)
    with pytest.raises(TrialPruned, match="its validation rows are not those of the search's recipe"):
        TrialRunner(search, runs_folder=tmp_path / "runs").run(trial, others=[])
    assert not (tmp_path / "runs").exists()


def pretend_it_trained_on_validation(run: RunFolder) -> None:
    facts = run.facts
    facts["splits_seen"]["validation"] = "trained on"
    (run.folder / "run.json").write_text(json.dumps(facts))


def test_weights_that_trained_on_validation_are_refused_before_the_first_trial(
    make_search: Callable[..., Search], tiny_run: RunFolder, tmp_path: Path
) -> None:
    pretend_it_trained_on_validation(tiny_run)
    search = make_search(changes=[f"finetuning.weights={tiny_run.folder}"])
    with pytest.raises(ProtocolError, match=r"validation of fer2013 was trained on by .*: begin with other weights"):
        TrialRunner(search, runs_folder=tmp_path / "others")


def test_a_trial_that_draws_such_weights_is_refused_before_it_is_trained(
    make_search: Callable[..., Search], tiny_run: RunFolder, tmp_path: Path
) -> None:
    pretend_it_trained_on_validation(tiny_run)
    search = make_search(space={"finetuning.weights": {"choices": ["", str(tiny_run.folder)]}})
    trial = ask(search, **{"finetuning.weights": str(tiny_run.folder)})
    with pytest.raises(TrialPruned, match="validation of fer2013 was trained on by 'rates-0'"):
        TrialRunner(search, runs_folder=tmp_path / "others").run(trial, others=[])
    assert not (tmp_path / "others").exists()


def test_settings_that_cannot_be_trained_are_refused_and_not_raised(
    make_search: Callable[..., Search], tmp_path: Path
) -> None:
    search = make_search(space={"training.batch_size": {"choices": [16, 500]}})
    trial = ask(search, **{"training.batch_size": 500})
    with pytest.raises(TrialPruned):
        TrialRunner(search, runs_folder=tmp_path).run(trial, others=[])
    assert trial.user_attrs["refused"].startswith("112 training pictures are fewer than one batch of 500")


def test_a_full_disk_ends_the_search_and_refuses_no_trial(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def refuse_checkpoints(path: Path, data: bytes) -> int:
        if ".resume." in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", refuse_checkpoints)
    search = make_search()
    trial = ask(search)
    with pytest.raises(MienError, match=r"resume\.ckpt: cannot be written: no space left on the device"):
        TrialRunner(search, runs_folder=tmp_path).run(trial, others=[])
    assert "refused" not in trial.user_attrs


def test_missing_data_are_said_before_the_first_trial(
    make_search: Callable[..., Search], tmp_path: Path, fer2013_csv: Path
) -> None:
    search = make_search()
    fer2013_csv.unlink()
    with pytest.raises(DataError):
        TrialRunner(search, runs_folder=tmp_path)


def test_the_same_recipe_is_not_trained_twice(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search()
    study = optuna.create_study(direction="maximize")
    runner = TrialRunner(search, runs_folder=tmp_path)
    settings = {"model.width": 4, "optimizer.learning_rate": 0.125}
    first = ask(search, study, **settings)
    study.tell(first, runner.run(first, others=[]))
    monkeypatch.setattr(module, "train_or_go_on", lambda *_, **__: pytest.fail("trained again"))
    again = ask(search, study, **settings)
    assert runner.run(again, others=study.trials) == [first.user_attrs["accuracy"]]
    assert again.user_attrs["parameters"] == first.user_attrs["parameters"]


def test_the_same_recipe_is_trained_again_when_its_weights_were_replaced(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1)}, weights)
    search = make_search(changes=[f"finetuning.weights={weights}"])
    runner = TrialRunner(search, runs_folder=tmp_path)
    monkeypatch.setattr(runner, "_train", lambda *_, **__: {"accuracy": 0.25, "parameters": 1})
    study = optuna.create_study(direction="maximize")
    first = ask(search, study, **{"model.width": 4})
    study.tell(first, runner.run(first, others=[]))
    monkeypatch.setattr(runner, "_train", lambda *_, **__: {"accuracy": 0.5, "parameters": 1})
    settings = first.params
    assert runner.run(ask(search, study, **settings), others=study.trials) == [0.25]
    torch.save({"a": torch.ones(1)}, weights)
    assert runner.run(ask(search, study, **settings), others=study.trials) == [0.5]


def test_structures_are_trained(genome_search_file: Path, tmp_path: Path) -> None:
    search = read_search(genome_search_file)
    trial = ask(search, **{"model.genome.stages": 1, "model.genome.1.block": "se", "model.genome.1.width": 16})
    (accuracy,) = TrialRunner(search, runs_folder=tmp_path).run(trial, others=[])
    assert 0 <= accuracy <= 1
    assert trial.user_attrs["changes"][0].startswith('model.genome="stem16|se:16x')


def test_an_estimators_settings_are_searched_too(estimator_recipe_file: Path, tmp_path: Path) -> None:
    file = estimator_recipe_file.with_name("svm.toml")
    space = '[space]\n"training.views" = { choices = [["plain"], ["plain", "flip"]] }\n'
    file.write_text(f'name = "svm"\nquestion = "?"\nrecipe = "classical.toml"\n{space}')
    search = read_search(file)
    trial = ask(search)
    (accuracy,) = TrialRunner(search, runs_folder=tmp_path).run(trial, others=[])
    assert accuracy > 0.5
    assert trial.user_attrs["parameters"] > 0


class PruneAt:
    """Stands for a trial whose pruner has had enough at an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch, self.reports = epoch, []

    def report(self, value: float, step: int) -> None:
        self.reports.append((step, value))

    def should_prune(self) -> bool:
        return self.reports[-1][0] >= self.epoch


@pytest.mark.parametrize(("prune_at", "is_pruned", "epochs"), [(2, True, 2), (3, False, 3), (9, False, 3)])
def test_a_report_ends_the_training_where_the_pruner_says_so_but_not_after_the_last_epoch(
    prune_at: int, is_pruned: bool, epochs: int
) -> None:
    trial = PruneAt(prune_at)
    callback = ReportToTrial(trial)  # type: ignore[arg-type]
    module = TrainingModule.__new__(TrainingModule)
    trainer = SimpleNamespace(current_epoch=0, max_epochs=3, should_stop=False)
    module.__dict__["validation_sums"] = [5.0, 0.0, 10.0]
    while trainer.current_epoch < 3 and not trainer.should_stop:
        callback.on_validation_epoch_end(trainer, module)  # type: ignore[arg-type]
        trainer.current_epoch += 1
    assert callback.is_pruned == is_pruned
    assert trial.reports == [(epoch, 0.5) for epoch in range(1, epochs + 1)]


def test_a_pruned_trial_ends_early(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optuna.Trial, "should_prune", lambda self: True)
    search = make_search(changes=["training.epochs=3"], pruner="median")
    study = optuna.create_study(direction="maximize")
    trial = ask(search, study)
    with pytest.raises(TrialPruned):
        TrialRunner(search, runs_folder=tmp_path).run(trial, others=[])
    study.tell(trial, state=TrialState.PRUNED)
    run = RunFolder.open(tmp_path / "searches" / "rates" / "0" / "rates-0-1")
    (row,) = run.read_curves()
    assert study.trials[0].value == pytest.approx(row["validation_accuracy"], abs=1e-5)
    assert "refused" not in trial.user_attrs
