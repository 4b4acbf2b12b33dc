"""Face detectors, one file each; the registry in ``mien.faces.detector`` finds them by scanning this folder."""
