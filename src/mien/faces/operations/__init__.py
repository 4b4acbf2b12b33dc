"""Picture operations, one file each; the registry in ``mien.faces.preparation`` finds them by scanning this folder."""
