"""Makes docs/images: the comment and the page of the demo's report, light and dark.

    python -m tools.pictures [--run]

The report is a real run's, kept as docs/images/report.json; with --run `make demo` makes it anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Literal, get_args

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from pocketfit.store import read_report
from tools.pictures.browser import find_chromium, launch
from tools.pictures.comment import Scheme, comment_page
from tools.pictures.source import FORMS, IMAGES, REPORT, forms

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "build" / "demo" / "pocketfit-out" / "report.json"
COLOURS = 128
SCALE = 1.5
TICK = "\N{WHITE HEAVY CHECK MARK}"
PAGE_WIDTH, PAGE_HEIGHT = 1040, 670


def main() -> int:
    if not find_chromium():
        print("no Chromium is on PATH: install chromium or google-chrome", file=sys.stderr)
        return 3
    if not subprocess.run(["fc-list", f":charset={ord(TICK):x}"], check=True, capture_output=True).stdout:
        print(f"no font here has {TICK}: install fonts-noto-color-emoji", file=sys.stderr)
        return 3
    if "--run" in sys.argv[1:]:
        subprocess.run([sys.executable, "tools/demo.py"], cwd=ROOT, check=True)
        IMAGES.mkdir(exist_ok=True)
        shutil.copyfile(RUN, REPORT)
    report = read_report(REPORT)
    markdown, page = render_markdown(report), render_html(report)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for scheme in get_args(Scheme):
            _write(f"comment-{scheme}.png", _shoot(browser, comment_page(markdown, scheme), scheme, ".comment"))
            _write(f"page-{scheme}.png", _shoot(browser, page, scheme, None))
        browser.close()
    FORMS.write_text(json.dumps(forms(report), indent=2) + "\n")
    return 0


def _shoot(browser: Browser, html: str, scheme: Literal["light", "dark"], element: str | None) -> bytes:
    size = {"width": PAGE_WIDTH, "height": PAGE_HEIGHT}
    context = browser.new_context(viewport=size, device_scale_factor=SCALE, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_content(html)
    taken = page.locator(element).screenshot() if element else page.screenshot()
    context.close()
    return taken


def _write(name: str, png: bytes) -> None:
    """Write a picture in few colours, which is a third of the bytes and looks the same."""
    path = IMAGES / name
    Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} B")


if __name__ == "__main__":
    sys.exit(main())
