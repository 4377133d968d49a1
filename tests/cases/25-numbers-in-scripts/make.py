"""A repository whose sources are TorchScript files that declare numbers: python make.py FOLDER."""
import shutil
import sys
from pathlib import Path
from typing import Optional

import torch
from torch import nn

out = Path(sys.argv[1])
shutil.copytree(Path(__file__).parent, out, dirs_exist_ok=True)
torch.manual_seed(0)


class Detector(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(width, 8)
        self.head = nn.Linear(8, 1)

    def forward(self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        h, c = self.cell(x, (h, c))
        return torch.sigmoid(self.head(h)), h, c


class VoiceActivity(nn.Module):
    """As silero-vad is made: a network for each rate, and a state in attributes that other inputs start anew."""

    _h: torch.Tensor
    _c: torch.Tensor
    _last_rate: int

    def __init__(self) -> None:
        super().__init__()
        self.high, self.low = Detector(64), Detector(32)
        self._h, self._c, self._last_rate = torch.zeros(0), torch.zeros(0), 0

    @torch.jit.export
    def reset_states(self) -> None:
        self._h, self._c, self._last_rate = torch.zeros(0), torch.zeros(0), 0

    def forward(self, x: torch.Tensor, rate: int) -> torch.Tensor:
        samples = 64 if rate == 16000 else 32
        if x.shape[-1] != samples:
            raise ValueError(f"got {x.shape[-1]} samples, and a call takes {samples}")
        if self._last_rate != 0 and self._last_rate != rate:
            self.reset_states()
        if self._h.numel() == 0:
            self._h, self._c = torch.zeros(x.shape[0], 8), torch.zeros(x.shape[0], 8)
        if rate == 16000:
            out, self._h, self._c = self.high(x, self._h, self._c)
        else:
            out, self._h, self._c = self.low(x, self._h, self._c)
        self._last_rate = rate
        return out


class Threshold(nn.Module):
    def forward(self, x: torch.Tensor, least: float, strict: bool, most: Optional[float] = None) -> torch.Tensor:
        kept = x * (x > least) if strict else x * (x >= least)
        return kept if most is None else kept.clamp(max=most)


class TakesList(nn.Module):
    def forward(self, xs: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack(xs).sum(0)


torch.jit.script(VoiceActivity().eval()).save(out / "activity.jit")
torch.jit.script(Threshold()).save(out / "threshold.jit")
torch.jit.script(TakesList()).save(out / "takes_list.jit")
