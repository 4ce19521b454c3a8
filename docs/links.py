"""Names of halkit and of examples in the text become links to their pages."""

from docutils import nodes
from reference import SHORT
from sphinx.util.nodes import make_refnode

import halkit

__all__ = ["setup"]


def name_the_short_ones(_app, env):
    """Let halkit.X be found where the reference has halkit.room.X."""
    objects = env.domaindata["py"]["objects"]
    for full, short in SHORT.items():
        objects[short] = objects[full]


def targets(env):
    """Return {name as it stands in a text: entry of the reference} for all that is unambiguous."""
    found = {}
    for page in env.found_docs:
        if page.startswith("auto_examples/plot_"):
            found[page.removeprefix("auto_examples/")] = {(page, "", "")}
    for full, entry in env.domaindata["py"]["objects"].items():
        room, _, name = full.removeprefix("halkit.").partition(".")
        place = (entry.docname, entry.node_id, full)
        if room in halkit._HOME or (room in halkit._ROOMS and not name):
            found.setdefault(full, set()).add(place)
        elif room in halkit._ROOMS and "." not in name:
            for spelling in (full, f"{room}.{name}", name):
                found.setdefault(spelling, set()).add(place)
    return {name: entries.pop() for name, entries in found.items() if len(entries) == 1}


def link_names(app, doctree, docname):
    """Replace the code words of a page that name a public object or an example by links."""
    if docname.startswith("reference/"):
        return
    if not hasattr(app.env, "halkit_targets"):
        app.env.halkit_targets = targets(app.env)
    for literal in list(doctree.findall(nodes.literal)):
        entry = app.env.halkit_targets.get(literal.astext().removesuffix("()"))
        inside = isinstance(literal.parent, nodes.reference | nodes.title)
        if entry and not inside and "xref" not in literal["classes"]:
            page, anchor, full = entry
            link = make_refnode(app.builder, docname, page, anchor, literal.deepcopy(), full)
            literal.replace_self(link)


def setup(app):
    """Join the two to Sphinx."""
    app.connect("env-updated", name_the_short_ones)
    app.connect("doctree-resolved", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
