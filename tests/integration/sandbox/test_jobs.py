"""Whole jobs inside of walls: what a model's process reaches, each limit as one row, and who may have a network."""

from __future__ import annotations

import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.builds.room import Room
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import NETWORK, Side, take_snapshots
from pocketfit.builds.worker import OVER_SHARE
from pocketfit.out import Out
from pocketfit.progress import observed_by
from pocketfit.records import Built, Config, Failed, InputSpec, ModelSpec, Outcome
from pocketfit.sandbox.order import ResourceLimits

IMAGE = (InputSpec((1, 3, 16, 16)),)
LIMITS = ResourceLimits(memory_bytes=6_000_000_000, file_bytes=1_000_000_000, files=5_000)
PATIENT = Sandbox(timeout_s=500, limits=LIMITS)


def outcomes(root: Path, models: dict[str, str], *, network: bool = False) -> dict[str, Outcome]:
    """Build models whose code is `models`, beside a good one, in one run."""
    for name, code in models.items():
        (root / f"{name}.py").write_text(f"from net import net as plain\ndef net():\n{code}\n    return plain()\n")
    specs = tuple(
        ModelSpec(name, f"{name}.py:net", inputs=IMAGE, network=network and name != "net") for name in ("net", *models)
    )
    side = Side("head", root, None, Config(specs))
    return {outcome.variant.model: outcome for outcome in built(side, root.parent / "out")}


def built(side: Side, folder: Path, sandbox: Sandbox = PATIENT) -> tuple[Outcome, ...]:
    (snapshot,) = take_snapshots([side], Out(folder), sandbox, lambda *_: None)
    return snapshot.outcomes


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed), outcome
    return outcome.reason


LIMITED = {
    "bomb": (
        "    import os, time\n    while True:\n        try:\n            if os.fork() == 0: time.sleep(1000)\n"
        "        except OSError: time.sleep(1)",
        "started more than 512 processes and threads while loading bomb.py:net (--limit processes=N raises that)",
    ),
    "sharer": (
        "    import mmap\n    shared = mmap.mmap(-1, 10_000_000_000)\n"
        "    for at in range(0, len(shared), 4096): shared[at] = 1",
        "needs more memory than the limit of 6.0 GB while loading sharer.py:net "
        "(--limit memory=SIZE raises that, where the machine has more)",
    ),
    "writer": (
        "    import os\n    with open(os.environ['TMPDIR'] + '/big', 'wb') as file:\n"
        "        for _ in range(2000): file.write(bytes(1_000_000))",
        "writer.py:net raises OSError: it wrote more than 1,000,000,000 bytes into a file (--limit file=SIZE raises that)"
        " at writer.py:5, in net",
    ),
    "litterer": (
        "    import itertools, os\n    for n in itertools.count(): open(f\"{os.environ['TMPDIR']}/{n}\", 'w').close()",
        "made more than 5,000 files, or folders that can't be looked into while loading litterer.py:net "
        "(--limit files=N raises that)",
    ),
    "opener": (
        "    files = []\n    for _ in range(2000): files.append(open('/dev/null'))",
        "opener.py:net raises OSError: it opened more than 1024 files at once (--limit open-files=N raises that)"
        " at opener.py:4, in net",
    ),
}


def test_each_limit_is_one_row_and_the_others_are_complete(root: Path) -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = outcomes(root, {name: code for name, (code, _) in LIMITED.items()})
    assert isinstance(found["net"], Built)
    assert {name: reason(found[name]) for name in LIMITED} == {name: said for name, (_, said) in LIMITED.items()}
    # We hold none of what they made.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


def test_who_needs_more_than_its_share_is_built_alone(root: Path, tmp_path: Path) -> None:
    code = "from net import net as plain\ndef net():\n    held = bytearray(b'x' * 1_200_000_000)\n    return plain()\n"
    (root / "large.py").write_text(code)
    side = Side("head", root, None, Config((ModelSpec("large", "large.py:net", inputs=IMAGE),)))
    told: list[str] = []
    with observed_by(lambda progress: told.append(progress.stage)):
        (outcome,) = built(side, tmp_path / "out", replace(PATIENT, room=Room(2, 2_600_000_000)))
    assert isinstance(outcome, Built), outcome
    assert OVER_SHARE in told


TALKER = (
    "    import os, socket, json\n"
    "    said = {}\n"
    "    for name, port in json.loads(os.environ['PORTS']).items():\n"
    "        try:\n"
    "            socket.create_connection(('127.0.0.1', port), 20).close(); said[name] = 'connected'\n"
    "        except OSError as error:\n"
    "            said[name] = type(error).__name__\n"
    "    kept = os.environ['TORCH_HOME']\n"
    "    os.makedirs(kept, exist_ok=True); open(kept + '/weights', 'a').write('x')\n"
    "    raise RuntimeError(json.dumps([said, os.path.getsize(kept + '/weights')], sort_keys=True))"
)


@contextmanager
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepting = threading.Thread(target=_accept, args=[server], daemon=True)
        accepting.start()
        yield server.getsockname()[1]


def _accept(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def test_a_network_only_where_it_was_asked_for_and_to_a_proxy_not_to_adb(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pocketfit.builds.walls.DOWNLOADS_OF_ROOT", tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with listener() as proxy, listener() as adb:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        code = TALKER.replace("os.environ['PORTS']", repr(f'{{"proxy": {proxy}, "adb": {adb}}}'))
        without = outcomes(root, {"talker": code})["talker"]
        first = outcomes(root, {"talker": code}, network=True)["talker"]
        again = outcomes(root, {"talker": code}, network=True)["talker"]
    assert reason(without) == (
        'talker.py:net raises RuntimeError: [{"adb": "PermissionError", "proxy": "PermissionError"}, 1] at talker.py:12, in net'
    )
    connected = '[{"adb": "PermissionError", "proxy": "connected"}, '
    # What it downloaded is there the next time.
    assert reason(first) == f"talker.py:net raises RuntimeError: {connected}1] at talker.py:12, in net"
    assert reason(again) == f"talker.py:net raises RuntimeError: {connected}2] at talker.py:12, in net"
    assert isinstance(first, Failed)
    assert isinstance(without, Failed)
    log = "traceback: logs/head.talker.lite.fp32.log"
    assert (first.reasons, without.reasons) == ((log, NETWORK), (log,))


def test_downloads_beyond_the_limit_are_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pocketfit.builds.walls.DOWNLOADS_OF_ROOT", tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (root / "digs.py").write_text(
        "import os\ndef net():\n    os.makedirs(os.environ['TORCH_HOME']); os.chdir(os.environ['TORCH_HOME'])\n"
        "    for _ in range(2000): os.mkdir('deeper'); os.chdir('deeper')\n"
    )
    side = Side("head", root, None, Config((ModelSpec("digs", "digs.py:net", inputs=IMAGE, network=True),)))
    (outcome,) = built(side, tmp_path / "out")
    assert reason(outcome).startswith("made more than 5,000 files, or folders that can't be looked into")
    assert list((tmp_path / "cache").rglob("torch")) == []


WORKERS = {
    "loads": (
        "    import torch\n    from torch.utils.data import DataLoader\n"
        "    data = [(torch.full((3,), float(index)), index) for index in range(8)]\n"
        "    batches = list(DataLoader(data, batch_size=2, num_workers=2, timeout=100))\n"
        "    assert [label.tolist() for _, label in batches] == [[0, 1], [2, 3], [4, 5], [6, 7]]\n"
        "    assert batches[3][0].tolist() == [[6.0] * 3, [7.0] * 3]"
    ),
    "pools": (
        "    import concurrent.futures, multiprocessing\n"
        "    with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2, 3]) == [1, 2, 3]\n"
        "    with concurrent.futures.ProcessPoolExecutor(2) as pool: assert list(pool.map(abs, [-4])) == [4]"
    ),
}


def test_workers_that_are_forked(root: Path) -> None:
    found = outcomes(root, WORKERS)
    assert {name: type(found[name]) for name in WORKERS} == dict.fromkeys(WORKERS, Built), found


SHARING = {
    "manages": "    import multiprocessing\n    multiprocessing.Manager()",
    "shares": "    from multiprocessing.shared_memory import SharedMemory\n    SharedMemory(create=True, size=8)",
    "shares_tensors": "    import torch\n    torch.zeros(3).share_memory_()",
}


def test_what_workers_can_not_have_is_refused_in_words_that_say_why(root: Path) -> None:
    found = outcomes(root, SHARING)
    for name in SHARING:
        assert reason(found[name]).endswith("no network, no sockets and no shared memory: docs/sandbox.md"), name


def test_a_configuration_opens_no_doors_by_its_environment(root: Path, tmp_path: Path) -> None:
    """TORCH_HOME is readable and a proxy's port open because we say so, not because the pull request does."""
    (tmp_path / "secret").write_text("password")
    (root / "opens.py").write_text(f"def net():\n    return open({str(tmp_path / 'secret')!r}).read()\n")
    env = {"TORCH_HOME": str(tmp_path), "HF_HOME": str(tmp_path), "HF_HUB_CACHE": str(tmp_path)}
    spec = ModelSpec("opens", "opens.py:net", inputs=IMAGE, env=env)
    (outcome,) = built(Side("head", root, None, Config((spec,))), tmp_path / "out")
    assert "PermissionError" in reason(outcome)


def test_what_else_is_to_be_read_is_named(root: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "values.txt").write_text("1 2 3")
    (root / "reads.py").write_text(
        f"from net import net as plain\ndef net():\n    assert open({str(data / 'values.txt')!r}).read() == '1 2 3'\n    return plain()\n"
    )
    side = Side("head", root, None, Config((ModelSpec("reads", "reads.py:net", inputs=IMAGE),)))
    (closed,) = built(side, tmp_path / "closed")
    (opened,) = built(side, tmp_path / "opened", replace(PATIENT, readable=(data,)))
    assert "PermissionError: [Errno 13] Permission denied" in reason(closed)
    assert isinstance(opened, Built), opened


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each process a user of its own")
def test_one_model_can_not_change_what_another_hands_back(root: Path) -> None:
    """A daemon of one model's once rewrote another's job; it has no right to, and is gone before that."""
    forger = (
        "    import glob, os, subprocess, sys, time\n"
        "    code = '''\n"
        "import glob, time\n"
        "while True:\n"
        "    for path in glob.glob('/tmp/**/*', recursive=True) + glob.glob('/tmp/**/result.json', recursive=True):\n"
        "        try: open(path, 'w').write('forged')\n"
        "        except OSError: pass\n"
        "'''\n"
        "    subprocess.Popen([sys.executable, '-c', code], start_new_session=True)\n"
        "    time.sleep(5)"
    )
    found = outcomes(root, {"forger": forger})
    assert isinstance(found["net"], Built), found["net"]
    assert isinstance(found["forger"], Built), found["forger"]
