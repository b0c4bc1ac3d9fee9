"""Plain arrays and labels to figures. matplotlib is imported with this subpackage, and by no other."""

from tfsiamese.plots.figures import PaperFigure, save_figure
from tfsiamese.plots.score_scatter import plot_score_scatter
from tfsiamese.plots.similarity_matrix import MOST_LABELS, plot_similarity_matrices, plot_similarity_matrix
from tfsiamese.plots.training_curves import plot_training_curves

__all__ = [
    "MOST_LABELS",
    "PaperFigure",
    "plot_score_scatter",
    "plot_similarity_matrices",
    "plot_similarity_matrix",
    "plot_training_curves",
    "save_figure",
]
