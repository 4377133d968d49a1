"""What mkdocs asks of us: README is the first page, and links out of docs/ lead to the repository.

The documents are written for GitHub, where `../src/x.py` is a file of the repository; the site has docs/ alone.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/pocketfit/pocketfit/blob/main/"
# A link's or a picture's address, in Markdown and in HTML.
ADDRESS = re.compile(r"""(?P<before>\]\(|\b(?:href|src|srcset)=")(?P<to>[^)\s"]+)""")
CODE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1 *$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def on_files(files: Any, config: Any) -> Any:
    """Add README as index.md."""
    from mkdocs.structure.files import File

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "index.md", content=readdressed(readme, PurePosixPath(""))))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead what is outside of docs/ to the repository; README's links were led from its own folder."""
    return markdown if page.file.src_uri == "index.md" else readdressed(markdown, PurePosixPath("docs"))


def readdressed(markdown: str, folder: PurePosixPath) -> str:
    """Give the text of a page in `folder` of the repository, with links that hold on the site; code stays as it is."""
    parts, end = [], 0
    for code in CODE.finditer(markdown):
        parts += [_prose(markdown[end : code.start()], folder), code[0]]
        end = code.end()
    return "".join([*parts, _prose(markdown[end:], folder)])


def _prose(text: str, folder: PurePosixPath) -> str:
    return ADDRESS.sub(lambda found: found["before"] + _address(found["to"], folder), text)


def _address(link: str, folder: PurePosixPath) -> str:
    if re.match(r"[a-z][a-z+.-]*:|#|//", link):
        return link
    path, mark, anchor = link.partition("#")
    inside = _normal(folder / path)
    if inside == "README.md":
        return f"index.md{mark}{anchor}"
    # Folders have no page of their own on the site.
    if inside.startswith("docs/") and (ROOT / inside).is_file():
        return f"{inside.removeprefix('docs/')}{mark}{anchor}"
    # What is not there either is left as it stands, for mkdocs to say so.
    return f"{REPOSITORY}{inside}{mark}{anchor}" if (ROOT / inside).exists() else link


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return "/".join(parts)
