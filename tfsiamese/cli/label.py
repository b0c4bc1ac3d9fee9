"""`tfsiamese label`: moves a label, such as stable, to another version of an exported model."""

import argparse
from typing import Any

from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("label", help="move a label to another version of a model", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="the folder of the versions")
    parser.add_argument("label", metavar="LABEL", help="such as stable or canary")
    parser.add_argument("version", metavar="VERSION", nargs="?", type=int, help="the version that gets it")
    parser.add_argument("--remove", action="store_true", help="take the label away")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    if options.remove == (options.version is not None):
        raise SettingsError("Expected a version for the label, or --remove.")
    import_tensorflow()
    from tfsiamese.export import label_version

    labels = label_version(options.folder, options.label, options.version)
    for label, version in sorted(labels.items()):
        print(f"{label}: {version}")
