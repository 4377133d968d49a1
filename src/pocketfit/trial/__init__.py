"""Artifacts of both sides on a device: outputs compared with eager's, changed pairs timed."""
