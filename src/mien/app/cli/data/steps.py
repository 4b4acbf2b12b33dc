"""``mien data steps``: the operations that faces can be prepared with."""

from mien.app.cli.data import data_app


@data_app.command()
def steps() -> None:
    """List the operations that faces can be prepared with, from the registries."""
    from mien.app.figures import print_rows
    from mien.data.steps import list_operations

    rows = [["operation", "takes", "gives", "exported", "arguments", "what it does"]]
    for each in list_operations():
        title = each.title.replace("``", "")
        rows.append([each.name, each.takes, each.gives, "yes" if each.is_exported else "no", each.arguments, title])
    print_rows(rows, num_text_columns=len(rows[0]))
    print("A step is written resize:size_hw=[48,48],filter=lanczos, or as a table in a recipe; blanks separate steps.")
    print("Steps that take a picture come first. Those that are exported run at recognition too.")
