"""Figures of a classifier, in NumPy alone; everything is computed from saved ``Predictions``."""
