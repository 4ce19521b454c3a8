"""Formulas as MathML, made when the site is built: no script and no request from outside."""

import re

from docutils import nodes
from latex2mathml.converter import convert

__all__ = ["setup"]


def visit_inline(self, node):
    """Write an inline formula."""
    self.body.append(f'<span class="math">{convert(node.astext())}</span>')
    raise nodes.SkipNode


def visit_block(self, node):
    """Write a formula on a line of its own."""
    formula = re.sub(r"\s+", " ", node.astext())
    self.body.append(f'<div class="math">{convert(formula, display="block")}</div>')
    raise nodes.SkipNode


def setup(app):
    """Make ``html_math_renderer = "mathml"`` known to Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
