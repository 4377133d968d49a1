"""One seed, one model: its source text, its configuration, and the variants that it is tried in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.differential.grammar import layers, traps
from tests.differential.grammar.draft import Draft, Feature
from tests.differential.grammar.ends import write_output

DOMAINS = {"image": (3, 12, 16), "sequence": (6, 8), "signal": (4, 24), "vector": (10,)}
TRAPPED = 0.65


@dataclass(frozen=True)
class Sample:
    """`variants` are pairs of format and precision; `domain` is what forward's first input is like."""

    seed: int
    domain: str
    source: str
    config: str
    variants: tuple[tuple[str, str], ...]
    features: tuple[Feature, ...]

    @property
    def name(self) -> str:
        return f"{self.seed:05d}-" + ("-".join(one.name for one in self.features) or "plain")

    def write(self, folder: Path) -> None:
        """A repository as a user's: model.py and pocketfit.toml."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.py").write_text(self.source)
        (folder / "pocketfit.toml").write_text(self.config)


def make_sample(seed: int) -> Sample:
    draft = Draft(Random(seed))
    domain = draft.pick(("image", "image", "sequence", "sequence", "signal", "vector", "ids"))
    draft.batch = draft.pick((1, 1, 1, 2))
    draft.shape = DOMAINS.get(domain, (6,))
    inputs = _inputs(draft, domain)
    flowing = _enter(draft, domain)
    trap = draft.chance(TRAPPED)
    if trap and draft.chance(0.2):
        traps.norm_weights(draft)
    if trap and flowing == domain and draft.chance(0.25) and not draft.features:
        # Before anything else has touched what was given.
        draft.pick(traps.WRITES)(draft)
    body = layers.PIECES[flowing]
    middle = draft.number(1, 3)
    for number in range(middle + draft.number(0, 2)):
        draft.pick(body)(draft)
        if number == middle - 1 and trap and not draft.features:
            draft.pick((*traps.STATES, traps.own_write, *traps.DECISIONS, *traps.HABITS))(draft)
    draft.step("y = x")
    layers.to_vector(draft, flowing)
    _head(draft)
    write_output(draft)
    decides = any(one.name in ("branch_on_sum", "loop_until", "number_from_value") for one in draft.features)
    draft.how = "script" if draft.chance(0.5 if decides else 0.08) else "trace"
    return Sample(seed, domain, _source(draft, inputs), _config(draft, domain), _variants(draft), tuple(draft.features))


def _inputs(draft: Draft, domain: str) -> dict[str, str]:
    """The arguments of forward, and how each is drawn with a generator `g`."""
    size = ", ".join(map(str, draft.whole))
    if domain == "ids":
        return {"given": f"torch.randint(0, 40, ({size}), generator=g)", **_mask(draft)}
    if domain == "image" and draft.chance(0.15):
        return {"given": f"torch.randint(0, 256, ({size}), generator=g).to(torch.uint8)"}
    if draft.chance(0.08):
        dtype = draft.pick(("float64", "float16"))
        return {"given": f"torch.randn({size}, generator=g).to(torch.{dtype})"}
    kind = draft.pick(("randn", "randn", "rand"))
    if domain == "image" and draft.chance(0.2):
        return {"given": _as_cameras_give(draft, kind)}
    return {"given": f"torch.{kind}({size}, generator=g)", **(_mask(draft) if domain == "sequence" else {})}


def _as_cameras_give(draft: Draft, kind: str) -> str:
    """An image whose strides are no contiguous tensor's."""
    channels, height, width = draft.shape
    draft.plant("strides", r"stride|memory format|channels_last|contiguous")
    return draft.pick(
        (
            f"torch.{kind}({draft.batch}, {height}, {width}, {channels}, generator=g).permute(0, 3, 1, 2)",
            f"torch.{kind}({draft.batch}, 1, {height}, {width}, generator=g).expand(-1, {channels}, -1, -1)",
        )
    )


def _mask(draft: Draft) -> dict[str, str]:
    time, kind = draft.shape[0], draft.pick(("", "", "bool", "infinite", "scalar"))
    size = f"{draft.batch}, {time}"
    hidden = f"(torch.arange({time}) >= torch.randint(2, {time + 1}, (1,), generator=g)).expand({size})"
    return {
        "": {},
        "bool": {"mask": f"(~{hidden}).clone()"},
        "infinite": {"mask": f'torch.zeros({size}).masked_fill({hidden}, float("-inf"))'},
        "scalar": {"mask": "torch.rand((), generator=g) + 0.5"},
    }[kind]


def _enter(draft: Draft, domain: str) -> str:
    """From what was given to the floats that layers take; returns what they are like."""
    draft.step("x = given")
    if domain == "ids":
        width = draft.pick((8, 12))
        draft.step(f"x = {draft.layer(f'nn.Embedding(40, {width})')}(x)")
        draft.shape = (*draft.shape, width)
        return "sequence"
    return domain


def _head(draft: Draft) -> None:
    (channels,) = draft.shape
    draft.step(f"x = {draft.layer(f'nn.Linear({channels}, 5)')}(x)")
    draft.shape = (5,)


def _variants(draft: Draft) -> tuple[tuple[str, str], ...]:
    found = [("lite", "fp32")]
    if draft.chance(0.3):
        found.append(("torchscript", "fp32"))
    if draft.chance(0.45):
        found.append(("executorch", "fp32"))
    if draft.chance(0.3):
        found.append((draft.pick(("lite", "torchscript")), "int8"))
    if draft.chance(0.15):
        found.append((draft.pick(("lite", "executorch")), "int8-dynamic"))
    if draft.chance(0.15):
        found.append(("executorch", draft.pick(("int8", "fp16"))))
    return tuple(found)


def _source(draft: Draft, inputs: dict[str, str]) -> str:
    steps = list(draft.steps)
    drawn = next(iter(inputs.values()))
    for dtype in ("uint8", "float16", "float64"):
        if dtype in drawn:
            steps.insert(1, "x = x.float() / 255" if dtype == "uint8" else "x = x.float()")
    if "mask" in inputs:
        steps.insert(len(steps) - 1, _use_of_mask(inputs["mask"]))
    text = [
        f'"""Made by tests.differential; planted: {", ".join(one.name for one in draft.features) or "nothing"}."""',
        *sorted({"import torch", "from torch import nn", "from torch.nn import functional as F", *draft.imports}),
        "",
        *draft.tidy,
        "",
        "class Net(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *(f"        {line}" for line in draft.init),
        "",
        f"    def forward(self, {', '.join(inputs)}):",
        *(f"        {line}" for line in steps),
        "",
        "",
        "def build():",
        "    torch.manual_seed(7)",
        "    model = Net()",
        "    with torch.no_grad():",
        "        for one in model.modules():",
        "            if isinstance(one, nn.modules.batchnorm._BatchNorm):",
        "                one.running_mean.normal_(std=0.5)",
        "                one.running_var.uniform_(0.5, 2)",
        "                one.weight.uniform_(0.5, 1.5)",
        "                one.bias.normal_(std=0.3)",
        "    return model.eval()",
        "",
        "",
        "def draw(seed):",
        "    g = torch.Generator().manual_seed(seed)",
        f"    return ({', '.join(inputs.values())},)",
        "",
        "",
        "def inputs():",
        "    return draw(0)",
        "",
        "",
        "def other():",
        "    return draw(1)",
        "",
        "",
        f'HOW = "{draft.how}"',
        "",
        "",
        "def batches():",
        "    return [draw(seed) for seed in range(10, 26)]",
    ]
    return "\n".join(text) + "\n"


def _use_of_mask(drawn: str) -> str:
    """`x` is (batch, 5) there, the mask (batch, time) or a scalar."""
    if "inf" in drawn:
        return "x = x * (1 + mask.softmax(-1).amax(-1, keepdim=True))"
    if "arange" in drawn:
        return "x = x * (1 + mask.float().mean(-1, keepdim=True))"
    return "x = x * mask"


def _config(draft: Draft, domain: str) -> str:
    lines = ["[models.net]", 'source = "model.py:build"', 'inputs = "model.py:inputs"']
    if draft.how != "trace":
        lines.append(f'how = "{draft.how}"')
    if draft.chance(0.5):
        lines.append('check_inputs = "model.py:other"')
    if draft.chance(0.5):
        lines.append('calibration = "model.py:batches"')
    return "\n".join(lines) + "\n"
