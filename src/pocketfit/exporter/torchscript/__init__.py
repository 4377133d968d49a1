"""From a module in eager mode to a TorchScript archive, for both of PyTorch's Android libraries."""
