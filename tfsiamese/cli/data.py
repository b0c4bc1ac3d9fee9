"""`tfsiamese data`: fetches a public data set into the cache and verifies it."""

import argparse
from typing import Any

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("data", help="fetch a public data set", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="stsb: the STS Benchmark in English, German and Japanese")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from tfsiamese.evaluation import fetch_data

    print(fetch_data(options.name))
