"""One thread: at the sizes of a campaign more gain nothing and spin-wait when a machine is shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch, and the BLAS of numpy and scipy, on one thread inside the context, and as before after it.

    One thread also makes sums come out alike however many cores there are, which suggestions that can be recomputed
    rely on.
    """
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)
