"""Submodules and Git LFS files of base, from what the user's clone has and what the job may fetch."""

from __future__ import annotations

import hashlib
import resource
import shutil
from pathlib import Path

import pytest

from pocketfit.builds.git import Git as Repository
from pocketfit.builds.submodules import bring, fill
from tests.git_server import serve_git
from tests.integration.builds.test_git import state
from tests.integration.conftest import Git, in_repository, require

TOKEN = "ghs_very_secret_token"


def make(folder: Path, **files: str) -> Git:
    folder.mkdir()
    git = in_repository(folder)
    git("init", "-q", "-b", "main")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    return git


def add(git: Git, url: str | Path, path: str) -> None:
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(url), path)
    git("commit", "-q", "-am", f"with {path}")


def test_submodules_come_from_the_users_own_clones(repository: Path, git: Git, tmp_path: Path) -> None:
    make(tmp_path / "inner", inner="INNER = 1")
    library = make(tmp_path / "library", net="WIDTH = 8")
    add(library, tmp_path / "inner", "deep/inner")
    add(git, tmp_path / "library", "libs/library")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
    base = git("rev-parse", "HEAD")
    # Head has neither the submodule nor its folder any more.
    git("rm", "-q", "libs/library")
    git("commit", "-q", "-m", "without")
    before = state(repository)

    with Repository(repository).worktree(base) as tree:
        notes = fill(Repository(repository), base, tree)

        assert (tree / "libs/library/net.py").read_text() == "WIDTH = 8"
        assert (tree / "libs/library/deep/inner/inner.py").read_text() == "INNER = 1"

    assert notes == ()
    assert state(repository) == before


def test_a_submodule_that_is_not_here_is_told(repository: Path, git: Git, tmp_path: Path) -> None:
    library = make(tmp_path / "library", net="WIDTH = 8")
    add(git, tmp_path / "library", "library")
    commit = library("rev-parse", "HEAD")
    base = git("rev-parse", "HEAD")
    clone = tmp_path / "clone"
    git("clone", "-q", str(repository), str(clone))

    with Repository(clone).worktree(base) as tree:
        assert fill(Repository(clone), base, tree) == (
            f"base's submodules are empty, since their commits are not here: library at {commit[:10]} "
            "(in a workflow: actions/checkout with submodules: true)",
        )


def test_another_commit_of_a_submodule_is_fetched_with_the_token(tmp_path: Path) -> None:
    """The clone is as shallow as actions/checkout makes it, its submodule too, and the server is a private one."""
    library = make(tmp_path / "library", net="WIDTH = 8")
    old = library("rev-parse", "HEAD")
    phone = make(tmp_path / "phone", app="")
    with serve_git(tmp_path, TOKEN) as server:
        url = f"{server.url}/library/.git"
        add(phone, tmp_path / "library", "library")
        phone("config", "-f", ".gitmodules", "submodule.library.url", url)
        phone("commit", "-q", "-am", "by HTTP")
        base = phone("rev-parse", "HEAD")
        (tmp_path / "library/net.py").write_text("WIDTH = 64")
        library("commit", "-q", "-am", "wider")
        phone("-C", "library", "-c", "protocol.file.allow=always", "fetch", "-q", str(tmp_path / "library"))
        phone("-C", "library", "checkout", "-q", library("rev-parse", "HEAD"))
        phone("commit", "-q", "-am", "head")
        phone("config", "uploadpack.allowAnySHA1InWant", "true")
        settings = ((f"http.{server.url}/.extraheader", f"Authorization: Basic {server.secrets[1]}"),)
        work = tmp_path / "work"
        shallow = ("clone", "-q", "--depth=1", "--recurse-submodules", "--shallow-submodules")
        Repository(tmp_path, settings).run(*shallow, f"{server.url}/phone/.git", work)
        git = Repository(work, settings)
        git.bring(base)
        server.told.clear()

        assert bring(git, base) == ()

        assert server.told == []
    with git.worktree(base) as tree:
        assert fill(git, base, tree) == ()
        assert (tree / "library/net.py").read_text() == "WIDTH = 8"
    assert git.run("-C", "library", "rev-list", "--count", old).strip() == "1"


def test_a_submodule_that_can_not_be_fetched(repository: Path, git: Git, tmp_path: Path) -> None:
    library = make(tmp_path / "library", net="WIDTH = 8")
    add(git, tmp_path / "library", "library")
    git("update-index", "--cacheinfo", f"160000,{'d' * 40},library")
    git("commit", "-q", "-m", "a commit that nobody has")
    assert library("rev-parse", "HEAD")
    (problem,) = bring(Repository(repository), git("rev-parse", "HEAD"))
    assert problem.startswith(f"submodule library: base '{'d' * 40}' is not in this clone and can't be fetched")


def pointer(content: bytes) -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n"


def store(git_dir: Path, content: bytes) -> None:
    oid = hashlib.sha256(content).hexdigest()
    path = git_dir / "lfs/objects" / oid[:2] / oid[2:4] / oid
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_what_can_not_be_written_is_a_note(repository: Path, git: Git) -> None:
    (repository / "weights.pt").write_text(pointer(b"weights"))
    store(repository / ".git", b"weights")
    git("add", ".")
    git("commit", "-q", "-m", "weights")
    base = git("rev-parse", "HEAD")
    with Repository(repository).worktree(base) as tree:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        # As on a disk that is full: no file may have more than a byte.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
        try:
            (note,) = fill(Repository(repository), base, tree)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert sorted(path.name for path in tree.iterdir()) == [".git", "net.py", "pocketfit.toml", "weights.pt"]
    assert note == "base's submodules and files in Git LFS may be lacking: [Errno 27] File too large"


def test_a_link_where_content_was_once_written_first_is_not_followed(
    repository: Path, git: Git, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (repository / "weights.pt").write_text(pointer(b"weights"))
    (repository / ".weights.pt.partial").symlink_to(victim)
    store(repository / ".git", b"weights")
    git("add", ".")
    git("commit", "-q", "-m", "weights")
    base = git("rev-parse", "HEAD")
    with Repository(repository).worktree(base) as tree:
        assert fill(Repository(repository), base, tree) == ()
        assert (tree / "weights.pt").read_bytes() == b"weights"
    assert victim.read_text() == "mine"


def test_lfs_files_come_from_the_clones_store(repository: Path, git: Git) -> None:
    for name, content in (("here.pt", b"weights"), ("gone.pt", b"other"), ("gone2.pt", b"more")):
        (repository / name).write_text(pointer(content))
    (repository / "notes.md").write_text("A pointer begins with version https://git-lfs.github.com/spec/v1\n")
    store(repository / ".git", b"weights")
    git("add", ".")
    git("commit", "-q", "-m", "weights")
    base = git("rev-parse", "HEAD")

    with Repository(repository).worktree(base) as tree:
        notes = fill(Repository(repository), base, tree)

        assert (tree / "here.pt").read_bytes() == b"weights"
        assert (tree / "gone.pt").read_text() == pointer(b"other")
    assert notes == (
        "base's files in Git LFS are pointers, since their content is not here: gone.pt and 1 more "
        f"(`git lfs fetch origin {base[:10]}`; in a workflow: actions/checkout with lfs: true)",
    )


@pytest.mark.parametrize("content", [b"weights", None], ids=["there", "gone"])
def test_lfs_files_are_fetched_with_the_token(tmp_path: Path, content: bytes | None) -> None:
    """By git-lfs itself, from a private server, into a clone that has only pointers."""
    require(shutil.which("git-lfs"), "git-lfs is not installed: apt install git-lfs")
    phone = make(tmp_path / "phone", app="")
    (tmp_path / "phone/weights.pt").write_text(pointer(b"weights"))
    (tmp_path / "phone/.gitattributes").write_text("*.pt filter=lfs diff=lfs merge=lfs -text\n")
    phone("-c", "filter.lfs.clean=cat", "add", ".")
    phone("commit", "-q", "-m", "weights")
    base = phone("rev-parse", "HEAD")
    if content:
        store(tmp_path / "phone/.git", content)
    with serve_git(tmp_path, TOKEN) as server:
        settings = ((f"http.{server.url}/.extraheader", f"Authorization: Basic {server.secrets[1]}"),)
        work = tmp_path / "work"
        pointers = {"GIT_LFS_SKIP_SMUDGE": "1"}
        Repository(tmp_path, settings).run("clone", "-q", f"{server.url}/phone/.git", work, variables=pointers)
        git = Repository(work, settings)

        problems = bring(git, base)

        assert server.told == []
        assert "POST /phone/.git/info/lfs/objects/batch" in server.requests
    with git.worktree(base) as tree:
        notes = fill(git, base, tree)
        assert (tree / "weights.pt").read_bytes() == (content or pointer(b"weights").encode())
    if content:
        assert (problems, notes) == ((), ())
    else:
        assert len(problems) == len(notes) == 1
        assert problems[0].startswith("Git LFS: git exited with 2: ")
        assert notes[0].startswith("base's files in Git LFS are pointers, since their content is not here: weights.pt")
    kept = b"".join(path.read_bytes() for path in work.rglob("*") if path.is_file())
    assert not any(secret.encode() in kept for secret in server.secrets)


def test_a_partial_clone_gets_what_it_left_out(repository: Path, git: Git, tmp_path: Path) -> None:
    base = git("rev-parse", "HEAD")
    (repository / "net.py").write_text("# head\n")
    git("commit", "-q", "-am", "head")
    git("config", "uploadpack.allowFilter", "true")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    git("clone", "-q", "--filter=blob:none", repository.as_uri(), str(clone))

    assert bring(Repository(clone), base) == ()

    # From here on there is no server.
    in_repository(clone)("remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    with Repository(clone).worktree(base) as tree:
        assert "class Net" in (tree / "net.py").read_text()
