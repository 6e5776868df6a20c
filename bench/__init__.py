"""Benchmark how well, how fast and at what cost pretrained vision backbones transfer."""

__version__ = "0.1.0"
