"""A report as sections of text, tables and figures, written as Markdown (without the figures) or as one HTML page."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_SHORT = 28
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 1180px; margin: 2em auto; padding: 0 1em; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.2em; border-bottom: 1px solid #ccc; padding-bottom: .2em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; margin: .8em 0; }
th, td { text-align: left; padding: .25em .7em; border-bottom: 1px solid #e3e3e3; vertical-align: top; }
th { background: #f3f4f6; } tr:hover td { background: #fafafa; } td { font-variant-numeric: tabular-nums; }
figure { margin: 1em 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #555; font-size: 13px; }
.short { white-space: nowrap; } code { background: #f3f4f6; padding: 0 .25em; } nav a { margin-right: 1.2em; }
"""


@dataclass(frozen=True)
class Table:
    """A table; cells may hold `code` and **bold** as in Markdown."""

    names: Sequence[str]
    body: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A figure as SVG, and what it shows."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A heading (level 1 to 3) and what stands under it."""

    level: int
    title: str
    blocks: tuple[str | Table | Figure, ...]


def markdown(sections: Sequence[Section]) -> str:
    """Return the sections as Markdown, without figures."""
    parts: list[str] = []
    for section in sections:
        parts.append(f"{'#' * section.level} {section.title}")
        for block in section.blocks:
            if isinstance(block, Table):
                parts.append(_markdown_table(block))
            elif isinstance(block, str):
                parts.append(block)
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table) -> str:
    lines = ["| " + " | ".join(table.names) + " |", "|" + "---|" * len(table.names)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in table.body]
    return "\n".join(lines)


def page(sections: Sequence[Section]) -> str:
    """Return the sections as one HTML page that needs nothing else."""
    title = re.sub("[`*]", "", sections[0].title)
    links = [
        f'<a href="#{_anchor(section)}">{_inline(section.title)}</a>' for section in sections if section.level == 2
    ]
    head = f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    head += f"<style>{STYLE}</style>\n</head>\n<body>\n"
    parts = []
    for i, section in enumerate(sections):
        name = f"h{section.level}"
        parts.append(f'<{name} id="{_anchor(section)}">{_inline(section.title)}</{name}>')
        parts += [_html_block(block) for block in section.blocks]
        if i == 0:
            parts.append(f"<nav>{' '.join(links)}</nav>")
    return head + "\n".join(parts) + "\n</body>\n</html>\n"


def _html_block(block: str | Table | Figure) -> str:
    if isinstance(block, Figure):
        return f"<figure>{block.svg}<figcaption>{_inline(block.caption)}</figcaption></figure>"
    if isinstance(block, str):
        return f"<p>{_inline(block)}</p>"
    head = "".join(f"<th>{_inline(name)}</th>" for name in block.names)
    rows = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in block.body)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'


def _cell(text: str) -> str:
    """Return a cell; short ones, such as a number with its interval, are not broken."""
    return f'<td class="short">{_inline(text)}</td>' if len(text) < _SHORT else f"<td>{_inline(text)}</td>"


def _inline(text: str) -> str:
    """Return text as HTML, with code and bold.

    >>> _inline("`a<b` is **so**")
    '<code>a&lt;b</code> is <b>so</b>'
    """
    escaped = html.escape(text)
    escaped = re.sub(r"`([^`]*)`", r"<code>\1</code>", escaped)
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", escaped)


def _anchor(section: Section) -> str:
    return re.sub("[^a-z0-9]+", "-", section.title.lower()).strip("-")
