"""Runs the Java program on a device, where a loop in the device's own shell watches it: the connection may break."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pocketfit.devices.android.adb import Adb, DeviceGone
from pocketfit.devices.program import Answer, parse_answer

# How long we wait beyond the limit that the device itself keeps.
GRACE_S = 30

# Only builtins in the loop, but for `date` and `sleep`: it shares the cores with the program. When the connection
# breaks, adbd sends a SIGHUP to this shell and to nothing that it started.
_SCRIPT = """rm -rf {outputs}; mkdir -p {outputs}
pid=; trap 'kill -9 $pid; exit 129' HUP TERM
{command} &
pid=$!; peak=; late=; end=$(($(date +%s) + {limit_s}))
while kill -0 $pid 2>/dev/null; do
  while read name value unit; do case $name in VmHWM:) peak=$value;; esac; done 2>/dev/null < /proc/$pid/status
  if [ $(date +%s) -gt $end ]; then late=1; kill -9 $pid; break; fi
  sleep {watch_s}
done
wait $pid; code=$?
echo; echo pocketfit-end:pid=$pid,peak=$peak,late=$late
exit $code"""
_END = re.compile(r"^pocketfit-end:pid=(\d+),peak=(\d*),late=(1?)\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """The program's end on the device. `code` is the shell's word: 128 + the signal where one killed it.

    `peak_rss_bytes` was seen from outside, should it have been killed; `late` means that it was, since its time was up.
    """

    code: int
    stdout: str
    stderr: str
    pid: int
    answer: Answer | None
    peak_rss_bytes: int | None
    late: bool

    @property
    def last_line(self) -> str:
        """The last line that it printed, on stderr where it printed something there."""
        printed = _END.sub("", self.stderr.strip() or self.stdout)
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        return lines[-1] if lines else "it printed nothing"


def run_watched(adb: Adb, command: str, *, artifacts: int, outputs: str, limit_s: float, watch_s: float) -> Ran:
    """Run a command for at most `limit_s` seconds, and look every `watch_s` seconds whether it still runs and how large
    it is.

    `outputs` is a folder of the device, empty when the program starts. Raises DeviceGone.
    """
    script = _SCRIPT.format(outputs=outputs, command=command, limit_s=int(limit_s), watch_s=watch_s)
    finished = adb.shell_to_its_end(script, timeout=limit_s + GRACE_S)
    if finished.timed_out:
        raise DeviceGone("adb shell", 124, f"{adb.serial} gave no answer in {limit_s + GRACE_S:.0f} s")
    ends = _END.findall(finished.stdout)
    # The last: what a model prints can look like ours. None where even the shell was killed.
    pid, peak_kb, late = ends[-1] if ends else ("0", "", "")
    return Ran(
        finished.code,
        finished.stdout,
        finished.stderr,
        int(pid),
        parse_answer(finished.stdout, artifacts=artifacts),
        int(peak_kb) * 1024 if peak_kb else None,
        bool(late),
    )
