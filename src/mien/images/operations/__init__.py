"""Image operations, one file each; the registry in ``mien.images.preparation`` finds them by scanning this folder."""
