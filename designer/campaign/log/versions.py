"""Which versions of the libraries made a suggestion: the same ones make it again."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

_ALWAYS = {"designer": "materials-designer", "numpy": "numpy"}
_MODELS = {"torch": "torch", "botorch": "botorch", "gpytorch": "gpytorch", "scipy": "scipy"}
_MOLECULES = {"rdkit": "rdkit"}


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def versions(*, model: bool = False, molecules: bool = False) -> dict[str, str]:
    """Return the versions that decide about a suggestion; those of the model libraries and of RDKit on demand.

    >>> sorted(versions())
    ['designer', 'numpy']
    """
    asked = {**_ALWAYS, **(_MODELS if model else {}), **(_MOLECULES if molecules else {})}
    return {name: _version(each) for name, each in asked.items()}
