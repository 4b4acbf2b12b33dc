import numpy as np
import pytest
import torch
from scipy.stats import rankdata
from sklearn.neural_network import BernoulliRBM

from mien.errors import MienError
from mien.models import create_estimator
from mien.models.estimators.deep_belief_net import ranks_of_pixels
from tests.conftest import make_patterns

QUICK = {"hidden_units": [12, 5], "pretraining_epochs": 2, "fine_tuning_epochs": 1}


def fit(num_rows: int = 60, **options: object) -> dict[str, np.ndarray]:
    estimator = create_estimator("deep_belief_net", **{**QUICK, **options})
    faces, labels = make_patterns(num_rows)
    estimator.fit(faces, labels, num_classes=3, seed=0)
    return estimator.learned


def test_ranks_of_pixels_are_mean_ranks() -> None:
    faces = np.random.default_rng(0).integers(0, 12, size=(3, 5, 7), dtype=np.uint8)
    expected = (rankdata(faces.reshape(3, -1), axis=1) - 0.5) / 35
    np.testing.assert_allclose(ranks_of_pixels(faces), expected, atol=1e-6)
    np.testing.assert_allclose(ranks_of_pixels(faces).mean(axis=1), 0.5, atol=1e-6)


def test_light_and_contrast_do_not_matter() -> None:
    faces, _ = make_patterns(4)
    np.testing.assert_array_equal(ranks_of_pixels(faces // 2), ranks_of_pixels(faces // 2 + 50))


def test_layers_stand_one_on_the_other() -> None:
    learned = fit()
    assert {name: array.shape for name, array in learned.items()} == {
        "weights_0": (12, 2304),
        "biases_0": (12,),
        "weights_1": (5, 12),
        "biases_1": (5,),
        "weights_2": (3, 5),
        "biases_2": (3,),
    }
    assert all(array.dtype == np.float32 for array in learned.values())


def test_the_layers_begin_as_boltzmann_machines() -> None:
    """At a rate that moves nothing, they are what scikit-learn's machine learned, and the top layer knows nothing."""
    learned = fit(hidden_units=[8], pretraining_epochs=4, pretraining_rate=0.01, fine_tuning_rate=1e-30)
    assert np.abs(learned["weights_1"]).max() < 1e-20
    pixels = ranks_of_pixels(make_patterns(60)[0])
    seed = int(np.random.SeedSequence(0).generate_state(1)[0])
    machine = BernoulliRBM(8, learning_rate=0.01, batch_size=20, n_iter=4, random_state=seed + 1).fit(pixels)
    np.testing.assert_allclose(learned["weights_0"], machine.components_, atol=1e-6)
    np.testing.assert_allclose(learned["biases_0"], machine.intercept_hidden_, atol=1e-6)


def test_fine_tuning_moves_every_layer() -> None:
    still, moved = fit(fine_tuning_rate=1e-30), fit(fine_tuning_epochs=3)
    assert all(not np.allclose(still[name], moved[name], atol=1e-5) for name in still)


def test_answers_are_those_of_a_network_of_sigmoids() -> None:
    estimator = create_estimator("deep_belief_net", **QUICK)
    faces, labels = make_patterns(30)
    estimator.fit(faces, labels, num_classes=3, seed=0)
    arrays = {name: torch.from_numpy(array) for name, array in estimator.learned.items()}
    hidden = torch.from_numpy(ranks_of_pixels(faces))
    for layer in (0, 1):
        hidden = torch.sigmoid(hidden @ arrays[f"weights_{layer}"].T + arrays[f"biases_{layer}"])
    expected = torch.softmax(hidden @ arrays["weights_2"].T + arrays["biases_2"], dim=1)
    np.testing.assert_allclose(estimator.predict_probabilities(faces), expected.numpy(), atol=1e-5)


def test_each_phase_is_told() -> None:
    faces, labels = make_patterns(30)
    said: list[str] = []
    create_estimator("deep_belief_net", **QUICK).fit(faces, labels, num_classes=3, seed=0, say=said.append)
    assert said == [
        "layer 1 of 2: 12 units learn from 2,304 below",
        "layer 2 of 2: 5 units learn from 12 below",
        "fine-tuning all layers for 1 epochs",
    ]


def test_the_first_phase_can_be_left_out() -> None:
    assert np.abs(fit(pretraining_epochs=0, fine_tuning_rate=1e-30)["weights_0"]).max() < 0.1


def test_fitting_leaves_torchs_own_randomness_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    fit()
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_units": []}, r"hidden_units is \[\]; expected a list of whole numbers above 0"),
        ({"hidden_units": "500"}, "hidden_units: expected a list of whole numbers, found '500'"),
        ({"hidden_units": [500, 0]}, r"hidden_units is \[500, 0\]; expected a list of whole numbers above 0"),
        ({"hidden_units": [True]}, r"hidden_units: expected a list of whole numbers, found \[True\]"),
        ({"pretraining_epochs": -1}, "pretraining_epochs is -1; expected at least 0"),
        ({"pretraining_rate": 0.0}, r"pretraining_rate is 0\.0; expected a number above 0"),
        ({"pretraining_batch_size": 0}, "pretraining_batch_size is 0; expected a number above 0"),
        ({"fine_tuning_epochs": 0}, "fine_tuning_epochs is 0; expected a number above 0"),
        ({"fine_tuning_rate": -0.1}, r"fine_tuning_rate is -0\.1; expected a number above 0"),
        ({"fine_tuning_batch_size": 0}, "fine_tuning_batch_size is 0; expected a number above 0"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=f"model 'deep_belief_net': {message}"):
        create_estimator("deep_belief_net", **options)
