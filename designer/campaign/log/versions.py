"""Which versions of the libraries made a suggestion: the same ones make it again."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

_ALWAYS = {"designer": "materials-designer", "numpy": "numpy"}
_MODELS = {"torch": "torch", "botorch": "botorch", "gpytorch": "gpytorch", "scipy": "scipy"}


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def versions(*, model: bool = False) -> dict[str, str]:
    """Return the versions that decide about a suggestion; those of the model libraries on demand.

    >>> sorted(versions())
    ['designer', 'numpy']
    """
    return {name: _version(each) for name, each in {**_ALWAYS, **(_MODELS if model else {})}.items()}
