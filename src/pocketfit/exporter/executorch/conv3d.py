"""3-D convolutions as 2-D ones, since ExecuTorch has no others: neither its XNNPACK backend nor its own kernels take
tensors of 5 dimensions (seen with 1.3.1).

The frames of each window in time become channels, and the windows a batch: one 2-D convolution whose weight is the 3-D
one's, reshaped, adds up the same products. It is compared with eager like every other step (lowering.py).
"""

from __future__ import annotations

import copy
from typing import Any

from pocketfit.exporter.builder import Step


def without_conv3d(model: Any) -> Step:
    """The model, or a copy without the `torch.nn.Conv3d` that have zeros for padding."""
    if not any(map(_is_replaced, model.modules())):
        return Step(model)
    flat: dict[Any, Any] = {}
    model = _replaced(copy.deepcopy(model), flat)
    return Step(model, reasons=(f"rewritten for ExecuTorch, which has no 3-D convolution: {len(flat)} x conv3d",))


def _is_replaced(part: Any) -> bool:
    """Not what has hooks, which would be lost, nor a forward of its own."""
    from torch.nn import Conv3d

    return (
        isinstance(part, Conv3d)
        and type(part).forward is Conv3d.forward
        and part.padding_mode == "zeros"
        and not (part._forward_pre_hooks or part._forward_hooks)
    )


def _replaced(part: Any, flat: dict[Any, Any]) -> Any:
    """`flat` has the new layer of each old one: where one is used twice, so is the other."""
    if _is_replaced(part):
        if part not in flat:
            flat[part] = _flat(part)
        return flat[part]
    for name, child in part._modules.items():
        if child is not None:
            part._modules[name] = _replaced(child, flat)
    return part


def _flat(layer: Any) -> Any:
    """A module that does as the Conv3d does, to (N, C, T, H, W) or (C, T, H, W)."""
    import torch

    outputs, inputs_of_group, taps, *window = layer.weight.shape
    (stride, *strides), (dilation, *dilations) = layer.stride, layer.dilation
    within = layer.padding if isinstance(layer.padding, str) else layer.padding[1:]
    before, after = _padding_in_time(layer)
    reach = dilation * (taps - 1)

    class Conv3dByFrames(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            channels = inputs_of_group * layer.groups * taps
            # Without random weights, which would move on the seed of the model's own code.
            self.conv = torch.nn.utils.skip_init(
                torch.nn.Conv2d, channels, outputs, window, strides, within, dilations, layer.groups
            )
            self.conv.weight = torch.nn.Parameter(layer.weight.detach().reshape(outputs, -1, *window))
            self.conv.bias = layer.bias
            self.eval()

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            x = given if given.dim() == 5 else given.unsqueeze(0)
            x = torch.nn.functional.pad(x, (0, 0, 0, 0, before, after)) if before or after else x
            frames = (x.size(2) - reach - 1) // stride + 1
            last = stride * (frames - 1) + 1
            at_tap = [x[:, :, start : start + last : stride] for start in range(0, reach + 1, dilation)]
            # A group's channels stay together, each with its frames in order, as in the weight.
            windows = torch.stack(at_tap, 2).permute(0, 3, 1, 2, 4, 5)
            y = self.conv(windows.flatten(2, 3).flatten(0, 1))
            y = y.unflatten(0, (x.size(0), frames)).transpose(1, 2)
            return y if given.dim() == 5 else y.squeeze(0)

    return Conv3dByFrames()


def _padding_in_time(layer: Any) -> tuple[int, int]:
    """Before the first frame and after the last; "same" adds the odd one after, as torch does."""
    if layer.padding == "valid":
        return 0, 0
    if layer.padding == "same":
        total = layer.dilation[0] * (layer.kernel_size[0] - 1)
        return total // 2, total - total // 2
    return layer.padding[0], layer.padding[0]
