from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    folder = postgres.binaries()
    if folder is None:
        pytest.skip("PostgreSQL's server (Debian package postgresql) is not installed here")
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'materials-designer[postgres]'")
    with postgres.server(folder) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A schema of its own in the tests' server: as good as a database, and made at once."""
    import sqlalchemy as sa

    name = f"t{uuid.uuid4().hex}"
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    return f"{postgres_server}?options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/lab.db"
