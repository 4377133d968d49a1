"""A release by its own scripts to a registry on loopback, which refuses and dies, and what users then get of it.

With the small image in both places: what pushes it is the same, and the large one takes minutes (test_release_whole.py).
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.process import finish, run
from pocketfit.records import UNVERIFIED, Environment, Report, Row
from pocketfit.store import write_report
from tests.e2e.act import Act
from tests.e2e.checkout import VERSION, Checkout, forget_images
from tests.e2e.conftest import comment_on
from tests.e2e.registry import Registry
from tests.e2e.repository import REPO, Repository
from tests.fake_github import JOB_TOKEN, serve
from tools.release.places import KINDS

pytestmark = pytest.mark.timeout(900)

FORK = "someone/phone"
HEAD = "a" * 40
ROW = Row("tiny", "lite", "fp32", "failed", reasons=("no kernel",))
REPORT = Report("fail", None, "c" * 40, VERSION, Environment("2.12.1", "jvm", None, None), (ROW,))


def words_of(checkout: Checkout, registry: Registry, image: str) -> list[str]:
    built = [word for kind in KINDS for word in ("--built", f"{kind}={image}")]
    return ["--unpinned", "--to", registry.name, "--out", str(checkout.folder / "build/dist"), *built]


def test_the_small_image_is_small_and_holds_what_it_needs(small_image: str) -> None:
    size_bytes = int(run("docker", "image", "inspect", "--format", "{{.Size}}", small_image, timeout=60))
    assert size_bytes <= 150_000_000
    look = (
        "import importlib.util, json, pathlib, shutil; print(json.dumps(["
        "[name for name in ('torch', 'numpy', 'pip', 'setuptools') if importlib.util.find_spec(name)], "
        "[name for name in ('java', 'adb', 'git') if shutil.which(name)], "
        "sorted(path.name.rpartition('-')[0] for path in pathlib.Path('/usr/share/licenses/python').iterdir()), "
        "[str(path) for path in pathlib.Path('/usr').rglob('*') if not path.is_symlink() and path.stat().st_mode & 0o6000 and path.is_file()]]))"
    )
    found = run("docker", "run", "--rm", "--entrypoint", "python", small_image, "-c", look, timeout=120)
    heavy, programs, licenses, setuid = json.loads(found)
    assert (heavy, programs, setuid) == ([], [], [])
    assert {"pocketfit", "pydantic", "requests"} <= set(licenses)


def test_a_release_that_is_refused_and_interrupted_goes_on(
    checkout: Checkout, registry: Registry, small_image: str
) -> None:
    words = words_of(checkout, registry, small_image)
    dry = checkout.release("run", *words, "--dry-run")
    assert dry.code == 0, dry.stderr
    assert "-comment/amd64: built, not pushed" in dry.stderr or "arm64: built, not pushed" in dry.stderr
    assert f"v{VERSION} would be " in dry.stderr
    assert (checkout.folder / "build/dist/SHA256SUMS").is_file()

    with registry.serving(refuses=True):
        refused = checkout.release("run", *words)
    assert refused.code == 3
    assert refused.stderr.startswith(f"error: {registry.name}:{VERSION}-")
    assert refused.stderr.endswith("Nothing refers to it yet; the same command again goes on\n")

    with registry.serving(), registry.dying():
        broken = checkout.release("run", *words)
    assert broken.code == 3
    assert " was not pushed: " in broken.stderr

    assert checkout.git("tag", "--list") == ""
    assert not (checkout.folder / f"build/release/{VERSION}.json").exists()

    with registry.serving():
        done = checkout.release("run", *words)
        assert done.code == 0, done.stderr
        again = checkout.release("run", *words)
        assert again.code == 0, again.stderr
        sbom = checkout.release("sbom", "--to", registry.name, "--out", str(checkout.folder / "build/sbom"))
        assert sbom.code == 0, sbom.stderr
    assert again.stdout == done.stdout
    (listed,) = (checkout.folder / "build/sbom").glob("comment-*.spdx.json")
    names = {package["name"] for package in json.loads(listed.read_text())["packages"]}
    assert {"pocketfit", "pydantic", "libc6"} <= names
    assert again.stderr.count("the registry has it,") == 2
    assert again.stderr.count("the registry has its index") == 2
    assert checkout.git("status", "--porcelain") == ""


def test_the_workflow_of_a_fork_comments_with_the_released_image(
    checkout: Checkout, registry: Registry, small_image: str, base_image: str, tmp_path: Path
) -> None:
    """The image is fetched by its digest, since this machine has it no more by that name."""
    with registry.serving():
        # Nothing, where the test above did it.
        done = checkout.release("run", *words_of(checkout, registry, small_image))
    assert done.code == 0, done.stderr
    digest = checkout.record()[f"{registry.name}-comment"]
    reference = f"{registry.name}-comment@{digest}"
    action = checkout.released(tmp_path / "action")
    assert f"  image: docker://{reference}\n" in (action / "comment/action.yml").read_text()
    forget_images(registry.name)
    # With its layers, which are fetched then.
    run("docker", "image", "rm", small_image, timeout=60)
    assert finish(["docker", "image", "inspect", reference], timeout=60).code != 0

    with registry.serving(), serve() as hub:
        repository = Repository.create(tmp_path / "phone")
        write_report(tmp_path / "report.json", REPORT)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tmp_path / "report.json", "report.json")
        hub.add_artifact(REPO, 42, "pocketfit-report", packed.getvalue())
        hub.add_pull(REPO, 7, HEAD, "topic", FORK)
        ran_for = {"id": 42, "event": "pull_request", "head_sha": HEAD, "head_branch": "topic"}
        event = {"action": "completed", "workflow_run": ran_for | {"head_repository": {"full_name": FORK}}}
        ran = Act(base_image, hub.url, action).run(repository, "fork-2-comment", event, JOB_TOKEN, tmp_path / "act")

        assert ran.succeeded, ran.log
        (comment,) = hub.comments[REPO, 7]
    assert comment["body"] == comment_on(replace(REPORT, notes=(UNVERIFIED, *REPORT.notes)), HEAD, 42)
    assert finish(["docker", "image", "inspect", reference], timeout=60).code == 0
