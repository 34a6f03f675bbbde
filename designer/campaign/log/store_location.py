"""Where a store is: paths and URLs, what of them may be shown, and what a campaign file may name.

The rule for a campaign file: every path in it starts from the file's folder and stays in it, so that a campaign can be
moved as one folder, and a file from somebody else reads and writes nothing elsewhere. To keep the events elsewhere, or
to choose candidates from elsewhere, give the store or the table in Python or on the command line.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from designer.errors import StoreError
from designer.input_files import path_fault

FORMS = "give a file's path, sqlite:///file.db or postgresql://user@host/database"


def is_url(location: str) -> bool:
    """Whether a store's location is a URL and not a path."""
    return "://" in location


def read_url(location: str) -> URL:
    """Return the URL that `location` writes, without judging it.

    Raises
    ------
    StoreError
        If it is no URL, or of a database that is not supported. The text is not repeated: it may hold a password.
    """
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        raise StoreError(f"the store's URL cannot be read; {FORMS}") from None
    backend = url.drivername.partition("+")[0]
    if backend == "postgres":
        backend = "postgresql"
    if backend not in ("sqlite", "postgresql"):
        raise StoreError(f"a store of kind {backend!r} is not supported; {FORMS}")
    if backend == "sqlite" and (not url.database or url.database == ":memory:"):
        raise StoreError("an SQLite store needs a file; give sqlite:///file.db, or leave the store out")
    if "@" in (url.host or ""):  # the end of a password, which would be shown as the host
        raise StoreError("the store's URL has an '@' too many; write '@' in a password as %40")
    return url.set(drivername="postgresql+psycopg" if backend == "postgresql" else "sqlite")


def parse_location(location: str | Path) -> URL:
    """Return the URL of a store given by its path or URL.

    >>> shown(parse_location("oer.db"))
    'oer.db'
    >>> shown(parse_location("postgresql://ada:secret@lab.example/runs"))
    'postgresql://ada:***@lab.example/runs'
    """
    if isinstance(location, Path) or not is_url(location):
        return URL.create("sqlite", database=str(location))
    return read_url(location)


def is_sqlite(url: URL) -> bool:
    """Whether a store's URL names an SQLite file."""
    return url.drivername == "sqlite"


def shown(url: URL) -> str:
    """Return a store's URL (the path, for SQLite) as it may be printed."""
    if is_sqlite(url):
        return str(url.database)
    query = {key: "***" if "password" in key else value for key, value in url.query.items()}
    return url.set(drivername="postgresql", query=query).render_as_string(hide_password=True)


def without_password(text: str, url: URL) -> str:
    """Return `text` with the password of `url` blotted out, however it is quoted."""
    given = [url.password, *(value for key, value in url.query.items() if "password" in key)]
    for secret in [part for item in given if item for part in ([item] if isinstance(item, str) else item)]:
        for form in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}:
            text = text.replace(form, "***")
    return text


def confined(location: str, folder: Path) -> str:
    """Return where the store that a campaign file in `folder` names is.

    Raises
    ------
    ValueError
        As ``"what is wrong; what would be right"``, if the location breaks the rule of this module.
    """
    try:
        url = read_url(location) if is_url(location) else parse_location(location)
    except StoreError as error:
        raise ValueError(str(error)) from None
    if not is_sqlite(url):
        return location
    path = str(url.database)
    within(path, folder, "store", "give it when you open the campaign")
    place = folder / path
    if not path.strip() or place.is_dir():
        raise ValueError(f"store {path!r} is a folder; give a file in it, or leave 'store' out")
    return str(place)


def within(path: str, folder: Path, what: str, otherwise: str) -> None:
    """Check that `path`, as a campaign file in `folder` names it, stays in the folder.

    Raises
    ------
    ValueError
        As ``"what is wrong; what would be right"``.
    """
    remedy = f"give a path inside the campaign file's folder, or {otherwise}"
    if reason := path_fault(path):
        raise ValueError(f"{what} {path[:80]!r} {reason}; {remedy}")
    if path.startswith(("/", "\\", "~")) or PureWindowsPath(path).is_absolute():
        raise ValueError(f"{what} {path!r} is an absolute path; {remedy}")
    if ".." in PurePosixPath(path.replace("\\", "/")).parts:
        raise ValueError(f"{what} {path!r} leads out of the folder; {remedy}")
    if not (folder / path).resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{what} {path!r} is a link out of the folder; {remedy}")
