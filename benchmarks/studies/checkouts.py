"""Part of a study run by the package of a checkout, in an interpreter of its own with one thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.suite.running import ONE_THREAD

_PROGRAM = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='part')[sys.argv[2]](*sys.argv[3:])"


def result_of(checkout: Path, study: str, function: str, *arguments: str, variables: Mapping[str, str]) -> Any:
    """Run a function of the file `study` with the package of `checkout`, and return the JSON of its last line.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; what it wrote to its error stream is shown.
    """
    environment = {**os.environ, **ONE_THREAD, **variables, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", _PROGRAM, str(Path(study).resolve()), function, *arguments]
    done = subprocess.run(command, env=environment, cwd=checkout, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
