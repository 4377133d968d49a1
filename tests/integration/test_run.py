"""`pocketfit run` as a user starts it: real git, real torch, the real Android runtime in a JVM."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fastjsonschema
import pytest

from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.bytecode import read_bytecode
from pocketfit.runtimes.library import android_or_why
from tests.integration.builds.test_git import state
from tests.integration.conftest import CONFIG, QUICK, WHO, Git, require
from tests.unit.history.samples import of_sizes, write

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def android() -> None:
    reason = JvmDevice(DeviceSpec(), android_or_why()).unavailable()
    require(reason is None, f"device jvm: {reason}")


def pocketfit(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pocketfit", *args]
    env = {**os.environ, **WHO, "COLUMNS": "200", **environment}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env, timeout=300)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def rows(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "pocketfit-out" / "report.json").read_text())
    return {f"{row['model']}/{row['format']}/{row['precision']}": row for row in report["rows"]}


def test_a_change_and_what_stays(repository: Path, git: Git) -> None:
    (repository / "pocketfit.toml").write_text(
        QUICK + CONFIG + CONFIG.replace("net]", "same]") + 'formats = ["torchscript"]\n'
    )
    git("commit", "-q", "-am", "two models")
    base = git("rev-parse", "HEAD")
    git("switch", "-q", "-c", "topic")
    text = (repository / "pocketfit.toml").read_text()
    (repository / "pocketfit.toml").write_text(
        text.replace("net.py:net", 'net.py:net"\narguments = { width = 64 }\n#', 1)
    )
    git("commit", "-q", "-am", "wider")
    before = state(repository)

    done = pocketfit(repository, "run", "--base", "main", "--device", "jvm")

    assert done.returncode == 0, done.stderr
    report = json.loads((repository / "pocketfit-out" / "report.json").read_text())
    assert (report["verdict"], report["base"], report["head"]) == ("pass", base, git("rev-parse", "HEAD"))
    assert report["environment"]["device"] == "jvm"
    found = rows(repository)
    changed, same = found["net/lite/fp32"], found["same/torchscript/fp32"]
    assert changed["status"] == "compared"
    artifacts = repository / "pocketfit-out" / "artifacts"
    for side in ("base", "head"):
        assert changed[side]["size_bytes"] == (artifacts / side / "net.lite.fp32.ptl").stat().st_size
    assert changed["head"]["size_bytes"] > changed["base"]["size_bytes"]
    assert changed["latency"]["rounds"] > 0
    assert same["status"] == "identical"
    assert same["latency"]["verdict"] == "not-measured"
    assert same["latency"]["ratio"] is None
    for row in found.values():
        assert row["smoke"]["status"] == "passed"
        assert row["smoke"]["max_abs_diff"] <= 1e-4
        assert row["smoke"]["sqnr_db"] >= 90
    assert same["smoke"]["runtime"] == "pytorch_android 1.13.1"
    # The folder of the reports keeps itself out of `git status`; everything else is as it was.
    assert git("status", "--porcelain") == ""
    shutil.rmtree(repository / "pocketfit-out")
    assert state(repository) == before


def test_one_model_of_the_command_line_is_built_on_both_sides(repository: Path, git: Git) -> None:
    (repository / "pocketfit.toml").unlink()
    git("commit", "-q", "-am", "no configuration")
    (repository / "outside.toml").write_text(CONFIG)
    shutil.move(repository / "outside.toml", repository.parent / "outside.toml")
    for words in (["--source", "net.py:net", "--shape", "1, 3, 16, 16"], ["--config", "../outside.toml"]):
        done = pocketfit(repository, "run", "--base", "HEAD", "--device", "none", *words)

        assert done.returncode == 0, done.stderr
        assert {name: row["status"] for name, row in rows(repository).items()} == {"net/lite/fp32": "identical"}

    done = pocketfit(repository, "plan", "--source", "net.py:net", "--format", "lite", "--format", "torchscript")
    assert json.loads(done.stdout)["include"][0]["variants"] == "net/lite/fp32"
    assert json.loads(done.stdout)["include"][1]["variants"] == "net/torchscript/fp32"


def test_what_fails_is_a_row_and_the_rest_is_complete(repository: Path, git: Git) -> None:
    (repository / "bad.py").write_text("import no_such_package\ndef f(): ...\n")
    attention = "import torch\nfrom torch import nn\nclass A(nn.Module):\n    def forward(self, x):\n        return nn.functional.scaled_dot_product_attention(x, x, x)\nclass I(nn.Module):\n    def forward(self, x):\n        return torch.linalg.inv(x)\ndef attention(): return A()\ndef inverse(): return nn.Sequential(I())\n"
    (repository / "attention.py").write_text(attention)
    (repository / "pocketfit.toml").write_text(
        QUICK + CONFIG + '[models.bad]\nsource = "bad.py:f"\ninputs = [{ shape = [1] }]\n'
        '[models.attention]\nsource = "attention.py:attention"\ninputs = [{ shape = [1, 2, 4, 8] }]\nformats = ["lite", "torchscript"]\n'
        '[models.inverse]\nsource = "attention.py:inverse"\ninputs = [{ shape = [1, 4, 4] }]\nformats = ["lite", "torchscript"]\n'
    )
    git("add", ".")
    git("commit", "-q", "-m", "more")

    done = pocketfit(repository, "run", "--base", "HEAD^", "--device", "jvm")

    assert done.returncode == 4, done.stderr
    found = rows(repository)
    assert found["net/lite/fp32"]["status"] == "identical"
    assert found["net/lite/fp32"]["smoke"]["status"] == "passed"
    bad = found["bad/lite/fp32"]
    assert (bad["status"], bad["head"]) == ("failed", None)
    log = "logs/head.bad.lite.fp32.log"
    assert bad["reasons"] == [
        "bad.py can't be imported: ModuleNotFoundError: No module named 'no_such_package' at bad.py:1: put "
        "no_such_package into a requirements file and name that by --requirements (in the action: requirements)",
        f"traceback: {log}",
    ]
    said = (repository / "pocketfit-out" / log).read_text()
    assert 'bad.py", line 1, in <module>' in said
    assert "│ traceback: logs/head.bad.lite.fp32.log" in done.stdout
    for format_name, library in (("lite", "pytorch_android_lite 1.12.2"), ("torchscript", "pytorch_android 1.13.1")):
        attention_row = found[f"attention/{format_name}/fp32"]
        assert (attention_row["status"], attention_row["smoke"]["status"]) == ("new", "passed")
        assert f"rewritten for {library}: 1 x scaled_dot_product_attention" in attention_row["reasons"]
        inverse = found[f"inverse/{format_name}/fp32"]
        assert (inverse["status"], inverse["smoke"]["status"]) == ("failed", "skipped")
        assert inverse["reasons"] == [f"aten::linalg_inv (in 0) needs LAPACK, which {library} was built without"]
    assert "needs LAPACK" in (repository / "pocketfit-out" / "report.md").read_text()


def test_a_metric_that_drops_fails(repository: Path, git: Git) -> None:
    code = "import torch\ndef accuracy(predict):\n    predict(torch.ones(1, 3, 16, 16))\n    return 0.9\n"
    (repository / "score.py").write_text(code)
    more = (
        'metric = "score.py:accuracy"\ncheck_inputs = [{ shape = [2, 3, 20, 24] }]\nlimits = { metric_drop = 0.05 }\n'
    )
    (repository / "pocketfit.toml").write_text(QUICK + CONFIG + more)
    git("add", ".")
    git("commit", "-q", "-m", "score")
    (repository / "score.py").write_text(code.replace("0.9", "0.8"))
    git("commit", "-q", "-am", "worse")

    done = pocketfit(repository, "run", "--base", "HEAD^", "--device", "none")

    assert done.returncode == 4, done.stderr
    row = rows(repository)["net/lite/fp32"]
    assert row["metric"] == {"eager": 0.8, "base": 0.9, "head": 0.8}
    assert (row["status"], row["failed_limits"]) == ("failed", ["metric_drop"])
    assert row["reasons"] == ["the metric drops from 0.9 (base) to 0.8, the limit is a drop of 0.05"]
    assert row["head"]["anatomy"]["modules"] == {"convolution": 864, "norm": 136, "head": 144}
    assert row["parity"]["input_sets"] == 4
    assert "Metric" in done.stdout
    manifest = json.loads((repository / "pocketfit-out" / "artifacts" / "head" / "manifest.json").read_text())
    (entry,) = manifest["artifacts"]
    assert [tensor["name"] for tensor in (*entry["inputs"], *entry["outputs"])] == ["x", "output"]
    assert (entry["minimum_runtime"], entry["format_version"], entry["smoke"]) == (
        "pytorch_android_lite 1.12.2",
        8,
        None,
    )


def test_a_base_that_fails_is_no_failure(repository: Path, git: Git) -> None:
    good = (repository / "net.py").read_text()
    (repository / "net.py").write_text("raise RuntimeError('broken on base')\n")
    git("commit", "-q", "-am", "broken")
    (repository / "net.py").write_text(good)
    git("commit", "-q", "-am", "mended")

    done = pocketfit(repository, "run", "--base", "HEAD^", "--device", "none")

    assert done.returncode == 0, done.stderr
    row = rows(repository)["net/lite/fp32"]
    assert (row["status"], row["base"]) == ("new", None)
    assert row["reasons"] == ["base: net.py can't be imported: RuntimeError: broken on base at net.py:1"]
    assert row["smoke"]["status"] == "skipped"


def test_a_base_without_configuration(repository: Path, git: Git) -> None:
    git("rm", "-q", "--cached", "pocketfit.toml")
    git("commit", "-q", "-m", "no configuration")
    git("add", "pocketfit.toml")
    git("commit", "-q", "-m", "first configuration")
    done = pocketfit(repository, "run", "--base", "HEAD^", "--device", "none")
    assert done.returncode == 0, done.stderr
    assert rows(repository)["net/lite/fp32"]["status"] == "new"
    assert "base has no configuration yet, so there is nothing to compare with" in done.stdout


def test_without_a_base_and_without_git(repository: Path) -> None:
    """With a history, which needs neither."""
    shutil.rmtree(repository / ".git")
    past = write(repository / "kept", of_sizes([100, 200]))
    done = pocketfit(repository, "run", "--base", "none", "--device", "none", "--history", past.name)
    assert done.returncode == 0, done.stderr
    report = json.loads((repository / "pocketfit-out" / "report.json").read_text())
    assert (report["base"], report["head"]) == (None, None)
    assert report["notes"] == [
        "not tried on a device, since none was wanted (--device none)",
        'no limit is set, so no size and no latency fails a check: set one in [limits], e.g. size_growth = "5%"',
        "no device was used, so nothing is known about loading, running and latency",
    ]
    assert len(report["history"]) == 2
    assert rows(repository)["net/lite/fp32"]["trend"]["size_bytes"] == [100, 200]
    text = (repository / "pocketfit-out" / "report.md").read_text()
    assert "no baseline" in text
    assert "`net/lite/fp32` is larger than at any of the last 2 commits that have it" in text


def test_saved_files_give_the_same_report(repository: Path, git: Git, tmp_path: Path) -> None:
    git("commit", "-q", "--allow-empty", "-m", "head")
    run = pocketfit(repository, "run", "--base", "HEAD^", "--device", "jvm", "--junit", "results/junit.xml")
    assert run.returncode == 0, run.stderr
    out = repository / "pocketfit-out"
    done = pocketfit(
        out, "compare", "base.json", "head.json", "--trial", "trial.json", "--out", str(tmp_path / "again")
    )
    assert done.returncode == 0, done.stderr
    for name in ("report.json", "report.md", "report.html"):
        assert (tmp_path / "again" / name).read_text() == (out / name).read_text()

    # The forms for other programs, and what is published of the files that they read.
    again = pocketfit(out, "report", "report.json", "--format", "junit").stdout
    assert again == (repository / "results/junit.xml").read_text()
    (case,) = ElementTree.fromstring(again).findall("testsuite/testcase")
    assert (case.attrib["name"], [child.tag for child in case]) == ("net/lite/fp32", ["system-out"])
    assert "On-device check: passed, " in (case.findtext("system-out") or "")
    for schema, file in (("report", "report.json"), ("manifest", "artifacts/head/manifest.json")):
        published = json.loads((ROOT / f"docs/schema/{schema}.1.schema.json").read_text())
        fastjsonschema.validate(published, json.loads((out / file).read_text()))


def test_export_by_configuration(repository: Path) -> None:
    done = pocketfit(repository, "export")
    assert done.returncode == 0, done.stderr
    folder = repository / "pocketfit-out" / "artifacts" / "head"
    manifest = json.loads((folder / "manifest.json").read_text())
    (entry,) = manifest["artifacts"]
    assert entry["file"] == "net.lite.fp32.ptl"
    assert entry["size_bytes"] == (folder / "net.lite.fp32.ptl").stat().st_size
    # What a smaller build of the runtime must have is what the file's table of operators has.
    table = read_bytecode(folder / "net.lite.fp32.ptl")
    assert table is not None
    listed = (folder / "selected_operators.lite.yaml").read_text().splitlines()
    assert [line for line in listed if line[0] != "#"] == sorted({f"- {one.full_name}" for one in table.operators})
    # The manifest's golden tensors are all that smoke needs.
    smoked = pocketfit(repository, "smoke", str(folder / "net.lite.fp32.ptl"), "--device", "jvm")
    assert smoked.returncode == 0, smoked.stderr
    assert "net.lite.fp32.ptl (lite) passed: load " in smoked.stdout
    assert "against eager" in smoked.stdout
    assert "SHA-256" not in smoked.stdout


def test_export_of_one_model_and_smoke_of_the_file(repository: Path) -> None:
    first = pocketfit(
        repository, "export", "net.py:net", "--shape", "1,3,16,16", "--format", "torchscript", "-o", "mobile.pt"
    )
    assert first.returncode == 0, first.stderr
    assert "✓ mobile.pt: " in first.stdout
    done = pocketfit(repository, "smoke", "mobile.pt", "--shape", "1,3,16,16", "--device", "jvm")
    assert done.returncode == 0, done.stdout
    assert "mobile.pt (torchscript) passed" in done.stdout
    assert "on jvm, x86_64, pytorch_android 1.13.1" in done.stdout


def test_export_that_fails_leaves_nothing(repository: Path) -> None:
    before = sorted(path.name for path in repository.iterdir())
    done = pocketfit(repository, "export", "net.py:net", "--shape", "1,4,16,16")
    assert done.returncode == 4
    assert "✗ net/lite/fp32 failed: " in done.stdout
    assert sorted(path.name for path in repository.iterdir()) == before


def test_smoke_of_a_damaged_file(repository: Path) -> None:
    """tests/unit/commands/test_single.py has what is no model at all."""
    (repository / "half.ptl").write_bytes((Path(__file__).parents[1] / "data/torch-1.13.ptl").read_bytes()[:2000])
    done = pocketfit(repository, "smoke", "half.ptl", "--shape", "1,3", "--device", "jvm")
    assert done.returncode == 4
    assert "✗ half.ptl (lite) failed: " in done.stdout


def test_smoke_of_a_file_from_torch_1(repository: Path) -> None:
    """tests/data/torch-1.13.ptl was made by torch 1.13.1: see tests/data/README.md."""
    file = Path(__file__).parents[1] / "data" / "torch-1.13.ptl"
    done = pocketfit(repository, "smoke", str(file), "--shape", "1,3,16,16", "--device", "jvm")
    assert done.returncode == 0, done.stdout
    assert "torch-1.13.ptl (lite) passed" in done.stdout
    assert "    predicted: nothing that pytorch_android_lite 1.12.2 lacks" in done.stdout


def test_smoke_says_what_was_predicted(repository: Path) -> None:
    make = (
        "import torch; n = torch.nn.RMSNorm(4); t = torch.jit.trace(n, torch.ones(1, 4)); "
        "t._save_for_lite_interpreter('new.ptl'); t.save('wrong.ptl')"
    )
    subprocess.run([sys.executable, "-c", make], cwd=repository, check=True)
    done = pocketfit(repository, "smoke", "new.ptl", "wrong.ptl", "--shape", "1,4", "--device", "jvm")
    assert done.returncode == 4, done.stdout
    assert "✗ new.ptl (lite) failed: pytorch_android_lite 1.12.2 does not have aten::rms_norm" in done.stdout
    assert "    predicted: aten::rms_norm is not in pytorch_android_lite 1.12.2: " in done.stdout
    assert "    predicted: aten::rms_norm (in forward) is not in pytorch_android 1.13.1: " in done.stdout
    assert "    it is named .ptl and has no bytecode.pkl, which the lite runtime needs: " in done.stdout


def test_smoke_by_a_manifest_explains_a_failure(repository: Path) -> None:
    """As where a newer torch saved the file that a manifest names."""
    assert pocketfit(repository, "run", "--base", "none", "--device", "none").returncode == 0
    built = repository / "pocketfit-out/artifacts/head"
    make = (
        "import torch; from torch import nn; m = nn.Sequential(nn.ReLU(), nn.RMSNorm(16)); "
        "t = torch.jit.trace(m, torch.ones(1, 3, 16, 16)); t._save_for_lite_interpreter('net.lite.fp32.ptl')"
    )
    subprocess.run([sys.executable, "-c", make], cwd=built, check=True)

    done = pocketfit(repository, "smoke", str(built / "net.lite.fp32.ptl"), "--device", "jvm")

    assert done.returncode == 4, done.stdout
    assert "failed: pytorch_android_lite 1.12.2 does not have aten::rms_norm" in done.stdout
    assert "    predicted: aten::rms_norm is not in pytorch_android_lite 1.12.2: use how = " in done.stdout
    other = "    net.lite.fp32.ptl is not the file that manifest.json beside it describes, since its SHA-256 differs: "
    assert other in done.stdout


USAGE = {
    "no_configuration": (["run", "--base", "none"], "no pocketfit.toml (nor [tool.pocketfit] in pyproject.toml) in "),
    "unknown_base": (["run", "--base", "nope"], "base 'nope' is not a commit, branch or tag of this repository"),
    "unknown_model": (["run", "--base", "none", "--model", "nat"], "pocketfit.toml has no model 'nat': it has net"),
    "unknown_device": (["run", "--base", "none", "--device", "phone"], "unknown device 'phone': use one of auto, jvm"),
    "out": (["run", "--base", "none", "--device", "none", "--out", "net.py/out"], "--out net.py/out can't be written: Not a directory"),
    "config": (["run", "--config", "gone.toml"], "gone.toml: no such file"),
    "shape": (["export", "net.py:net", "--shape", "1x3"], "--shape '1x3' is no shape: write lengths with commas"),
    "dtype": (["export", "net.py:net", "--shape", "1,3:half"], "--shape '1,3:half': unknown dtype 'half'"),
    "format": (["export", "net.py:net", "--shape", "1,3", "--format", "light"], "--format: unknown format 'light': use one of lite, torchscript, executorch"),
    "torchscript_as_pte": (["export", "net.pt", "--shape", "1,3", "--format", "executorch"], "net.pt is a saved TorchScript file, which torch.export does not take"),
    "later_precision": (["export", "net.py:net", "--shape", "1,3", "--precision", "fp16"], "pytorch_android_lite 1.12.2 has no half-precision kernels on the CPU"),
    "two_formats": (["export", "net.py:net", "--format", "lite", "--format", "torchscript"], "one file has one --format: give it once, or --source and --out for several files"),
    "two_sources": (["export", "net.py:net", "--source", "net.py:net"], "name the model once: as SOURCE for one file, or with --source for a folder"),
    "lonely_shape": (["run", "--shape", "1,3"], "--shape belongs to --source, which is not given: a configuration has its own"),
    "config_and_source": (["plan", "--config", "pocketfit.toml", "--source", "net.py:net"], "give either --config or --source, not both: --source stands in for a configuration"),
    "other_variant": (["run", "--base", "none", "--device", "none", "--source", "net.py:net", "--variant", "net/lite/int8"], "the command line has no variant net/lite/int8: see `pocketfit plan`"),
    "target": (["export", "net.py:net", "--shape", "1,3", "-o", "gone/x.ptl"], "-o gone/x.ptl: there is no folder gone"),
    "no_shape": (["smoke", "net.py"], "net.py is no model: smoke takes .ptl, .pt and .pte files"),
    "no_file": (["smoke", "gone.ptl", "--shape", "1"], "gone.ptl: no such file"),
    "no_snapshot": (["compare", "gone.json", "gone.json"], "gone.json"),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_a_mistake_is_one_sentence_and_exit_2(repository: Path, case: str) -> None:
    args, sentence = USAGE[case]
    if case == "no_configuration":
        (repository / "pocketfit.toml").unlink()
    done = pocketfit(repository, *args)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (repository / "pocketfit-out" / "report.json").exists()


def test_not_a_repository(tmp_path: Path) -> None:
    done = pocketfit(tmp_path, "run")
    assert done.returncode == 2
    assert "is not in a git repository: run `git init` and commit, or use --base none" in done.stderr


def test_no_android_runtime(repository: Path, tmp_path: Path) -> None:
    done = pocketfit(repository, "run", "--base", "none", "--device", "jvm", POCKETFIT_ANDROID=str(tmp_path))
    assert done.returncode == 3
    assert done.stderr.startswith("error: device jvm can't be used: ")
    assert "make android" in done.stderr


def test_a_run_without_java_says_what_to_install(repository: Path, tmp_path: Path) -> None:
    for program in ("git", "env"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    done = pocketfit(repository, "run", "--base", "none", "--device", "jvm", PATH=str(tmp_path))
    assert done.returncode == 3
    assert "default-jre-headless" in done.stderr


def test_doctor_says_what_works_here(repository: Path) -> None:
    done = pocketfit(repository, "doctor")
    assert done.returncode == 0, done.stdout
    assert "✓ device jvm pytorch_android_lite 1.12.2, pytorch_android 1.13.1" in " ".join(done.stdout.split())
    assert re.search(r"^✓ lite +torch 2\.", done.stdout, re.MULTILINE)
    assert re.search(r"^✓ executorch +executorch 1\.", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("kind", "variables", "problem"),
    [
        (
            "emulator",
            {"DOCKER_HOST": "unix:///nowhere.sock"},
            "there is no Docker at unix:///nowhere.sock: start Docker",
        ),
        (
            "emulator",
            {"DOCKER_HOST": "tcp://far:2375"},
            "DOCKER_HOST is tcp://far:2375, and an emulator there can't be",
        ),
        ("adb", {"ANDROID_ADB_SERVER_PORT": "1", "ADB_SERVER_SOCKET": "tcp:127.0.0.1:1"}, "cannot connect to daemon"),
        (
            "jvm",
            {"POCKETFIT_ANDROID": "/nowhere"},
            "the Android runtime is not built, /nowhere/runtimes.json is missing",
        ),
    ],
)
def test_doctor_says_of_a_device_what_a_run_says(
    repository: Path, kind: str, variables: dict[str, str], problem: str
) -> None:
    doctor = pocketfit(repository, "doctor", **variables).stdout
    run = pocketfit(repository, "run", "--base", "none", "--device", kind, **variables).stderr
    (line,) = [line for line in doctor.splitlines() if f" device {kind} " in line]
    said = line.split(maxsplit=3)[3]
    assert problem in said
    assert f"device {kind} can't be used: {said}" in run


def test_doctor_without_the_android_runtime(repository: Path, tmp_path: Path) -> None:
    done = pocketfit(repository, "doctor", POCKETFIT_ANDROID=str(tmp_path))
    assert done.returncode == 3
    assert "✗ device jvm " in done.stdout


# Says that it has begun in the only folder that it can write to.
SLOW = """
import os, pathlib, time
pathlib.Path(os.environ["TMPDIR"], "started").touch()
time.sleep(600)
def net(): ...
"""


def wait_until_started(process: subprocess.Popen[str], temporary: Path) -> None:
    while not list(temporary.rglob("started")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.timeout(120)
def test_a_run_that_is_stopped_leaves_a_report_and_nothing_else(
    repository: Path, git: Git, tmp_path: Path, number: int, code: int
) -> None:
    (repository / "net.py").write_text(SLOW)
    git("commit", "-q", "-am", "slow")
    git("commit", "-q", "--allow-empty", "-m", "head")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "pocketfit", "run", "--base", "HEAD^", "--device", "none"]
    process = subprocess.Popen(
        command, cwd=repository, env={**os.environ, "TMPDIR": str(temporary)}, stderr=subprocess.PIPE, text=True
    )
    wait_until_started(process, temporary)

    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)

    assert process.returncode == code, stderr
    assert "Traceback" not in stderr
    assert list(temporary.iterdir()) == []
    assert git("worktree", "list").count("\n") == 0
    assert git("status", "--porcelain") == ""
    report = json.loads((repository / "pocketfit-out" / "report.json").read_text())
    assert (report["verdict"], report["base"]) == ("error", git("rev-parse", "HEAD^"))
    assert report["notes"][0].startswith("this report is cut short, since the run was stopped")
    assert [(row["status"], row["reasons"][0]) for row in report["rows"]] == [
        ("skipped", "not tried, since the run was stopped")
    ]
    assert "killed" not in stderr
    running = subprocess.run(
        ["pgrep", "-f", f"pocketfit.exporter {temporary}"], capture_output=True, text=True, check=False
    )
    assert running.stdout == ""


@pytest.mark.timeout(120)
def test_a_run_that_is_stopped_reports_what_it_had_found(repository: Path, git: Git, tmp_path: Path) -> None:
    (repository / "slow.py").write_text(SLOW)
    (repository / "pocketfit.toml").write_text(
        CONFIG + '[models.slow]\nsource = "slow.py:net"\ninputs = [{ shape = [1] }]\n'
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "pocketfit", "run", "--base", "none", "--device", "jvm"]
    process = subprocess.Popen(
        command, cwd=repository, env={**os.environ, "TMPDIR": str(temporary)}, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    seen = ""
    while not re.search(r"head net/lite/fp32: \d", seen) or not list(temporary.rglob("started")):
        line = process.stderr.readline()
        assert line, seen
        seen += line

    process.terminate()
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 143, stderr
    assert "stopped: what is done so far is in pocketfit-out" in stderr
    found = rows(repository)
    net, slow = found["net/lite/fp32"], found["slow/lite/fp32"]
    assert (net["status"], net["smoke"]["status"], net["smoke"]["reason"]) == (
        "new", "skipped", "not tried, since the run was stopped",
    )  # fmt: skip
    assert (slow["status"], slow["reasons"]) == ("skipped", ["not tried, since the run was stopped"])
    out = repository / "pocketfit-out"
    assert (out / "artifacts/head/net.lite.fp32.ptl").stat().st_size == net["head"]["size_bytes"]
    (entry,) = json.loads((out / "artifacts/head/manifest.json").read_text())["artifacts"]
    assert entry["smoke"] == "skipped"
    assert {path.name for path in out.iterdir()} - {"logs"} == {
        ".gitignore", "artifacts", "head.json", "report.html", "report.json", "report.md", "trial.json",
    }  # fmt: skip


DOORS = (
    "pocketfit-out/logs/head.net.lite.fp32.log", "pocketfit-out/artifacts/head/net.lite.fp32.ptl.partial",
    "pocketfit-out/artifacts", "pocketfit-out",
)  # fmt: skip


@pytest.mark.parametrize("command", ["run", "export"])
@pytest.mark.parametrize("door", DOORS)
def test_a_link_that_a_pull_request_committed_is_refused(
    repository: Path, git: Git, tmp_path: Path, command: str, door: str
) -> None:
    victim = tmp_path / "victim.py"
    victim.write_text("import this\n")
    (repository / door).parent.mkdir(parents=True, exist_ok=True)
    (repository / door).symlink_to(victim)
    git("add", "-f", ".")
    git("commit", "-q", "-m", "a door")

    options = ["--base", "none", "--device", "none"] if command == "run" else []
    done = pocketfit(repository, command, *options)

    assert (done.returncode, done.stderr) == (
        2,
        f"error: --out pocketfit-out can't be used: {door} is a link; remove it, or name another folder\n",
    )
    assert victim.read_text() == "import this\n"
    assert git("status", "--porcelain") == ""


@pytest.mark.timeout(120)
def test_an_export_that_is_stopped_keeps_what_it_made(repository: Path, tmp_path: Path) -> None:
    (repository / "net.py").write_text(SLOW)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "pocketfit", "export"],
        cwd=repository,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until_started(process, temporary)

    process.terminate()
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 143, stderr
    head = json.loads((repository / "pocketfit-out/head.json").read_text())
    assert [outcome["reason"] for outcome in head["outcomes"]] == ["not tried, since the run was stopped"]
