"""The pages of the reference: one for each room, which Sphinx's autosummary fills with its names.

A room is a public module of halkit. The table of ``api.md`` says of each what goes in, what comes
out, and which pages to read first; the page of a room repeats it, and lists what ``__all__`` has:
classes, functions, warnings and values. Each but the values has a page.
"""

import inspect
import re
import sys
from pathlib import Path

import halkit

__all__ = ["SHORT", "full_name", "paged_names", "public_names", "room_page", "rooms", "write_rooms"]

ROOM = re.compile(r"^\| `halkit\.(\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)
# Names that `import halkit` has too, under which examples use them.
SHORT = {f"{home}.{name}": f"halkit.{name}" for name, home in halkit._HOME.items()}


def rooms():
    """Return {room: (what goes in and comes out, pages to read first)} of ``api.md``."""
    text = (Path(__file__).parent / "api.md").read_text(encoding="utf-8")
    return {
        room: (sentence, re.findall(r"\[(.*?)\]\((\w+)\.md\)", guides))
        for room, sentence, guides in ROOM.findall(text)
    }


def public_names(room):
    """Return the public names of a room by kind: Classes, Functions, Warnings and Values."""
    module = getattr(halkit, room)
    kinds = {"Classes": [], "Functions": [], "Warnings": [], "Values": []}
    for name in sorted(module.__all__, key=str.lower):
        kinds[kind_of(getattr(module, name))].append(name)
    return kinds


def paged_names(room):
    """Return the names of a room that have a page: all but values."""
    kinds = public_names(room)
    return [name for kind, names in kinds.items() if kind != "Values" for name in names]


def kind_of(value):
    """Return the kind of a public object."""
    if inspect.isclass(value):
        return "Warnings" if issubclass(value, Warning) else "Classes"
    return "Functions" if callable(value) else "Values"


def full_name(room, name):
    """Return the name of a page; what a room took over from another room has its page there."""
    module = getattr(getattr(halkit, room), name).__module__
    other = module.split(".")[1]
    there = other in halkit._ROOMS and name in getattr(halkit, other).__all__
    return f"halkit.{other if there else room}.{name}"


def home_of(room, name):
    """Return the module of a room whose source has the value and the text on it."""
    prefix = f"halkit.{room}"
    homes = [
        module
        for module, loaded in sorted(sys.modules.items())
        if f"{module}.".startswith(f"{prefix}.") and defines(loaded, name)
    ]
    return homes[0]


def defines(module, name):
    """Tell whether the source of a module sets a value, rather than importing it."""
    path = getattr(module, "__file__", None)
    return bool(path) and f"\n{name} = " in Path(path).read_text(encoding="utf-8")


def room_page(room):
    """Return the page of a room as reStructuredText."""
    title = f"halkit.{room}"
    sentence, guides = rooms()[room]
    read_first = ", ".join(f":doc:`{text} </{page}>`" for text, page in guides)
    lines = [title, "=" * len(title), "", f".. module:: {title}", "", sentence, ""]
    lines += [f"Read first: {read_first}.", ""]
    kinds = public_names(room)
    for kind in ("Classes", "Functions", "Warnings"):
        names = [full_name(room, name) for name in kinds[kind]]
        elsewhere = [name for name in names if not name.startswith(f"{title}.")]
        if names:
            lines += [kind, "-" * len(kind), "", ".. autosummary::", "   :toctree: names"]
            lines += ["   :nosignatures:", ""]
            lines += [f"   {name.rpartition('.')[2]}" for name in names if name not in elsewhere]
            lines += ["", *(f"Also here: `{name}`." for name in elsewhere), ""]
    if kinds["Values"]:
        lines += ["Values", "------", ""]
        lines += [f".. autodata:: {home_of(room, name)}.{name}" for name in kinds["Values"]]
    return "\n".join(lines) + "\n"


def write_rooms(folder):
    """Write the pages of rooms that have changed into a folder, and remove those of lost names."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    kept = {full_name(room, name) for room in halkit._ROOMS for name in paged_names(room)}
    for path in (folder / "names").glob("*.rst"):
        if path.stem not in kept:
            path.unlink()
    for room in halkit._ROOMS:
        path, text = folder / f"halkit.{room}.rst", room_page(room)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
