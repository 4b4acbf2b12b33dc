"""Balancing methods, one file each; the registry in ``mien.data.balancing`` finds them by scanning this folder."""
