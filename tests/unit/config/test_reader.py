from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pocketfit.config import find_config, parse_config, read_config
from pocketfit.errors import ConfigError
from pocketfit.records import Config, DeviceSpec, Growth, GrowthOver, InputSpec, Limits, ModelSpec, Prune

MINIMAL = '[models.net]\nsource = "net.py:net"\n'


def parse(text: str) -> Config:
    return parse_config(tomllib.loads(text), "pocketfit.toml")


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_every_key_of_the_contract() -> None:
    config = parse("""
        [models.resnet18]
        source = "torchvision.models:resnet18"
        arguments = { num_classes = 1000 }
        inputs = [{ shape = [1, 3, 224, 224] }, { shape = [1, 16], dtype = "int64" }]
        formats = ["lite", "torchscript", "lite"]
        precisions = ["fp32", "int8-dynamic"]
        calibration = "my.module:batches"
        preserve_methods = ["encode"]
        metric = "my.module:accuracy"
        check_inputs = [{ shape = [2, 3, 224, 224] }]
        how = "script"
        prune = { amount = 0.3, method = "structured" }
        [models.resnet18.limits]
        size = "48 MB"
        size_growth = "200 kB"
        max_abs_diff = 1e-3
        [limits]
        size_growth = "1%"
        size_growth_over = { growth = "5%", last = 10 }
        latency_growth = "10%"
        min_sqnr_db = 20
        metric_drop = 0.01
        [device]
        kind = "jvm"
        threads = 2
        runtimes = ["1.3", "1.0", "1.3"]
        api_level = 30
    """)

    assert config == Config(
        models=(
            ModelSpec(
                name="resnet18",
                source="torchvision.models:resnet18",
                arguments={"num_classes": 1000},
                inputs=(InputSpec((1, 3, 224, 224)), InputSpec((1, 16), "int64")),
                formats=("lite", "torchscript"),
                precisions=("fp32", "int8-dynamic"),
                calibration="my.module:batches",
                preserve_methods=("encode",),
                metric="my.module:accuracy",
                check_inputs=(InputSpec((2, 3, 224, 224)),),
                limits=Limits(
                    size_bytes=48_000_000,
                    size_growth=Growth(size_bytes=200_000),
                    latency_growth=0.1,
                    max_abs_diff=1e-3,
                    min_sqnr_db=20.0,
                    metric_drop=0.01,
                    size_growth_over=GrowthOver(Growth(ratio=0.05), 10),
                ),
                how="script",
                prune=Prune(0.3, "structured"),
            ),
        ),
        device=DeviceSpec("jvm", 2, 30, runtimes=("1.0", "1.3")),
    )


def test_abis_and_the_core_that_is_emulated() -> None:
    device = """
[device]
abi = "x86_64"
also = ["arm64-v8a", "arm64-v8a"]
cpu = "neoverse-n1"
work_budget_s = 60
"""
    assert parse(MINIMAL + device).device == DeviceSpec(
        abi="x86_64", also=("arm64-v8a",), cpu="neoverse-n1", work_budget_s=60
    )


def test_a_key_that_is_left_out_has_its_default() -> None:
    assert parse(MINIMAL) == Config((ModelSpec("net", "net.py:net"),), DeviceSpec("auto", 1, 33))


def test_inputs_from_a_callable() -> None:
    assert parse(MINIMAL + 'inputs = "net:example_inputs"').models[0].inputs == "net:example_inputs"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "pocketfit.toml: models: it is missing: add [models.resnet18] with source = \"torchvision.models:resnet18\" and inputs = [{ shape = [1, 3, 224, 224] }]"),
        ("[models.net]\n", 'pocketfit.toml: models.net.source: it is missing: add source = "path/to/file.py:callable"'),
        (MINIMAL + 'formts = ["lite"]', "models.net.formts: unknown key; did you mean 'formats'?"),
        (MINIMAL + "[models.net.limits]\nsize_grow = 1", "models.net.limits.size_grow: unknown key; did you mean 'size_growth'?"),
        (MINIMAL + "[model.x]\n", "model: unknown key; did you mean 'models'?"),
        (MINIMAL + "[device]\nzzz = 1", "device.zzz: unknown key; known here: kind, threads, api_level"),
        (MINIMAL + "inputs = [{ shpe = [1] }]", "models.net.inputs.0.shpe: unknown key; did you mean 'shape'?"),
        (MINIMAL + "inputs = [{ shape = [0] }]", "models.net.inputs.0.shape: each must be at least 1: write shape = [1]"),
        (MINIMAL + 'inputs = [{ shape = [1], dtype = "float23" }]', "models.net.inputs.0.dtype: unknown dtype 'float23': did you mean 'float32'?"),
        (MINIMAL + "inputs = [{ shape = [1], low = 1 }]", "models.net.inputs: low needs high beside it"),
        (MINIMAL + "inputs = [{ shape = [1], low = 1, high = 2, value = 1 }]", "models.net.inputs.0.value: write low and high, or one value"),
        (MINIMAL + "inputs = [{ shape = [1], low = 3, high = 2.5 }]", "models.net.inputs: low = 3 is above high = 2.5"),
        (MINIMAL + "inputs = [{ shape = [1], value = inf }]", "models.net.inputs.0.value: write bounds that are finite"),
        (MINIMAL + 'inputs = [{ shape = [1], dtype = "int8", value = 128 }]', "models.net.inputs.0.value: int8 takes whole numbers from -128 to 127"),
        (MINIMAL + 'inputs = [{ shape = [1], dtype = "int64", value = 1.5 }]', "models.net.inputs.0.value: int64 takes whole numbers from "),
        (MINIMAL + 'how = "scripted"', "models.net.how: unknown how 'scripted': did you mean 'script'?"),
        (MINIMAL + "prune = { amount = 1.0 }", "models.net.prune.amount: it must be below 1.0: write amount = 0.3"),
        (MINIMAL + "prune = { amout = 0.5 }", "models.net.prune.amout: unknown key; did you mean 'amount'?"),
        (MINIMAL + 'prune = { amount = 0.5, method = "struct" }', "models.net.prune.method: unknown method 'struct': use one of structured, unstructured"),
        (MINIMAL + 'formats = ["light"]', "models.net.formats: unknown format 'light': use one of lite, torchscript, executorch"),
        (MINIMAL + 'precisions = ["bf16"]', "models.net.precisions: unknown precision 'bf16': use one of fp32, fp16, int8, int8-dynamic"),
        (MINIMAL + "[models.net.limits]\nsize = 'big'", "models.net.limits.size: "),
        (MINIMAL + "[models.net.limits]\nminimum_change = '100%'", "models.net.limits.minimum_change: \"100%\" would hide a file that vanishes: write less than \"100%\", such as \"0.5%\""),
        (MINIMAL + "[limits]\nsize_growth_over = '5%'", "limits.size_growth_over: "),
        (MINIMAL + "[limits]\nsize_growth_over = { last = 10 }", "limits.size_growth_over.growth: "),
        (MINIMAL + "[limits]\nsize_growth_over = { growth = '5%', last = 61 }", "limits.size_growth_over.last: "),
        (MINIMAL + "[models.net.limits]\naccepted = { size_growth_over = { growth = '5%' }, until = 2030-12-31 }", "models.net.limits.accepted.size_growth_over: unknown key"),
        (MINIMAL + "[limits]\nminimum_change = 0.01", "limits.minimum_change: "),
        (MINIMAL + "limits = { accepted = { size = '1 MB' } }", 'models.net.limits.accepted.until: it is missing: add until = "2030-12-31"'),
        (MINIMAL + "limits = { accepted = { until = 2030-12-31 } }", 'models.net.limits.accepted: it accepts nothing: write a limit beside until, such as size_growth = "45%"'),
        (MINIMAL + "limits = { accepted = { size = '1 MB', until = 'soon' } }", 'models.net.limits.accepted.until: "soon" is no day: write it like until = 2030-12-31'),
        (MINIMAL + "limits = { accepted = { size = '1 MB', until = 2030-12-31T10:00:00 } }", "models.net.limits.accepted.until: 2030-12-31 10:00:00 is no day: write it like until = 2030-12-31"),
        (MINIMAL + "limits = { accepted = { min_sqnr_db = 10.0, until = 2030-12-31 } }", "models.net.limits.accepted.min_sqnr_db: unknown key; known here: size, size_growth, "),
        (MINIMAL + "[limits]\naccepted = { size = '1 MB', until = 2030-12-31 }", "limits.accepted: unknown key; known here: size, size_growth, "),
        (MINIMAL + "[device]\nkind = 'watch'", "device.kind: unknown device 'watch': use one of auto, jvm, adb, emulator, none"),
        (
            MINIMAL + '[device]\nruntimes = ["0.7"]',
            "device.runtimes: ExecuTorch '0.7' is none that is known here: use some of 1.0, 1.1 and 1.3",
        ),
        (MINIMAL + "[device]\nruntimes = [1.0]", 'device.runtimes: each must be text: write runtimes = ["1.0"]'),
        (MINIMAL + "[device]\nthreads = 0", "device.threads: it must be at least 1: write threads = 1"),
        (MINIMAL + "[models.net.env]\nWIDTH = 8", 'models.net.env.WIDTH: it must be text: write WIDTH = "8"'),
        (MINIMAL + "[models.net.env]\n'A B' = ''", "models.net.env: 'A B' can't name an environment variable: use letters, digits and _"),
        (MINIMAL + "[models.net.env]\nGITHUB_TOKEN = ''", "models.net.env: a model's process must not have GITHUB_TOKEN, which is the job's"),
        (MINIMAL + "[models.net.env]\nINPUT_TOKEN = ''", "models.net.env: a model's process must not have INPUT_TOKEN"),
        (MINIMAL + "[models.net.env]\nPYTHONPATH = '.'", "models.net.env: a model can't change PYTHONPATH: Pocketfit sets it"),
        ('[models."a/b"]\nsource = "x"', "models: 'a/b' can't name a model, since files are named after it"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(text: str, sentence: str) -> None:
    said = refusal(text)
    assert said.startswith("pocketfit.toml: ")
    assert sentence in said
    assert "\n" not in said


# Each begins like a name that pydantic gives to a member of a union, or is one.
NAMES_LIKE_PYDANTICS = ("internimage", "street_view", "int", "str", "function-before", "list")


@pytest.mark.parametrize("name", NAMES_LIKE_PYDANTICS)
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[models.NAME]\n", "models.NAME.source: it is missing: add source = "),
        ('[models.NAME]\nsource = "a"\nformts = []', "models.NAME.formts: unknown key; did you mean 'formats'?"),
        ('[models.NAME]\nsource = "a"\nNAME = 1', "models.NAME.NAME: unknown key; "),
        ('[models.NAME]\nsource = "a"\nhow = "scripted"', "models.NAME.how: unknown how 'scripted': did you mean 'script'?"),
        ('[models.NAME]\nsource = "a"\ninputs = [{ shpe = [1] }]', "models.NAME.inputs.0.shpe: unknown key; did you mean 'shape'?"),
        ('[models.NAME]\nsource = "a"\ninputs = [{ dtype = "int64" }]', "models.NAME.inputs.0.shape: it is missing: add shape = [1, 3, 224, 224]"),
        ('[models.NAME]\nsource = "a"\nlimits = { size = "big" }', "models.NAME.limits.size: "),
        ('[models.NAME]\nsource = "a"\nprune = { NAME = 1, amount = 0.5 }', "models.NAME.prune.NAME: unknown key; "),
    ],
)  # fmt: skip
def test_a_name_like_one_of_pydantics_gets_the_same_sentence(name: str, text: str, sentence: str) -> None:
    assert sentence.replace("NAME", name) in refusal(text.replace("NAME", name))


def test_file_that_does_not_parse(tmp_path: Path) -> None:
    (tmp_path / "pocketfit.toml").write_text("[models\n")
    with pytest.raises(ConfigError, match=r"^pocketfit\.toml:1: Expected '\]'.*line 1"):
        read_config(tmp_path / "pocketfit.toml")


def test_a_repository_without_a_configuration_is_told_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=r"no pocketfit\.toml \(nor \[tool\.pocketfit\] in pyproject\.toml\) in .*: `pocketfit init` writes one$",
    ):
        find_config(tmp_path)


def test_given_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"other\.toml: no such file"):
        find_config(tmp_path, tmp_path / "other.toml")


def test_the_configuration_may_be_a_table_of_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pocketfit.models.net]\nsource = "net.py:net"\n')
    path = find_config(tmp_path)
    assert path == tmp_path / "pyproject.toml"
    assert read_config(path).models[0].name == "net"


def test_a_file_that_nobody_wrote_by_hand_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A pull request's can be a link to anything that we may read, such as all of the machine's memory."""
    large = tmp_path / "pocketfit.toml"
    with large.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ConfigError, match=r"^pocketfit.toml: it is larger than 1000000 bytes$"):
        read_config(large)
    large.unlink()
    large.symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=r"^pocketfit.toml: it is not a regular file$"):
        read_config(large)


def test_pocketfit_toml_comes_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pocketfit.models.net]\nsource = "net.py:net"\n')
    (tmp_path / "pocketfit.toml").write_text(MINIMAL)
    assert find_config(tmp_path) == tmp_path / "pocketfit.toml"


def test_environment_variables_of_a_model() -> None:
    (model,) = parse_config(tomllib.loads(MINIMAL + "[models.net.env]\nTINY_WIDTH = '8'\n"), "pocketfit.toml").models
    assert model.env == {"TINY_WIDTH": "8"}


def test_the_configuration_beside_you_comes_before_the_roots(tmp_path: Path) -> None:
    app = tmp_path / "apps" / "android"
    (app / "deep").mkdir(parents=True)
    with pytest.raises(ConfigError, match=f"in {app}, nor up to {tmp_path}: `pocketfit init` writes one"):
        find_config(tmp_path, beside=app)
    (tmp_path / "pocketfit.toml").write_text(MINIMAL)
    assert find_config(tmp_path, beside=app) == tmp_path / "pocketfit.toml"
    (app / "pocketfit.toml").write_text(MINIMAL)
    (app / "deep" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert find_config(tmp_path, beside=app / "deep") == app / "pocketfit.toml"
    assert find_config(tmp_path, beside=tmp_path.parent) == tmp_path / "pocketfit.toml"


def test_what_is_wrong_is_said_without_what_a_terminal_would_obey(tmp_path: Path) -> None:
    """A pull request's configuration is quoted in its sentence; tests/fuzz/test_files.py found it."""
    (tmp_path / "pocketfit.toml").write_text(
        '[models.net]\nsource = "a:b"\nlimits = { size_growth = "\\u001b]52;c;YQ==\\u0007\\u202e\\n##[error]" }\n'
    )
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "pocketfit.toml")
    assert str(caught.value) == (
        'pocketfit.toml:3: models.net.limits.size_growth: " ]52;c;YQ== ## [error]" is neither a percentage ("1%") nor a size ("200 kB")'
    )


def test_inputs_with_bounds() -> None:
    text = MINIMAL + 'inputs = [{ shape = [2], dtype = "int64", high = 99 }, { shape = [1], value = 0.5 }]'
    (spec,) = parse_config(tomllib.loads(text), "pocketfit.toml").models
    assert spec.inputs == (InputSpec((2,), "int64", 0, 99), InputSpec((1,), "float32", 0.5, 0.5))
