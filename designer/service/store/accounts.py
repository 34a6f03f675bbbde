"""Accounts: tokens with roles, created on the command line, and the browser sessions that they begin.

A token is shown once, when it is created. It has 256 random bits, so the store holds its plain SHA-256 digest: slow
hashes protect passwords, which people choose. Each role includes the permissions of the roles before it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import SqlStore
from designer.counting import count
from designer.errors import Fault, InvalidInput
from designer.service.problems import Refused
from designer.service.store.schema import SESSIONS, TOKENS

ROLES = ("read", "record", "steer", "admin")
ROLE_PERMISSIONS = {
    "read": "read everything",
    "record": "ask for suggestions, record results and failures",
    "steer": "create and change campaigns, amend and withdraw",
    "admin": "list and revoke tokens, read the audit log",
}
SESSION_HOURS = 12
_PREFIX = "dsg"


@dataclass(frozen=True)
class Caller:
    """Who sends a request, by which interface (``http``, ``page``, ``mcp``), and with which role."""

    user: str
    role: str
    via: str = "http"

    def may(self, role: str) -> bool:
        """Whether the caller's role includes `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def require(self, role: str) -> None:
        """Refuse an operation that requires a higher role.

        Raises
        ------
        Refused
            As ``not-allowed``.
        """
        if not self.may(role):
            raise Refused("not-allowed", f"this requires the role {role!r}; yours is {self.role!r}")


@dataclass(frozen=True)
class Session:
    """A signed-in browser: its user, and the CSRF token that its writes must carry."""

    caller: Caller
    csrf: str


class Accounts:
    """The tokens and sessions in a store."""

    def __init__(self, store: SqlStore, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    def create(self, user: str, role: str, *, days: int | None = None) -> str:
        """Create a token and return it: it cannot be read again.

        Raises
        ------
        InvalidInput
            If the name, the role or the lifetime is not valid.
        """
        faults = []
        if not user.strip() or user != user.strip() or len(user) > 60 or not user.isprintable():
            faults.append(Fault(f"user {user!r} cannot be used", "give 1 to 60 printable characters"))
        if role not in ROLES:
            faults.append(Fault(f"there is no role {role!r}", f"choose one of {', '.join(ROLES)}"))
        if days is not None and not 1 <= days <= 3660:
            faults.append(Fault(f"a token cannot be valid for {count(days, 'day')}", "give 1 to 3660, or leave it out"))
        if faults:
            raise InvalidInput(faults)
        name, secret, now = secrets.token_hex(4), secrets.token_urlsafe(32), self._clock()
        expires = None if days is None else (now + timedelta(days=days)).isoformat()
        row = {"id": name, "user": user, "role": role, "digest": digest(secret), "created_at": now.isoformat()}
        with self._store.transaction(write=True) as connection:
            connection.execute(TOKENS.insert(), {**row, "expires_at": expires})
        return f"{_PREFIX}_{name}_{secret}"

    def tokens(self) -> list[dict[str, Any]]:
        """Return id, user, role and dates of every token, oldest first; never the token itself."""
        columns = [TOKENS.c[key] for key in ("id", "user", "role", "created_at", "expires_at", "revoked_at")]
        with self._store.transaction() as connection:
            rows = connection.execute(sa.select(*columns).order_by(TOKENS.c.created_at, TOKENS.c.id)).mappings()
            return [{**row, "usable": self._usable(row)} for row in rows]

    def revoke(self, name: str) -> bool:
        """Revoke a token by its id and end its sessions; return False if it was revoked before.

        Raises
        ------
        InvalidInput
            If there is no such token.
        """
        with self._store.transaction(write=True) as connection:
            known = connection.execute(sa.select(TOKENS.c.revoked_at).where(TOKENS.c.id == name)).first()
            if known is None:
                raise InvalidInput(Fault(f"there is no token {name!r}", "see the list of tokens for their ids"))
            connection.execute(SESSIONS.delete().where(SESSIONS.c.token == name))
            now = self._clock().isoformat()
            change = TOKENS.update().where(TOKENS.c.id == name, TOKENS.c.revoked_at.is_(None)).values(revoked_at=now)
            return connection.execute(change).rowcount > 0

    def caller(self, token: str, via: str = "http") -> Caller | None:
        """Return the holder of `token`; None if it is unknown, revoked or expired."""
        found = self._token(token)
        return None if found is None else Caller(found["user"], found["role"], via)

    def _token(self, token: str) -> sa.RowMapping | None:
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        if prefix != _PREFIX or not name or not secret or len(token) > 200:
            return None
        with self._store.transaction() as connection:
            row = connection.execute(sa.select(TOKENS).where(TOKENS.c.id == name)).mappings().first()
        if row is None or not hmac.compare_digest(row["digest"], digest(secret)) or not self._usable(row):
            return None
        return row

    def _usable(self, row: sa.RowMapping) -> bool:
        expires = row["expires_at"]
        return row["revoked_at"] is None and (expires is None or datetime.fromisoformat(expires) > self._clock())

    # Browser sessions

    def sign_in(self, token: str) -> str | None:
        """Begin a browser session and return its cookie; None if the token is not usable."""
        found = self._token(token)
        if found is None:
            return None
        cookie, now = secrets.token_urlsafe(32), self._clock()
        row = {"digest": digest(cookie), "token": found["id"], "created_at": now.isoformat()}
        with self._store.transaction(write=True) as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.expires_at < now.isoformat()))
            expires = (now + timedelta(hours=SESSION_HOURS)).isoformat()
            connection.execute(SESSIONS.insert(), {**row, "expires_at": expires})
        return cookie

    def session(self, cookie: str) -> Session | None:
        """Return the session of a cookie; None if the session has ended or its token is not usable."""
        query = sa.select(TOKENS, SESSIONS.c.expires_at.label("ends_at")).join_from(SESSIONS, TOKENS)
        with self._store.transaction() as connection:
            row = connection.execute(query.where(SESSIONS.c.digest == digest(cookie))).mappings().first()
        if row is None or not self._usable(row) or datetime.fromisoformat(row["ends_at"]) <= self._clock():
            return None
        return Session(Caller(row["user"], row["role"], "page"), digest(f"csrf:{cookie}"))

    def sign_out(self, cookie: str) -> None:
        """End a session."""
        with self._store.transaction(write=True) as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.digest == digest(cookie)))


def digest(text: str) -> str:
    """Return the SHA-256 digest of a text, in hexadecimal digits.

    >>> digest("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode()).hexdigest()
