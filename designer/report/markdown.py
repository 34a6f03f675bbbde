"""A report as Markdown, with its figures as SVG files in a folder beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from designer.report.chapters import Chapter, chapters
from designer.report.content import Content, Section
from designer.units import with_unit
from designer.whole_files import write_over

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|"})


def render_markdown(content: Content, folder: Path, sections: Sequence[Section] = ()) -> str:
    """Return the report of `content` as Markdown that shows the figures in `folder`, which are written there.

    Parameters
    ----------
    folder
        Made if it does not exist; the text refers to it by its name, so it must be beside the report.
    """
    folder.mkdir(exist_ok=True)
    return "\n".join(_lines(content, folder, sections)) + "\n"


def escaped(text: str) -> str:
    """Return text in one line, with all characters that are special in Markdown escaped.

    >>> escaped("a_b | <i>")
    'a\\\\_b \\\\| \\\\<i\\\\>'
    """
    return " ".join(text.split()).translate(_SPECIAL)


def _lines(content: Content, folder: Path, sections: Sequence[Section]) -> Iterator[str]:
    yield f"# {escaped(content.name)}"
    yield ""
    yield f"Campaign report of {content.made_at}"
    for sentence in content.summary:
        yield ""
        yield escaped(sentence)
    yield ""
    for label, value, remark in content.facts:
        yield f"- {escaped(label)}: **{escaped(value)}**" + (f" ({escaped(remark)})" if remark else "")
    for chapter in chapters(content, sections):
        yield from _chapter(chapter, folder)
    yield from _table(content)
    yield "\n## Provenance\n"
    for remark in content.remarks:
        yield f"{escaped(remark)}\n"
    yield ", ".join(f"{name} {version}" for name, version in content.versions)
    if content.campaign_file:
        fence = "`" * (1 + max([2, *map(len, re.findall("`+", content.campaign_file))]))
        yield f"\n{fence}yaml\n{content.campaign_file.rstrip()}\n{fence}"


def _chapter(chapter: Chapter, folder: Path) -> Iterator[str]:
    yield f"\n## {escaped(chapter.title)}"
    for words in chapter.words:
        yield f"\n{escaped(words)}"
    for drawing in chapter.drawings:
        drawing.write(folder / f"{drawing.name}.svg")
        yield f"\n![{escaped(drawing.label)}]({folder.name}/{drawing.name}.svg)"
        if drawing.caption:
            yield f"\n{escaped(drawing.caption)}"
    for i, svg in enumerate(chapter.ready):
        name = f"{chapter.key}-{i}.svg"
        write_over(folder / name, svg)
        yield f"\n![{escaped(chapter.title)}]({folder.name}/{name})"


def _table(content: Content) -> Iterator[str]:
    yield "\n## Experiments\n"
    if not content.experiments:
        yield "Nothing has been suggested or measured yet."
        return
    predicted = [target for target in content.targets if content.pairs(target.name)]
    heads = ["#", "id", "result", "chosen as", *content.parameters]
    heads += [with_unit(target.name, target.unit) for target in content.targets]
    heads += [f"predicted {target.name}" for target in predicted] + ["notes"]
    yield _row(heads)
    yield "|" + "---|" * len(heads)
    for each in content.experiments:
        cells = [str(each.number or ""), each.id, each.result, each.how, *each.cells]
        cells += [each.value_text(target.name) for target in content.targets]
        for target in predicted:
            prediction = each.predicted.get(target.name)
            cells.append("–" if prediction is None else prediction.text)
        yield _row([*cells, "; ".join(each.notes)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"
