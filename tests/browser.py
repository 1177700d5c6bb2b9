"""A headless Chromium for the tests of pages. `make local/browser/node_modules/ready` installs it without root.

CHROMIUM names another one: `apt install chromium`, then `CHROMIUM=/usr/bin/chromium`.
"""

import os
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

HOME = Path(__file__).resolve().parent.parent / "local/browser/node_modules"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


class BrowserMissing(Exception):
    """There is no browser."""


def chromium():
    """The path of the browser, and the environment that it needs."""
    if own := os.environ.get("CHROMIUM"):
        return own, dict(os.environ)
    folder = HOME / "chromium"
    if not (HOME / "ready").exists():
        raise BrowserMissing("run `make local/browser/node_modules/ready`, or set CHROMIUM=/usr/bin/chromium")
    fonts = {"FONTCONFIG_PATH": str(folder), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    return str(folder / "chromium"), os.environ | {"LD_LIBRARY_PATH": str(folder / "lib")} | fonts


@contextmanager
def a_page(language="en-GB", viewport=PHONE):
    """A new tab. It keeps the requests and the errors of its page, and `pass_by` moves its clock."""
    path, environment = chromium()
    with sync_playwright() as playwright:
        # Root has no sandbox, and the only page is our own.
        browser = playwright.chromium.launch(executable_path=path, env=environment, args=["--no-sandbox"])
        try:
            context = browser.new_context(locale=language, viewport=viewport, timezone_id="Europe/Madrid")
            yield Tab(context)
        finally:
            browser.close()


class Tab:
    def __init__(self, context):
        self.context, self.page = context, context.new_page()
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.clock.install()

    def pass_by(self, seconds):
        """Timers that are due in this time fire now."""
        self.page.clock.fast_forward(1000 * seconds)

    def hosts(self):
        """The hosts that the page has asked."""
        return {urlsplit(url).netloc for url in self.requests}

    def serious_faults(self):
        """What axe calls serious or critical for people with disabilities."""
        # Through the debugger, because the page's own policy allows no other script.
        self.page.evaluate((HOME / "axe-core/axe.min.js").read_text())
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [(one["id"], one["help"]) for one in found if one["impact"] in ("serious", "critical")]
