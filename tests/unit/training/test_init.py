import subprocess
import sys

OTHERS = (
    "cv2", "onnxruntime", "typer", "rich", "pandas", "pyarrow", "skimage", "matplotlib", "onnx", "onnxscript",
    "captum", "optuna", "tensorboard", "imblearn", "jinja2.ext",
)  # fmt: skip


def test_models_and_training_import_with_the_core_of_the_laboratory_alone() -> None:
    """These seven and what they bring are enough: nothing else can be imported once they are in."""
    code = (
        "import sys, torch, torchvision, timm, lightning, torchmetrics, sklearn, pydantic\n"
        f"sys.modules.update(dict.fromkeys({OTHERS!r}))\n"
        "import mien.models, mien.training\n"
        "print(len(mien.models.MODELS) > 50, len(mien.models.ESTIMATORS) > 2)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True True\n", done.stderr[-2000:]
