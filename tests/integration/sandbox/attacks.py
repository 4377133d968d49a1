"""Runs inside the sandbox, as model code does: tries all that it must be kept from, and says how each attempt went.

Prints one JSON line for each attack: its name, and "" where it was refused, else what it reached. Nothing but the
standard library, since it also runs in a bare container.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# What the runner made for us to reach.
TOLD: dict[str, Any] = {}
ATTACKS: dict[str, Callable[[], object]] = {}
LIBC = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"


def attack(function: Callable[[], object]) -> Callable[[], object]:
    ATTACKS[function.__name__] = function
    return function


def others() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def first_readable(paths: Iterable[str]) -> str:
    for path in paths:
        try:
            with open(path, "rb") as file:
                if file.read(1):
                    return path
        except OSError:
            continue
    return ""


def first_writable(paths: Iterable[str]) -> str:
    for path in paths:
        try:
            with open(path, "ab"):
                return path
        except OSError:
            continue
    return ""


def refused(value: int, *expected: int) -> str:
    """Nothing where a call failed for one of these reasons, else how it ended."""
    number = ctypes.get_errno()
    return "" if value < 0 and number in (expected or (errno.EPERM,)) else f"{value}, {os.strerror(number)}"


def called(x86_64: int, aarch64: int, *args: object) -> str:
    return refused(LIBC.syscall(x86_64 if X86 else aarch64, *args), errno.EPERM, errno.EACCES)


@attack
def read_another_process_environment() -> str:
    return first_readable(f"/proc/{pid}/environ" for pid in others())


@attack
def read_another_process_memory() -> str:
    return first_readable(f"/proc/{pid}/mem" for pid in others())


@attack
def read_another_process_maps() -> str:
    return first_readable(f"/proc/{pid}/maps" for pid in others())


@attack
def walk_through_another_process_root() -> str:
    return next((pid for pid in others() if os.path.exists(f"/proc/{pid}/root/etc")), "")


@attack
def trace_another_process() -> str:
    seize = 0x4206
    return "".join(refused(LIBC.ptrace(seize, int(pid), 0, 0)) for pid in [*others()[:3], str(TOLD["supervisor"])])


@attack
def read_the_supervisor_by_process_vm_readv() -> str:
    return called(310, 270, TOLD["supervisor"], None, 0, None, 0, 0)


@attack
def take_a_descriptor_of_the_supervisor() -> str:
    pidfd = os.pidfd_open(os.getppid())
    try:
        return called(438, 438, pidfd, 1, 0)
    finally:
        os.close(pidfd)


def signalled(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except (PermissionError, ProcessLookupError):
        # Whoever is told of is there: where it can't be found, it is in another table of processes.
        return ""
    return str(pid)


@attack
def signal_the_supervisor() -> str:
    return signalled(os.getppid())


@attack
def signal_pid_1() -> str:
    return signalled(1)


@attack
def signal_the_runner() -> str:
    return signalled(TOLD["runner"])


@attack
def signal_a_sibling_in_a_sandbox_of_its_own() -> str:
    return signalled(TOLD["sibling"])


@attack
def read_a_password_at_home() -> str:
    return first_readable([TOLD["netrc"], "/root/.netrc", "/etc/shadow"])


@attack
def read_what_is_hidden_in_the_repository() -> str:
    repository = TOLD["repository"]
    return first_readable([f"{repository}/.git/config", f"{repository}/.env"])


@attack
def write_anywhere_else() -> str:
    places = [sys.prefix, TOLD["repository"], "/tmp", "/dev/shm", "/var/tmp", TOLD["home"], "/run", "/"]
    return first_writable(f"{place}/planted" for place in places)


@attack
def change_a_file_of_the_repository() -> str:
    return first_writable([f"{TOLD['repository']}/net.py"])


@attack
def list_other_folders() -> str:
    for place in ("/tmp", "/root", TOLD["home"]):
        try:
            return f"{place}: {os.listdir(place)[:3]}"
        except PermissionError:
            continue
    return ""


@attack
def link_to_a_file_outside() -> str:
    """A hard link would make it ours to hand out."""
    try:
        os.link(TOLD["netrc"], "linked")
    except OSError:
        return ""
    return "linked"


@attack
def connect_to_a_unix_socket() -> str:
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(TOLD["unix"])
    except PermissionError:
        return ""
    return str(TOLD["unix"])


@attack
def connect_to_an_abstract_socket() -> str:
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect("\0" + TOLD["abstract"])
    except PermissionError:
        return ""
    return str(TOLD["abstract"])


@attack
def send_a_datagram_from_a_pair() -> str:
    try:
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        pair[0].connect(TOLD["datagram"])
    except PermissionError:
        return ""
    return str(TOLD["datagram"])


@attack
def connect_by_tcp() -> str:
    try:
        socket.create_connection(("127.0.0.1", TOLD["port"]), 5).close()
    except PermissionError:
        return ""
    return str(TOLD["port"])


@attack
def connect_by_tcp_of_ipv6() -> str:
    try:
        socket.create_connection(("::1", TOLD["port"]), 5).close()
    except PermissionError:
        return ""
    return str(TOLD["port"])


@attack
def listen_on_tcp() -> str:
    try:
        socket.create_server(("127.0.0.1", 0)).close()
    except PermissionError:
        return ""
    return "listens"


@attack
def send_by_udp() -> str:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"x", ("127.0.0.1", TOLD["port"]))
    except PermissionError:
        return ""
    return "sent"


@attack
def open_other_families_of_sockets() -> str:
    opened = []
    # Netlink, packets, virtual machines, the kernel's own ciphers, Bluetooth.
    for family in (16, 17, 40, 38, 31):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                socket.socket(family, kind).close()
                opened.append(str(family))
            except OSError:
                continue
    return ", ".join(opened)


@attack
def become_root_by_a_setuid_program() -> str:
    with open("/proc/self/status") as file:
        status = dict(line.split(":", 1) for line in file)
    if status["NoNewPrivs"].strip() != "1":
        return "new privileges are possible"
    done = subprocess.run(["su", "-c", "id -u"], capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip()


@attack
def be_root() -> str:
    return "uid 0" if 0 in os.getresuid() + os.getresgid() else ""


@attack
def make_a_namespace() -> str:
    return called(272, 97, 0x10000000)


@attack
def clone_into_a_namespace() -> str:
    new_user = 0x10000000
    pid = LIBC.syscall(56 if X86 else 220, new_user | signal.SIGCHLD, None, None, None, None)
    if pid == 0:
        os._exit(0)
    return refused(pid, errno.EPERM)


@attack
def clone3_into_a_namespace() -> str:
    arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, signal.SIGCHLD)
    pid = LIBC.syscall(435, arguments, ctypes.sizeof(arguments))
    if pid == 0:
        os._exit(0)
    return refused(pid, errno.ENOSYS)


@attack
def mount_a_file_system() -> str:
    return called(165, 40, b"none", os.fsencode(os.getcwd()), b"tmpfs", 0, None)


@attack
def change_the_root() -> str:
    return called(161, 51, b".")


@attack
def use_the_kernels_keys() -> str:
    return called(250, 219, 0, -3, 1)


@attack
def load_a_bpf_program() -> str:
    return called(321, 280, 0, None, 0)


@attack
def watch_by_perf() -> str:
    return called(298, 241, None, 0, -1, -1, 0)


@attack
def use_io_uring() -> str:
    return called(425, 425, 1, None)


@attack
def use_userfaultfd() -> str:
    return called(323, 282, 0)


@attack
def open_by_a_handle() -> str:
    return called(304, 265, -100, None, 0)


@attack
def share_memory_that_nobody_counts() -> str:
    made = [called(319, 279, b"x", 0), called(29, 194, 0, 4096, 0o1600), called(68, 186, 0, 0o1600)]
    return ", ".join(filter(None, made))


@attack
def hide_what_it_holds_open() -> str:
    return refused(LIBC.prctl(4, 0, 0, 0, 0))


@attack
def call_by_the_numbers_of_x32() -> str:
    """Whoever gets past the filter by another table of numbers is killed, so this is a child's to try."""
    if not X86:
        return ""
    pid = os.fork()
    if pid == 0:
        LIBC.syscall(0x40000000 | 39)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return "" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS else f"status {status}"


@attack
def write_a_file_beyond_the_limit() -> str:
    try:
        with open("big", "wb") as file:
            file.truncate(TOLD["file_bytes"] + 1)
    except OSError as error:
        return "" if error.errno == errno.EFBIG else str(error)
    return "written"


@attack
def raise_the_limits() -> str:
    import resource

    raised = []
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
        try:
            resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            raised.append(str(what))
        except (ValueError, PermissionError):
            continue
    return ", ".join(raised)


@attack
def find_a_canary_in_what_is_given() -> str:
    """In the environment, the descriptors and the command lines of all processes."""
    found = [name for name, value in os.environ.items() if TOLD["canary"] in value]
    with os.scandir("/proc/self/fd") as entries:
        open_files = [os.readlink(entry.path) for entry in entries if int(entry.name) > 2]
    # The last is this listing itself.
    found += [name for name in open_files if not name.startswith("/proc/")]
    return ", ".join(found)


@attack
def signal_or_trace_who_forked_us() -> str:
    """The fork server, where there is one: whose child our supervisor is."""
    with open(f"/proc/{TOLD['supervisor']}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    grandparent = int(status["PPid"])
    if not grandparent:
        # It is in another table of processes.
        return ""
    return signalled(grandparent) or refused(LIBC.ptrace(0x4206, grandparent, 0, 0))


# What must go on working.


def works_socketpair() -> str:
    one, two = socket.socketpair()
    one.send(b"hello")
    return two.recv(5).decode()


def works_subprocess() -> str:
    done = subprocess.run([sys.executable, "-I", "-c", "print('hello')"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def works_threads() -> str:
    import threading

    said: list[str] = []
    thread = threading.Thread(target=said.append, args=["hello"])
    thread.start()
    thread.join()
    return said[0]


def works_pipes_of_multiprocessing() -> str:
    from multiprocessing import Pipe

    one, two = Pipe()
    one.send("hello")
    return str(two.recv())


def works_own_folder() -> str:
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("hello")
        file.seek(0)
        return file.read() if file.name.startswith(os.getcwd()) else file.name


def works_repository() -> str:
    repository = Path(TOLD["repository"])
    return "hello" if "net.py" in os.listdir(repository) and (repository / "net.py").read_text() else ""


def main() -> None:
    TOLD.update(json.loads(sys.argv[1]), supervisor=os.getppid())
    for name, function in ATTACKS.items():
        try:
            reached = function()
        except Exception as error:
            reached = f"an end that was not foreseen: {error!r}"
        print(json.dumps([name, reached]), flush=True)
    for name in [name for name in globals() if name.startswith("works_")]:
        try:
            reached = globals()[name]()
        except Exception as error:
            reached = repr(error)
        print(json.dumps([name, reached]), flush=True)


if __name__ == "__main__":
    main()
