from __future__ import annotations

import pytest

from pocketfit.devices.emulator.sibling import is_leftover, network_to_join, own_container_id
from pocketfit.errors import EnvironmentProblem

ID = "37f1ae50638f3af50890dcf1e768ba0e5382bfeed92e89766f6281df934f97d7"
OTHER = "d" * 64
FIRST_GROUP = "9:name=systemd:"
OWN_MOUNTS = f"""\
169 130 0:57 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AB,workdir=/x
186 169 254:0 /var/lib/docker/containers/{ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw,discard
187 169 254:0 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw,discard
"""
HOST_MOUNTS = f"""\
22 27 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
96 27 0:44 / /var/lib/docker/containers/{OTHER}/mounts/shm rw,nosuid - tmpfs shm rw,size=65536k
97 27 0:45 / /var/lib/docker/overlay2/abc/merged rw,relatime - overlay overlay rw
"""


@pytest.mark.parametrize(
    ("cgroup", "mountinfo", "expected"),
    [
        (f"{FIRST_GROUP}/docker/{ID}\n0::/docker/{ID}\n", "", ID),
        (f"0::/system.slice/docker-{ID}.scope\n", "", ID),
        (f"0::/../../docker-{ID}.scope\n", "", ID),
        (f"11:pids:/kubepods/besteffort/pod0f2c-44/{ID}\n", "", ID),
        (f"0::/machine.slice/libpod-{ID}.scope/container\n", "", ID),
        ("0::/\n", OWN_MOUNTS, ID),
        ("0::/\n", OWN_MOUNTS.replace("/var/lib/docker/containers", "/docker/containers"), ID),
        ("0::/\n", OWN_MOUNTS.replace("/var/lib/docker/containers", "/storage/overlay-containers"), ID),
        ("0::/init.scope\n", HOST_MOUNTS, None),
        ("4:memory:/process_api/e21e261bbdbc6b6395843eb50722f0b0\n0::/\n", HOST_MOUNTS, None),
        (f"1:name=systemd:/user.slice/{ID}/more\n", HOST_MOUNTS, None),
        ("", "", None),
    ],
)
def test_own_container_id(cgroup: str, mountinfo: str, expected: str | None) -> None:
    assert own_container_id(cgroup, mountinfo) == expected


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["host"], None),
        (["bridge"], "bridge"),
        (["bridge", "github_network_1"], "github_network_1"),
        (["b", "a"], "a"),
    ],
)
def test_network_to_join(networks: list[str], expected: str | None) -> None:
    assert network_to_join(networks) == expected


@pytest.mark.parametrize("networks", [[], ["none"]])
def test_no_network_at_all(networks: list[str]) -> None:
    with pytest.raises(EnvironmentProblem, match="our own container has no network on which to reach an emulator"):
        network_to_join(networks)


@pytest.mark.parametrize(
    ("created", "run", "expected"),
    [
        ("1000", "theirs", True),
        ("1000", "ours", False),
        ("9000", "theirs", False),
        ("99999", "theirs", False),
        ("yesterday", "theirs", False),
    ],
)
def test_old_containers_of_other_runs_are_leftovers(created: str, run: str, expected: bool) -> None:
    assert is_leftover(created, run, ours="ours", now_s=10_000, age_s=7200) is expected
