from __future__ import annotations

import tomllib

from pocketfit.commands.init.configuration import Entry, config_text
from tests.unit.commands.init.test_builders import model


def test_arguments_of_any_text_can_be_read_back() -> None:
    arguments = {"separator": 'a\n"b"\\\x7f', "sizes": (1, 2), "deep": True, "rate": 0.5}
    text = config_text([Entry("tiny_net", "pkg/net.py:TinyNet", ("lite",), "", model(arguments=arguments))])
    assert tomllib.loads(text)["models"]["tiny_net"]["arguments"] == {**arguments, "sizes": [1, 2]}
