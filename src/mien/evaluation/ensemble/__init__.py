"""Ensembles: several models as one, chosen on the validation split, then judged, exported and distilled like any."""

from mien.evaluation.ensemble.building import BuiltEnsemble, build_ensemble
from mien.evaluation.ensemble.ensemble import Ensemble, open_model

__all__ = ["BuiltEnsemble", "Ensemble", "build_ensemble", "open_model"]
