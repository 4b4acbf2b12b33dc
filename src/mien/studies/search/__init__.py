"""Searching a recipe's settings and a network's structure: trials are trained, judged on validation and remembered."""
