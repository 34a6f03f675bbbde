"""What every test may use, and the conditions under which all of them run."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Before torch, numpy and matplotlib are imported by any test: one thread each, and no window.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["MPLBACKEND"] = "Agg"

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

REPOSITORY = Path(__file__).parents[1]

# A loaded machine is slow, which says nothing about the code: no deadline, no health check on time.
settings.register_profile("here", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "here"))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the modules and the tests, which stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def module_path() -> Iterator[None]:
    """Take back what a test adds to the module path: oracles add their folders, and other tests must not see them."""
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture(scope="session", autouse=True)
def cache_of_priors(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep fitted priors out of the user's own cache, in this process and in those that tests start."""
    os.environ["DESIGNER_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def designer_data() -> Path:
    """Return the folder of measured property tasks; without it the test is skipped.

    It is not part of this repository: `DESIGNER_DATA` names it, by default `../shared/data` beside the checkout.
    """
    folder = Path(os.environ.get("DESIGNER_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no measured tasks at {folder}; set DESIGNER_DATA to their folder")
    return folder
