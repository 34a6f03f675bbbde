"""The same events give the same suggestion, to the last digit of its score, whatever process computes it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.campaign.zygote import ROOT

PROGRAM = "from tests.campaign.workers import model_choice; print(*model_choice(), sep='\\n')"


def test_neither_threads_nor_hash_seeds_matter() -> None:
    processes = []
    for threads, seed in (("1", "0"), ("2", "7")):
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        environment = {**os.environ, **limits, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", PROGRAM]
        processes.append(
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    answers = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    first, second = (out for out, _ in answers)
    assert first == second
    assert len(first.splitlines()) == 2
