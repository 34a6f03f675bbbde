"""One thread: at the sizes of a campaign more gain nothing and spin-wait when a machine is shared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch, and the BLAS of numpy and scipy, on one thread inside the context, and as before after it.

    One thread also makes sums come out alike however many cores there are, which suggestions that can be recomputed
    rely on.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """Return the libraries of a process that has imported a number of modules.

    They are searched for again where it has imported others since: to read the list of all mapped files takes 4 ms, as
    long as a prediction.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
