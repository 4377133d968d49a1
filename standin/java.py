"""A JVM runs behind app_process, and its end is made to look like Android's: a kill by lmkd, or a tombstone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from standin.processes import peak_rss_kib
from standin.state import State
from standin.tombstone import Crash, read_crash

FLAGS = (
    "-Xshare:auto",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-XX:-CreateCoredumpOnCrash",
    "-XX:MaxDirectMemorySize=64g",
)
# A JVM whose memory is corrupted can hang in its own report, where Android's process would be gone.
CRASH_REPORT_S = 5


def run_java(state: State, program: list[str], libraries: Path) -> int:
    """Run the program; return its exit code, or the negated signal that it died of."""
    report = state.folder / f"hs_err_{os.getpid()}.log"
    # Whoever kills app_process kills the JVM too, as if they were one process.
    command = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "java",
        *FLAGS,
        f"-XX:ErrorFile={report}",
        "-cp",
        f"{state.android}/desktop/*",
        *program,
    ]
    java = subprocess.Popen(command, stdout=subprocess.PIPE)
    killed = threading.Event()
    seconds = state.faults.number("kill-app")
    if seconds is not None:
        state.faults.used("kill-app")
        timer = threading.Timer(seconds, _kill_for_memory, (state, java, killed))
        timer.daemon = True
        timer.start()
    threading.Thread(target=_end_stuck_report, args=(java, report), daemon=True).start()
    said = _forward(java)
    code = java.wait()
    # A JVM reports a segmentation fault and then aborts; corrupted memory can end it in the middle of its report.
    if report.exists() or code == -signal.SIGABRT:
        written = report.read_text(errors="replace") if report.exists() else ""
        report.unlink(missing_ok=True)
        code = -_log_crash(state, read_crash(f"{written}\n{said}"), libraries)
    if killed.is_set():
        return -signal.SIGKILL
    return code


def _forward(java: subprocess.Popen[bytes]) -> str:
    """Pass on the program's output; return the JVM's own words about a crash, which Android does not print."""
    assert java.stdout
    own = b""
    for line in java.stdout:
        if line.startswith(b"#"):
            own += line
        else:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    return own.decode(errors="replace")


def _kill_for_memory(state: State, java: subprocess.Popen[bytes], killed: threading.Event) -> None:
    if java.poll() is not None:
        return
    rss = peak_rss_kib(java.pid)
    state.say_in_logcat(
        "I",
        "lowmemorykiller",
        f"Kill 'app_process64' ({os.getpid()}), uid 2000, oom_score_adj -1000 to free {rss}kB rss, 0kB swap; "
        "reason: device is low on swap and thrashing",
        pid=1,
    )
    killed.set()
    java.kill()


def _end_stuck_report(java: subprocess.Popen[bytes], report: Path) -> None:
    while not report.exists():
        time.sleep(0.2)
    time.sleep(CRASH_REPORT_S)
    java.kill()


def _log_crash(state: State, crash: Crash, libraries: Path) -> int:
    """Write the tombstone into the log; return the signal."""
    pid = os.getpid()
    where = f"in tid {pid} (main), pid {pid} (app_process64)"
    state.say_in_logcat("F", "libc", f"Fatal signal {crash.number} ({crash.name}), {crash.detail} {where}")
    fingerprint = state.properties()["ro.build.fingerprint"]
    state.say_in_logcat("F", "DEBUG", *crash.tombstone(pid, libraries, fingerprint))
    return crash.number
