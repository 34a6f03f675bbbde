"""Simulators are optional: a test that simulates asks for the package, and is skipped with a reason without it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def cantera() -> Any:
    return pytest.importorskip("cantera", reason="cantera simulates hot-filament CVD; install the extra 'simulators'")


@pytest.fixture
def machball() -> Any:
    return pytest.importorskip("machball", reason="machball simulates deposition; install the extra 'simulators'")


@pytest.fixture
def chgnet() -> Any:
    return pytest.importorskip("chgnet", reason="chgnet simulates perovskites; install the extra 'simulators-chgnet'")


@pytest.fixture(scope="session")
def kawin() -> Any:
    return pytest.importorskip("kawin", reason="kawin simulates ageing; install the extra 'simulators-kawin'")


@pytest.fixture
def ase() -> Any:
    return pytest.importorskip("ase", reason="ase simulates alloys; install the extra 'simulators'")
