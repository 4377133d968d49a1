"""Many models on several machines: planned, tried apart, and made one report again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pocketfit.builds.sides import Request, read_head
from pocketfit.store import read_report
from pocketfit.variants import parse_variants
from tests.integration.conftest import CONFIG, QUICK, Git
from tests.integration.test_run import pocketfit, rows


def test_shards_give_what_one_machine_would(repository: Path, git: Git) -> None:
    """head has net and more, base has net and old: with one job for each variant, and one of them lost."""
    more = CONFIG.replace("net]", "more]")
    (repository / "pocketfit.toml").write_text(QUICK + CONFIG + CONFIG.replace("net]", "old]"))
    git("commit", "-q", "-am", "base")
    (repository / "pocketfit.toml").write_text(
        QUICK + CONFIG.replace('net"', 'net"\narguments = { width = 16 }') + more
    )
    git("commit", "-q", "-am", "head")
    out = repository / "pocketfit-out"

    planned = pocketfit(repository, "plan", "--shards", "3", "--base", "HEAD^", "-o", "pocketfit-out/plan.json")

    assert planned.returncode == 0, planned.stderr
    matrix = json.loads(planned.stdout)
    assert matrix == json.loads((out / "plan.json").read_text())
    assert [one["variants"] for one in matrix["include"]] == ["more/lite/fp32", "net/lite/fp32", "old/lite/fp32"]
    for one in matrix["include"]:
        shard = pocketfit(
            repository,
            *("run", "--base", "HEAD^", "--device", "none"),
            *("--variant", one["variants"], "--out", f"pocketfit-out/{one['shard']}"),
        )
        assert shard.returncode == 0, shard.stderr

    merged = pocketfit(
        repository, "merge", *(f"pocketfit-out/{number}" for number in (1, 2, 3)), "--plan", "pocketfit-out/plan.json"
    )

    assert merged.returncode == 0, merged.stderr
    notes = read_report(out / "report.json").notes
    assert notes.count("not tried on a device, since none was wanted (--device none)") == 1
    found = rows(repository)
    assert {name: row["status"] for name, row in found.items()} == {
        "more/lite/fp32": "new",
        "net/lite/fp32": "compared",
        "old/lite/fp32": "removed",
    }
    net = found["net/lite/fp32"]
    artifact = out / "artifacts/head/net.lite.fp32.ptl"
    assert net["head"]["size_bytes"] == artifact.stat().st_size > net["base"]["size_bytes"]
    assert (out / "artifacts/base/golden/old.lite.fp32/input0.bin").stat().st_size == 4 * 3 * 16 * 16
    assert read_report(out / "report.json").head == git("rev-parse", "HEAD")

    # What the runs cost is what the next plan balances by.
    again = pocketfit(repository, "plan", "--shards", "2", "--base", "HEAD^", "--costs", "pocketfit-out")
    assert all(one["estimated_s"] > 0 for one in json.loads(again.stdout)["include"])

    shutil.rmtree(out / "1")
    lost = pocketfit(repository, "merge", "pocketfit-out/2", "pocketfit-out/3", "--plan", "pocketfit-out/plan.json")

    assert lost.returncode == 3
    assert rows(repository)["more/lite/fp32"]["reasons"] == ["its shard did not report"]
    assert "its shard did not report" in lost.stdout


def test_a_variant_that_neither_side_has(repository: Path) -> None:
    done = pocketfit(repository, "run", "--base", "HEAD", "--device", "none", "--variant", "net/lite/int8")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "error: pocketfit.toml has no variant net/lite/int8: see `pocketfit plan`",
    )


def test_a_shard_knows_how_many_variants_the_others_have(repository: Path, git: Git) -> None:
    """Its latency intervals are corrected for the rows of the whole report."""
    more = CONFIG.replace("net]", "more]") + 'precisions = ["fp32", "int8"]\n'
    (repository / "pocketfit.toml").write_text(QUICK + CONFIG + more)

    def elsewhere(*variants: str) -> int:
        asked = parse_variants(variants, "here") if variants else ()
        request = Request(repository, "HEAD", variants=asked)
        return read_head(request).elsewhere

    assert elsewhere() == 0
    assert elsewhere("net/lite/fp32") == 2
    assert elsewhere("net/lite/fp32", "more/lite/int8") == 1
