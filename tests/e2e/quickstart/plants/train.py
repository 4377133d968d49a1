"""Trains PlantNet: `python -m plants.train --epochs 10 pictures/`."""

import argparse

import torch

from .model import PlantNet


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    model = PlantNet()
    optimizer = torch.optim.Adam(model.parameters())
    print(f"{options.epochs} epochs over {options.pictures} with {optimizer}")


if __name__ == "__main__":
    main()
