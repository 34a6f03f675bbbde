"""Whether the database of a campaign file is missing, so that a moved file does not begin a new campaign unnoticed.

When a campaign begins in an SQLite database (``oer.db``), a small file ``oer.db.id`` is written into the folder of the
campaign file: the campaign's name and id, when it began, and in which database. It is moved and copied with the folder;
where it is found and the database does not hold the campaign, the campaign is refused. A database on a server (``lab``)
has ``lab.postgresql.id``, without a password. An SQLite file that is given apart from the campaign file has none: one
campaign file may be run in many of them, as simulations do. Campaigns of earlier versions get theirs with the next
event.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from designer.campaign.file.past_work_formats import STORES
from designer.campaign.log.events import Created, to_json
from designer.campaign.log.store import open_store
from designer.errors import DesignerError, Fault, InvalidCampaign
from designer.whole_files import write_over

_MAX_STORES = 20  # databases in a folder that are looked into


@dataclass(frozen=True)
class Beginning:
    """The database that a campaign file names, and the file that says which campaign began there.

    Parameters
    ----------
    file
        The campaign file.
    database
        The database that the file names, whether it exists or not; None for one on a server.
    name
        The campaign's name.
    server
        The URL of a database on a server, without a password.
    """

    file: Path
    database: Path | None
    name: str
    server: str = ""

    @property
    def marker(self) -> Path:
        """The file with the campaign's id, in the folder of the campaign file."""
        if self.database is None:
            name = re.sub(r"[^\w.-]+", "-", urlsplit(self.server).path.strip("/")) or "server"
            return self.file.with_name(f"{name}.postgresql.id")
        return self.file.with_name(f"{self.database.name}.id")

    @property
    def place(self) -> str:
        """The database as seen from the folder of the campaign file."""
        if self.database is None:
            return self.server
        folder = self.file.parent.resolve()
        database = self.database.resolve()
        return database.relative_to(folder).as_posix() if database.is_relative_to(folder) else str(database)

    def remember(self, creation: Created) -> None:
        """Write the campaign's id beside its file, if it is not there yet; a folder that is read-only gets none."""
        began = creation.at.isoformat()
        entry = {"campaign": creation.name, "id": id_of(creation), "began": began, "database": self.place}
        known = self._entries()
        if known.get(creation.name) != entry:
            content = {"campaigns": [*(each for name, each in known.items() if name != creation.name), entry]}
            with suppress(OSError):
                write_over(self.marker, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def check(self) -> str:
        """Return the notice for a campaign that is not in the database: that it begins now, and where.

        Raises
        ------
        InvalidCampaign
            If it began before in a database that is missing, or has lost it.
        """
        entry = self._entries().get(self.name)
        if entry is not None:
            place = entry["database"]
            what = (
                f"campaign {self.name!r} ({entry['id']}) began on {entry['began'][:10]} in {place}, {self._lost(place)}"
            )
            remedy = f"bring {place} back, or delete {self.marker.name} to begin a new campaign"
            raise InvalidCampaign(Fault(what, remedy, file=str(self.file)))
        text = f"New campaign {self.name!r} in {self.place}"
        if self.database is None:
            return f"{text}. If it began in another store, name that one with 'store'."
        elsewhere = self._elsewhere()
        if elsewhere:
            return (
                f"{text}, though {elsewhere[0]} in this folder holds one of this name. To go on with that one, write "
                f"'store: {elsewhere[0]}' into {self.file.name}."
            )
        return f"{text}. If {self.file.name} was moved here, bring its database {self.place} along."

    def _lost(self, place: str) -> str:
        """Return how the database at `place` lost the campaign."""
        if self.database is None:
            return "which does not hold it any more" if place == self.server else f"and {self.server} does not hold it"
        return "which does not hold it any more" if self.database.exists() else "which is missing"

    def _entries(self) -> dict[str, dict[str, str]]:
        """Return what the marker says, by the campaigns' names; nothing where there is none that can be read."""
        try:
            listed = json.loads(self.marker.read_text(encoding="utf-8"))["campaigns"]
            keys = ("campaign", "id", "began", "database")
            return {str(each["campaign"]): {key: str(each[key]) for key in keys} for each in listed}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}

    def _elsewhere(self) -> list[str]:
        """Return other databases of the folder that hold a campaign of this name."""
        found = []
        others: list[Path] = []
        with suppress(OSError):  # a folder that may not be listed
            others = [path for path in sorted(self.file.parent.iterdir()) if path.suffix in STORES and path.is_file()]
        for path in others[:_MAX_STORES]:
            with suppress(DesignerError, OSError):
                if path != self.database and self.name in open_store(path).names():
                    found.append(path.name)
        return found


def id_of(creation: Created) -> str:
    """Return a campaign's id: a digest of its first event."""
    return hashlib.sha256(to_json(creation).encode()).hexdigest()[:12]
