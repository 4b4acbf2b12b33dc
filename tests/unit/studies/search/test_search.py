from collections.abc import Callable
from pathlib import Path

import pytest

from mien.errors import RecipeError
from mien.studies.search.search import Search, read_search

REPOSITORY = Path(__file__).resolve().parents[4]


def test_read_search_gives_recipes_of_trials_and_in_full(search_file: Path) -> None:
    search = read_search(search_file)
    trial = search.trial_recipe(["model.width=6"], name="rates-3")
    assert (trial.name, trial.training.epochs, trial.model.options["width"]) == ("rates-3", 1, 6)
    full = search.full_recipe(["model.width=6"], name="best")
    assert (full.name, full.training.epochs, full.model.options["width"]) == ("best", 2, 6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("trials = 2", "trails = 2", "trails: Extra inputs are not permitted"),
        ("trials = 2", 'objectives = ["parameters"]', "objectives must hold accuracy, and each once"),
        ("trials = 2", 'objectives = ["accuracy", "accuracy"]', "objectives must hold accuracy, and each once"),
        (
            "trials = 2",
            'pruner = "median"\nobjectives = ["accuracy", "parameters"]',
            "pruner is 'median'; with several objectives nothing can be pruned: set 'none'",
        ),
        ('"random"', '"grid"', "space.optimizer.learning_rate: a grid needs choices, whole numbers or a step"),
        ('"model.width"', '"training.epochs"', "space.training.epochs: set for all trials already"),
        ('"model.width"', '"model.widht"', "space.model.widht: .*did you mean 'width'"),
        ("[4, 6]", "[4, 0]", "space.model.width: .*width is 0; expected a positive number of channels"),
        ('"optimizer.learning_rate"', "optimizer.learning_rate", "space.optimizer: expected a key in quotes"),
        ("low = 0.01", 'low = "x"', "space.optimizer.learning_rate.range.low"),
        ('"tiny.toml"', '"gone.toml"', r"gone\.toml does not exist"),
        ("epochs=1", "epochs=0", r"tiny\.toml: 1 fault: training.epochs"),
        ("epochs=1", "epohcs=1", r"tiny\.toml: 1 fault: training.epohcs: unknown key; did you mean 'epochs'"),
        (
            "epochs=1",
            "join_validation=true",
            r"toml: validation of fer2013 was trained on by 'rates'; .*: leave out train",
        ),
        ("training.epochs=1", "trainer.devices=2", "trials are trained in one process; leave out trainer.devices and"),
        (
            '"model.width" = { choices = [4, 6] }',
            '"training.join_validation" = { choices = [false, true] }',
            "space.training.join_validation: validation of fer2013 was trained on",
        ),
        (
            '"model.width" = { choices = [4, 6] }',
            '"trainer.num_nodes" = { choices = [1, 2] }',
            "space.trainer.num_nodes: trials are trained in one process",
        ),
        ("epochs=1", "epochs", "is no setting; expected section.key=value"),
    ],
)
def test_read_search_says_what_is_wrong_before_anything_is_trained(
    search_file: Path, old: str, new: str, message: str
) -> None:
    search_file.write_text(search_file.read_text().replace(old, new, 1))
    with pytest.raises(RecipeError, match=message) as raised:
        read_search(search_file)
    assert "\n" not in str(raised.value)


def test_read_search_names_all_values_that_the_recipe_does_not_take(search_file: Path) -> None:
    text = search_file.read_text().replace("[4, 6]", '[4, "x"]').replace("0.01", "0.0")
    search_file.write_text(text.replace(", log = true", ""))
    with pytest.raises(RecipeError, match=r"space.optimizer.learning_rate: .*space.model.width: ") as raised:
        read_search(search_file)
    assert "\n" not in str(raised.value)


def test_read_search_sees_that_what_is_found_can_be_written(search_file: Path) -> None:
    text = search_file.read_text().replace('["training.epochs=1"]', """['model={name="genome_cnn"}']""")
    search_file.write_text(
        text.replace('"model.width" = { choices = [4, 6] }', '"model.dropout" = { choices = [0.5] }')
    )
    read_search(search_file)
    genomes = '"model.genome" = { choices = ["stem16|plain:16x1"] }'
    search_file.write_text(text.replace('"model.width" = { choices = [4, 6] }', genomes))
    with pytest.raises(RecipeError, match=r"toml: without changes, as it is to be written: .*model.genome: unknown"):
        read_search(search_file)


def test_read_search_sees_that_what_is_found_can_be_compared(search_file: Path, tiny_recipe_file: Path) -> None:
    tiny_recipe_file.write_text(f"{tiny_recipe_file.read_text()}join_validation = true\n")
    search_file.write_text(search_file.read_text().replace("training.epochs=1", "training.join_validation=false"))
    with pytest.raises(RecipeError, match="without changes, as it is to be written: validation of fer2013 was trained"):
        read_search(search_file)


def test_read_search_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.toml does not exist; expected a search in TOML"):
        read_search(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "asked", ['pruner = "median"', 'objectives = ["accuracy", "latency"]', "limits = { parameters = 9 }"]
)
def test_an_estimator_has_neither_epochs_nor_a_networks_cost(estimator_recipe_file: Path, asked: str) -> None:
    file = estimator_recipe_file.with_name("svm.toml")
    space = '[space]\n"data.balance" = { choices = [{ method = "over_sampling" }] }\n'
    file.write_text(f'name = "svm"\nquestion = "?"\nrecipe = "classical.toml"\n{asked}\n{space}')
    key = asked.partition(" ")[0]
    with pytest.raises(RecipeError, match=f"{key}: means nothing to 'hog_lbp_svm', which is fitted in one go"):
        read_search(file)


def test_the_fingerprint_is_that_of_what_makes_trials_comparable(make_search: Callable[..., Search]) -> None:
    search = make_search()
    assert make_search(trials=9, sampler="tpe", seed=4, question="Why?").fingerprint == search.fingerprint
    for changes in (
        {"changes": ["training.epochs=2"]},
        {"objectives": ["accuracy", "parameters"]},
        {"limits": {"parameters": 9}},
        {"space": {"model.width": {"choices": [4, 8]}}},
    ):
        assert make_search(**changes).fingerprint != search.fingerprint


@pytest.mark.parametrize("file", sorted((REPOSITORY / "searches").glob("*.toml")), ids=lambda file: file.stem)
def test_the_searches_of_the_project_parse(file: Path) -> None:
    assert read_search(file).name == file.stem
