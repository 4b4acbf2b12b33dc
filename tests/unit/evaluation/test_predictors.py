import numpy as np
import pytest
import torch
from torchvision.transforms.functional import ten_crop

from mien.errors import ExportError, ModelFileError, ProtocolError, RecipeError
from mien.evaluation.predictors import (
    EstimatorPredictor,
    NetworkPredictor,
    compute_logits,
    load_predictor,
    order_run_views,
)
from mien.models import count_parameters, create_model
from mien.models.outputs import to_logits
from mien.recognition.calibrators import softmax
from mien.training import RunFolder
from mien.training.training_data import read_training_data


def test_compute_logits_normalises_and_averages_views() -> None:
    network = create_model("vgg_se", width=4, pooling="average").eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    inputs = (faces.float() - 120) / 50
    with torch.inference_mode():
        plain, flipped = network(inputs), network(inputs.flip(-1))
    logits = compute_logits(network, faces, mean=120, std=50, views=("plain", "flip"), batch_size=2)
    np.testing.assert_allclose(logits, ((plain + flipped) / 2).numpy(), atol=1e-5)
    np.testing.assert_allclose(compute_logits(network, faces, mean=120, std=50), plain.numpy(), atol=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_compute_logits_goes_by_the_output_activation_before_views_are_averaged(activation: str) -> None:
    torch.manual_seed(0)
    network = create_model("vgg_se", width=4, output_activation=activation).eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    inputs = (faces.float() - 120) / 50
    with torch.inference_mode():
        expected = [to_logits(network(view), activation) for view in (inputs, inputs.flip(-1))]
    logits = compute_logits(network, faces, mean=120, std=50, views=("plain", "flip"))
    np.testing.assert_allclose(logits, torch.stack(expected).mean(dim=0).numpy(), atol=1e-4)
    probabilities = softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities >= 0).all()


def test_compute_logits_puts_the_network_into_evaluation_mode() -> None:
    network = create_model("vgg_se", width=4, dropout=0.9).train()
    faces = torch.randint(0, 256, (4, 1, 48, 48), dtype=torch.uint8)
    first, second = (compute_logits(network, faces, mean=120, std=50) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_compute_logits_refuses_an_unknown_view() -> None:
    with pytest.raises(RecipeError, match=r"unknown view 'mirror'; known: .*; views are plain, flip, five_crop"):
        compute_logits(create_model("vgg_se"), torch.zeros(1, 1, 48, 48), mean=0, std=1, views=("mirror",))


def test_a_network_and_an_estimator_answer_alike_to_judging(tiny_run: RunFolder, estimator_run: RunFolder) -> None:
    for run, kind, num_parameters in (
        (tiny_run, NetworkPredictor, count_parameters(tiny_run.load_network())),
        (estimator_run, EstimatorPredictor, 3 * (900 + 36 * 59 + 1)),
    ):
        predictor = load_predictor(run)
        part = read_training_data(run.recipe.data).face_set.split("validation")
        logits = predictor.predict_logits(part, views=("plain", "flip"))
        assert isinstance(predictor, kind)
        assert predictor.num_parameters == num_parameters
        assert (logits.shape, logits.dtype) == ((len(part), 7), np.float32)


def test_probabilities_may_be_averaged_instead_of_logits() -> None:
    network = create_model("vgg_se", width=4).eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    inputs = (faces.float() - 120) / 50
    with torch.inference_mode():
        expected = (network(inputs).softmax(dim=1) + network(inputs.flip(-1)).softmax(dim=1)) / 2
    logits = compute_logits(network, faces, mean=120, std=50, views=("plain", "flip"), average="probabilities")
    np.testing.assert_allclose(softmax(logits), expected.numpy(), atol=1e-6)


def test_bfloat16_is_near_float32_and_not_the_same() -> None:
    torch.manual_seed(0)
    network = create_model("vgg_se", width=8).eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    exact = compute_logits(network, faces, mean=120, std=50)
    coarse = compute_logits(network, faces, mean=120, std=50, precision="bfloat16")
    assert coarse.dtype == np.float32
    assert 0 < np.abs(coarse - exact).max() < 0.05 * np.abs(exact).max()


def test_a_network_is_left_as_it_is_by_bfloat16() -> None:
    torch.manual_seed(0)
    network = create_model("vgg_se", width=8).eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    before = compute_logits(network, faces, mean=120, std=50)
    compute_logits(network, faces, mean=120, std=50, precision="bfloat16")
    np.testing.assert_array_equal(compute_logits(network, faces, mean=120, std=50), before)


@pytest.mark.parametrize("num_faces", [64, 70], ids=["whole", "with a remainder"])
def test_float32_answers_are_those_of_one_pass_over_all_faces_bit_for_bit(num_faces: int) -> None:
    torch.manual_seed(0)
    network = create_model("vgg_se").eval()
    faces = torch.randint(0, 256, (num_faces, network.in_channels, 48, 48), dtype=torch.uint8)
    with torch.inference_mode():
        expected = network((faces.float() - 120) / 50)
    np.testing.assert_array_equal(compute_logits(network, faces, mean=120, std=50), expected.numpy())


@pytest.mark.parametrize("wrong", [{"average": "votes"}, {"precision": "float16"}])
def test_an_unknown_average_or_precision_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ProtocolError, match=r"is unknown; expected (logits or probabilities|float32 or bfloat16)"):
        compute_logits(create_model("vgg_se", width=4), torch.zeros(1, 1, 48, 48), mean=0, std=1, **wrong)


def test_ten_crops_of_a_network_that_trained_on_crops_are_given_as_they_are() -> None:
    network = create_model("vgg_se", width=4, pooling="average").eval()
    faces = torch.randint(0, 256, (3, 1, 48, 48), dtype=torch.uint8)
    inputs = (faces.float() - 120) / 50
    crops = ten_crop(inputs, [40, 40])
    with torch.inference_mode():
        expected = torch.stack([network(crop) for crop in crops]).mean(dim=0)
    network.crop_side = 40
    logits = compute_logits(network, faces, mean=120, std=50, views=["ten_crop"])
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)


def test_views_of_a_run_are_the_recipes_unless_named(tiny_run: RunFolder, estimator_run: RunFolder) -> None:
    assert order_run_views(tiny_run, None) == tiny_run.recipe.training.views
    assert order_run_views(tiny_run, ["2*recipe", "flip"]) == ("flip", "2*recipe")
    with pytest.raises(ModelFileError, match="unknown view 'ten_crop'; expected plain or flip"):
        order_run_views(estimator_run, ["ten_crop"])


def test_an_estimator_averages_logits_in_float32(estimator_run: RunFolder) -> None:
    part = read_training_data(estimator_run.recipe.data).face_set.split("validation")
    with pytest.raises(ProtocolError, match="an estimator answers in float32, and its views are averaged as logits"):
        load_predictor(estimator_run).predict_logits(part, views=("plain",), precision="bfloat16")


def test_what_is_no_model_is_refused() -> None:
    for ask in (lambda: load_predictor("run"), lambda: order_run_views("run", None)):
        with pytest.raises(TypeError, match="str is no kind of model that judging knows"):
            ask()


def test_a_network_ships_with_its_normalisation_and_leaves_views_to_recognition(tiny_run: RunFolder) -> None:
    part = read_training_data(tiny_run.recipe.data).face_set.split("validation")
    predictor = load_predictor(tiny_run)
    shipped = predictor.to_shipped(("plain", "flip"))
    with torch.inference_mode():
        logits = shipped.module(torch.from_numpy(np.array(part.faces))[:, None].float())
    np.testing.assert_allclose(logits.numpy(), predictor.predict_logits(part, views=["plain"]), atol=1e-4)
    assert (shipped.views, shipped.mean, shipped.std) == (("plain", "flip"), tiny_run.mean, tiny_run.std)


def test_an_estimator_is_not_shipped(estimator_run: RunFolder) -> None:
    with pytest.raises(ExportError, match="classical-1: 'hog_lbp_svm' is an estimator; only networks can be exported"):
        load_predictor(estimator_run).to_shipped(("plain",))
