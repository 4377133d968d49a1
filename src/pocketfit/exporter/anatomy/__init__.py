"""The parts of a model and its file: bytes, multiply-accumulates, operators, and the names of inputs and outputs."""
