"""Every block of code in the documents runs, top to bottom, in one empty folder a document.

- ```python   runs; the blocks of a document share their names. A ```text block right after it is what it prints.
- ```console  lines after ``$ `` run; the lines below each are what it prints, and its exit code where it is not 0.
- ```yaml     a campaign file is validated whole; anything else is a part of one, and validated inside a small one.
- ```csv, ```text  are shown only, or written (below).

A comment before a block changes what is done with it: ``<!-- file: NAME -->`` also writes it to NAME,
``<!-- numbers may differ -->`` compares what is printed except for its numbers (what a model computes differs in the
last digits between machines), and ``<!-- not run: WHY -->`` leaves it alone; ``<!-- needs: MODULE -->`` does so where
the module of another program is not installed. ``...`` stands for anything (doctest).
"""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = sorted({*REPOSITORY.glob("*.md"), *REPOSITORY.glob("campaigns/*.md"), *REPOSITORY.glob("docs/**/*.md")})

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOTES = re.compile(r"(?:<!-- [^\n]*? -->\n)+\Z")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_BASE = {
    "designer": 1,
    "name": "example",
    "space": [
        {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [20, 90]},
        {"name": "solvent", "kind": "categorical", "choices": ["water", "ethanol"]},
    ],
    "targets": [{"name": "yield", "unit": "percent", "goal": "maximize"}],
}


@dataclass(frozen=True)
class Block:
    """One fenced block of a document."""

    language: str
    text: str
    line: int
    notes: tuple[str, ...]
    follows: bool  # nothing but blank lines and notes between the block before and this one

    def note(self, kind: str) -> str | None:
        """Return what the note of this kind says."""
        return next((note.removeprefix(kind) for note in self.notes if note.startswith(kind)), None)


def blocks(document: str) -> Iterator[Block]:
    end = 0
    for match in _FENCE.finditer(document):
        between = document[end : match.start()]
        notes = _NOTES.search(between)
        line = document.count("\n", 0, match.start()) + 1
        notes_before = tuple(re.findall("<!-- (.*?) -->", notes[0])) if notes else ()
        follows = end > 0 and not _NOTES.sub("", between).strip()
        yield Block(match[1], match[2], line, notes_before, follows)
        end = match.end()


def same(expected: str, printed: str, *, numbers: bool) -> bool:
    """Whether `printed` is as `expected`, up to white space, ``...`` and, unless `numbers`, the numbers."""
    if not numbers:
        expected, printed = _NUMBER.sub("#", expected), _NUMBER.sub("#", printed)
        # A table's rules and columns are as wide as its numbers.
        expected, printed = (re.sub(r"[─━═-]{2,}", "--", text) for text in (expected, printed))
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected.strip() + "\n", printed.strip() + "\n", flags)


def run_python(block: Block, names: dict[str, Any], file: Path) -> str:
    code = compile("\n" * block.line + block.text, str(file), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)  # our own documents
    return printed.getvalue()


def run_command(command: str) -> str:
    """Run one command line of a document; only `designer` and the looking at a file are known."""
    program, *arguments = shlex.split(command)
    if program == "cat":
        return "".join(Path(name).read_text(encoding="utf-8") for name in arguments)
    assert program == "designer", f"{program!r} is neither `designer` nor `cat`; mark the block `not run: WHY`"
    from designer.cli.main import main

    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        code = main(arguments)
    return printed.getvalue() + (f"[exit code {code}]\n" if code else "")


def console_steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.replace("\\\n", " ").partition("\n")
        yield command, output


def validate(block: Block, folder: Path) -> None:
    from designer.campaign.file.spec import CampaignSpec
    from designer.documents import read_document

    data = read_document(block.text).data
    file = folder / "example-of-a-document.yaml"
    if "designer" in data:
        file.write_text(block.text, encoding="utf-8")
    else:
        import yaml

        file.write_text(yaml.safe_dump({**_BASE, **data}), encoding="utf-8")
    CampaignSpec.from_file(file)


def is_left_alone(block: Block) -> bool:
    """Whether a block does not run: its note says so, or it needs a module that is not installed."""
    needed = block.note("needs: ")
    return block.note("not run: ") is not None or (needed is not None and importlib.util.find_spec(needed) is None)


def play(document: Path, folder: Path) -> None:
    """Run every block of `document` in `folder`."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed: str | None = None
    for block in blocks(document.read_text(encoding="utf-8")):
        place = f"{document.name}:{block.line}"
        if (name := block.note("file: ")) is not None:
            (folder / name).write_text(block.text, encoding="utf-8")
        if is_left_alone(block):
            printed = None
            continue
        numbers = block.note("numbers may differ") is None
        match block.language:
            case "python":
                printed = run_python(block, names, document)
                continue
            case "console":
                for command, expected in console_steps(block.text):
                    output = run_command(command)
                    assert same(expected, output, numbers=numbers), f"{place}: `{command}` prints\n{output}"
            case "yaml":
                validate(block, folder)
            case "text" | "csv":
                if printed is not None and block.follows:
                    assert same(block.text, printed, numbers=numbers), f"{place}: prints\n{printed}"
            case language:
                pytest.fail(f"{place}: a block in {language!r}; known are python, console, yaml, csv and text")
        printed = None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_block_runs(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    play(document, tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```ruby\nputs 1\n```\n", "a block in 'ruby'"),
        ("```\nplain\n```\n", "a block in ''"),
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", r"prints\s+1"),
        ("```console\n$ cat a.txt\nother\n```\n", r"prints\s+one"),
        ("```console\n$ rm a.txt\n```\n", "neither `designer` nor `cat`"),
    ],
)
def test_a_false_document_fails(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("one\n", encoding="utf-8")
    (tmp_path / "false.md").write_text(text, encoding="utf-8")
    with pytest.raises((AssertionError, pytest.fail.Exception), match=message):
        play(tmp_path / "false.md", tmp_path)


def test_a_true_document_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = """
<!-- file: a.csv -->
```csv
x,y
1,2
```
```console
$ cat a.csv
x,y
...
```
```python
a = 1
```
```python
print(a + 0.25)
```
<!-- numbers may differ -->
```text
9.5
```
```python
print(a)
```

```text
1
```
<!-- not run: it is another language -->
```ruby
puts 1
```
"""
    (tmp_path / "true.md").write_text(text, encoding="utf-8")
    play(tmp_path / "true.md", tmp_path)


def test_links_between_documents_lead_somewhere() -> None:
    links = [
        (document, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", _FENCE.sub("", document.read_text(encoding="utf-8")))
    ]
    assert not [(str(document), target) for document, target in links if not (document.parent / target).exists()]
