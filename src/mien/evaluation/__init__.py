"""Judging: predicting a split, the protocol that keeps figures honest, their records, pictures and tables."""
