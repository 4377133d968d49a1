"""Reports that hold all that the page can show: of a few variants, of very many, and of names that are meant to harm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pocketfit.records import (
    Anatomy,
    Delegation,
    Hardware,
    Latency,
    LayerLoss,
    Memory,
    Metric,
    OutputParity,
    Parity,
    PastCommit,
    Report,
    Row,
    SideFacts,
    Trend,
    Work,
)
from pocketfit.report.phone import runtime_sizes, with_totals
from tests.unit.report.samples import (
    BROKEN,
    ENVIRONMENT,
    EVERYTHING,
    GREW,
    IDENTICAL,
    NEW,
    REMOVED,
    REVIVED,
    SKIPPED,
    TOUCHED,
    UNSUPPORTED,
    passed,
    side,
)

LIBRARIES = {"lite": "pytorch_android_lite 1.12.2"}
# Of mobilenet_v2, in thousands of bytes.
SIZES = (4, 4, 21, 35, 40, 60, 61, 83, 210, 212, 213, 260, 473, 474, 620, 1290, 1291, 1900, 1650)
MODULES = {f"features.{index}": 1000 * size for index, size in enumerate(SIZES)} | {"classifier.1": 5_124_000}
MACS = {name: 13 * size for name, size in MODULES.items()}
GROWN = {**MODULES, "features.15": 1_806_000, "features.18": 2_310_000, "attention.qkv": 900_000}
del GROWN["features.1"]

BEFORE = Anatomy(MODULES, {"float32": 13_900_000}, {"code": 61_000, "constants": 13_900_000}, 120_000, 8, MACS)
AFTER = replace(BEFORE, modules=GROWN, macs={**MACS, "attention.qkv": 9_000_000})
COUNTED = Work(206_003_092, 590_000_000, 84_000_000, "arm64-v8a", "cortex-a76", LIBRARIES["lite"], 3, 1e-6)
MORE = replace(COUNTED, instructions=341_337_576, loaded_bytes=800_000_000)
OUTPUTS = (
    OutputParity("['boxes']", 1.1e-6, 118.0, 0.9999999, 1.0),
    OutputParity("['scores']", 2.2e-6, 104.1, 0.99999, 0.98),
    OutputParity("['masks']", 0.0, degenerate="is all zeros"),
)
ON_PHONE = replace(passed(), abi="arm64-v8a", emulated_cpu="cortex-a76")
LAYERS = (LayerLoss("features.3", 60.0, 25.0), LayerLoss("features.12", 31.0, 12.0))

BIG = replace(
    GREW,
    base=replace(
        side(13_995_123, 12_901_000, "aa", conv2d=52, add=10),
        anatomy=BEFORE,
        work=COUNTED,
        memory=Memory(70_000_000, 1_200_000),
        delegation=Delegation(62, 62),
    ),
    head=replace(
        side(19_607_468, 18_001_234, "bb", conv2d=58, add=10, relu=2),
        anatomy=AFTER,
        work=MORE,
        memory=Memory(91_000_000, 2_400_000, 20_000_000),
        delegation=Delegation(68, 70, {"aten::relu": 2}),
    ),
    parity=Parity(2.2e-6, 104.1, 0.98, 0.99999, OUTPUTS, 4),
    metric=Metric(0.981, 0.98, 0.972),
    smoke=replace(passed(), parity=Parity(2.9e-6, 101.0, 0.98, 0.9999, OUTPUTS)),
    also=(ON_PHONE,),
)
SMALL = replace(
    TOUCHED,
    model=GREW.model,
    precision="int8",
    base=replace(side(1_234, 999), anatomy=BEFORE, work=COUNTED),
    head=replace(side(1_235, 999, "bb"), anatomy=AFTER, work=COUNTED),
    latency=Latency(
        "unclear", "", None, 0.94, 1.09, 0.1021, None, 40, 8, 0.98, 0.95, 1.06, device="jvm x86_64", threads=1, seed=3
    ),
    layer_losses=LAYERS,
)
ALONE = replace(
    REVIVED,
    latency=Latency(
        "not-measured", head_ms=4.2, head_low_ms=3.9, head_high_ms=4.6, rounds=240, loads=6, seed=7, device="jvm", threads=1
    ),
)  # fmt: skip
CALM = replace(
    IDENTICAL,
    base=replace(side(46_740_000, 43_300_000), anatomy=BEFORE),
    head=replace(side(46_740_000, 43_300_000), anatomy=BEFORE),
)


# Of 60 commits, as many as a report is given.
PAST = tuple(PastCommit(f"{day:040x}", f"2026-{9 + day // 30}-{1 + day % 30:02}T10:00:00Z") for day in range(60))


def past(row: Row) -> Row:
    """The row with its numbers at earlier commits: a few steps of the size, a day without, and times that vary."""
    if row.head is None:
        return row
    size, time, work = row.head.size_bytes, row.latency.head_ms, row.head.work and row.head.work.instructions
    grows = row.status != "identical"
    return replace(
        row,
        trend=Trend(
            tuple(None if day == 30 else size - (4 - day // 15) * size // 50 * grows for day in range(60)),
            () if time is None else tuple(time * (1 + day * 7 % 11 / 20) for day in range(60)),
            () if work is None else tuple(work + day // 20 * 1_000_000 for day in range(60)),
        ),
    )


def told(rows: Iterable[Row]) -> Report:
    rows = tuple(map(past, with_totals(rows, LIBRARIES)))
    hardware = Hardware(cores=8, page_size_bytes=4096, free_memory_bytes=12_000_000_000)
    environment = replace(ENVIRONMENT, hardware=hardware, sandbox="landlock, seccomp, bubblewrap")
    sizes = runtime_sizes(rows, LIBRARIES)
    return replace(EVERYTHING, rows=rows, runtimes=sizes, environment=environment, history=PAST)


RICH = told(
    (
        *(CALM, SMALL, NEW, BIG, ALONE, BROKEN, SKIPPED, UNSUPPORTED, REMOVED, replace(CALM, precision="int8")),
        replace(UNSUPPORTED, model="ancient", failed_before=True),
    )
)
LONG, HEBREW, ARABIC = "n" * 200, "\u05de\u05d5\u05d3\u05dc", "\u0634\u0628\u0643\u0629"
HOSTILE = told(
    (
        replace(BIG, model=LONG),
        replace(SMALL, model=f"{HEBREW}/../<script>document.title='owned'</script>"),
        replace(ALONE, model="</table><h1>Approved</h1>\u202e"),
        replace(UNSUPPORTED, model=ARABIC, reasons=("x" * 500, "<img src=x onerror=\"document.title='owned'\">")),
        replace(CALM, model="&lt;b&gt; javascript:alert(1)"),
    )
)
OF_ONE = (("lite", "fp32"), ("lite", "int8"), ("executorch", "fp32"), ("executorch", "int8"), ("torchscript", "fp32"))


def many(models: int) -> Report:
    """Each model in five variants, and with modules of its own; most rows are identical, as in a real repository."""
    rows = []
    for index in range(models):
        before, after = ({**modules, "extra": index + 1} for modules in (MODULES, GROWN))
        like = BIG if index % 20 == 0 else SMALL if index % 3 == 0 else CALM
        for variant, precision in OF_ONE:
            rows.append(
                replace(
                    like,
                    model=f"family{index // 4}.net{index}",
                    format=variant,
                    precision=precision,
                    base=with_modules(like.base, before),
                    head=with_modules(like.head, before if like is CALM else after),
                )
            )
    return told(rows)


def with_modules(facts: SideFacts | None, modules: dict[str, int]) -> SideFacts | None:
    assert facts
    assert facts.anatomy
    return replace(facts, anatomy=replace(facts.anatomy, modules=modules))
