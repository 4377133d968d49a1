"""Layers for images (channels, height, width), sequences (time, channels), signals (channels, time) and vectors."""

from __future__ import annotations

from tests.differential.grammar.draft import Draft, Piece, activate

# --- images ------------------------------------------------------------------------------------------------


def convolution(draft: Draft) -> None:
    channels, height, width = draft.shape
    out, kernel, stride = draft.pick((4, 6, 8)), draft.pick((1, 3, 3, 5)), draft.pick((1, 1, 2)) if height > 7 else 1
    bias = draft.chance(0.5)
    made = draft.weighted(
        f"nn.Conv2d({channels}, {out}, {kernel}, stride={stride}, padding={kernel // 2}, bias={bias})"
    )
    draft.step(f"x = {made}(x)")
    draft.shape = (out, -(-height // stride), -(-width // stride))
    if draft.chance(0.6):
        draft.step(f"x = {draft.layer(f'nn.BatchNorm2d({out})')}(x)")
    if draft.chance(0.8):
        activate(draft)


def depthwise(draft: Draft) -> None:
    channels, *_ = draft.shape
    grouped = draft.layer(f"nn.Conv2d({channels}, {channels}, 3, padding=1, groups={channels}, bias=False)")
    norm = draft.layer(f"nn.BatchNorm2d({channels})")
    draft.step(f"x = x + F.relu6({norm}({grouped}(x)))" if draft.chance(0.5) else f"x = F.relu6({norm}({grouped}(x)))")


def image_pool(draft: Draft) -> None:
    channels, height, width = draft.shape
    if min(height, width) < 6:
        return
    draft.step(
        f"x = {draft.pick(('F.max_pool2d(x, 2)', 'F.avg_pool2d(x, 2)', 'F.max_pool2d(x, 2, 2)', 'F.lp_pool2d(x, 2, 2)'))}"
    )
    draft.shape = (channels, height // 2, width // 2)


def upsample(draft: Draft) -> None:
    channels, height, width = draft.shape
    if height > 16:
        return
    if draft.chance(0.5):
        draft.step(f"x = {draft.weighted(f'nn.ConvTranspose2d({channels}, 4, 2, stride=2)')}(x)")
        channels = 4
    else:
        mode = draft.pick(('"nearest"', '"bilinear", align_corners=False', '"bilinear", align_corners=True'))
        draft.step(f"x = F.interpolate(x, scale_factor=2.0, mode={mode})")
    draft.shape = (channels, height * 2, width * 2)


def squeeze_excite(draft: Draft) -> None:
    channels = draft.shape[0]
    gate = draft.layer(
        f"nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d({channels}, 4, 1), nn.ReLU(), "
        f"nn.Conv2d(4, {channels}, 1), {draft.pick(('nn.Sigmoid()', 'nn.Hardsigmoid()'))})"
    )
    draft.step(f"x = x * {gate}(x)")


def channel_shuffle(draft: Draft) -> None:
    channels, height, width = draft.shape
    if channels % 2 == 0:
        shape = f"x.shape[0], 2, {channels // 2}, {height}, {width}"
        draft.step(f"x = x.view({shape}).transpose(1, 2).reshape(x.shape[0], {channels}, {height}, {width})")


def image_slices(draft: Draft) -> None:
    channels, height, width = draft.shape
    choice = draft.pick(("pad", "flip", "group"))
    if choice == "pad":
        draft.step(f"x = F.pad(x, (1, 1, 1, 1), mode={draft.pick(('reflect', 'constant', 'replicate'))!r})")
        draft.shape = (channels, height + 2, width + 2)
    elif choice == "flip" and channels < 9:
        draft.step("x = torch.cat((x, x.flip(-1)), 1)")
        draft.shape = (channels * 2, height, width)
    elif choice == "group":
        draft.step(f"x = {draft.layer(f'nn.GroupNorm(1, {channels})')}(x)")


# --- sequences ---------------------------------------------------------------------------------------------


def sequence_linear(draft: Draft) -> None:
    time, channels = draft.shape
    out = draft.pick((8, 12, 16))
    draft.step(f"x = {draft.weighted(f'nn.Linear({channels}, {out})')}(x)")
    draft.shape = (time, out)
    activate(draft)


def recurrent(draft: Draft) -> None:
    time, channels = draft.shape
    kind, both = draft.pick(("GRU", "LSTM")), draft.chance(0.3)
    layer = draft.layer(f"nn.{kind}({channels}, 8, batch_first=True, bidirectional={both})")
    draft.step(f"x, _ = {layer}(x)")
    draft.shape = (time, 16 if both else 8)


def attention(draft: Draft) -> None:
    _, channels = draft.shape
    if channels % 4:
        return
    if draft.chance(0.4):
        layer = draft.layer(f"nn.MultiheadAttention({channels}, 2, batch_first=True)")
        draft.step(f"x = x + {layer}(x, x, x, need_weights=False)[0]")
        return
    layer, out = (
        draft.layer(f"nn.Linear({channels}, {3 * channels})"),
        draft.layer(f"nn.Linear({channels}, {channels})"),
    )
    causal = draft.chance(0.5)
    draft.step(f"q, k, v = {layer}(x).chunk(3, -1)")
    if draft.chance(0.5):
        draft.step(f"x = x + {out}(F.scaled_dot_product_attention(q, k, v, is_causal={causal}))")
    else:
        draft.step(f"x = x + {out}((q @ k.transpose(-2, -1) / {channels**0.5:.3f}).softmax(-1) @ v)")


def layer_norm(draft: Draft) -> None:
    draft.step(f"x = {draft.layer(f'nn.LayerNorm({draft.shape[-1]})')}(x)")


def positions(draft: Draft) -> None:
    time, channels = draft.shape
    made = draft.buffer(f"torch.randn(1, {time + 4}, {channels})", persistent=draft.chance(0.5))
    draft.step(f"x = x + {made}[:, : x.shape[1]]")


def encoder_layer(draft: Draft) -> None:
    channels = draft.shape[1]
    if channels % 4 == 0:
        layer = draft.layer(f"nn.TransformerEncoderLayer({channels}, 2, 16, batch_first=True, dropout=0.1)")
        draft.step(f"x = {layer}(x)")


# --- signals and vectors -----------------------------------------------------------------------------------


def signal_convolution(draft: Draft) -> None:
    channels, time = draft.shape
    out, dilation = draft.pick((4, 6, 8)), draft.pick((1, 2))
    if time < 12:
        return
    layer = draft.weighted(f"nn.Conv1d({channels}, {out}, 3, padding={dilation}, dilation={dilation})")
    draft.step(f"x = {layer}(x)")
    draft.shape = (out, time)
    if draft.chance(0.4):
        draft.step(f"x = {draft.layer(f'nn.BatchNorm1d({out})')}(x)")
    draft.step(f"x = {draft.layer(draft.pick(('nn.ReLU()', 'nn.LeakyReLU(0.1)', f'nn.PReLU({out})', 'nn.ELU()')))}(x)")
    if draft.chance(0.3):
        draft.step(f"x = F.{draft.pick(('max_pool1d', 'avg_pool1d'))}(x, 2)")
        draft.shape = (out, time // 2)


def signal_up(draft: Draft) -> None:
    channels, time = draft.shape
    if time < 40:
        draft.step(f"x = {draft.weighted(f'nn.ConvTranspose1d({channels}, 4, 4, stride=2, padding=1)')}(x)")
        draft.shape = (4, time * 2)


def linear(draft: Draft) -> None:
    (channels,) = draft.shape
    out = draft.pick((8, 12, 16))
    draft.step(f"x = {draft.weighted(f'nn.Linear({channels}, {out}, bias={draft.chance(0.8)})')}(x)")
    draft.shape = (out,)
    if draft.chance(0.3):
        draft.step(f"x = {draft.layer(f'nn.BatchNorm1d({out})')}(x)")
    activate(draft)


def gate(draft: Draft) -> None:
    (channels,) = draft.shape
    draft.step(f"x = F.glu({draft.layer(f'nn.Linear({channels}, 16)')}(x), -1)")
    draft.shape = (8,)


def cell(draft: Draft) -> None:
    (channels,) = draft.shape
    layer = draft.layer(f"nn.{draft.pick(('GRUCell', 'RNNCell'))}({channels}, 8)")
    draft.step("h = x.new_zeros(x.shape[0], 8)", "for _ in range(2):", f"    h = {layer}(x, h)", "x = h")
    draft.shape = (8,)


IMAGE: tuple[Piece, ...] = (
    convolution, convolution, convolution, depthwise, image_pool, upsample, squeeze_excite, channel_shuffle, image_slices,
)  # fmt: skip
SEQUENCE: tuple[Piece, ...] = (
    sequence_linear, sequence_linear, recurrent, attention, attention, layer_norm, positions, encoder_layer,
)  # fmt: skip
SIGNAL: tuple[Piece, ...] = (signal_convolution, signal_convolution, signal_up)
VECTOR: tuple[Piece, ...] = (linear, linear, gate, cell)


def to_vector(draft: Draft, domain: str) -> None:
    """From what there is to (batch, channels)."""
    if domain == "vector":
        return
    choices = {
        "image": ("x = F.adaptive_avg_pool2d(x, 1).flatten(1)", "x = x.mean((2, 3))", "x = x.amax((2, 3))"),
        "sequence": ("x = x.mean(1)", "x = x[:, -1]", "x = x.amax(1)"),
        "signal": ("x = x.mean(-1)", "x = F.adaptive_max_pool1d(x, 1).squeeze(-1)"),
    }[domain]
    draft.step(draft.pick(choices))
    draft.shape = (draft.shape[1 if domain == "sequence" else 0],)


PIECES: dict[str, tuple[Piece, ...]] = {"image": IMAGE, "sequence": SEQUENCE, "signal": SIGNAL, "vector": VECTOR}
