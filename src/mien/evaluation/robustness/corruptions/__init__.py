"""Corruptions by subject; the registry in ``mien.evaluation.robustness.corruption`` finds them here."""
