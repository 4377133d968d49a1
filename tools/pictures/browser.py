"""The system's own Chromium, since playwright's download is a second one of it."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def launch(playwright: Playwright) -> Browser:
    # Root has no sandbox of Chromium's, and a container little shared memory; the pages are our own.
    return playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])
