"""What people write that exporters stumble over. Each is planted in a model with what may be said of it.

A regex stands for the class of a reason: whether the failure itself is right is not asked here but of plain torch.
"""

from __future__ import annotations

from tests.differential.grammar.draft import Draft, Piece

STATE = r"state|buffer|attribute|remember|between calls|mutat|in[- ]place"
INPUT = r"input 0|its input|writes? (in)?to|in[- ]place|mutat"
CONTROL = r"if |branch|control flow|data-dependent|[Dd]ata.dependent|value|script|torch\.where|baked|trace"
NORM = r"weight_norm|spectral_norm|parametri[sz]|norm"

# --- state: what one call leaves for the next --------------------------------------------------------------


def running_mean(draft: Draft) -> None:
    """Visible in the next answer."""
    state = draft.buffer(f"torch.{draft.pick(('zeros', 'ones'))}(x_width)".replace("x_width", str(draft.shape[-1])))
    share = draft.pick((0.5, 0.9, 0.999))
    axes = tuple(range(len(draft.whole) - 1))
    draft.step(f"{state}.mul_({share}).add_(x.detach().mean({axes}), alpha={1 - share:.4g})", f"x = x - {state}")
    draft.plant("running_mean", STATE)


def hidden_attribute(draft: Draft) -> None:
    """A plain tensor on the module, which no state_dict has."""
    name = draft.layer(f"torch.zeros({', '.join(map(str, draft.whole))})")
    draft.step(f"{name} = {name} * 0.5 + x * 0.5", f"x = {name}")
    draft.plant("hidden_attribute", STATE)


def assigned_buffer(draft: Draft) -> None:
    name = draft.buffer(f"torch.zeros({', '.join(map(str, draft.whole))})")
    draft.step(f"{name} = {name} * 0.5 + x * 0.5", f"x = x + {name}")
    draft.plant("assigned_buffer", STATE)


def learnt_memory(draft: Draft) -> None:
    """A buffer whose first value is no zero, and of which each call writes a part."""
    width = draft.shape[-1]
    name = draft.buffer(f"torch.randn(3, {width})")
    draft.step(f"{name}[1] = x.detach().reshape(-1, {width}).mean(0)", f"x = x + {name}.mean(0)")
    draft.plant("learnt_memory", STATE)


def returned_state(draft: Draft) -> None:
    """The caller holds the very tensor that the next call changes."""
    name = draft.buffer(f"torch.zeros({', '.join(map(str, draft.whole))})")
    draft.step(f"{name}.mul_(0.5).add_(x)", f"x = {name}")
    draft.plant("returned_state", STATE)


def silent_counter(draft: Draft) -> None:
    draft.step(f"{draft.buffer('torch.zeros((), dtype=torch.int64)')} += 1")
    draft.plant("silent_counter", STATE)


def seen_counter(draft: Draft) -> None:
    name = draft.buffer("torch.zeros(())")
    draft.step(f"{name} += 1", f"x = x * (1 + 0.1 * {name})")
    draft.plant("seen_counter", STATE)


def shape_cache(draft: Draft) -> None:
    """A table that is made on the first call and kept: right under trace and under torch.export."""
    width = draft.shape[-1]
    name = draft.layer("None")
    draft.step(
        f"if {name} is None or {name}.shape[-1] != x.shape[-1]:",
        f"    {name} = torch.linspace(0, 1, {width}) if x.dtype == torch.float32 else torch.linspace(0, 1, {width}).to(x.dtype)",
        f"x = x + {name}",
    )
    draft.plant("shape_cache", STATE)


def workspace(draft: Draft) -> None:
    """Memory that is allocated once and filled in place on every call."""
    size = ", ".join(map(str, draft.whole))
    name = draft.layer("None")
    draft.step(
        f"if {name} is None:", f"    {name} = torch.zeros({size}, dtype=x.dtype)", f"{name}[...] = x", f"x = {name} * 2"
    )
    draft.plant("workspace", STATE)


STATES: tuple[Piece, ...] = (
    running_mean, hidden_attribute, assigned_buffer, learnt_memory, returned_state, silent_counter, seen_counter,
    shape_cache, workspace,
)  # fmt: skip

# --- writes ------------------------------------------------------------------------------------------------


def input_scaled(draft: Draft) -> None:
    draft.step(draft.pick(("x.sub_(0.4).div_(0.7)", "x += 0.5", "x *= 1.5")))
    draft.plant("input_scaled", INPUT)


def input_clamped(draft: Draft) -> None:
    """Called twice on the same tensor it answers alike."""
    draft.step(draft.pick(("x.clamp_(-0.5, 1.0)", "F.relu_(x)", "x[x < 0] = 0", "x[..., 0] = 0")))
    draft.plant("input_clamped", INPUT)


def input_by_numpy(draft: Draft) -> None:
    """No tracer sees it."""
    draft.imports.add("import numpy as np")
    draft.step("array = x.detach().numpy()", "np.clip(array, -0.5, 1.0, out=array)")
    draft.plant("input_by_numpy", rf"{INPUT}|numpy|does not compute|baked|another answer|differ")


def input_by_data(draft: Draft) -> None:
    draft.step("x.data.clamp_(-0.5, 1.0)")
    draft.plant("input_by_data", rf"{INPUT}|\.data|does not compute|baked|another answer|differ")


WRITES: tuple[Piece, ...] = (input_scaled, input_clamped, input_clamped, input_by_numpy, input_by_data)


def own_write(draft: Draft) -> None:
    """Into a tensor of its own, which is nobody's business."""
    draft.step(
        "x = x * 1.0", draft.pick(("x[..., 0] = x[..., -1]", "x.mul_(2.0)", "x[..., :2] += 1.0", "x.add_(x.mean())"))
    )
    draft.plant("own_write", r"in[- ]place|mutat")


# --- what is decided by values -----------------------------------------------------------------------------


# Of a few values, and not against zero: after a norm the mean of all is zero, and its sign is rounding.
SOME = "x.reshape(-1)[:3].sum()"


def branch_on_sum(draft: Draft) -> None:
    draft.step(f"if {SOME} > 0.05:", "    x = x * 2.0 + 1.0", "else:", "    x = x - 3.0")
    draft.plant("branch_on_sum", CONTROL)


def number_from_value(draft: Draft) -> None:
    """A Python number taken out of a tensor is a constant in a trace."""
    draft.step("scale = float(x.abs().max()) + 1.0", "x = x / scale")
    draft.plant("number_from_value", rf"{CONTROL}|constant|item")


def loop_until(draft: Draft) -> None:
    draft.step("while x.abs().amax() > 0.7:", "    x = x * 0.5")
    draft.plant("loop_until", CONTROL)


def branch_on_shape(draft: Draft) -> None:
    draft.step("if x.shape[-1] > 3:", "    x = x * 2.0", "for i in range(x.shape[-1]):", "    x = x + 0.01 * i")
    draft.plant("branch_on_shape", r"shape")


def chosen_by_where(draft: Draft) -> None:
    """The right way to decide by value."""
    draft.step(f"x = torch.where({SOME} > 0.05, x * 2.0, x - 3.0)")
    draft.plant("chosen_by_where", r"where")


def real_dropout(draft: Draft) -> None:
    draft.step("x = F.dropout(x, 0.5, training=True)")
    draft.plant("real_dropout", r"dropout|random|twice")


def noise(draft: Draft) -> None:
    draft.step("x = x + 0.3 * torch.randn_like(x)")
    draft.plant("noise", r"dropout|random|twice")


DECISIONS: tuple[Piece, ...] = (
    branch_on_sum, number_from_value, loop_until, branch_on_shape, branch_on_shape, chosen_by_where, chosen_by_where,
    real_dropout, noise,
)  # fmt: skip


# --- habits that are fine, and must be taken ----------------------------------------------------------------


def cached_table(draft: Draft) -> None:
    """A function that remembers what it made: functools.lru_cache around a table of positions."""
    draft.imports.add("from functools import lru_cache")
    draft.tidy += ["@lru_cache(maxsize=4)", "def table(width):", "    return torch.linspace(-1.0, 1.0, width)", ""]
    draft.step("x = x + table(x.shape[-1])")
    draft.plant("cached_table", r"cache")


def own_gradient(draft: Draft) -> None:
    """An activation as a torch.autograd.Function, to save memory in training."""
    draft.tidy += [
        "class Swish(torch.autograd.Function):",
        "    @staticmethod",
        "    def forward(ctx, x):",
        "        ctx.save_for_backward(x)",
        "        return x * torch.sigmoid(x)",
        "",
        "    @staticmethod",
        "    def backward(ctx, gradient):",
        "        (x,) = ctx.saved_tensors",
        "        return gradient * torch.sigmoid(x)",
        "",
    ]
    draft.step("x = Swish.apply(x)")
    draft.plant("own_gradient", r"autograd|Function")


def scripted_function(draft: Draft) -> None:
    draft.tidy += ["@torch.jit.script", "def squash(x):", "    return x / (1.0 + x.abs())", ""]
    draft.step("x = squash(x)")
    draft.plant("scripted_function", r"script")


def shared_layer(draft: Draft) -> None:
    """One layer used several times, as ALBERT does."""
    width = draft.shape[-1]
    layer = draft.layer(f"nn.Linear({width}, {width})")
    draft.step("for _ in range(3):", f"    x = x + torch.tanh({layer}(x))")
    draft.plant("shared_layer", r"shared|tied")


def tied_weights(draft: Draft) -> None:
    width = draft.shape[-1]
    one, other = draft.layer(f"nn.Linear({width}, {width})"), draft.layer(f"nn.Linear({width}, {width})")
    draft.init.append(f"{other}.weight = {one}.weight")
    draft.step(f"x = {other}(torch.tanh({one}(x)))")
    draft.plant("tied_weights", r"shared|tied")


def dropout_in_evaluation(draft: Draft) -> None:
    draft.step(f"x = {draft.layer('nn.Dropout(0.5)')}(x)", "x = F.dropout(x, 0.3, training=self.training)")
    draft.plant("dropout_in_evaluation", r"eval|training")


def frozen_statistics(draft: Draft) -> None:
    """No gradients inside: a decorator of inference_mode on forward's part."""
    draft.step("with torch.no_grad():", "    x = x - x.mean(-1, keepdim=True)")
    draft.plant("frozen_statistics", r"no_grad|gradient")


HABITS: tuple[Piece, ...] = (
    cached_table, own_gradient, scripted_function, shared_layer, tied_weights, dropout_in_evaluation, frozen_statistics,
)  # fmt: skip


# --- norms on weights --------------------------------------------------------------------------------------

NORMS = {
    "old_weight_norm": "torch.nn.utils.weight_norm",
    "weight_norm": "torch.nn.utils.parametrizations.weight_norm",
    "spectral_norm": "torch.nn.utils.spectral_norm",
}


def norm_weights(draft: Draft) -> None:
    name = draft.pick(tuple(NORMS))
    draft.norm = NORMS[name]
    draft.plant(name, NORM)
