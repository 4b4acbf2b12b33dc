"""``mien doctor``: what this machine has, and whether mien works on it."""

import json
from typing import Annotated

import typer

from mien.app.cli import EXIT_FAULT, app


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Say what this machine has, what is installed, which engine and detector are chosen and why, and try them.

    Exits with 2 if something is broken that recognition needs; what is merely missing says how to get it.
    """
    from mien.app.doctor import BROKEN, examine

    findings = examine()
    broken = [finding for finding in findings if finding.state == BROKEN]
    if as_json:
        print(json.dumps({"is_healthy": not broken, "findings": [finding.to_dict() for finding in findings]}))
    else:
        width = max(len(finding.name) for finding in findings)
        section = ""
        for finding in findings:
            if finding.section != section:
                section = finding.section
                print(section)
            print(f"  {finding.state:<7}  {finding.name:<{width}}  {finding.answer}")
        print(f"{len(broken)} broken" if broken else "mien works here")
    if broken:
        raise typer.Exit(EXIT_FAULT)
