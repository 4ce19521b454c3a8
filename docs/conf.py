"""How Sphinx makes the HTML: the Markdown pages, the reference, and the examples as a gallery."""

import sys
from pathlib import Path

import halkit

sys.path.insert(0, str(Path(__file__).parent))  # gallery_checks

project = "halkit"
author = "The halkit developers"
copyright = f"2026, {author}"
version = release = halkit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build", "examples"]
# Pages are reached by plain links, not by a table of contents.
suppress_warnings = ["toc.not_included"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    "exclude-members": "set_fit_request, set_predict_request, set_score_request",
}
# The sections of the docstrings name the types; hints would print their aliases in full.
autodoc_typehints = "none"
numpydoc_show_class_members = False
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "description": "Hadron interactions from lattice QCD"}

if list((Path(__file__).parent / "examples").glob("plot_*.py")):
    extensions.append("sphinx_gallery.gen_gallery")
    sphinx_gallery_conf = {
        "examples_dirs": "examples",
        "gallery_dirs": "auto_examples",
        "abort_on_example_error": True,
        "image_scrapers": ("gallery_checks.draw",),
        "reset_modules": ("matplotlib", "gallery_checks.no_warnings"),
        "reset_modules_order": "both",
    }
