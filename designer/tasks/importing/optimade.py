"""Tasks out of a database that speaks OPTIMADE, the common interface of databases of materials.

A query is asked page by page (``/v1/structures`` with a filter), by the standard library alone and without a key. Too
many requests, a server that is down and a cut connection are waited out, with growing pauses. Links to further pages
are followed on the same server only.

References
----------
M. L. Evans et al., Developments and applications of the OPTIMADE API for materials discovery, design, and data
exchange, Digital Discovery 3 (2024) 1509. The specification: OPTIMADE 1.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pandas as pd

from designer.counting import count
from designer.errors import Fault, InvalidInput
from designer.tasks.importing.materials_project import Fetching, SourceUnavailable
from designer.tasks.importing.raw import RawTable, text_of

MAX_BYTES = 32 * 2**20
"""Of one page."""
MAX_MATERIALS, MAX_PAGES = 50_000, 5_000
_TIMEOUT = 60.0
_NONE = frozenset({"", "1", "dimensionless", "inapplicable"})
_NAME = re.compile(r"_?[a-z][a-z0-9_]*")


class _SameServer(HTTPRedirectHandler):
    """Follows redirections on the same server only."""

    def redirect_request(self, request: Request, *arguments: Any) -> Request | None:
        address = str(arguments[-1])
        if _server(address) != _server(request.full_url):
            raise SourceUnavailable(f"{_server(request.full_url)} redirects to another server: {_server(address)}")
        return super().redirect_request(request, *arguments)


def fetch_optimade(
    base: str, query: str, properties: Sequence[str], *, fetching: Fetching | None = None
) -> list[RawTable]:
    """Ask a database for materials and return one table a property: its formula and the value.

    Parameters
    ----------
    base
        The database's address, without the version: ``https://optimade.example.org``.
    query
        A filter of OPTIMADE, such as ``elements HAS ALL "Li","Fe" AND nelements<=3``.
    properties
        Properties as the database names them: ``_exmpl_band_gap``.

    Raises
    ------
    InvalidInput
        If the address, the filter or a property cannot be used, or nothing was found.
    SourceUnavailable
        If the server does not answer, or not as OPTIMADE says.
    """
    fetching = fetching or Fetching()
    _check(base, query, properties)
    client = _Client(base.rstrip("/"), fetching)
    units = client.units(properties)
    fields = ["chemical_formula_reduced", *properties]
    materials = client.materials(query, fields)
    if not materials:
        raise InvalidInput(Fault(f"{client.server} has nothing for {query!r}", "ask for less at once"))
    head = {
        "source": f"{base}, OPTIMADE filter: {query}", "license": client.license(),
        "retrieved": datetime.now(UTC).date().isoformat(),
    }  # fmt: skip
    tables = [_table(name, units[name], materials, head, client.server) for name in properties]
    empty = [
        Fault(f"no material that was found has a number as {name!r}", "ask for others")
        for name, table in zip(properties, tables, strict=True)
        if not len(table.frame)
    ]
    if empty:
        raise InvalidInput(empty)
    return tables


def _check(base: str, query: str, properties: Sequence[str]) -> None:
    faults = []
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        faults.append(Fault(f"--optimade {base!r} is no address", "write it like https://optimade.example.org"))
    if not query.strip():
        faults.append(Fault("there is no filter", """give --filter, such as 'elements HAS ALL "Li","Fe"'"""))
    if not properties:
        faults.append(Fault("no property is asked for", "give --property, as the database names it: _exmpl_band_gap"))
    faults += [
        Fault(f"--property {name!r} is no name of OPTIMADE", "write it as the database does, like _exmpl_band_gap")
        for name in properties
        if not _NAME.fullmatch(name)
    ]
    if faults:
        raise InvalidInput(faults)


class _Client:
    """The server, with pauses and retries."""

    def __init__(self, base: str, fetching: Fetching) -> None:
        self.base, self.fetching = base, fetching
        self.server = _server(base)
        self._opener = build_opener(_SameServer())

    def materials(self, query: str, fields: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
        """Return (identity, attributes) of all materials of a query."""
        asked = {"filter": query, "response_fields": ",".join(fields), "page_limit": self.fetching.page}
        address: str | None = f"{self.base}/v1/structures?{urlencode(asked)}"
        found: list[tuple[str, Mapping[str, Any]]] = []
        seen: set[str] = set()
        while address is not None:
            if address in seen:
                raise self._changed("a page links to an earlier one")
            if len(seen) == MAX_PAGES:
                raise self._changed(f"there are more than {MAX_PAGES:,} pages")
            if seen:
                self.fetching.sleep(self.fetching.wait)
            seen.add(address)
            answer = self.get(address)
            found += self._page(answer)
            self.fetching.tell(f"{self.server}: {count(len(found), 'structure')}")
            if len(found) > MAX_MATERIALS:
                what = f"{self.server} has more than {MAX_MATERIALS:,} materials for {query!r}"
                raise InvalidInput(Fault(what, "ask for less at once"))
            address = self._next(answer, address)
        return found

    def _page(self, answer: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
        data = answer.get("data")
        if not isinstance(data, list):
            raise self._changed("a page has no list 'data'")
        for each in data:
            if not isinstance(each, Mapping) or not isinstance(each.get("attributes"), Mapping) or "id" not in each:
                raise self._changed("a material has no 'id' or no 'attributes'")
        return [(str(each["id"]), each["attributes"]) for each in data]

    def _next(self, answer: Mapping[str, Any], address: str) -> str | None:
        links = answer.get("links")
        link = links.get("next") if isinstance(links, Mapping) else None
        link = link.get("href") if isinstance(link, Mapping) else link
        if link is None:
            return None
        if not isinstance(link, str):
            raise self._changed("the link to the next page is no address")
        following = urljoin(address, link)
        if _server(following) != self.server:
            raise self._changed(f"the next page is on another server, {_server(following)}")
        return following

    def units(self, properties: Sequence[str]) -> dict[str, str | None]:
        """Return the units of properties that the database states and that are known here."""
        data = self.get(f"{self.base}/v1/info/structures").get("data")
        stated = data.get("properties") if isinstance(data, Mapping) else None
        if not isinstance(stated, Mapping):
            raise self._changed("its description of structures has no 'properties'")
        unknown = [
            Fault(f"{self.server} has no property {name!r}", f"one of: {', '.join(sorted(map(str, stated))[:40])}")
            for name in properties
            if name not in stated
        ]
        if unknown:
            raise InvalidInput(unknown)
        return {name: self._unit(stated[name]) for name in properties}

    @staticmethod
    def _unit(described: Any) -> str | None:
        given = described if isinstance(described, Mapping) else {}
        unit = given.get("x-optimade-unit") or given.get("unit")
        return unit if isinstance(unit, str) and unit not in _NONE else None

    def license(self) -> str:
        """Return the licence that the database states."""
        data = self.get(f"{self.base}/v1/info").get("data")
        attributes = data.get("attributes") if isinstance(data, Mapping) else None
        stated = attributes.get("license") if isinstance(attributes, Mapping) else None
        stated = stated.get("href") if isinstance(stated, Mapping) else stated
        return stated if isinstance(stated, str) and stated else "not stated by the database"

    def get(self, address: str) -> Mapping[str, Any]:
        """Return the JSON at an address; wait and ask again while the fault may pass."""
        for pause in (*self.fetching.pauses, None):
            problem = ""
            try:
                request = Request(address, headers={"Accept": "application/json"})  # noqa: S310  checked: http(s)
                with self._opener.open(request, timeout=_TIMEOUT) as got:
                    content = got.read(MAX_BYTES + 1)
                if len(content) > MAX_BYTES:
                    raise self._changed(f"a page is larger than {MAX_BYTES // 2**20} MiB")
                answer = json.loads(content)
            except HTTPError as error:
                if error.code not in (429, *range(500, 600)):
                    raise InvalidInput(Fault(self._refusal(error), "check the filter and the address")) from None
                problem = f"status {error.code}"
            except (URLError, OSError) as error:
                problem = str(getattr(error, "reason", error))
            except (ValueError, RecursionError):
                raise self._changed("its answer is no JSON") from None
            else:
                if not isinstance(answer, Mapping):
                    raise self._changed("its answer is no object")
                return answer
            if pause is None:
                raise SourceUnavailable(f"{self.server} did not answer: {problem[:300]}")
            self.fetching.tell(f"{self.server}: {problem[:120]}; again in {pause:g} s")
            self.fetching.sleep(pause)
        raise AssertionError("unreachable")

    def _refusal(self, error: HTTPError) -> str:
        """Return what the server says of a request that it refuses."""
        try:
            details = [each.get("detail") for each in json.loads(error.read(100_000))["errors"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            details = []
        reason = " ".join(" ".join(str(each) for each in details if each).split())
        return f"{self.server} refuses the query (status {error.code}){f': {reason[:300]}' if reason else ''}"

    def _changed(self, what: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self.server} answers otherwise than OPTIMADE says: {what}")


def _server(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _table(
    name: str,
    unit: str | None,
    materials: Sequence[tuple[str, Mapping[str, Any]]],
    head: Mapping[str, Any],
    server: str,
) -> RawTable:
    short = re.sub(r"^_[a-z0-9]+_", "", name)
    rows = []
    for identity, attributes in materials:
        value, formula = attributes.get(name), attributes.get("chemical_formula_reduced")
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(formula, str):
            continue
        rows.append((identity, formula, text_of(float(value))))
    index = pd.RangeIndex(2, len(rows) + 2, name="row")
    frame = pd.DataFrame(rows, columns=["material_id", "formula", short], index=index, dtype=object)
    target = {"name": short} | ({"unit": unit} if unit else {})
    space = [{"name": "formula", "kind": "formula"}]
    return RawTable(short, f"{server} ({name})", frame, {**head, "space": space, "targets": [target]})
