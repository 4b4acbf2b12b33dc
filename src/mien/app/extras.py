"""Which extra brings which package, for the line that a missing one gives."""

from mien.errors import MissingExtraError

EXTRA_OF_PACKAGE: dict[str, str] = {
    "pandas": "tables",
    "pyarrow": "tables",
    "av": "video",
    "pygame": "live",
    "openvino": "fast",
    "fastapi": "serve",
    "uvicorn": "serve",
    "multipart": "serve",
    "prometheus_client": "serve",
    "ray": "cluster",
    "torch": "train",
    "torchvision": "train",
    "timm": "train",
    "lightning": "train",
    "torchmetrics": "train",
    "sklearn": "train",
    "scipy": "train",
    "skimage": "train",
    "matplotlib": "train",
    "pydantic": "train",
    "onnx": "train",
    "onnxscript": "train",
    "safetensors": "train",
    "imblearn": "train",
    "captum": "train",
    "optuna": "train",
    "tensorboard": "train",
    "jinja2": "train",
}
"""Extra of mien by import name."""


def explain_missing_module(error: ModuleNotFoundError) -> MissingExtraError | None:
    """Return the error that names the pip command, or none where the missing module is no extra's.

    Args:
        error: What an import raised.
    """
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF_PACKAGE.get(package)
    return None if extra is None else MissingExtraError(package, extra=extra)
