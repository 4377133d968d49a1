from __future__ import annotations

import pytest

from entrypoint.inputs import Inputs, OneModel, Task, check_image, read_inputs, task_of
from pocketfit.errors import ConfigError


def environment(**inputs: str) -> dict[str, str]:
    """As the runner names them: upper case, hyphens kept; an input that is not set is an empty string."""
    unset = {f"INPUT_{name}": "" for name in ("CONFIG", "MODEL", "INPUT-SHAPE", "OUT", "COMMENT-KEY", "GITHUB-TOKEN")}
    return unset | {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()}


def test_inputs_that_are_not_set_have_defaults() -> None:
    assert read_inputs(environment()) == read_inputs({}) == Inputs()


def test_every_input_is_read() -> None:
    inputs = environment(
        config="ci/pocketfit.toml",
        base="main",
        device="jvm",
        mode="check",
        comment="always",
        comment_key="phone",
        requirements="requirements/models.txt",
        cache=".git/pocketfit-cache",
        out="build/out/",
        emulator_image="example/emulator:33",
        variants="a/lite/fp32, b/lite/fp32",
        shards="3",
        costs="earlier",
        results="shards/",
    )
    assert read_inputs(inputs) == Inputs(
        mode="check",
        config="ci/pocketfit.toml",
        base="main",
        device="jvm",
        comment="always",
        comment_key="phone",
        requirements="requirements/models.txt",
        cache=".git/pocketfit-cache",
        out="build/out",
        emulator_image="example/emulator:33",
        variants=("a/lite/fp32", "b/lite/fp32"),
        shards=3,
        costs="earlier",
        results="shards",
    )


def test_one_model_stands_in_for_a_configuration() -> None:
    inputs = environment(
        model="torchvision.models:resnet18",
        input_shape="1,3,224,224; 1, 128 : int64\n1,128:bool",
        formats="lite, torchscript",
        precisions="fp32 int8",
    )
    model = read_inputs(inputs).model
    assert model == OneModel(
        "torchvision.models:resnet18",
        ("1,3,224,224", "1, 128 : int64", "1,128:bool"),
        ("lite", "torchscript"),
        ("fp32", "int8"),
    )
    assert model is not None
    assert model.words() == [
        *["--source", "torchvision.models:resnet18"],
        *["--shape", "1,3,224,224", "--shape", "1, 128 : int64", "--shape", "1,128:bool"],
        *["--format", "lite", "--format", "torchscript", "--precision", "fp32", "--precision", "int8"],
    ]


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            {"config": "a.toml", "model": "a:b"},
            "set either the input config or the input model, not both: model stands in for a config file",
        ),
        ({"input_shape": "1,3"}, "the input input-shape belongs to the input model, which is not set"),
        ({"precisions": "int8"}, "the input precisions belongs to the input model, which is not set"),
        (
            {"model": "a:b", "input_shape": "1x3x224"},
            "input-shape '1x3x224' is no shape: write lengths with commas, e.g. 1,3,224,224 or 1,16:int64",
        ),
        (
            {"model": "a:b", "input_shape": "1,3; 1,0,5"},
            "input-shape '1,0,5' is no shape: write lengths with commas, e.g. 1,3,224,224 or 1,16:int64",
        ),
        (
            {"model": "a:b", "input_shape": "1,3:float16"},
            "input-shape '1,3:float16': unknown dtype 'float16'; "
            "use one of float32, float64, int64, int32, int8, uint8, bool",
        ),
        ({"comment": "yes"}, "comment: 'yes' is none of changes, always, off"),
        (
            {"comment_key": "a-->"},
            "comment-key 'a-->': use letters, digits, '.', '_' and single '-', beginning with a letter or digit",
        ),
        ({"out": "/tmp/out"}, "out: '/tmp/out' is not a path inside the workspace, relative to it"),
        ({"shards": "0"}, "shards: '0' is not a number from 1 to 256"),
        ({"shards": "257"}, "shards: '257' is not a number from 1 to 256"),
        ({"out": "."}, "out: '.' is not a path inside the workspace, relative to it"),
        (
            {"requirements": "../../etc/passwd"},
            "requirements: '../../etc/passwd' is not a path inside the workspace, relative to it",
        ),
    ],
)
def test_a_bad_input_is_a_sentence(inputs: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_inputs(environment(**inputs))
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("mode", "event", "task"),
    [
        ("auto", "pull_request", "check"),
        ("auto", "push", "check"),
        ("auto", "merge_group", "check"),
        ("auto", "workflow_dispatch", "export"),
        ("auto", "workflow_run", "report"),
        ("check", "schedule", "check"),
        ("export", "pull_request", "export"),
        ("report", "push", "report"),
        ("plan", "pull_request", "plan"),
        ("merge", "pull_request", "merge"),
    ],
)
def test_the_mode_or_else_the_event_says_what_to_do(mode: str, event: str, task: str) -> None:
    assert task_of(mode, event) == task


def test_auto_does_not_guess() -> None:
    with pytest.raises(
        ConfigError, match="mode auto does not know what to do for the event schedule: set mode to check"
    ):
        task_of("auto", "schedule")


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="mode: 'both' is none of auto, check, export, report, plan, merge"):
        task_of("both", "push")


@pytest.mark.parametrize("task", ["check", "export", "plan"])
def test_the_small_image_says_what_it_is_not_for(task: Task) -> None:
    check_image(task, {})
    with pytest.raises(ConfigError) as caught:
        check_image(task, {"POCKETFIT_IMAGE": "comment"})
    assert str(caught.value) == (
        f"mode {task} needs PyTorch, which this action's small image has not: use pocketfit/pocketfit for it, and "
        "pocketfit/pocketfit/comment for the modes report and merge"
    )


@pytest.mark.parametrize("task", ["report", "merge"])
def test_the_small_image_comments(task: Task) -> None:
    check_image(task, {"POCKETFIT_IMAGE": "comment"})


@pytest.mark.parametrize(("text", "wanted"), [("", False), ("false", False), ("true", True)])
def test_a_check_run_is_wanted_or_not(text: str, wanted: bool) -> None:
    assert read_inputs({"INPUT_CHECK-RUN": text}).check_run is wanted


def test_a_switch_is_true_or_false() -> None:
    with pytest.raises(ConfigError, match=r"^check-run: 'on' is neither true nor false$"):
        read_inputs({"INPUT_CHECK-RUN": "on"})
