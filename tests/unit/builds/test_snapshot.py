"""What a run says while it builds."""

from __future__ import annotations

import pytest

from pocketfit.builds.snapshot import progress_line
from pocketfit.records import Built, Export, Failed, Parity, Variant

NET = Variant("net", "lite", "fp32")


def test_a_variant_that_was_built() -> None:
    export = Export(1, {}, (), (), (), Parity())
    built = Built(NET, "net.ptl", 13_995_123, 8, "ab" * 32, export, build_s=3.25)
    assert progress_line(built) == "net/lite/fp32: 14.00 MB (3.2 s)"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("it has no forward", "it has no forward"),
        ("a\n::add-mask::b\r\n::error::c", "a ::add-mask::b ::error::c"),
        ("##[error]x", "## [error]x"),
        ("\x1b]52;c;YQ==\x07\x1b[2J", "]52;c;YQ== [2J"),
        ("\u202eevil\u2066", "evil"),
        ("x" * 100_000, "x" * 399 + "…"),
    ],
)
def test_a_childs_words_do_nothing_to_a_terminal_or_a_log(reason: str, said: str) -> None:
    """See hole 17: in `docker run ... run` nothing else stands between them and the runner."""
    assert progress_line(Failed(NET, reason, build_s=1.0)) == f"net/lite/fp32: {said} (1.0 s)"
