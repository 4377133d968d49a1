"""The patterns that lowering to XNNPACK looks for in every model, which ExecuTorch makes once for each process."""

from __future__ import annotations


def make_patterns() -> None:
    """Make what depends on no model: ExecuTorch exports attention and bilinear upsampling, and keeps their graphs.

    That is most of what it takes to lower a small model. torch's generator and its threads are left as they were, for
    a process that is forked later.
    """
    import torch
    from executorch.backends.xnnpack.partition.graphs import bilinear_2d, sdpa

    threads = torch.get_num_threads()
    # Threads of a pool would keep the process from being forked.
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=()):
        sdpa.get_graphs()
        bilinear_2d.get_graphs()
    torch.set_num_threads(threads)
