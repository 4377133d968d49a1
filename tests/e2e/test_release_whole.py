"""A release with the large image: pushing it takes minutes, so that the gate leaves this to `make e2e-release`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pocketfit.process import finish, run
from tests.e2e.act import Act
from tests.e2e.checkout import Checkout, forget_images
from tests.e2e.conftest import report_of, statuses
from tests.e2e.registry import Registry
from tests.e2e.repository import REPO, Repository
from tests.e2e.roads import IMAGE
from tests.fake_github import JOB_TOKEN, serve

pytestmark = pytest.mark.timeout(3000)


def test_the_wheel_works_where_nothing_is(checkout: Checkout, base_image: str, tmp_path: Path) -> None:
    """In a bare system: what needs no torch works, what does says how it is had, and it takes at most 120 MB."""
    made = checkout.release("files", "--out", str(tmp_path / "dist"))
    assert made.code == 0, made.stderr
    (tmp_path / "m.py").write_text("def make(): ...\n")
    config = '[models.m]\nsource = "m.py:make"\ninputs = [{ shape = [1, 3] }]\n'
    (tmp_path / "pocketfit.toml").write_text(config)
    script = """set -e
python -m venv /tmp/it
/tmp/it/bin/pip install --quiet --no-cache-dir /work/dist/pocketfit-*.whl
/tmp/it/bin/pip uninstall --quiet --yes pip setuptools
cd /work
for command in compare publish report check init merge plan; do /tmp/it/bin/pocketfit $command --help >/dev/null; done
/tmp/it/bin/pocketfit check
/tmp/it/bin/pocketfit run --base none 2>&1 || echo "exit $?"
du --summarize --block-size=1000000 /tmp/it | cut -f 1
"""
    words = (
        "--rm",
        "--network",
        "host",
        "--volume",
        f"{tmp_path}:/work",
        "--entrypoint",
        "sh",
        base_image,
        "-c",
        script,
    )
    said = run("docker", "run", *words, timeout=600).splitlines()
    assert said[0] == "pocketfit.toml: 1 model, 1 variant, no problem"
    assert said[1:3] == ['error: torch is not installed here: pip install "pocketfit[torch]"', "exit 3"]
    assert int(said[3]) <= 120


def test_a_pull_request_is_checked_by_the_released_image(
    checkout: Checkout, registry: Registry, image: None, small_image: str, base_image: str, tmp_path: Path
) -> None:
    """It says the seconds for the pull: `pytest -s`, or make e2e-release."""
    words = (
        "--unpinned",
        "--to",
        registry.name,
        "--out",
        str(tmp_path / "dist"),
        "--record",
        str(tmp_path / "record.json"),
    )
    with registry.serving(), serve() as hub:
        done = checkout.release("run", *words, "--built", f"action={IMAGE}", "--built", f"comment={small_image}")
        assert done.code == 0, done.stderr
        digest = dict(line.split("=") for line in done.stdout.splitlines())["action"]
        reference = f"{registry.name}@{digest}"
        action = checkout.released(tmp_path / "action")
        assert f"  image: docker://{reference}\n" in (action / "action.yml").read_text()
        forget_images(registry.name)
        assert finish(["docker", "image", "inspect", reference], timeout=60).code != 0
        began = time.monotonic()
        run("docker", "pull", "--quiet", reference, timeout=1200)
        print(f"\n{done.stderr}pulled in {time.monotonic() - began:.0f} s, of what is not on this machine already")

        repository = Repository.create(tmp_path / "phone")
        event = repository.push("models/two_inputs.py", "width: int = 32", "width: int = 64", "Wider")
        ran = Act(base_image, hub.url, action).run(repository, "pull-request", event, JOB_TOKEN, tmp_path / "act")

        assert ran.succeeded, ran.log
        (comment,) = hub.comments[REPO, 7]
    found = statuses(report_of(ran, "pass"))
    assert found["two_inputs/lite/fp32"] == "compared"
    assert found["resnet18/lite/fp32"] == "identical"
    assert comment["body"].startswith("<!-- pocketfit:")
