"""Simulators are optional: a test that simulates asks for the package, and is skipped with a reason without it."""

import pytest


@pytest.fixture
def cantera():
    return pytest.importorskip("cantera", reason="cantera simulates hot-filament CVD; install the extra 'simulators'")


@pytest.fixture
def machball():
    return pytest.importorskip("machball", reason="machball simulates deposition; install the extra 'simulators'")


@pytest.fixture
def chgnet():
    return pytest.importorskip("chgnet", reason="chgnet simulates perovskites; install the extra 'simulators-chgnet'")


@pytest.fixture(scope="session")
def kawin():
    return pytest.importorskip("kawin", reason="kawin simulates ageing; install the extra 'simulators-kawin'")


@pytest.fixture
def ase():
    return pytest.importorskip("ase", reason="ase simulates alloys; install the extra 'simulators'")
