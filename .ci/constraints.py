"""Print the exact versions of everything that ``materials-designer[test]`` pulls in, as installed now."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

PROJECT = "materials-designer"
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
# What torch itself chooses by platform: a constraint here would pin the graphics card.
_PLATFORM = re.compile(r"^(nvidia|cuda)-|^triton$")


def normal(name: str) -> str:
    """Return a distribution's name as the index spells it.

    >>> normal("Linear_Operator")
    'linear-operator'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_versions() -> dict[str, str]:
    """Return name -> version of all that the project and its extra `test` need, directly or not."""
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [Requirement(line) for line in project["dependencies"] + extras["test"]]
    # What `test` takes in of the other extras; peers and heavy simulators are not in it.
    own = [extra for requirement in wanted if normal(requirement.name) == PROJECT for extra in requirement.extras]
    wanted += [Requirement(line) for extra in own for line in extras[extra]]
    seen: set[tuple[str, str]] = set()
    versions: dict[str, str] = {}
    while wanted:
        requirement = wanted.pop()
        name = normal(requirement.name)
        for extra in ("", *requirement.extras):
            if name == PROJECT or (name, extra) in seen or _PLATFORM.match(name):
                continue
            seen.add((name, extra))
            try:
                found = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue  # needed on another platform or Python only
            versions[name] = found.version.partition("+")[0]
            for line in found.requires or ():
                need = Requirement(line)
                if need.marker is None or need.marker.evaluate({"extra": extra}):
                    wanted.append(need)
    return versions


def main() -> None:
    """Print the constraints file."""
    lines = [f"{name}=={version}" for name, version in sorted(installed_versions().items())]
    header = [
        "# The versions that the test suite passes with. `make constraints` writes this file from what is installed.",
    ]
    sys.stdout.write("\n".join(header + lines) + "\n")


if __name__ == "__main__":
    main()
