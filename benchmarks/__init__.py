"""Simulated campaigns on measured tables, against peers: `python -m benchmarks --help`. Not part of the wheel."""
