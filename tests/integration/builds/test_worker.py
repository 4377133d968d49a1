"""Real children: what they hand back, and every way a model can go wrong, as the one sentence a user reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.builds import fitness
from pocketfit.builds.sandbox import PASSED_ON, Sandbox, child_environment
from pocketfit.builds.weigh import Weight, weigh
from pocketfit.builds.worker import build, run_on_host
from pocketfit.errors import EnvironmentProblem
from pocketfit.files.temporary import run_folder
from pocketfit.job import JOB_FILE, HostRun, Job, NotExported, to_json
from pocketfit.judge.golden import read_tensor
from pocketfit.records import Built, Failed, InputSpec, Limits, ModelSpec, Variant
from pocketfit.sandbox.order import ResourceLimits
from tests.integration.conftest import NET
from tests.ordinary_user import AS_NOBODY

IMAGE = (InputSpec((1, 3, 16, 16)),)
QUICK = Sandbox(timeout_s=120)
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def build_one(
    root: Path, source: str = "net.py:net", format_name: str = "lite", sandbox: Sandbox = QUICK, **spec: object
) -> Built | Failed:
    model = replace(ModelSpec("net", source, inputs=IMAGE), **spec)  # type: ignore[arg-type]
    out = root.parent / f"out-{root.name}"
    outcome, _ = build(Variant("net", format_name, "fp32"), model, root, out, out / "child.log", sandbox)
    return outcome


def reason(outcome: Built | Failed) -> str:
    assert isinstance(outcome, Failed), outcome
    assert "\n" not in outcome.reason
    return outcome.reason


@pytest.mark.parametrize(("format_name", "suffix"), [("lite", ".ptl"), ("torchscript", ".pt")])
def test_a_variant_is_built_with_all_that_is_known_of_it(root: Path, format_name: str, suffix: str) -> None:
    built = build_one(root, format_name=format_name)
    assert isinstance(built, Built), built
    assert built.file == f"net.{format_name}.fp32{suffix}"
    artifacts = root.parent / "out-root"
    assert (artifacts / built.file).stat().st_size == built.size_bytes
    assert 0 < built.download_bytes < built.size_bytes
    assert built.export.parameters == 8 * 3 * 9 + 8 * 2 + 8 * 4 + 4
    assert built.export.ops == {"aten::mean": 1, "prepacked::conv2d_clamp_run": 1, "prepacked::linear_clamp_run": 1}
    assert built.export.recipe == ("trace", "freeze", "optimize_for_mobile")
    assert built.export.parity.sqnr_db is not None
    assert built.export.parity.sqnr_db > 100
    assert read_tensor(built.export.inputs[0], artifacts).shape == (1, 3, 16, 16)
    assert read_tensor(built.export.outputs[0], artifacts).shape == (1, 4)
    # Nothing appeared in the user's tree.
    assert [path.name for path in root.iterdir()] == ["net.py"]


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_two_trees_of_one_commit_give_the_same_bytes(root: Path, tmp_path: Path, format_name: str) -> None:
    other = tmp_path / "a" / "different" / "place"
    other.mkdir(parents=True)
    (other / "net.py").write_text(NET)
    one, two = build_one(root, format_name=format_name), build_one(other, format_name=format_name)
    assert isinstance(one, Built)
    assert isinstance(two, Built)
    assert one.sha256 == two.sha256
    assert one.export.anatomy is not None
    assert two.export.anatomy is not None
    # What was left out held the paths.
    same = replace(two.export.anatomy, dropped_debug_bytes=one.export.anatomy.dropped_debug_bytes)
    assert one == replace(two, export=replace(two.export, anatomy=same))


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_a_newer_file_format(root: Path, format_name: str) -> None:
    # gelu asks for version 10, whose number stands elsewhere in the file than that of version 3.
    (root / "newer.py").write_text(
        "from torch import nn\ndef newer():\n    return nn.Sequential(nn.Linear(16, 4), nn.GELU())\n"
    )
    built = build_one(root, "newer.py:newer", format_name=format_name)
    assert isinstance(built, Built), built
    assert built.export.ops["aten::gelu"] == 1
    with zipfile.ZipFile(root.parent / "out-root" / built.file) as archive:
        assert archive.read(f"net.{format_name}.fp32/.data/version") == b"10\n"
        assert not [name for name in archive.namelist() if name.endswith(".debug_pkl")]


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_another_user_in_another_place_at_another_time_gives_the_same_bytes(root: Path, format_name: str) -> None:
    """What differs between machines: the path, the age of files, the clock, the home, and who runs it.

    So does source that differs in what no device sees: its lines, and the names of modules inside of the model.
    """
    mine = build_one(root, format_name=format_name)
    assert isinstance(mine, Built), mine
    with tempfile.TemporaryDirectory(prefix="pocketfit-elsewhere-") as name:
        place = Path(name) / "a different" / "place"
        place.mkdir(parents=True)
        renamed = NET.replace("self.convolution", "self.first").replace("self.head", "self.last")
        (place / "net.py").write_text(f'"""Every line is another."""\n\n{renamed}')
        os.utime(place / "net.py", (10**9, 10**9))
        folder = Path(name) / "job"
        folder.mkdir()
        spec = ModelSpec("net", "net.py:net", inputs=IMAGE)
        (place / JOB_FILE).write_text(to_json(Job(Variant("net", format_name, "fp32"), spec, str(place), str(folder))))
        become: tuple[str, ...] = ()
        # Only root can become another user.
        if os.geteuid() == 0:
            become = AS_NOBODY
            Path(name).chmod(0o755)
            shutil.chown(folder, "nobody")
        # Half a day away: local time is what a zip archive notes down.
        elsewhere = {**child_environment(os.environ, folder, folder), "TZ": "Pacific/Auckland", "USER": "x"}
        command = [*become, sys.executable, "-P", "-m", "pocketfit.exporter", str(place / JOB_FILE), str(folder)]
        subprocess.run(command, cwd=place, env=elsewhere, check=True)
        artifact = folder / mine.file
        assert artifact.stat().st_uid != os.geteuid() or not become
        assert weigh(artifact) == Weight(mine.size_bytes, mine.download_bytes, mine.sha256)


def test_the_callable_may_bring_its_inputs(root: Path) -> None:
    (root / "pair.py").write_text(
        "import torch\nfrom net import net\ndef pair():\n    return net(), torch.ones(2, 3, 16, 16)\n"
    )
    built = build_one(root, "pair.py:pair", inputs=None)
    assert isinstance(built, Built), built
    assert built.export.inputs[0].shape == (2, 3, 16, 16)


def test_arguments_and_inputs_from_a_callable(root: Path) -> None:
    (root / "given.py").write_text("import torch\ndef inputs():\n    return [torch.ones(1, 3, 8, 8)]\n")
    built = build_one(root, arguments={"width": 16}, inputs="given:inputs")
    assert isinstance(built, Built), built
    assert (built.export.inputs[0].shape, built.export.parameters) == ((1, 3, 8, 8), 16 * 27 + 16 * 2 + 16 * 4 + 4)


def test_a_model_in_training_mode_is_exported_for_inference(root: Path) -> None:
    (root / "training.py").write_text("from net import net\ndef training():\n    return net().train()\n")
    assert isinstance(build_one(root, "training.py:training"), Built)


def test_a_saved_torchscript_file(root: Path) -> None:
    save(root, "torch.jit.save(torch.jit.script(net().eval()), 'saved.pt')")
    built = build_one(root, "saved.pt")
    assert isinstance(built, Built), built
    assert built.export.recipe == ("script", "freeze", "optimize_for_mobile")


def test_a_file_that_is_optimized_already(root: Path) -> None:
    first = build_one(root, format_name="torchscript")
    assert isinstance(first, Built)
    (root / "done.pt").write_bytes((root.parent / "out-root" / first.file).read_bytes())
    built = build_one(root, "done.pt")
    assert isinstance(built, Built), built


def save(root: Path, code: str) -> None:
    script = f"import torch\nfrom net import net\ntorch.manual_seed(0)\n{code}\n"
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=root, check=True)


BAD = {
    "missing_import": ("import no_such_package\ndef f(): ...", "bad.py can't be imported: ModuleNotFoundError: No module named 'no_such_package'"),
    "syntax": ("def f(:\n", "bad.py can't be imported: SyntaxError: invalid syntax at bad.py:1, `def f(:`"),
    "exits": ("import sys\nsys.exit('I quit')", "bad.py can't be imported: SystemExit: I quit at bad.py:2"),
    "no_callable": ("def g(): ...", "bad.py has no 'f'"),
    "near_callable": ("def ff(): ...", "bad.py has no 'f': did you mean 'ff'?"),
    "not_callable": ("f = 3", "bad.py:f is a int, which can't be called"),
    "raises": ("def f(): raise ValueError('no weights today')", "bad.py:f raises ValueError: no weights today at bad.py:1, in f"),
    "returns_none": ("def f(): ...", "bad.py:f returns a NoneType, not a torch.nn.Module (nor a pair of module and inputs)"),
    "state_dict": ("from net import net\ndef f(): return net().state_dict()", "bad.py:f gives a state_dict of 8 entries, not a model: build the module and call load_state_dict on it"),
    "wrong_shape": ("from torch import nn\ndef f(): return nn.Linear(5, 2)", "forward does not take these inputs (float32 1x3x16x16): RuntimeError: mat1 and mat2 shapes cannot be multiplied (48x16 and 5x2)"),
    "random": ("import torch\nfrom torch import nn\nclass R(nn.Module):\n    def forward(self, x): return torch.rand_like(x)\ndef f(): return R()", "eager itself answers differently when asked twice (SQNR against eager is "),
    "string": ("from torch import nn\nclass S(nn.Module):\n    def forward(self, x): return 'text'\ndef f(): return S()", "the output is a str, which tracing can't record: leave it to the app, or set how = "),
    "set": ("from torch import nn\nclass S(nn.Module):\n    def forward(self, x): return {1, 2}\ndef f(): return S()", "forward returns a set: return tensors, or tuples, lists and dicts of them"),
    "nothing": ("from torch import nn\nclass S(nn.Module):\n    def forward(self, x): return None\ndef f(): return S()", "forward returns no tensor, so there is nothing to compare"),
    "complex": ("import torch\nfrom torch import nn\nclass S(nn.Module):\n    def forward(self, x): return x.bfloat16()\ndef f(): return S()", "a torch.bfloat16 tensor has no counterpart in Java: convert it in forward"),
    "killed": ("import os, signal\ndef f(): os.kill(os.getpid(), signal.SIGKILL)", "the process was killed by SIGKILL while loading bad.py:f, most likely out of memory"),
    "segfault": ("import ctypes\ndef f(): ctypes.string_at(0)", "the process was killed by SIGSEGV while loading bad.py:f, at bad.py:2, in f"),
    "leaves": ("import os, sys\nprint('last words', file=sys.stderr, flush=True)\nos._exit(7)", "the process ended with exit code 7 while loading bad.py:f: last words"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_model_code_that_goes_wrong(root: Path, case: str) -> None:
    code, sentence = BAD[case]
    (root / "bad.py").write_text(code)
    assert reason(build_one(root, "bad.py:f")).startswith(sentence)


MODE = "source returned the model in training mode; Pocketfit exports it in evaluation mode"
DROPS = """
import torch
from torch import nn


class Drops(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(nn.functional.dropout(x))


def f():
    return Drops()
"""


def test_the_mode_is_told_where_answers_are_in_doubt_alone(root: Path) -> None:
    (root / "bad.py").write_text(DROPS)
    doubted, fine = build_one(root, "bad.py:f"), build_one(root)
    assert isinstance(doubted, Failed)
    assert "look for dropout or random numbers in forward" in doubted.reason
    assert MODE in doubted.reasons
    assert isinstance(fine, Built)
    assert MODE not in fine.export.reasons


def test_places_where_there_is_nothing(root: Path) -> None:
    assert reason(build_one(root, "gone.py:f")) == "gone.py: no such file in the repository"
    assert reason(build_one(root, "gone.pt")) == "gone.pt: no such file in the repository"
    assert reason(build_one(root, "no_such_module:f")).startswith(
        "no_such_module can't be imported: ModuleNotFoundError"
    )
    assert reason(build_one(root, "net.py")).startswith("'net.py' is no source: write module:callable")
    assert reason(build_one(root, inputs=None)).startswith(
        "no inputs: add inputs = [{ shape = [1, 3, 224, 224] }] to [models.net]"
    )
    # Where the command line names the model there is no such table.
    assert reason(build_one(root, inputs=None, by_options=True)) == (
        "no inputs: add --shape 1,3,224,224, once for each (in a workflow: input-shape), or return a pair (module, inputs)"
    )


def test_files_that_are_no_model(root: Path) -> None:
    (root / "pointer.pt").write_text(LFS_POINTER)
    (root / "text.pt").write_text("hello")
    save(root, "torch.save(net().state_dict(), 'weights.pt')")
    assert reason(build_one(root, "pointer.pt")) == (
        "pointer.pt is a Git LFS pointer, not the weights: run `git lfs pull` (in a workflow: actions/checkout with lfs: true)"
    )
    assert reason(build_one(root, "text.pt")) == "text.pt is not a TorchScript file: it is no zip archive"
    assert reason(build_one(root, "weights.pt")) == (
        "weights.pt is a state_dict or pickled object, not TorchScript: name a callable that builds the module and loads it"
    )


def test_model_code_that_loads_an_lfs_pointer(root: Path) -> None:
    (root / "weights.pt").write_text(LFS_POINTER)
    (root / "bad.py").write_text("import torch\ndef f(): return torch.load('weights.pt')")
    assert "(the file is a Git LFS pointer, not the weights: run `git lfs pull`" in reason(build_one(root, "bad.py:f"))


def test_a_child_that_outlives_its_time(root: Path) -> None:
    (root / "bad.py").write_text("import time\ndef f(): time.sleep(600)")
    outcome = build_one(root, "bad.py:f", sandbox=Sandbox(timeout_s=60))
    assert reason(outcome) == "loading bad.py:f took longer than --timeout, 60 s, and was stopped, at bad.py:2, in f"


def test_a_child_that_wants_too_much_memory(root: Path) -> None:
    (root / "bad.py").write_text("import torch\ndef f(): return torch.ones(3_000_000_000)")
    outcome = build_one(
        root, "bad.py:f", sandbox=Sandbox(timeout_s=120, limits=ResourceLimits(memory_bytes=4_000_000_000))
    )
    assert "bad.py:f raises RuntimeError" in reason(outcome)
    assert "allocate 12000000000 bytes" in reason(outcome)


def test_a_limit_on_parity_costs_optimizations_first(root: Path) -> None:
    built = build_one(root, limits=Limits(max_abs_diff=0.0))
    assert isinstance(built, Built), built
    assert built.export.parity.max_abs_diff == 0.0
    assert "optimize_for_mobile" not in built.export.recipe
    assert "which gives a wrong model: the largest difference from eager is " in " ".join(built.export.reasons)


def test_a_limit_on_parity_that_nothing_meets(root: Path) -> None:
    outcome = build_one(root, limits=Limits(min_sqnr_db=400.0))
    assert reason(outcome) == "the trace does not compute what eager does: SQNR against eager is 300.0 dB, below 400 dB"


def test_the_child_knows_no_secret(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "GITHUB_TOKEN",
        "INPUT_GITHUB-TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "GITHUB_OUTPUT",
        "AWS_SECRET_ACCESS_KEY",
        "PYTHONPATH",
    ):
        monkeypatch.setenv(name, "canary")
    (root / "bad.py").write_text("import os\ndef f(): raise ValueError(','.join(sorted(os.environ)))")
    reason(build_one(root, "bad.py:f"))
    # The sentence of the row is too short for all of them, and the log has its traceback.
    said = (root.parent / "out-root" / "child.log").read_text().splitlines()[-1]
    names = said.removeprefix("ValueError: ").split(",")
    assert "TMPDIR" in names
    # LC_CTYPE is set by Python itself where the locale is C.
    allowed = {
        *PASSED_ON,
        "TMPDIR",
        "USER",
        "LOGNAME",
        "HF_HUB_CACHE",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "LC_CTYPE",
    }
    assert {name for name in names if not name.startswith(("KMP_", "TORCH", "CUDA"))} <= allowed


FORGED = """
import json, os
from pathlib import Path
folder = Path(os.environ["TMPDIR"])
def forge(file="net.lite.fp32.ptl", **changes):
    export = {{"parameters": 1, "ops": {{}}, "inputs": [], "outputs": [], "recipe": [], "reasons": [],
              "parity": {{"max_abs_diff": 0.0, "sqnr_db": 300.0, "argmax_agreement": 1.0}}}}
    result = {{"state": "exported", "file": file, "export": export | changes, "torch": "1"}}
    (folder / "result.json").write_text(json.dumps(result))
{code}
os._exit(0)
"""

LIES = {
    "link": ("os.symlink('/etc/passwd', folder / 'net.lite.fp32.ptl'); forge()", "Too many levels of symbolic links"),
    "other_name": ("forge(file='../../etc/passwd')", "the artifact is named '../../etc/passwd' instead of 'net.lite.fp32.ptl'"),
    "no_file": ("forge()", "No such file or directory"),
    "fifo": ("os.mkfifo(folder / 'net.lite.fp32.ptl'); forge()", "net.lite.fp32.ptl is not a regular file"),
    "terabyte": ("os.truncate(os.open(folder / 'net.lite.fp32.ptl', os.O_CREAT | os.O_RDWR), 1 << 40); forge()", "OSError: it wrote more than 4,000,000,000 bytes into a file (--limit file=SIZE raises that)"),
    "hard_link": ("(folder / 'other').touch(); os.link(folder / 'other', folder / 'net.lite.fp32.ptl'); forge()", "net.lite.fp32.ptl has another name too (a hard link)"),
    "sparse": ("os.truncate(os.open(folder / 'net.lite.fp32.ptl', os.O_CREAT | os.O_RDWR), 3_000_000_000); forge()", "net.lite.fp32.ptl is larger than 2000000000 bytes"),
    "golden_sparse": ("os.truncate(os.open(folder / 'input0.bin', os.O_CREAT | os.O_RDWR), 300_000_000); forge(inputs=[{'path': '', 'dtype': 'float32', 'shape': [75_000_000], 'file': 'input0.bin'}])", "input0.bin is larger than 256000000 bytes"),
    "result_fifo": ("os.mkfifo(folder / 'result.json')", "the child's result can't be read: result.json is not a regular file"),
    "golden_elsewhere": ("forge(inputs=[{'path': '', 'dtype': 'float32', 'shape': [1], 'file': '/etc/passwd'}])", "'/etc/passwd' is no golden tensor"),
    "golden_size": ("(folder / 'input0.bin').write_bytes(b'12'); forge(inputs=[{'path': '', 'dtype': 'float32', 'shape': [1], 'file': 'input0.bin'}])", "input0.bin has 2 bytes, which is not float32 of (1,)"),
    "golden_shape": ("forge(inputs=[{'path': '', 'dtype': 'float32', 'shape': [0, 2**62, 4], 'file': 'input0.bin'}])", "'input0.bin' is no golden tensor: no tensor has its shape"),
    "golden_negative": ("forge(inputs=[{'path': '', 'dtype': 'float32', 'shape': [-1, -1], 'file': 'input0.bin'}])", "'input0.bin' is no golden tensor: a length of its shape is negative"),
    "golden_dtype": ("forge(inputs=[{'path': '', 'dtype': 'O', 'shape': [1], 'file': 'input0.bin'}])", "'input0.bin' is no golden tensor: its dtype is 'O'"),
    "golden_name": ("forge(inputs=[{'path': '', 'dtype': 'float32', 'shape': [1], 'file': 'input٣.bin'}])", "'input٣.bin' is no golden tensor"),
    "not_a_number": ("forge(parity={'max_abs_diff': float('nan')})", "export.parity.max_abs_diff should be a finite number"),
    "infinite": ("forge(metric={'eager': float('inf')})", "export.metric.eager should be a finite number"),
    "beyond_64_bits": ("forge(parameters=10**30)", "export.parameters is a larger number than makes sense"),
    "beyond_64_bits_in_a_list": ("forge(ops={'aten::add': -10**19})", "export.ops.aten::add is a larger number than makes sense"),
    "many_items": ("forge(reasons=['x'] * 30_000)", "export.reasons has 30,000 items, more than 20,000"),
    "deep": ("(folder / 'result.json').write_text('[' * 100_000)", "it is not JSON (recursion limit exceeded"),
    "unknown_key": ("forge(admin=True)", "export.admin is not a known key"),
    "unknown_state": ("(folder / 'result.json').write_text(json.dumps({'state': 'done'}))", "tag 'done' found using 'state' does not match any of the expected tags"),
    "control_characters": ("(folder / 'result.json').write_text(json.dumps({'state': 'not-exported', 'reason': '::add-mask::a\\n::error::b \\x1b]52;c;YQ==\\x07\\u202e##[error]'}))", ": :add-mask::a ::error::b ]52;c;YQ== ## [error]"),
    "no_json": ("(folder / 'result.json').write_text('{')", "the child's result can't be read: "),
    "other_type": ("forge(parameters='many')", "the child's result can't be read: "),
    "huge": ("(folder / 'result.json').write_bytes(b' ' * 1_500_000)", "result.json is larger than 1000000 bytes"),
    "other_kind": ("(folder / 'result.json').write_text(json.dumps({'state': 'host-outputs', 'outputs': [], 'torch': '1'}))", "the model's process returned a result of another kind than asked for; if it happens again, report it"),
}  # fmt: skip


@pytest.mark.parametrize("case", LIES)
def test_model_code_that_forges_the_result(root: Path, case: str) -> None:
    code, sentence = LIES[case]
    (root / "bad.py").write_text(FORGED.format(code=code))
    assert sentence in reason(build_one(root, "bad.py:f"))


OTHER_INPUTS = """
import numpy as np
(folder / 'net.lite.fp32.ptl').write_bytes(b'any')
np.zeros((1, 3, 16, 16), np.float32).tofile(folder / 'input0.bin')
forge(inputs=[{'path': '[0]', 'dtype': 'float32', 'shape': [1, 3, 16, 16], 'file': 'input0.bin'}])
"""


def test_model_code_that_chooses_inputs_of_its_own(root: Path) -> None:
    (root / "bad.py").write_text(FORGED.format(code=OTHER_INPUTS))
    assert reason(build_one(root, "bad.py:f")) == (
        "the child's files are not what it said: input 0 is not the seeded one that the configuration's shape stands for"
    )


UNFIT = {"state": "unfit", "reason": "torch is built without XNNPACK: reinstall it from https://evil.example"}


def test_model_code_that_calls_the_machine_unfit_fails_its_own_row(root: Path) -> None:
    """It must not end the run of others, see hole 15: a child without model code is asked, and this machine is fit."""
    code = f"(folder / 'result.json').write_text({json.dumps(UNFIT)!r})"
    (root / "bad.py").write_text(FORGED.format(code=code))
    assert reason(build_one(root, "bad.py:f")) == (
        f"the model's process says that nothing can be exported here, which is not so: {UNFIT['reason']}"
    )


UNFIT_PYTHON = """#!/bin/sh
case "$*" in
*--examine*) echo '{"unfit": {"lite": "torch is built without XNNPACK"}, "built_with": {"lite": "torch 2.12.1"}}' ;;
*) exec %s "$@" ;;
esac
"""


def test_a_machine_that_can_export_nothing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"(folder / 'result.json').write_text({json.dumps(UNFIT)!r})"
    (root / "bad.py").write_text(FORGED.format(code=code))
    python = tmp_path / "python"
    python.write_text(UNFIT_PYTHON % sys.executable)
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    fitness._examined.cache_clear()
    try:
        with pytest.raises(EnvironmentProblem, match=r"^torch is built without XNNPACK$") as caught:
            build_one(root, "bad.py:f", sandbox=replace(QUICK, walled=False))
    finally:
        fitness._examined.cache_clear()
    assert caught.value.exit_code == 3


def test_a_given_file_on_the_host(root: Path, tmp_path: Path) -> None:
    first = build_one(root)
    assert isinstance(first, Built)
    artifacts = root.parent / "out-root"
    job = HostRun("lite", str(artifacts / first.file), IMAGE)
    outputs = run_on_host(job, QUICK, tmp_path)
    assert not isinstance(outputs, str), outputs
    expected = read_tensor(first.export.outputs[0], artifacts)
    assert abs(read_tensor(outputs.outputs[0], tmp_path) - expected).max() < 1e-5


def test_a_given_file_that_the_host_can_not_run(tmp_path: Path) -> None:
    (tmp_path / "text.ptl").write_text("hello")
    said = run_on_host(HostRun("lite", str(tmp_path / "text.ptl"), IMAGE), QUICK, tmp_path)
    assert isinstance(said, NotExported)
    assert "RuntimeError" in said.reason


PLANTED = """
import os
from pathlib import Path
from net import net

work = Path(os.environ["TMPDIR"])
NAMES = ("job.json", "child.log", "stage.txt.tmp", "net.lite.fp32.ptl.partial", ".net.lite.fp32.ptl.partial")
for folder in (work, work.parent, work.parent.parent):
    for name in NAMES:
        try:
            os.symlink({victim!r}, folder / name)
            print("PLANTED", folder, name)
        except OSError:
            pass
for attack in (
    lambda: (work.parent / "job.json").write_text("{{}}"),
    lambda: (work.parent / "job.json").unlink(),
    lambda: work.rename(work.with_name("other")),
):
    try:
        attack()
        print("DONE", attack)
    except OSError:
        pass
"""


def test_model_code_that_lays_links_in_the_way_of_ours(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (root / "bad.py").write_text(PLANTED.format(victim=str(victim)))
    built = build_one(root, "bad.py:net")
    assert isinstance(built, Built), built
    assert victim.read_text() == "mine"
    printed = (root.parent / "out-root/child.log").read_text()
    places = {line.split()[1] for line in printed.splitlines() if line.startswith("PLANTED")}
    # In its own folder alone, and there is nothing that we would write.
    assert [Path(place).name for place in places] == ["work"]
    assert "DONE" not in printed


DEEP = """
import os
from net import net

os.makedirs(os.path.join(os.environ["TMPDIR"], "shut/inside"))
os.chmod(os.path.join(os.environ["TMPDIR"], "shut"), 0)
at = os.open(os.environ["TMPDIR"], os.O_RDONLY)
for _ in range(3000):
    os.mkdir("d", dir_fd=at)
    deeper = os.open("d", os.O_RDONLY, dir_fd=at)
    os.close(at)
    at = deeper
os.close(at)
"""


def test_model_code_that_leaves_a_tree_which_is_hard_to_remove(root: Path) -> None:
    (root / "bad.py").write_text(DEEP)
    before = sorted(run_folder().iterdir())
    built = build_one(root, "bad.py:net")
    assert isinstance(built, Failed), built
    assert built.reason.startswith("made more than 100,000 files, or folders "), built.reason
    assert sorted(run_folder().iterdir()) == before
