from __future__ import annotations

from pocketfit.cache.keys import Looked, changed_names, explain, key_of

PARTS = {"tree": "ab" * 32, "limits": "memory"}


def test_a_look_is_explained_by_its_parts() -> None:
    assert explain([Looked("head net/lite/fp32", PARTS, "not found")]) == [
        "head net/lite/fp32: not found",
        f"  key {key_of(PARTS)[:12]}",
        "    tree: abababababab",
        "    limits: memory",
    ]


def test_what_changed_since_the_last_one_is_named() -> None:
    before = {"tree": "cd" * 32, "limits": "memory"}
    look = Looked("base net/lite/fp32", PARTS | {"cores": "2"}, "not found", before, ("net.py", "a\nb"))
    assert explain([look])[2:] == [
        "    tree: abababababab (changed: net.py, a b)",
        "    limits: memory",
        "    cores: 2 (new)",
    ]
    many = Looked("base net/lite/fp32", PARTS, "not found", before, [f"{number}.py" for number in range(12)])
    assert explain([many])[2].endswith("8.py, 9.py and 2 more)")
    # Where nobody knows the files.
    assert explain([Looked("x", PARTS, "", before)])[2] == "    tree: abababababab (changed)"


def test_what_is_not_looked_for_has_no_key() -> None:
    assert explain([Looked("head net/lite/fp32", {}, "not looked for, since it has a network")]) == [
        "head net/lite/fp32: not looked for, since it has a network"
    ]


def test_names_that_are_new_gone_or_other() -> None:
    assert changed_names({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"}) == ["a", "c", "d"]
