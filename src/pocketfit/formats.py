"""The formats and precisions that there are, one line each: what all but a format's builder need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from pocketfit.records import RuntimeName

PRECISIONS = ("fp32", "fp16", "int8", "int8-dynamic")

# Tried on pytorch_android_lite 1.12.2 and pytorch_android 1.13.1, where next to nothing runs.
NO_HALF = {"fp16": "no half-precision kernels on the CPU: no convolution, matrix product or relu"}


@dataclass(frozen=True)
class Format:
    """One mobile format; how it is built stands in a file of its own (exporter/formats).

    `runtime` is the Android library that an app needs for it, called `title` in sentences. `marker` is a record that
    only archives of this format have, and `saver` the function of torch that writes such. `lacks` maps a precision that
    is not built to what the runtime lacks for it. `flat_outputs`: a file's outputs are a list, in the order of
    tensors.flatten, whatever eager's are nested in. `host` is the distribution that runs its files on this host as a
    phone would; None where only a device's times count. `drops_start`: a buffer that forward writes starts as zeros,
    whatever the model has in it. `from_torchscript`: saved TorchScript can be built. `plans_memory`: a file says how
    much its tensors take.
    """

    name: str
    suffix: str
    runtime: RuntimeName
    title: str
    marker: str | None = None
    saver: str | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)
    flat_outputs: bool = False
    host: str | None = None
    from_torchscript: bool = True
    drops_start: bool = False
    plans_memory: bool = False

    def host_runtime(self) -> str | None:
        """Name and version of what runs a file here as a phone would; None where only a device's times count."""
        if self.host is None:
            return None
        try:
            return f"{self.host} {version(self.host)}"
        except PackageNotFoundError:
            return self.host


FORMATS: Mapping[str, Format] = {
    fact.name: fact
    for fact in (
        Format(
            "lite",
            ".ptl",
            "lite",
            "lite",
            marker="bytecode.pkl",
            saver="_save_for_lite_interpreter",
            lacks=NO_HALF,
        ),
        Format("torchscript", ".pt", "full", "full", lacks=NO_HALF),
        Format(
            "executorch",
            ".pte",
            "executorch",
            "ExecuTorch",
            flat_outputs=True,
            host="executorch",
            from_torchscript=False,
            drops_start=True,
            plans_memory=True,
        ),
    )
}


def listed(names: Mapping[str, object] | tuple[str, ...], last: str = "or") -> str:
    """Names as a sentence has them: "lite, torchscript or executorch"."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final
