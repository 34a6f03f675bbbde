"""A part of a benchmark in a fresh interpreter with one thread, unaffected by earlier imports and caches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.suite.running import ONE_THREAD


def measured(module: str, *arguments: object) -> dict[str, float]:
    """Run ``python -m MODULE ARGUMENTS`` and return the figures that it prints as JSON in its last line.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; what it wrote to its error stream is seen.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    root = Path(__file__).parents[2]
    found = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD, cwd=root
    )
    return dict(json.loads(found.stdout.strip().splitlines()[-1]))
