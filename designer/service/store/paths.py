"""Where a lab's data is: one folder, and one store that holds all its campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from designer.campaign.log.store import SqlStore
from designer.campaign.log.store_location import parse_location, shown
from designer.errors import Fault, InvalidInput
from designer.service.store.schema import METADATA, check_schema

FILE = "lab.db"
TABLES = "tables"


@dataclass(frozen=True)
class Place:
    """A lab's data folder and its store.

    Parameters
    ----------
    folder
        Holds uploaded tables of candidates, and the SQLite store unless `store` is elsewhere. Campaigns that arrive
        over the network can name files in it and nowhere else.
    store
        The path of an SQLite file, or the URL of a PostgreSQL database.
    """

    folder: Path
    store: str

    @classmethod
    def at(cls, folder: Path | str, store: str | None = None) -> Place:
        """Return the place of a folder, which is made if it is not there.

        Raises
        ------
        InvalidInput
            If the folder cannot be made.
        """
        folder = Path(folder).absolute()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            what = f"the folder cannot be made: {error.strerror}"
            raise InvalidInput(Fault(what, "give a folder that may be written", file=str(folder))) from None
        return cls(folder, store or str(folder / FILE))

    @property
    def shown(self) -> str:
        """Where the store is, without a password."""
        return shown(parse_location(self.store))

    def open(self) -> SqlStore:
        """Open the store for a process that serves many requests; its tables are made where they are missing.

        Raises
        ------
        StoreError
            If the store cannot be used, or was made by a later version.
        """
        store = SqlStore(self.store, pooled=True)
        store.prepare(beside=METADATA)
        with store.transaction(write=True) as connection:
            check_schema(connection, self.shown)
        return store
