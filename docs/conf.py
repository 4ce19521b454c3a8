"""How Sphinx makes the site: Markdown pages, a page for each public name, examples as a gallery."""

import sys
from pathlib import Path

import halkit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the modules beside this file

import reference  # noqa: E402

project = "halkit"
author = "The halkit developers"
copyright = f"2026, {author}"
version = release = halkit.__version__

reference.write_rooms(HERE / "reference")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "formulas",
    "links",
]
exclude_patterns = ["_build", "examples", "reference/backreferences"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
default_role = "py:obj"

autosummary_context = {"short": reference.SHORT}
autodoc_default_options = {
    "exclude-members": "set_fit_request, set_predict_request, set_score_request, "
    "set_partial_fit_request",
}
# The sections of the docstrings name the types; hints would print their aliases in full.
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "abort_on_example_error": True,
    "image_scrapers": ("gallery_checks.draw",),
    "reset_modules": ("matplotlib", "gallery_checks.no_warnings"),
    "reset_modules_order": "both",
    "backreferences_dir": "reference/backreferences",
    "doc_module": ("halkit",),
    "reference_url": {"halkit": None},
    "show_memory": False,
    "write_computation_times": False,  # its table asks other machines for scripts
    "download_all_examples": False,
    "show_signature": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"halkit {version}"
html_static_path = ["_static"]
html_css_files = ["halkit.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_domain_indices = False
html_theme_options = {
    "logo": {"text": "halkit"},
    "header_links_before_dropdown": 8,
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {page: [] for page in ("index", "talk", "faq", "search", "genindex")}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def skip_foreign(_app, what, _name, obj, _skip, _options):
    """Leave out what a class inherits from elsewhere: torch, scikit-learn, tuples."""
    function = getattr(obj, "fget", None) or getattr(obj, "func", None) or obj
    owner = getattr(obj, "__objclass__", None)
    module = getattr(function, "__module__", None) or getattr(owner, "__module__", None)
    foreign = module is not None and module.partition(".")[0] != "halkit"
    return True if what in ("class", "exception") and foreign else None


def setup(app):
    """Join the rule above to autodoc."""
    app.connect("autodoc-skip-member", skip_foreign)
