from __future__ import annotations

import sys
from types import ModuleType

import numpy  # noqa: F401  its BLAS is one of the libraries
import pytest
import torch
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from designer.threads import one_thread


def blas() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_one_thread_inside_and_as_before_after_it() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threadpool_limits(limits=2, user_api="blas"):
            outside = blas()  # a library that another package brings may have one thread alone
            assert 2 in outside
            with one_thread():
                assert (blas(), torch.get_num_threads()) == ({1}, 1)
                with one_thread():
                    assert (blas(), torch.get_num_threads()) == ({1}, 1)
                assert (blas(), torch.get_num_threads()) == ({1}, 1)
            assert (blas(), torch.get_num_threads()) == (outside, 2)
    finally:
        torch.set_num_threads(before)


def test_libraries_are_searched_for_again_only_where_modules_were_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[ThreadpoolController] = []
    search = ThreadpoolController.__init__

    def counted(self: ThreadpoolController) -> None:
        searched.append(self)
        search(self)

    monkeypatch.setattr(ThreadpoolController, "__init__", counted)
    monkeypatch.setitem(sys.modules, "tests.a_module_that_is_new", ModuleType("new"))
    for _ in range(3):
        with one_thread():
            pass
    assert len(searched) == 1
    monkeypatch.setitem(sys.modules, "tests.another_module_that_is_new", ModuleType("new"))
    with one_thread():
        pass
    assert len(searched) == 2
