"""Where a lab's data is: one folder, and one database with all its campaigns."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from designer.campaign.log.store import SqlStore
from designer.campaign.log.store_location import parse_location, shown
from designer.errors import Fault, InvalidInput
from designer.service.store.schema import METADATA, check_schema

DATABASE_FILE = "lab.db"
TABLES_FOLDER = "tables"


@dataclass(frozen=True)
class LabPaths:
    """A lab's data folder and its database.

    Parameters
    ----------
    folder
        Holds uploaded tables of candidates, and the SQLite database unless `store` names another. Campaigns that
        arrive over the network can refer to files in this folder only.
    store
        The path of an SQLite file, or the URL of a PostgreSQL database.
    """

    folder: Path
    store: str

    @classmethod
    def of(cls, folder: Path | str, store: str | None = None) -> LabPaths:
        """Return the paths of a folder, which is created if it is missing.

        Raises
        ------
        InvalidInput
            If the folder cannot be created.
        """
        folder = Path(folder).absolute()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            what = f"the folder cannot be created: {error.strerror}"
            raise InvalidInput(Fault(what, "give a folder that you can write to", file=str(folder))) from None
        return cls(folder, store or str(folder / DATABASE_FILE))

    @property
    def location(self) -> str:
        """The database, without a password."""
        return shown(parse_location(self.store))

    def open_store(self) -> SqlStore:
        """Open the database for a process that serves many requests; missing tables are created.

        Raises
        ------
        StoreError
            If the database cannot be used, or a later version created its tables.
        """
        store = SqlStore(self.store, pooled=True)
        with ExitStack() as unless_usable:
            unless_usable.callback(store.close)
            store.prepare(beside=METADATA)
            with store.transaction(write=True) as connection:
                check_schema(connection, self.location)
            unless_usable.pop_all()
        return store
