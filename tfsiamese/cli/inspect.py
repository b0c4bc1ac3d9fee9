"""`tfsiamese inspect`: shows what an exported model is, what it can do, how large it is, and whether it is sound."""

import argparse
import json
from typing import Any

from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import ExportError

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("inspect", help="show what an exported model is", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="a model's folder, one of its versions, or a run folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--check", action="store_true", help="also run each signature in a fresh process")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb; whatever is wrong with the model makes it fail after the page is printed."""
    import_tensorflow()
    from tfsiamese.cli.model_page import model_page
    from tfsiamese.export.inspection import inspect_model

    model = inspect_model(options.folder)
    if options.check:
        model["checked"] = _checked(model)
    print(json.dumps(model, indent=2, ensure_ascii=False) if options.json else model_page(model))
    problems = model["problems"]
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ExportError(f"{model['folder']} has {count}; they are named above.")


def _checked(model: dict[str, Any]) -> list[dict[str, Any]]:
    """What each signature did; what failed is one of the model's problems."""
    from dataclasses import asdict

    from tfsiamese.export.checking import check_in_fresh_process

    try:
        return [asdict(checked) for checked in check_in_fresh_process(model["folder"])]
    except ExportError as error:
        model["problems"].append(str(error))
        return []
