"""What each example of the gallery must do: draw in every panel, and give no warning."""

import warnings

from matplotlib import pyplot
from sphinx_gallery.scrapers import matplotlib_scraper

__all__ = ["draw", "no_warnings"]

ALLOWED = (
    ".*where the data end",  # some examples are about data that do not determine all of U
    ".*the data do not determine δ",
    "FigureCanvasAgg is non-interactive",
)
_before = []


def draw(block, block_vars, gallery_conf):
    """Save the figures of a block; an empty panel is an error."""
    for number in pyplot.get_fignums():
        if not all(ax.has_data() for ax in pyplot.figure(number).axes):
            raise ValueError(f"{block_vars['src_file']}: figure {number} has an empty panel")
    return matplotlib_scraper(block, block_vars, gallery_conf)


def no_warnings(_gallery_conf, fname, when):
    """Make warnings errors while an example runs."""
    if fname is None:  # a folder, not an example
        return
    if when == "before":
        _before[:] = warnings.filters
        warnings.filterwarnings("error")
        for message in ALLOWED:
            warnings.filterwarnings("ignore", message)
    else:
        warnings.filters[:] = _before
