"""The laboratory's engine: a recipe goes in, a run folder comes out."""

from mien.training.recipe import Recipe, read_recipe
from mien.training.run_folder import RunFolder
from mien.training.train import resume_training, train

__all__ = ["Recipe", "RunFolder", "read_recipe", "resume_training", "train"]
