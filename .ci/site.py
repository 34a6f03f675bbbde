"""MkDocs hooks of the documentation site: pages from outside docs/, the reference of every public module, and the nav.

Documents link to each other by their paths in the repository, so that the links work there too. Here a link to another
page of the site is rewritten, and a link to a file that is no page (code, tables, folders) becomes plain text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

REPOSITORY = Path(__file__).parents[1]
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "campaigns/README.md": "campaigns.md",
    "benchmarks/README.md": "benchmarks/running.md",
}
PROJECT = ("contributing.md", "changelog.md", "security.md")
RESULTS = "benchmarks/results"
GUIDES = (
    "coming-from.md", "beside-other-programs.md",
    "campaign-file.md", "command-line.md", "units-and-formulas.md", "tasks.md", "priors.md",
    "prediction.md", "generation.md", "reading-the-report.md", "service.md", "running-a-service.md", "simulators.md",
    "benchmarks.md", "architecture.md",
)  # fmt: skip
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def outside() -> dict[str, str]:
    """Return the documents and pictures outside docs/ that are part of the site: path in the repository -> page."""
    found = {source: page for source, page in OUTSIDE.items() if (REPOSITORY / source).is_file()}
    for path in sorted((REPOSITORY / RESULTS).rglob("*")):
        if path.suffix in (".md", ".svg"):
            found[path.relative_to(REPOSITORY).as_posix()] = path.relative_to(REPOSITORY).as_posix()
    return found


def pages() -> dict[str, str]:
    """Return every document and picture of the site: path in the repository -> page."""
    docs = (path for path in (REPOSITORY / "docs").rglob("*") if path.suffix in (".md", ".svg", ".png"))
    own = {path.relative_to(REPOSITORY).as_posix(): path.relative_to(REPOSITORY / "docs").as_posix() for path in docs}
    return own | outside()


def packages() -> dict[str, list[str]]:
    """Return the public modules of each part of `designer`, by the name of the part's page."""
    found: dict[str, list[str]] = {}
    for path in sorted((REPOSITORY / "designer").rglob("*.py")):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        names = parts[:-1] if parts[-1] == "__init__" else parts
        if any(name.startswith("_") for name in names):
            continue
        in_package = len(parts) > 2
        found.setdefault(names[1] if in_package else "designer", []).append(".".join(names))
    return found


def reference(name: str, modules: list[str]) -> str:
    """Return the source of one page of the reference."""
    title = "designer" if name == "designer" else f"designer.{name}"
    return f"# {title}\n\n" + "\n".join(f"::: {module}\n" for module in modules)


def on_config(config: Any) -> Any:
    """Set the nav: guides in order, then results, decisions and the reference."""
    docs = REPOSITORY / "docs"
    first = [name for name in GUIDES if (docs / name).is_file()]
    others = sorted(path.name for path in docs.glob("*.md") if path.name not in GUIDES)
    results = [page for page in outside().values() if page.startswith(RESULTS) and page.endswith(".md")]
    config.nav = [
        "index.md",
        {"Guides": [*first, *others, "campaigns.md"]},
        {"Reference": [f"reference/{name}.md" for name in packages()]},
        {"Results": ["benchmarks/running.md", *results]},
        {"Decisions": [f"decisions/{path.name}" for path in sorted((docs / "decisions").glob("*.md"))]},
        {"Project": [page for page in outside().values() if page in PROJECT]},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the documents outside docs/ and the pages of the reference."""
    for source, page in outside().items():
        files.append(File.generated(config, page, abs_src_path=str(REPOSITORY / source)))
    for name, modules in packages().items():
        files.append(File.generated(config, f"reference/{name}.md", content=reference(name, modules)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Rewrite the links of a document to addresses within the site."""
    known = pages()
    sources = {target: source for source, target in known.items()}
    source = sources.get(page.file.src_uri)
    if source is None:
        return markdown
    parts = _FENCE.split(markdown)
    return "".join(
        part if i % 2 else _LINK.sub(lambda match: _link(match, source, known), part) for i, part in enumerate(parts)
    )


def _link(match: re.Match[str], source: str, known: dict[str, str]) -> str:
    picture, text, target, anchor = match.groups()
    place = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if place in known:
        there = posixpath.relpath(known[place], posixpath.dirname(known[source]) or ".")
        return f"{picture}[{text}]({there}{anchor or ''})"
    if (REPOSITORY / place).exists():
        return text
    return match[0]  # a dead link: the strict build fails
