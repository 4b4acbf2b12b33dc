"""Explanation methods, one file each; the registry in ``mien.evaluation.explanation.method`` finds them here."""
