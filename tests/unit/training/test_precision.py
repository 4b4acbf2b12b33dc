import pytest
import torch

from mien.training.precision import choose_precision


@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_what_the_recipe_says_is_taken(wanted: str) -> None:
    assert choose_precision(wanted) == (wanted, "as the recipe says")


@pytest.mark.parametrize(
    ("amx", "avx512", "expected"),
    [
        (True, True, ("bfloat16", "this CPU has AMX")),
        (False, True, ("bfloat16", "this CPU has AVX512-BF16")),
        (False, False, ("float32", "this CPU has neither AMX nor AVX512-BF16")),
    ],
)
def test_auto_looks_at_the_processor(
    monkeypatch: pytest.MonkeyPatch, amx: bool, avx512: bool, expected: tuple[str, str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    assert choose_precision("auto") == expected


@pytest.mark.parametrize(
    ("has_it", "expected"), [(True, ("bfloat16", "this GPU has it")), (False, ("float32", "this GPU has no bfloat16"))]
)
def test_auto_looks_at_the_gpu(monkeypatch: pytest.MonkeyPatch, has_it: bool, expected: tuple[str, str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has_it)
    assert choose_precision("auto") == choose_precision("auto", accelerator="gpu") == expected


def test_a_gpu_that_does_not_train_does_not_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    assert choose_precision("auto", accelerator="cpu") == ("bfloat16", "this CPU has AMX")
