"""Every estimator, one file each; the registry finds them by scanning this package."""
