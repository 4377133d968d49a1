"""A small CNN that reads handwritten digits of 8x8 pixels, trained in seconds each time it is built.

The data are scikit-learn's: 1,797 digits, of which every fifth is kept back to measure the accuracy on.
"""

from collections.abc import Callable, Iterator

import torch
from torch import nn

EPOCHS = 6
WIDTH = 16


def _data(kept_back: bool) -> tuple[torch.Tensor, torch.Tensor]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the digits come with scikit-learn: pip install scikit-learn") from error
    found = load_digits()
    images = torch.tensor(found.images, dtype=torch.float32).unsqueeze(1) / 16
    fifth = torch.arange(len(images)) % 5 == 0
    return images[fifth == kept_back], torch.tensor(found.target)[fifth == kept_back]


def digits(width: int = WIDTH) -> nn.Module:
    """Trained on one thread with a fixed seed: two builds on one kind of machine give the same weights."""
    images, labels = _data(kept_back=False)
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    return model.eval()


def example() -> tuple[torch.Tensor]:
    """One of the digits kept back: a 5."""
    images, _ = _data(kept_back=True)
    return (images[3:4],)


def batches() -> Iterator[torch.Tensor]:
    """What int8 is calibrated with: digits that the model was trained on."""
    images, _ = _data(kept_back=False)
    yield from images[:64].split(1)


def accuracy(predict: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """The share of the digits kept back that are read rightly; one at a time, since a file may have its batch fixed."""
    images, labels = _data(kept_back=True)
    right = sum(int(predict(image[None]).argmax()) == int(label) for image, label in zip(images, labels, strict=True))
    return right / len(labels)
