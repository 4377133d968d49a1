"""The real adb client's verbs against the stand-in."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from standin.fixture import StandIn, standin

DATA = "/data/local/tmp/pocketfit"


@pytest.fixture(scope="module")
def device() -> Iterator[StandIn]:
    with standin(properties={"ro.build.version.sdk": "22"}, page_size=16384) as device:
        yield device


def test_it_says_what_it_is(device: StandIn) -> None:
    assert device.state() == "device"
    assert device.adb("wait-for-device").returncode == 0
    assert device.adb("get-state").stdout == "device\n"
    assert device.adb("shell", "getprop ro.product.model").stdout == "Pocketfit stand-in\n"
    listing = device.adb("shell", "getprop").stdout
    assert "[ro.product.cpu.abilist]: [x86_64]\n" in listing
    assert "[sys.boot_completed]: [1]\n" in listing
    # Overridden, and one that there is none of.
    assert (
        device.adb("shell", "getprop ro.build.version.sdk; getprop no.such; getconf PAGE_SIZE").stdout
        == "22\n\n16384\n"
    )


def test_exit_codes_and_both_outputs(device: StandIn) -> None:
    done = device.adb("shell", "echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert device.adb("shell", "kill -KILL $$").returncode == 137
    assert device.adb("exec-out", "head -c 300000 /dev/zero | tr '\\0' x").stdout == "x" * 300_000


def test_standard_input_reaches_the_command(device: StandIn) -> None:
    command = ["adb", "-s", device.serial, "shell", "cat"]
    environment = {**os.environ, **device.environment}
    done = subprocess.run(command, input=b"abc\n", capture_output=True, check=True, env=environment, timeout=20)
    assert done.stdout == b"abc\n"


def test_push_stat_and_pull(device: StandIn, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_bytes(os.urandom(3_000_000))

    assert device.adb("push", given, f"{DATA}/sub/file").returncode == 0
    assert device.adb("push", given, f"{DATA}/sub").returncode == 0
    assert device.adb("pull", f"{DATA}/sub/given", tmp_path / "back").returncode == 0

    assert (tmp_path / "back").read_bytes() == given.read_bytes()
    assert (device.folder / "data/local/tmp/pocketfit/sub/file").read_bytes() == given.read_bytes()
    digest = hashlib.sha256(given.read_bytes()).hexdigest()
    assert device.adb("shell", f"cd {DATA} && sha256sum sub/file").stdout == f"{digest}  sub/file\n"


def test_push_a_folder(device: StandIn, tmp_path: Path) -> None:
    (tmp_path / "tree/inner").mkdir(parents=True)
    (tmp_path / "tree/a").write_text("a")
    (tmp_path / "tree/inner/b").write_text("b")
    device.adb("shell", f"mkdir -p {DATA}")

    assert device.adb("push", tmp_path / "tree", f"{DATA}/").returncode == 0
    assert device.adb("pull", f"{DATA}/tree", tmp_path / "back").returncode == 0

    assert (tmp_path / "back/inner/b").read_text() == "b"
    assert device.adb("shell", f"rm -r {DATA}/tree && ls {DATA}/tree").returncode != 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["push", "README.md", "/data/none/"], "Is a directory"),
        (["push", "README.md", "/proc/none"], "No such file or directory"),
        (["pull", "/data/none"], "No such file or directory"),
    ],
)
def test_files_that_can_not_be(device: StandIn, words: list[str], said: str) -> None:
    done = device.adb(*words)
    assert done.returncode == 1
    assert said in done.stderr + done.stdout


def test_the_system_answers(device: StandIn) -> None:
    assert "package:android\n" in device.adb("shell", "cmd package list packages").stdout
    assert device.adb("shell", "pm path android").stdout.startswith("package:")
    assert device.adb("shell", "free").stdout.split()[:2] == ["total", "used"]
    assert "MemAvailable" in device.adb("shell", "cat /proc/meminfo").stdout
    assert "/data" in device.adb("shell", "df /data").stdout


def test_processes_are_the_devices_own(device: StandIn) -> None:
    # In the background, as a program that outlives its shell.
    device.adb("shell", "sleep 4321 >/dev/null 2>&1 </dev/null & echo")
    pid = device.adb("shell", "pgrep -f '^sleep 4321'").stdout.strip()
    assert pid.isdigit()
    assert device.adb("shell", f"kill {pid}").returncode == 0
    assert device.adb("shell", "pgrep -f '^sleep 4321'").returncode == 1


def test_a_client_that_is_killed_hangs_up_its_shell_and_no_more(device: StandIn) -> None:
    """As adbd: what the shell command started lives on, and whoever started it has to end it."""
    with pytest.raises(subprocess.TimeoutExpired):
        device.adb("shell", "sleep 1002; true", timeout=1)
    time.sleep(0.5)
    assert device.adb("shell", "pgrep -f 'sh -c sleep 1002'").stdout.count("\n") == 1  # the asking shell itself
    assert device.adb("shell", "pkill -9 -f '^sleep 1002'").returncode == 0


def test_several_commands_at_once(device: StandIn) -> None:
    environment = {**os.environ, **device.environment}
    running = [
        subprocess.Popen(["adb", "-s", device.serial, "shell", f"sleep 0.2; exit {code}"], env=environment)
        for code in range(1, 5)
    ]
    assert [process.wait(20) for process in running] == [1, 2, 3, 4]


def test_what_it_does_not_have_is_refused(device: StandIn) -> None:
    assert device.adb("shell", "no-such-program").returncode == 127
    assert "cannot run as root" in device.adb("root").stdout
    assert device.adb("jdwp").returncode != 0


def test_logcat_is_read_and_cleared(device: StandIn) -> None:
    with (device.folder / "logcat").open("a") as log:
        log.write(
            "01-01 00:00:00.000     1     1 I tag     : hello\n01-01 00:00:00.000     1     1 F DEBUG   : crash\n"
        )
    assert "hello" in device.adb("logcat", "-d").stdout
    assert device.adb("shell", "logcat -b crash -d").stdout.endswith("F DEBUG   : crash\n")
    assert "hello" not in device.adb("shell", "logcat -t 1").stdout
    assert device.adb("logcat", "-c").returncode == 0
    assert device.adb("logcat", "-d").stdout == ""
