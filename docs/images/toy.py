"""The picture of the README: the toy model of the report, its six panels side by side.

``python docs/images/toy.py`` fits the networks as ``halkit reproduce`` does, in a minute, and
writes ``toy.png`` beside itself.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg

from halkit.reproduce import toy_model

COLUMNS, DPI = 3, 100


def pixels(figure):
    """Return the pixels of a figure, (height, width, 3)."""
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def side_by_side(figures, columns):
    """Return the pixels of figures of one size, row by row."""
    panels = [pixels(figure) for figure in figures]
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def main():
    """Write the picture."""
    figures = toy_model().figures.values()
    pyplot.imsave(Path(__file__).with_suffix(".png"), side_by_side(figures, COLUMNS))


if __name__ == "__main__":
    main()
