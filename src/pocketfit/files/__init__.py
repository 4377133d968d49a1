"""Files that are not the user's alone: ours, written whole; strangers', opened once; and all that is temporary."""

from pocketfit.files.given import Opened, open_regular, opened, read_named, read_regular
from pocketfit.files.written import forget_partials, new_file, write_text_atomically

__all__ = [
    "Opened",
    "forget_partials",
    "new_file",
    "open_regular",
    "opened",
    "read_named",
    "read_regular",
    "write_text_atomically",
]
