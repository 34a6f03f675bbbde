"""A campaign's name as one part of a URL's path."""

from __future__ import annotations

import base64
import binascii
import re

_PLAIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


def path_of(name: str) -> str:
    """Return a name as a path holds it; what is not plain is encoded after a ``~``.

    >>> path_of("nickel-films"), path_of("a/b")
    ('nickel-films', '~YS9i')
    """
    if _PLAIN.match(name):
        return name
    return "~" + base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def name_of(path: str) -> str | None:
    """Return the name that `path_of` wrote; None if it wrote no such thing.

    >>> name_of("~YS9i"), name_of("../x")
    ('a/b', None)
    """
    if _PLAIN.match(path):
        return path
    if not path.startswith("~"):
        return None
    try:
        name = base64.b64decode(path[1:] + "=" * (-len(path[1:]) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name if path_of(name) == path and name.isprintable() else None
