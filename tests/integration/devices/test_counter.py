"""The counter of the machine's own core: its C by itself, in the sandbox, and asked for by the Java program.

Here it may have none: what a task is on a core for is counted in place of its instructions then.
"""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from pocketfit.devices import core
from pocketfit.devices.jvm import JvmDevice
from pocketfit.devices.program import Counted
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import find_android
from pocketfit.sandbox import seccomp
from pocketfit.sandbox.order import DEFAULT_LIMITS, Walls
from pocketfit.sandbox.paths import of_system
from pocketfit.supervised import finish_supervised
from tests.integration.conftest import require
from tests.integration.devices.conftest import Export

COUNTER = Path(__file__).parents[3] / "src/android/bionic/counter.c"
SOMETHING = ("-DCOUNTED_TYPE=PERF_TYPE_SOFTWARE", "-DCOUNTED=PERF_COUNT_SW_TASK_CLOCK")
# Two marked calls, the second of ten times the work; then what a stranger's code would try, in two threads.
PROGRAM = """
#include "counter.c"
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

void layer_abort(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  exit(3);
}

static int again(void) {
  counter = -1;
  return open_counter();
}

static void *idle(void *go) {
  char byte;
  if (read(((int *)go)[0], &byte, 1) < 0) return NULL;
  return (void *)(long)again();
}

int main(void) {
  pthread_t other;
  int go[2], refused;
  void *of_other;
  if (pipe(go) || pthread_create(&other, NULL, idle, go)) return 2;
  if ((refused = start("counts.jsonl"))) return printf("%d\\n", refused), 0;
  for (int call = 0; call < 2; call++) {
    mark(1);
    for (volatile long turn = 0; turn < (call ? 100000000 : 10000000); turn++) continue;
    mark(0);
  }
  if (write(go[1], "", 1) < 0) return 2;
  pthread_join(other, &of_other);
  return printf("0 %d %ld\\n", again(), (long)of_other), 0;
}
"""


def built(folder: Path, compiler: str, *options: str) -> Path:
    require(shutil.which(compiler) and shutil.which("javac"), f"{compiler} or javac is not installed")
    java = Path(shutil.which("javac") or "").resolve().parents[1] / "include"
    (folder / "program.c").write_text(PROGRAM)
    words = [compiler, "-std=gnu11", "-O1", "-Wall", "-Werror", *options, "-pthread", f"-I{COUNTER.parent}"]
    subprocess.run([*words, f"-I{java}", f"-I{java}/linux", "-o", "program", "program.c"], cwd=folder, check=True)
    return folder / "program"


def run(folder: Path, program: Path, *, counter: bool) -> str:
    work = folder / "work"
    work.mkdir()
    walls = Walls((*of_system(), str(program)), writable=(str(work),), counter=counter)
    done = finish_supervised([program], timeout=60, limits=DEFAULT_LIMITS, walls=walls, cwd=work)
    assert (done.code, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    require(seccomp.is_known(), "no seccomp on this machine")
    return built(tmp_path, "gcc", *SOMETHING)


def test_calls_are_counted_and_the_door_is_closed_to_every_thread(tmp_path: Path, program: Path) -> None:
    said = run(tmp_path, program, counter=True)
    require(not said.startswith(f"{errno.EACCES}"), "this kernel lets root alone count")
    assert said == f"0 {errno.EPERM} {errno.EPERM}"
    few, many = (json.loads(line) for line in (tmp_path / "work" / "counts.jsonl").read_text().splitlines())
    assert (few["loaded_bytes"], few["stored_bytes"]) == (None, None)
    assert 2 * few["instructions"] < many["instructions"]


def test_who_is_not_to_count_opens_none(tmp_path: Path, program: Path) -> None:
    assert run(tmp_path, program, counter=False) == str(errno.EPERM)


def test_an_emulator_of_programs_has_none(tmp_path: Path) -> None:
    require(shutil.which("qemu-aarch64"), "qemu-aarch64 is not installed")
    program = built(tmp_path, "aarch64-linux-gnu-gcc", "-static")
    said = subprocess.run(["qemu-aarch64", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(errno.ENOSYS)
    assert core.refused(errno.ENOSYS) == "this machine's own core can't count: its kernel has no perf_event_open"


def test_the_java_program_is_counted_or_told_why_not(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine's own ABI, whichever that is, and by what the program itself is told."""
    device, why = JvmDevice(DeviceSpec(), find_android()), core.why_uncounted()
    require((problem := device.unavailable()) is None, problem or "")
    given = export("lite", torch.nn.Linear(3, 2), torch.zeros(1, 3))
    monkeypatch.setattr(core, "why_uncounted", lambda: None)
    with device.up() as running:
        assert running.info.emulated_cpu is None
        counts = running.count(given, Counted(3, left_out=1), 60)
    if why is not None:
        assert counts == why
        return
    assert not isinstance(counts, str), counts
    assert len(counts) == 3
