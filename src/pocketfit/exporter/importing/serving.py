"""The fork server of model processes, `python -P -m pocketfit.exporter --serve CONTROL KIND`: see sandbox/fork_server.

It imports what jobs of a kind import anyway, from what is installed alone, and nothing of a repository's; for a .pte it
makes the patterns that each lowering looks for too. torchvision is not among it: a repository may have a folder of that
name, which its own code means then.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pocketfit.exporter.importing.plain import OUR_PACKAGES
from pocketfit.exporter.importing.uncollected import uncollected
from pocketfit.sandbox.fork_server import serve
from pocketfit.sandbox.hidden import hide_process

PROGRAM = "pocketfit.exporter"
# What a job imports late, in the order in which it does.
OF_TORCH = ("torch._dynamo", "torch.utils.mobile_optimizer", "torch.utils.flop_counter")
PRELOADED = {
    "torch": OF_TORCH,
    "executorch": (
        *OF_TORCH,
        "executorch.exir",
        "executorch.backends.xnnpack.partition.xnnpack_partitioner",
        "executorch.backends.xnnpack.quantizer.xnnpack_quantizer",
        "torchao.quantization.pt2e.quantize_pt2e",
    ),
}


def serve_jobs(
    control: int, kind: str, prepare: Callable[[], object], prepare_lowering: Callable[[str], object]
) -> list[str]:
    """Serve until the owner is gone; returns a job's own words, in the process that was forked for it.

    `prepare` makes what each job would make first, `prepare_lowering` what each of this kind would with what is
    imported by then.
    """
    hide_process()
    with uncollected():
        prepare()
        import_module("torch")
        anyway = _at_top()
        for name in PRELOADED[kind]:
            import_module(name)
        prepare_lowering(kind)
    # Where the repository has a module of such a name, its own code would now get the installed one.
    early = sorted(_at_top() - anyway - OUR_PACKAGES)
    with socket.socket(fileno=control) as owner:
        sys.orig_argv = serve(owner, early)
        # The fork has no such file any more, and its number may soon be another's.
        owner.detach()
    _look_again()
    return sys.orig_argv[sys.orig_argv.index(PROGRAM) + 1 :]


def _at_top() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules}


def _look_again() -> None:
    """Let torch make its folder of temporary files where this process has its own."""
    package: Any = sys.modules["torch._dynamo.package"]
    package.DynamoCache = package.DiskDynamoCache(os.path.join(package.cache_dir(), "dynamo"))
    # It says so in the environment as soon as it looks, which in a fresh process is not yet.
    del os.environ["TORCHINDUCTOR_CACHE_DIR"]
