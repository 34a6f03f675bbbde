"""Opening the database of a lab."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from designer.campaign.log.store import SqlStore
from designer.errors import StoreError
from designer.service.store.paths import LabPaths
from designer.service.store.schema import SCHEMA


def test_a_database_that_is_refused_leaves_no_connection_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = LabPaths.of(tmp_path / "lab")
    store = paths.open_store()
    with store.transaction(write=True) as connection:
        connection.execute(sa.update(SCHEMA).values(version=99))
    store.close()
    closed: list[SqlStore] = []
    close = SqlStore.close

    def noted(self: SqlStore) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(SqlStore, "close", noted)
    with pytest.raises(StoreError, match="version 99"):
        paths.open_store()
    assert len(closed) == 1
