"""Check the built site: links, the page of every public name, and each page in a browser.

``python docs/check_site.py`` reads ``docs/_build/html``. It fails for a link or a picture that
leads nowhere, a public name without a page, a subject more than three clicks away from the landing
page, and, in Chromium at 400 and 1200 pixels, light and dark, for an error in the console, a
request to another machine, a page wider than the window, a picture that is not drawn, and text
that is too pale or too small. Without Chromium (Debian: ``apt-get install chromium``) the browser
is left out.
"""

import argparse
import base64
import http.server
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from browser import Browser, find_chromium
from reference import full_name, paged_names, public_names, rooms

__all__ = ["check_browser", "check_clicks", "check_links", "check_names", "read_pages"]

HERE = Path(__file__).parent
LOCAL = "http://127.0.0.1"
SIZES = ((400, 800), (1200, 900))
THEMES = ("light", "dark")
SUBJECTS = ("correlators.html", "budget.html", "coupled.html", "links.html")
LOOK = """(() => {
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length == 3 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  const contrast = e => {
    const a = light(numbers(getComputedStyle(e).color)), b = light(ground(e));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const root = document.documentElement;
  const shown = [...document.querySelectorAll("article p, article li, article td, article h1")]
    .filter(e => e.textContent.trim() && e.checkVisibility());
  return {
    width: Math.max(...[root, ...document.querySelectorAll(".bd-article-container, article")]
      .map(e => e.scrollWidth - e.clientWidth)),
    theme: root.dataset.theme,
    broken: [...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src),
    pictures: [...document.images].filter(i => i.checkVisibility()).length,
    pale: shown.filter(e => contrast(e) < 4.5).map(e => e.textContent.slice(0, 40)),
    small: shown.filter(e => parseFloat(getComputedStyle(e).fontSize) < 12)
      .map(e => e.textContent.slice(0, 40)),
  };
})()"""


class Page(HTMLParser):
    """The names of anchors in a page, and where its links and pictures lead."""

    def __init__(self):
        super().__init__()
        self.anchors, self.links, self.text_links, self.pictures = set(), set(), set(), 0
        self._article = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._article += tag == "article"
        self.anchors.update(filter(None, (attrs.get("id"), attrs.get("name"))))
        link = attrs.get("href" if tag in ("a", "link") else "src")
        if link and not urlsplit(link).scheme and not link.startswith("//"):
            self.links.add(link)
            self.pictures += tag == "img"
            if self._article:
                self.text_links.add(link)

    def handle_endtag(self, tag):
        self._article -= tag == "article"


def read_pages(folder):
    """Return {path: Page} of all pages of a folder."""
    pages = {}
    for path in sorted(Path(folder).rglob("*.html")):
        if "_static" in path.parts:  # templates of the theme
            continue
        pages[path] = Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return pages


def target(path, link):
    """Return the file and the anchor to which a link of a page leads."""
    parts = urlsplit(link)
    return (path.parent / unquote(parts.path)).resolve() if parts.path else path, parts.fragment


def check_links(pages):
    """Return what is wrong with links and pictures."""
    wrong = []
    pages = {path.resolve(): page for path, page in pages.items()}
    for path, page in pages.items():
        for link in sorted(page.links):
            file, anchor = target(path, link)
            known = file not in pages or not anchor or unquote(anchor) in pages[file].anchors
            if not file.exists() or not known:
                wrong.append(f"{path.name}: {link} leads nowhere")
    return wrong


def check_names(folder):
    """Return the public names without a page, and the rooms without one."""
    folder = Path(folder) / "reference"
    wanted = [f"halkit.{room}.html" for room in rooms()]
    for room in rooms():
        values = public_names(room)["Values"]
        wanted += [f"names/{full_name(room, name)}.html" for name in paged_names(room)]
        text = (folder / f"halkit.{room}.html").read_text(encoding="utf-8")
        wanted += [f"{name} of halkit.{room}" for name in values if f'.{name}">' not in text]
    return [f"no page: {name}" for name in wanted if not (folder / name).exists()]


def check_clicks(pages, start, subjects=SUBJECTS, most=3):
    """Return the subjects that the links in texts do not reach in a few clicks."""
    pages = {path.resolve(): page for path, page in pages.items()}
    seen = reached = {start.resolve()}
    for _ in range(most):
        leads = {target(path, link)[0] for path in reached for link in pages[path].text_links}
        reached = leads & set(pages) - seen
        seen = seen | reached
    names = {path.name for path in seen}
    return [f"{name} is more than {most} clicks away" for name in subjects if name not in names]


def serve(folder):
    """Serve a folder to this machine; return the server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def complaints(events):
    """Return errors of the console and requests to other machines."""
    for event in events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            yield params["exceptionDetails"]["text"]
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            yield params["entry"]["text"]
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            yield f"console: {params['args']}"
        elif method == "Network.requestWillBeSent":
            address = params["request"]["url"]
            if not address.startswith((LOCAL, "data:", "blob:", "about:")):
                yield f"asks {address}"


def look(browser, size, theme):
    """Return what is wrong with the open page at a size, in a theme."""
    browser.resize(*size, theme)
    seen = browser.evaluate(LOOK)
    wrong = [f"{kind}: {what}" for kind in ("broken", "pale", "small") for what in seen[kind][:3]]
    if seen["width"] > 0:
        wrong.append(f"{seen['width']} pixels too wide")
    if seen["theme"] != theme:
        wrong.append(f"has the theme {seen['theme']}")
    return [f"{size[0]} px, {theme}: {what}" for what in wrong], seen["pictures"]


def check_browser(folder, pages, program, screenshots=None):
    """Return what is wrong with the pages in a browser, and how many pictures were seen."""
    wrong, pictures = [], 0
    server = serve(folder)
    with Browser(program) as browser:
        for path in pages:
            name = path.relative_to(folder)
            browser.open(f"{LOCAL}:{server.server_port}/{name}")
            for size in SIZES:
                for theme in THEMES:
                    found, seen = look(browser, size, theme)
                    wrong += [f"{name}: {what}" for what in found]
                    if screenshots:
                        to = f"{str(name).replace('/', '_')}-{size[0]}-{theme}.png"
                        (screenshots / to).write_bytes(base64.b64decode(browser.screenshot()))
            pictures += seen
            wrong += [f"{name}: {what}" for what in complaints(browser.events)]
    server.shutdown()
    server.server_close()
    return wrong, pictures


def main():
    """Run all checks; print the counts and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE / "_build" / "html")
    parser.add_argument("--screenshots", type=Path, help="write pictures of the pages there")
    parser.add_argument("--only", nargs="+", help="pages that the browser opens; default: all")
    options = parser.parse_args()
    pages = read_pages(options.folder)
    if not pages:
        parser.error(f"{options.folder} has no page: run `make docs` first")
    wrong = check_links(pages) + check_names(options.folder)
    wrong += check_clicks(pages, options.folder / "index.html")
    links = sum(len(page.links) for page in pages.values())
    print(f"{len(pages)} pages, {links} links, {sum(p.pictures for p in pages.values())} pictures")
    program = find_chromium()
    if program:
        opened = [options.folder / name for name in options.only] if options.only else list(pages)
        found, pictures = check_browser(options.folder, opened, program, options.screenshots)
        wrong += found
        print(f"{len(opened)} pages opened at {SIZES}, {THEMES}; {pictures} pictures seen")
    else:
        print("Left out: no Chromium on this machine, pages were not opened")
    print(*wrong, f"{len(wrong)} faults", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
