"""A campaign's name as one part of a URL's path."""

from __future__ import annotations

import base64
import re

from designer.service.problems import Refused

_PLAIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


def encode_name(name: str) -> str:
    """Return a name as one part of a path; names with other characters are base64-encoded after a ``~``.

    >>> encode_name("nickel-films"), encode_name("a/b")
    ('nickel-films', '~YS9i')
    """
    if _PLAIN.fullmatch(name):
        return name
    return "~" + base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def decode_name(path: str) -> str | None:
    """Return the name that `encode_name` encoded; None if `path` is not an encoded name.

    >>> decode_name("~YS9i"), decode_name("../x")
    ('a/b', None)
    """
    if _PLAIN.fullmatch(path):
        return path
    if not path.startswith("~"):
        return None
    try:
        name = base64.b64decode(path[1:] + "=" * (-len(path[1:]) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:  # not ASCII, not base64, or not UTF-8
        return None
    return name if encode_name(name) == path and name.isprintable() else None


def campaign_name(path: str) -> str:
    """Return the name of the campaign that a URL refers to.

    Raises
    ------
    Refused
        As ``not-found``, if it encodes no name.
    """
    name = decode_name(path)
    if name is None:
        raise Refused("not-found", f"there is no campaign {path!r}")
    return name
