"""Registries: what carries a name in a campaign file, built in or added by another package, loaded when it is used.

A registry holds the kinds of one thing (parameters, priors, oracles, acquisition functions, importers). Its own kinds
are listed as ``"module:attribute"`` and imported when they are asked for. Another package adds one as an entry point of
the registry's group in its ``pyproject.toml``

```toml
[project.entry-points."designer.parameters"]
ph = "my_lab.ph:PHParameter"
```

or, for the running process only, by `Registry.register`. An entry point is not imported before its name is used, so
that a package that does not work only stops those who use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from designer.errors import BrokenPlugin, Fault, InvalidInput, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class Registry(Generic[T]):
    """The kinds of one thing by name.

    Parameters
    ----------
    group
        The entry-point group in which other packages add kinds.
    thing
        What is registered, in words for messages: "prior kind".
    built_in
        The package's own kinds: ``{"numeric": "designer.space.parameters.numeric:NumericParameter"}``.
    accepts
        Whether an object can be registered here; anything can unless given.
    expected
        What `accepts` asks for, in words for messages: "a subclass of ParameterBase".
    error_type
        The error for an unknown name.

    Examples
    --------
    >>> shapes = Registry("example.shapes", "shape", {"path": "pathlib:Path"})
    >>> shapes.load("path").__name__
    'Path'
    >>> shapes.load("paht")
    Traceback (most recent call last):
    ...
    designer.errors.InvalidInput: shape 'paht' is not known; did you mean 'path'?
    """

    def __init__(
        self,
        group: str,
        thing: str,
        built_in: Mapping[str, str],
        *,
        accepts: Callable[[Any], bool] | None = None,
        expected: str = "",
        error_type: type[InvalidInput] = InvalidInput,
    ) -> None:
        self.group = group
        self.thing = thing
        self.error_type = error_type
        self._built_in = dict(built_in)
        self._accepts = accepts
        self._expected = expected
        self._registered: dict[str, T] = {}
        self._loaded: dict[str, T] = {}

    def register(self, name: str, item: T) -> T:
        """Add an object under `name` for this process, and return it.

        Registering the same object again does nothing.

        Raises
        ------
        InvalidInput
            If the name is taken by another object or by a built-in kind, or the object is not what is expected.
        """
        if not isinstance(name, str) or not name or name != name.strip():
            raise InvalidInput(Fault(f"{name!r} cannot name a {self.thing}", "give a word without blanks around it"))
        if name in self._built_in or self._registered.get(name, item) is not item:
            raise InvalidInput(Fault(f"{self.thing} {name!r} is registered already", "choose another name"))
        if not self._is_accepted(item):
            raise InvalidInput(Fault(f"{item!r} cannot be a {self.thing}", f"register {self._expected}"))
        self._registered[name] = item
        return item

    def unregister(self, name: str) -> None:
        """Take away what `register` added under `name`, and forget what was imported for it."""
        self._registered.pop(name, None)
        self._loaded.pop(name, None)

    def names(self) -> tuple[str, ...]:
        """Return every name: the built-in ones first, then the others in alphabetical order. Nothing is imported."""
        added = {*self._registered, *(point.name for point in self._entry_points())}
        return (*self._built_in, *sorted(added - set(self._built_in)))

    def __contains__(self, name: object) -> bool:
        """Whether `name` is known; nothing is imported."""
        if not isinstance(name, str):
            return False
        return name in self._built_in or name in self._registered or bool(self._entry_points(name))

    def unknown(self, name: Any) -> Fault:
        """Return the fault for a name that is not known, with the nearest known name or all of them."""
        return Fault(f"{self.thing} {name!r} is not known", did_you_mean(str(name), self.names()))

    def load(self, name: Any) -> T:
        """Return what is registered under `name`, importing it if need be.

        Raises
        ------
        InvalidInput
            (or the registry's own error) If the name is not known.
        BrokenPlugin
            If another package offers the name, but it cannot be imported, is not what is expected, or two packages
            offer it.
        """
        if not isinstance(name, str):
            raise self.error_type(self.unknown(name))
        if name in self._registered:
            return self._registered[name]
        if name not in self._loaded:
            self._loaded[name] = self._import(name)
        return self._loaded[name]

    def _import(self, name: str) -> T:
        if name in self._built_in:
            module, _, attribute = self._built_in[name].partition(":")
            return cast("T", getattr(import_module(module), attribute))
        points = self._entry_points(name)
        if not points:
            raise self.error_type(self.unknown(name))
        sources = sorted({point.value for point in points})
        if len(sources) > 1:
            raise BrokenPlugin(
                f"{self.thing} {name!r} is offered twice: {' and '.join(sources)}; uninstall one of them"
            )
        return self._from_entry_point(points[0])

    def _from_entry_point(self, point: EntryPoint) -> T:
        owner = f" of the package {point.dist.name}" if point.dist is not None else ""
        described = f"{self.thing} {point.name!r}{owner} ({point.value})"
        try:
            item = point.load()
        except Exception as error:  # a module of another package may raise anything when imported
            reason = " ".join(str(error).split())
            raise BrokenPlugin(f"{described} cannot be loaded: {type(error).__name__}: {reason}") from error
        if not self._is_accepted(item):
            raise BrokenPlugin(f"{described} is {item!r}, not {self._expected}")
        return cast("T", item)

    def _is_accepted(self, item: Any) -> bool:
        return self._accepts is None or self._accepts(item)

    def _entry_points(self, name: str | None = None) -> list[EntryPoint]:
        from importlib.metadata import entry_points

        found = entry_points(group=self.group) if name is None else entry_points(group=self.group, name=name)
        return list(found)
