"""How a test that runs as root becomes an ordinary user."""

from __future__ import annotations

# One who may read what the tests' own user may (in whose home the interpreter can be), but owns nothing.
AS_NOBODY = (
    "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip
