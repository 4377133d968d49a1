"""This is the stand-in's command line: `python -m standin --folder DIR --port 5555 --faults "boot-after=5"`.

Options can be given as environment variables too (POCKETFIT_STANDIN_FAULTS for --faults): a container gets them so.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

from standin import namespace
from standin.commands import install
from standin.device import Died, StandInDevice, say
from standin.faults import FAULTS, parse
from standin.state import DEFAULT_PAGE_SIZE, State

REPOSITORY = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    folder = Path(options.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = str(REPOSITORY)
    if options.need_kvm and (problem := _kvm_problem()):
        say(problem)
        return 1
    if options.inside:
        namespace.enter_root(folder)
    elif not options.container:
        command = namespace.unshare_command()
        if command is None:
            say(namespace.NEEDED)
            return 1
        namespace.start_over(command, arguments)
    _limit_cores(options.cores)
    state = State(folder)
    state.create(options.prop, options.page_size, Path(options.android).resolve())
    if options.faults or not state.faults.path.exists():
        state.faults.write(options.faults)
    for name in ("/data/local/tmp", "/sdcard", "/system/bin"):
        Path(name).mkdir(parents=True, exist_ok=True)
    install(Path("/system/bin"))
    say(f"no Android: {options.cores or 'all'} cores, {options.memory or 'all'} MB of memory wanted")
    return _run(StandInDevice(state, options.host, options.port), options.until_stdin_closes)


def _run(device: StandInDevice, until_stdin_closes: bool) -> int:
    # Also as process 1 of a container, to which signals without a handler do nothing.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    # Ignored where we were started under nohup, and then in all that we start.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        asyncio.run(device.run())
    except Died:
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _end_with_stdin() -> None:
    """End when stdin closes: whoever started us may be killed, and then nobody stops us."""
    # Not sys.stdin, whose lock would be held when Python ends.
    while os.read(0, 4096):
        pass
    os._exit(0)


def _kvm_problem() -> str | None:
    if not os.path.exists("/dev/kvm"):
        return "/dev/kvm is missing: an emulator needs it, pass --device /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm can't be opened: no permission"
    return None


def _limit_cores(cores: int) -> None:
    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _parse(arguments: list[str]) -> argparse.Namespace:
    told = os.environ.get
    known = "\n".join(f"  {name:18} {meaning}" for name, meaning in FAULTS.items())
    parser = argparse.ArgumentParser(
        "python -m standin",
        description="A stand-in for an Android device, for the real adb client.",
        epilog=f"faults, each also with :once at its end:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--folder",
        default=told("POCKETFIT_STANDIN_FOLDER", "/run/standin"),
        help="its state, and its control file `faults`",
    )
    add("--host", default=told("POCKETFIT_STANDIN_HOST", "127.0.0.1"))
    add("--port", type=int, default=int(told("POCKETFIT_STANDIN_PORT", "5555")))
    add(
        "--prop",
        action="append",
        default=told("POCKETFIT_STANDIN_PROPS", "").split(),
        help="name=value, more than once",
    )
    add(
        "--faults",
        type=parse,
        default=told("POCKETFIT_STANDIN_FAULTS", ""),
        help="words, with spaces or commas between",
    )
    add("--page-size", type=int, default=int(told("POCKETFIT_STANDIN_PAGE_SIZE", str(DEFAULT_PAGE_SIZE))))
    add(
        "--android",
        default=told("POCKETFIT_ANDROID", str(REPOSITORY / "build/android")),
        help="Pocketfit's build/android",
    )
    add(
        "--container",
        action="store_true",
        default=told("POCKETFIT_STANDIN_CONTAINER") == "yes",
        help="the file system here is the device's own already",
    )
    add("--need-kvm", action="store_true", default=told("POCKETFIT_STANDIN_KVM") == "required", help="no boot without")
    add("--cores", type=int, default=int(told("CORES", "0")))
    add("--memory", default=told("MEMORY", ""))
    add("--until-stdin-closes", action="store_true")
    add("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        options.prop = dict(word.split("=", 1) for word in options.prop)
    except ValueError:
        parser.error("--prop needs name=value")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
