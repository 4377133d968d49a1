"""`with torch.no_grad():` and the like in a script: they change no answer, and the lite interpreter has no `with`."""

from __future__ import annotations

from typing import Any

from pocketfit.exporter.anatomy.calls import graphs_of

ENTER = "prim::Enter"
# What these do is for training and for profilers.
IDLE = {
    "__torch__.torch.autograd.grad_mode.no_grad": "torch.no_grad()",
    "__torch__.torch.autograd.profiler.record_function": "torch.autograd.profiler.record_function()",
}
# All that a `with` without `as` makes of its object once calls are inlined.
OF_WITH = {ENTER, "prim::Exit", "prim::SetAttr"}


def without_idle_contexts(module: Any) -> tuple[str, ...]:
    """Take them out, in place, of all methods of a traced or scripted module; returns reasons for the report."""
    import torch

    found: dict[str, None] = {}
    for graph in graphs_of(module):
        torch._C._jit_pass_inline(inlined := graph.copy())
        if not inlined.findAllNodes(ENTER, True):
            continue
        torch._C._jit_pass_inline(graph)
        for made in graph.findAllNodes("prim::CreateObject", True):
            if (name := str(made.output().type())) in IDLE and _take_out(made):
                found[IDLE[name]] = None
    return (f"left out of the script, since it changes no answer: with {', '.join(found)}",) if found else ()


def _take_out(made: Any) -> bool:
    """Take out the object that a node makes, with all that is done with it; False where its `with` has an `as`."""
    users = [use.user for use in made.output().uses()]
    if any(node.kind() not in OF_WITH or any(out.uses() for out in node.outputs()) for node in users):
        return False
    for node in (*users, made):
        node.destroy()
    return True
