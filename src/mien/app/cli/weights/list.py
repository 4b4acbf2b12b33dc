"""``mien weights list``: which files mien can use, and which of them are there."""

from mien.app.cli.weights import weights_app


@weights_app.command(name="list")
def list_weights() -> None:
    """List the files that mien can use and does not bring, and whether they are there."""
    from mien.app.figures import print_rows
    from mien.faces.detector import known_weights
    from mien.places import weights_folder

    rows = [["name", "needed by", "size", "licence", "here", "address"]]
    for weights in known_weights():
        here = "yes" if weights.is_right else "another file" if weights.is_there else "no"
        size = f"{weights.num_bytes / 1e6:.1f} MB"
        rows.append([weights.name, weights.needed_by, size, weights.licence, here, weights.address])
    print_rows(rows, num_text_columns=len(rows[0]))
    print(f"folder: {weights_folder()}")
