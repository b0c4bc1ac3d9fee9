"""`tfsiamese plot`: draws the similarities of texts as a matrix, for one encoder or for two side by side."""

import argparse
from typing import Any

from tfsiamese.cli.options import ENCODER_SOURCES, add_encoder_options, encoder_options
from tfsiamese.cli.quiet import import_tensorflow

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("plot", help="draw a similarity matrix", description=__doc__)
    parser.add_argument("encoder", metavar="E", help=ENCODER_SOURCES)
    parser.add_argument("--labels", required=True, metavar="TEXTS", help="a file with one text a line, 200 at most")
    parser.add_argument("--out", required=True, metavar="FILE.png", help="the picture: .png, .svg or .pdf")
    parser.add_argument("--compare", metavar="E2", help="a second encoder, drawn beside the first on one scale")
    parser.add_argument("--similarity", default="angular", choices=("angular", "cosine", "dot"), help="(angular)")
    parser.add_argument("--title", help="above the picture")
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    import_tensorflow()
    from tfsiamese import plots
    from tfsiamese.cli.report import read_labels, similarity_matrix
    from tfsiamese.encoders import load_encoder

    labels = read_labels(options.labels)

    sources = [options.encoder, *([options.compare] if options.compare else [])]
    matrices = [
        similarity_matrix(load_encoder(source, **encoder_options(options)), labels, options.similarity)
        for source in sources
    ]
    if len(matrices) == 1:
        figure = plots.plot_similarity_matrix(matrices[0], labels, title=options.title)
    else:
        first, second = matrices
        names = (sources[0], sources[1])
        figure = plots.plot_similarity_matrices(first, second, labels, title=options.title, panel_titles=names)
    print(plots.save_figure(figure, options.out))
