"""Which precision a machine trains in fastest, by what its processor has."""

import torch


def choose_precision(wanted: str, *, accelerator: str = "auto") -> tuple[str, str]:
    """Return the precision to train in and one line that says why.

    Args:
        wanted: ``auto``, ``bfloat16`` or ``float32``.
        accelerator: What the run trains on, as in `TrainerSettings`; ``cpu`` leaves GPUs out of account.

    Returns:
        ``bfloat16`` or ``float32``, and the reason.
    """
    if wanted != "auto":
        return wanted, "as the recipe says"
    if accelerator in ("auto", "gpu") and torch.cuda.is_available():
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "this GPU has it") if has_it else ("float32", "this GPU has no bfloat16")
    if torch.cpu._is_amx_tile_supported():
        return "bfloat16", "this CPU has AMX"
    if torch.cpu._is_avx512_bf16_supported():
        return "bfloat16", "this CPU has AVX512-BF16"
    return "float32", "this CPU has neither AMX nor AVX512-BF16"
