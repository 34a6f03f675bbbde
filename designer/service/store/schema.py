"""The service's tables, beside the events in the same database: tokens, sessions, requests and jobs.

They hold no secrets: of tokens and sessions they hold only SHA-256 digests.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from designer.errors import StoreError

VERSION = 1

METADATA = sa.MetaData()
SCHEMA = sa.Table("designer_service_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))
TOKENS = sa.Table(
    "designer_tokens",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text),
    sa.Column("revoked_at", sa.Text),
)
SESSIONS = sa.Table(
    "designer_sessions",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, sa.ForeignKey("designer_tokens.id"), nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
)
# Every write and who requested it: the audit log, and the replies to repeated requests.
# `first` and `last` are the positions of the events that the write appended, in the same transaction.
REQUESTS = sa.Table(
    "designer_requests",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("campaign", sa.Text, nullable=False, index=True),
    sa.Column("first", sa.Integer),
    sa.Column("last", sa.Integer),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("reply", sa.Text),
)
JOBS = sa.Table(
    "designer_jobs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, unique=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("campaign", sa.Text, nullable=False, index=True),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("arguments", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("asked_at", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text),
    sa.Column("finished_at", sa.Text),
    sa.Column("outcome", sa.Text),
)


def check_schema(connection: Connection, location: str) -> None:
    """Write the version of these tables, or check the existing one.

    Raises
    ------
    StoreError
        If a later version of designer created them.
    """
    known = connection.scalar(sa.select(SCHEMA.c.version))
    if known is None:
        connection.execute(SCHEMA.insert(), {"version": VERSION})
    elif known != VERSION:
        raise StoreError(
            f"{location} holds service tables of version {known}; this one reads {VERSION}: update designer"
        )
