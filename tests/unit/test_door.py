"""What others say, held to what makes sense: each of these was, or could have been, said by a hostile child."""

from __future__ import annotations

import json

import pytest

from pocketfit.door import LONGEST_TEXT, MANY_ITEMS, NotFit, fit, let_in
from pocketfit.job import Exported, NotExported, Result, UnfitEnvironment, read_result
from pocketfit.records import Evaluated, Parity

EXPORT = {"parameters": 1, "ops": {}, "inputs": [], "outputs": [], "recipe": [], "parity": {}}


def exported(**changes: object) -> bytes:
    result = {"state": "exported", "file": "net.ptl", "torch": "2.12.1", "export": EXPORT | changes}
    return json.dumps(result).encode()


def test_a_childs_account_comes_through() -> None:
    result = read_result(exported(ops={"aten::add": 2}, metric={"eager": 1}, reasons=["it is fine"]))
    assert isinstance(result, Exported)
    assert (result.export.ops, result.export.metric) == ({"aten::add": 2}, Evaluated(1.0))
    assert (result.export.reasons, result.export.parity) == (("it is fine",), Parity())


def test_each_state_is_a_record_of_its_own() -> None:
    assert read_result(b'{"state": "not-exported", "reason": "no"}') == NotExported("no")
    assert read_result(b'{"state": "unfit", "reason": "no"}') == UnfitEnvironment("no")


NO_RESULT = {
    "nan": (exported(parity={"sqnr_db": float("nan")}), "export.parity.sqnr_db should be a finite number, not NaN"),
    "infinity": (exported(metric={"value": float("inf")}), "export.metric.value should be a finite number, not Infinity"),
    "a float that is none": (exported(metric={"value": 10**400}), "export.metric.value should be a finite number"),
    "10**30": (exported(parameters=10**30), "export.parameters is a larger number than makes sense"),
    "-2**63 - 1": (exported(ops={"aten::add": -(2**63) - 1}), "export.ops.aten::add is a larger number than makes sense"),
    "a number as text": (exported(parameters="1"), 'export.parameters should be a valid integer, not "1"'),
    "a truth as a number": (exported(parameters=True), "export.parameters should be a valid integer, not true"),
    "a float as a number": (exported(parameters=1.0), "export.parameters should be a valid integer, not 1.0"),
    "a text as a list": (exported(reasons="abc"), 'export.reasons should be a valid array, not "abc"'),
    "an unknown key": (exported(admin=1), "export.admin is not a known key"),
    "many items": (exported(recipe=["x"] * (MANY_ITEMS + 1)), "export.recipe has 20,001 items, more than 20,000"),
    "many keys": (exported(ops={str(n): 1 for n in range(MANY_ITEMS + 1)}), "export.ops has 20,001 items, more than 20,000"),
    "keys that look the same": (exported(ops={"a": 1, "a\u200b": 1}), "export.ops has two keys that look the same"),
    "no file": (b'{"state": "exported"}', "file is missing"),
    "an unknown state": (b'{"state": "done"}', "it tag 'done' found using 'state' does not match"),
    "no state": (b"{}", "it unable to extract tag using discriminator 'state'"),
    "a list": (b"[]", "it should be an object, not []"),
    "null": (b"null", "it should be an object, not null"),
    "no JSON": (b"{", "it is not JSON (EOF while parsing an object"),
    "no UTF-8": (b'{"state": "\xff"}', "it is not JSON ("),
    "depth": (b"[" * 100_000, "it is not JSON (recursion limit exceeded"),
    "a hostile key": (exported(**{"a\n::error::x\x1b]0;y\x07": 1}), "export.a ::error::x ]0;y is not a known key"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_RESULT)
def test_what_no_child_of_ours_says_is_one_sentence(case: str) -> None:
    data, sentence = NO_RESULT[case]
    with pytest.raises(NotFit) as caught:
        read_result(data)
    said = str(caught.value)
    assert said.lower().startswith(sentence.lower())
    assert said.isprintable()
    assert len(said) <= 400


def test_the_largest_numbers_that_files_have() -> None:
    for number in (2**63 - 1, -(2**63 - 1)):
        result = read_result(exported(parameters=number))
        assert isinstance(result, Exported)
        assert result.export.parameters == number


def test_texts_are_cleaned_wherever_they_stand() -> None:
    hostile = "::add-mask::a\n##[error]b \x1b[31m\u202ec\x00"
    said = ": :add-mask::a ## [error]b [31mc"
    result = read_result(
        exported(
            reasons=[hostile],
            recipe=[hostile],
            ops={hostile: 1},
            inputs=[{"path": hostile, "dtype": hostile, "shape": [1], "file": hostile}],
        )
    )
    assert isinstance(result, Exported)
    export = result.export
    assert (export.reasons, export.recipe, export.ops) == ((said,), (said,), {said: 1})
    assert {export.inputs[0].path, export.inputs[0].dtype, export.inputs[0].file} == {said}


def test_a_long_text_is_cut() -> None:
    result = read_result(json.dumps({"state": "not-exported", "reason": "x" * 100_000}).encode())
    assert isinstance(result, NotExported)
    assert result.reason == "x" * (LONGEST_TEXT - 1) + "…"


def test_a_programs_message_keeps_its_lines() -> None:
    data = json.dumps({"state": "not-exported", "reason": "a\nb", "reasons": ["a\nb"]})
    kept = let_in(Result, data, tag="state", messages=frozenset({"reason"}))
    assert kept == NotExported("a\nb", ("a b",))


def test_what_has_been_fitted_stays_as_it_is() -> None:
    once = fit({"a": ("::x", 1, 1.5, None, True)})
    assert once == {"a": (": :x", 1, 1.5, None, True)}
    assert fit(once) == once
