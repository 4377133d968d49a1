"""The process that holds the token: what it imports after the run, and who can look into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pocketfit.records import Environment, Report, Row, SideFacts
from pocketfit.store import write_report
from tests.fake_github import JOB_TOKEN, serve
from tests.unit.entrypoint.repository import Repository

ROOT = Path(__file__).parents[3]
REPO = "octo/phone"
# The program's own imports, as the container starts it: nothing of the tests' is in this process.
DRIVER = """
import io, json, os, sys
import entrypoint.__main__
from entrypoint import action
from entrypoint.alone import stand_alone

stand_alone()
before, run_fenced = set(), action.run_fenced

def first_child(*args, **options):
    before.update(sys.modules)
    return run_fenced(*args, **options)

action.run_fenced = first_child
log = io.StringIO()
code = action.run_action(os.environ, log, (sys.executable, "-c", os.environ["STANDIN"]))
print(json.dumps({"code": code, "late": sorted(set(sys.modules) - before), "log": log.getvalue()}))
"""
STANDIN = """
import pathlib, shutil, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "artifacts/head").mkdir(parents=True, exist_ok=True)
shutil.copy(GIVEN, out / "report.json")
sys.exit(4)
"""


def test_nothing_is_imported_after_the_first_child_has_started(tmp_path: Path) -> None:
    """What model code leaves on the disk is then never run by the token's holder, see hole 1."""
    repository = Repository(tmp_path / "workspace")
    rows = (Row("tiny", "lite", "fp32", "failed", reasons=("it is ünusual", "50 % of it\n::error::gone")),)
    write_report(
        tmp_path / "given.json", Report("fail", None, "a" * 40, "0", Environment("2", "jvm", None, None), rows)
    )
    pull = {"number": 7, "head": {"sha": repository.work, "repo": {"full_name": REPO}}, "base": {"sha": repository.one}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull}))
    with serve() as hub:
        environ = {
            "PATH": "/usr/bin:/bin",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_WORKSPACE": str(repository.folder),
            # By name, as the real one is found: a name is looked up with more of the library than an address is.
            "GITHUB_API_URL": hub.url.replace("127.0.0.1", "localhost"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "INPUT_GITHUB-TOKEN": JOB_TOKEN,
            "STANDIN": STANDIN.replace("GIVEN", repr(str(tmp_path / "given.json"))),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run([sys.executable, "-c", DRIVER], env=environ, capture_output=True, text=True, check=True)
        assert any(call.startswith("POST") for call in hub.calls()), "it did comment"
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["code"] == 4, said["log"]
    assert said["late"] == []


def test_nothing_is_imported_for_the_history(tmp_path: Path) -> None:
    """The same for a push, whose report is kept on a branch of its origin."""
    origin = Repository(tmp_path / "origin")
    workspace = origin.clone(tmp_path / "workspace", "main", depth=1)
    rows = (Row("tiny", "lite", "fp32", "new", head=SideFacts(9, 8, "aa" * 32, 1, {})),)
    report = Report("fail", None, origin.two, "0", Environment("2", "jvm", None, None), rows)
    write_report(tmp_path / "given.json", report)
    event = {"repository": {"default_branch": "main"}, "before": origin.one}
    (tmp_path / "event.json").write_text(json.dumps(event))
    with serve() as hub:
        environ = {
            "PATH": "/usr/bin:/bin",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_API_URL": hub.url,
            "INPUT_GITHUB-TOKEN": JOB_TOKEN,
            "INPUT_HISTORY": "pocketfit-history",
            "STANDIN": STANDIN.replace("GIVEN", repr(str(tmp_path / "given.json"))),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run([sys.executable, "-c", DRIVER], env=environ, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    assert f"kept {origin.two[:9]} in the history" in said["log"]
    assert said["late"] == []


LOOKED_AT = """
import os, sys, time
from pocketfit.sandbox.hidden import hide_process
if sys.argv[1] == "hidden":
    hide_process()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("what", ["environ", "maps", "mem"])
def test_others_of_the_same_user_can_not_look_into_it(what: str) -> None:
    """Control and claim: without it the environment can be read, with it not; root is another thing."""
    assert _looks(what, "open") == "can be read"
    assert _looks(what, "hidden") == "PermissionError"


def _looks(what: str, how: str) -> str:
    # As nobody where we are root, who may trace any process; the interpreter may be in somebody's home.
    capability = "+dac_read_search"
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    become += [f"--inh-caps={capability}", f"--ambient-caps={capability}"] if become else []
    environ = {"SECRET": "canary", "PATH": os.environ["PATH"]}
    command = [*become, sys.executable, "-c", LOOKED_AT, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            code = f"open('/proc/{process.pid}/{what}', 'rb'); print('can be read')"
            looked = subprocess.run(
                [*become, sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
            )
        finally:
            process.kill()
    return looked.stdout.strip() or looked.stderr.splitlines()[-1].partition(":")[0]


def test_programs_that_are_started_are_not_hidden() -> None:
    """The kernel forgets it with another program, so that what a user starts can be looked at as ever."""
    code = (
        "import subprocess, sys; from pocketfit.sandbox.hidden import hide_process; hide_process();"
        "print(subprocess.run(['cat', '/proc/self/environ'], check=True, capture_output=True, text=True).stdout)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"SEEN": "yes"}, capture_output=True, text=True, check=True)
    assert "SEEN=yes" in done.stdout
