"""Chromium without a window, told what to do through a pipe (the DevTools protocol)."""

import json
import os
import shutil
import subprocess
import tempfile

__all__ = ["Browser", "find_chromium"]


def find_chromium():
    """Return the path of Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)


class Browser:
    """One page of Chromium: a context that opens addresses and evaluates JavaScript.

    Parameters
    ----------
    path : str
        The program.

    Attributes
    ----------
    events : list of dict
        What the page reported since it was opened: messages, requests, errors.
    """

    def __init__(self, path):
        self.path = path
        self.events = []
        self._number, self._rest, self._session = 0, b"", None

    def __enter__(self):
        take, self._write = os.pipe()
        self._read, give = os.pipe()
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = f'exec "$@" 3<&{take} 4>&{give}'
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        options += ["--hide-scrollbars", f"--user-data-dir={self._folder.name}"]
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", self.path, *options],
            pass_fds=(take, give),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(take)
        os.close(give)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_error):
        self._process.terminate()
        self._process.wait(timeout=30)
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()

    def call(self, method, **params):
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def _receive(self):
        while b"\0" not in self._rest:
            block = os.read(self._read, 1 << 16)
            if not block:
                raise RuntimeError(f"{self.path} ended")
            self._rest += block
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, address):
        """Load a page, and wait until it and its pictures are there."""
        self.events.clear()
        self.call("Page.navigate", url=address)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def resize(self, width, height, theme):
        """Set the size of the page in pixels, and the theme that the system asks for."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def evaluate(self, expression):
        """Return the value of a JavaScript expression, after two frames are drawn."""
        frames = "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))"
        answer = self.call(
            "Runtime.evaluate",
            expression=f"{frames}.then(() => ({expression}))",
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def screenshot(self):
        """Return a PNG of what is seen."""
        return self.call("Page.captureScreenshot", format="png")["data"]
