"""``python -m tests.golden write [--overwrite] [NAME ...]``, or ``compare [--exact] [NAME ...]``.

`write` records what today's code says; it refuses to change what is recorded unless told to. `compare` says where
today's code says something else; `--exact` asks for the same bits wherever it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

VALUES = Path(__file__).parent / "values"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("action", choices=("write", "compare"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="campaigns; all unless given")
    parser.add_argument("--overwrite", action="store_true", help="change what is recorded")
    parser.add_argument("--exact", action="store_true", help="ask for the same bits")
    asked = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["DESIGNER_CACHE"] = cache
        return _write(asked) if asked.action == "write" else _compare(asked)


def _write(asked: argparse.Namespace) -> int:
    from tests.golden.campaigns import CAMPAIGNS
    from tests.golden.compare import environment, text_of

    names = asked.names or list(CAMPAIGNS)
    there = [name for name in names if (VALUES / f"{name}.json").exists()]
    if there and not asked.overwrite:
        sys.stderr.write(f"recorded already: {', '.join(there)}; give --overwrite if they shall change\n")
        return 2
    VALUES.mkdir(exist_ok=True)
    for name in names:
        begun = time.process_time()
        content = {"environment": environment(), "values": CAMPAIGNS[name]()}
        (VALUES / f"{name}.json").write_text(text_of(content), encoding="utf-8")
        _say(f"{time.process_time() - begun:6.1f} s  {name}")
    return 0


def _compare(asked: argparse.Namespace) -> int:
    from tests.golden.campaigns import CAMPAIGNS, TRAINED
    from tests.golden.compare import differences, tolerance_of

    wrong = 0
    for name in asked.names or list(CAMPAIGNS):
        recorded = json.loads((VALUES / f"{name}.json").read_text(encoding="utf-8"))
        tolerance = tolerance_of(recorded["environment"], trained=name in TRAINED)
        found = list(differences(CAMPAIGNS[name](), recorded["values"], 0.0 if asked.exact else tolerance))
        _say("\n  ".join([f"{name}: {len(found)} differences", *found[:20]]))
        wrong += len(found)
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
