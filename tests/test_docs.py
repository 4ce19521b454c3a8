"""The reference has every public name, and the check of the site finds planted faults."""

import importlib
import re
import sys
from pathlib import Path

import pytest

import halkit

DOCS = Path(__file__).parents[1] / "docs"


def load(name):
    """Import a module that lies beside the documents."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


reference = load("reference")
site = load("check_site")
browser = load("browser")
PAGE = "<html><body><article>{}</article></body></html>"


def test_the_reference_has_every_room():
    assert sorted(reference.rooms()) == sorted(halkit._ROOMS)


@pytest.mark.parametrize("room", halkit._ROOMS)
def test_a_room_lists_every_public_name(room):
    """With a page for each but the values, whose text has to be found at their home."""
    kinds = reference.public_names(room)
    text = reference.room_page(room)
    module = getattr(halkit, room)
    assert sorted(name for names in kinds.values() for name in names) == sorted(module.__all__)
    for name in kinds.pop("Values"):
        home = text.split(f".{name}\n")[0].rpartition(".. autodata:: ")[2]
        assert getattr(importlib.import_module(home), name) == getattr(module, name)
        source = Path(importlib.import_module(home).__file__).read_text(encoding="utf-8")
        assert re.search(rf'(#: .*\n{name} = |\n{name} = .*(\n"""|#: ))', source)
    listed = set(re.findall(r"^(?:   |Also here: `halkit\.\w+\.)(\w+)", text, re.MULTILINE))
    assert listed >= {name for names in kinds.values() for name in names}


@pytest.mark.parametrize("room", halkit._ROOMS)
def test_a_room_says_what_comes_in_and_out(room):
    sentence, guides = reference.rooms()[room]
    assert sentence.endswith(".")
    assert guides
    assert [page for _, page in guides if not (DOCS / f"{page}.md").exists()] == []


def test_a_name_of_two_rooms_has_one_page():
    homes = [
        reference.full_name(room, "DerivativeExpansion") for room in ("scattering", "interactions")
    ]
    assert homes == ["halkit.interactions.DerivativeExpansion"] * 2


def test_rooms_are_written_once(tmp_path):
    lost = tmp_path / "names" / "halkit.units.lost.rst"
    lost.parent.mkdir()
    lost.touch()
    reference.write_rooms(tmp_path)
    assert not lost.exists()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.rst")}
    reference.write_rooms(tmp_path)
    assert len(times) == len(halkit._ROOMS)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.rst")} == times


def test_every_page_is_in_the_contents():
    """A page is named by the contents of another, and each page but the first by one."""
    named = []
    for path in DOCS.glob("*.md"):
        _, *trees = path.read_text(encoding="utf-8").split("```{toctree}\n")
        entries = "\n".join(tree.split("```")[0] for tree in trees)
        named += re.findall(r"^(?:.*<)?(\w+)>?$", entries, re.MULTILINE)
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert {name: named.count(name) for name in pages} == dict.fromkeys(pages, 1)


def test_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        PAGE.format('<h1 id="x">A</h1><a href="b.html#y">b</a><a href="#x">x</a><img src="p.png">')
    )
    (tmp_path / "b.html").write_text(PAGE.format('<a href="a.html">a</a><a href="http://x">x</a>'))
    wrong = site.check_links(site.read_pages(tmp_path))
    assert wrong == ["a.html: b.html#y leads nowhere", "a.html: p.png leads nowhere"]


def test_clicks_are_counted(tmp_path):
    for page, following in zip("abcde", "bcdea", strict=True):
        text = PAGE.format(f'<a href="{following}.html">on</a>')
        (tmp_path / f"{page}.html").write_text(text)
    pages = site.read_pages(tmp_path)
    start = tmp_path / "a.html"
    assert site.check_clicks(pages, start, ["d.html"]) == []
    assert site.check_clicks(pages, start, ["e.html"]) == ["e.html is more than 3 clicks away"]


FAULTS = {
    "good": ("<p>text</p>", None),
    "wide": ('<div style="width: 500px">wide</div>', "pixels too wide"),
    "picture": ('<img src="none.png">', "broken: "),
    "console": ("<script>console.error('no')</script>", "console: "),
    "exception": ("<script>undefined.x</script>", "Uncaught"),
    "outside": ('<script src="http://127.0.0.2:9/x.js"></script>', "asks http://127.0.0.2"),
    "pale": ('<p style="color: #999">pale</p>', "pale: pale"),
    "small": ('<p style="font-size: 9px">small</p>', "small: small"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what the browser finds wrong with each page of FAULTS."""
    program = browser.find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    folder = tmp_path_factory.mktemp("site")
    theme = "<script>document.documentElement.dataset.theme = 'light'</script>"
    icon = '<link rel="icon" href="data:,">'
    for name, (body, _) in FAULTS.items():
        text = PAGE.replace("<body>", f"<head>{icon}{theme}</head><body>").format(body)
        (folder / f"{name}.html").write_text(text)
    wrong, _ = site.check_browser(folder, sorted(folder.glob("*.html")), program)
    return wrong


@pytest.mark.parametrize("name", FAULTS)
def test_the_browser_finds_a_fault(name, found):
    """The theme stays light on these pages, which is a fault on each."""
    expected = FAULTS[name][1]
    faults = [text for text in found if text.startswith(f"{name}.html") and "theme" not in text]
    assert any("has the theme light" in text for text in found if text.startswith(name))
    if expected is None:
        assert faults == []
    else:
        assert faults
        assert any(expected in text for text in faults)
