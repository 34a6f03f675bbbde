"""Run sheets: the open suggestions in the order in which they are to be made, with blanks for the results."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.acquisition.classical.run_order import Order, run_order
from designer.campaign.file.classical_runs import block_of
from designer.campaign.results.designs import coordinates_of
from designer.campaign.results.sheets import Sheet, sheet_of, written
from designer.errors import Fault, InvalidInput, MissingExtra

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign

ORDERS: tuple[Order, ...] = ("random", "least-changes")
MAX_COLUMNS = 8
"""Columns of a table that is printed, without the first and the remarks."""
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class RunSheet:
    """Runs in their order.

    Parameters
    ----------
    name
        The campaign.
    order
        How they are ordered.
    sheet
        One row a run.
    blocks
        The block of each run, from 1; None where there are no blocks.
    """

    name: str
    order: Order
    sheet: Sheet
    blocks: tuple[int | None, ...]


def run_sheet(campaign: Campaign, order: Order = "random") -> RunSheet:
    """Return the open suggestions of a campaign in an order: at random (of the campaign's seed), or with few changes.

    Blocks of a classical design stay together, and so do suggestions that share the settings of a batch.

    Raises
    ------
    InvalidInput
        If no suggestion is open, or there is no such order.
    """
    if order not in ORDERS:
        raise InvalidInput(Fault(f"there is no order {order!r}", f"one of {', '.join(ORDERS)}"))
    waiting = campaign.state.open
    if not waiting:
        raise InvalidInput(Fault("no suggestion is open", "request some first: designer suggest -n 8"))
    settings, space = campaign.settings, campaign.space
    named = [(each.id, each.design) for each in waiting]
    sheet = sheet_of(
        space, campaign.objective.targets, named, settings.replicates, settings.id_column, settings.observations
    )
    blocks = [block_of(each.note) for each in waiting for _ in range(settings.replicates)]
    coordinates = np.repeat(coordinates_of(space, [design for _, design in named]), settings.replicates, axis=0)
    rng = np.random.default_rng([settings.seed, campaign.state.position])
    rows = run_order(space, coordinates, [block or 0 for block in blocks], order, rng)
    return RunSheet(campaign.name, order, sheet.reordered(rows), tuple(blocks[i] for i in rows))


def as_csv(runs: RunSheet) -> str:
    """Return a run sheet as CSV, which ``designer record`` reads when it is filled in.

    Raises
    ------
    InvalidInput
        If a word would be taken for a formula by a spreadsheet program.
    """
    words = {cell for row in (runs.sheet.headers, *runs.sheet.rows) for cell in row if isinstance(cell, str)}
    faults = [
        Fault(f"a spreadsheet program would take {word!r} in a CSV file for a formula", "write an XLSX file")
        for word in sorted(words)
        if word.startswith(_FORMULA_SIGNS)
    ]
    if faults:
        raise InvalidInput(faults)
    return runs.sheet.text()


def as_xlsx(runs: RunSheet) -> bytes:
    """Return a run sheet as an XLSX workbook; every word is text, none a formula.

    Raises
    ------
    MissingExtra
        If openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Border, Font, Side
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None
    book = Workbook(write_only=True)
    page = book.create_sheet("runs")
    page.freeze_panes = "B2"
    page.print_title_rows = "1:1"
    thin = Side(style="thin", color="999999")
    for number, row in enumerate([runs.sheet.headers, *runs.sheet.rows]):
        cells = []
        for column, value in enumerate(row):
            cell = WriteOnlyCell(page, value if not isinstance(value, str) or value else None)
            if isinstance(value, str) and value:
                cell.data_type = "s"
            if number == 0:
                cell.font = Font(bold=True)
            elif column in runs.sheet.blank:
                cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            cells.append(cell)
        page.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_html(runs: RunSheet) -> str:
    """Return a run sheet as a page to print, with blanks for the results and for remarks; all text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("designer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(written=written)
    parts = page_parts(len(runs.sheet.headers))
    return environment.get_template("run_sheet.html").render(runs=runs, blocked=any(runs.blocks), parts=parts)


def page_parts(columns: int) -> list[list[int]]:
    """Return the columns of each table of a page: a wide sheet has several, each with the first column.

    >>> page_parts(3), [len(part) for part in page_parts(20)]
    ([[0, 1, 2]], [8, 7, 7])
    """
    tables = max(1, -(-(columns - 1) // MAX_COLUMNS))
    return [[0, *part.tolist()] for part in np.array_split(np.arange(1, columns), tables)]
