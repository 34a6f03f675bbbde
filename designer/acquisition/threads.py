"""Torch at one thread: at the sizes of a campaign more threads gain nothing and spin-wait when a machine is shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside the context, and on as many as before after it.

    One thread also makes sums come out alike on every machine, which suggestions that can be recomputed rely on.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
