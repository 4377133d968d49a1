"""What is known, by their names alone, of classes and functions of the libraries that models are built from."""

from __future__ import annotations

import re

# Their classes are modules, but for those that LEFT_OUT names.
LIBRARIES = frozenset({
    "torchvision", "timm", "transformers", "lightning", "pytorch_lightning", "torchaudio", "torch_geometric", "monai",
    "segmentation_models_pytorch", "efficientnet_pytorch", "fairseq", "speechbrain", "diffusers",
})  # fmt: skip
LEFT_OUT = re.compile(
    r"(Dataset|DataModule|Config|Callback|Trainer|Optimizer|Sampler|Loader|Mixin|Output|Tokenizer|TokenizerFast"
    r"|Processor|Extractor|Logger|Scheduler|Arguments|Weights|Parameter|ParameterList|ParameterDict)$"
)
NOT_MODELS = re.compile(r"\.(transforms|datasets|utils|io|ops|functional|init|optim|callbacks)(\.|$)")
# Functions that make a whole model.
MAKERS = re.compile(
    r"timm\.(models\.)?create_model|torch\.hub\.load|torch\.jit\.load|torchvision\.models(\.\w+)*\.[a-z]\w*"
    r"|torchaudio\.models(\.\w+)*\.[a-z]\w*|transformers\.\w+\.from_(pretrained|config)"
    r"|efficientnet_pytorch\.EfficientNet\.from_\w+|segmentation_models_pytorch\.create_model"
)
# They give back what they were given, or something around it with the same inputs.
AROUND = frozenset({
    "torch.compile", "torch.jit.script", "torch.jit.trace", "torch.jit.freeze", "torch.nn.DataParallel",
    "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel",
    "torch.quantization.quantize_dynamic", "torch.ao.quantization.quantize_dynamic", "copy.deepcopy",
})  # fmt: skip
# Methods of a module that give back the module.
CHAINED = frozenset({
    "eval", "train", "to", "cpu", "cuda", "float", "half", "double", "bfloat16", "requires_grad_", "apply",
    "share_memory", "to_empty",
})  # fmt: skip
CLASSMETHODS = frozenset({"from_pretrained", "from_config", "load_from_checkpoint", "from_name"})
# By their last names, where a wildcard import hides where they are from.
BASES = frozenset({"Module", "LightningModule", "Sequential", "PreTrainedModel"})

# Of torch's own, what can be a model: `Module` stands for any.
WHOLE = frozenset({"Module", "Sequential", "Transformer", "TransformerEncoder", "ScriptModule"})

LOSS = re.compile(r"(loss|criterion|criterium|distillation)$", re.IGNORECASE)
TARGETS = frozenset({"target", "targets", "label", "labels", "y_true", "gt", "ground_truth", "y", "reference"})
PART = re.compile(
    r"(Block|Layer|Pool|Pooling|Norm|Activation|Attention|Head|Neck|Stem|Bottleneck|Conv\dd|Conv|Linear|Residual"
    r"|Embedding|Encoding|Transform|Augment|Augmentation|Mel|Spectrogram|MelSpectrogram|Dropout|Swish|Mish|Unit|Cell"
    r"|Wrapper|EMA|Metric|Accuracy|Discriminator\w?|Critic|Teacher)$"
    r"|^(PostProcess|Pos(ition)?(al)?(Embedding|Encoding))"
)


def is_module_class(dotted: str) -> bool:
    """Whether a class of a library is a module."""
    top, _, last = dotted.partition(".")[0], "", dotted.rpartition(".")[2]
    if not last[:1].isupper() or LEFT_OUT.search(last) or NOT_MODELS.search(dotted):
        return False
    if top == "torch":
        return dotted.startswith("torch.nn.") or last == "ScriptModule"
    return top in LIBRARIES


def is_layer(dotted: str) -> bool:
    """Whether it is one of torch's own layers, which alone is no model."""
    return dotted.startswith("torch.nn.") and dotted.rpartition(".")[2] not in WHOLE


def is_loss(dotted: str) -> bool:
    return LOSS.search(dotted.rpartition(".")[2]) is not None


def makes_model(dotted: str) -> bool:
    """Whether calling this function of a library gives a model."""
    return MAKERS.fullmatch(dotted) is not None
