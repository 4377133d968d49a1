"""Writes docs/troubleshooting.md from the entries that `pocketfit explain` prints."""

from __future__ import annotations

from pathlib import Path

from pocketfit.report.reasons.page import troubleshooting

PAGE = Path(__file__).parents[1] / "docs/troubleshooting.md"


def main() -> None:
    PAGE.write_text(troubleshooting())
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
