"""YAML documents that remember their lines, and frozen values that are parsed from them.

`load_document` reads YAML into plain data together with the line of each value. `Value` is the base of
every frozen value that a user can write down; `parse` builds one from a document and reports *all* faults at once,
each with its file and line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import PydanticKnownError, core_schema

from designer.errors import Fault, InvalidInput
from designer.input_files import read_file
from designer.pydantic_faults import PathKey, explain, trace
from designer.registry import Registry

MAX_PARTS = 500_000  # aliases can make a small file expand to endless data


@dataclass(frozen=True)
class Document:
    """Plain data read from YAML, and the line (from 1) on which each part of it begins."""

    data: Any
    file: str | None = None
    lines: Mapping[PathKey, int] = field(default_factory=dict)

    def line(self, path: PathKey) -> int | None:
        """Return the line of `path`, or of the nearest part around it that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def locate(self, fault: Fault) -> Fault:
        """Return `fault` with this document's file and line filled in from its path."""
        return fault.at(file=fault.file or self.file, line=fault.line or self.line(fault.path))


def whole_number(given: Any) -> Any:
    """Return what a field for a whole number is given: no truth value and no fraction, which pydantic would take."""
    if isinstance(given, bool) or (isinstance(given, float) and not given.is_integer()):
        raise ValueError(f"{given} is not a whole number; give a whole number")
    return given


def plain_number(given: Any) -> Any:
    """Return what a field for a number without a unit is given: no truth value and no text."""
    if isinstance(given, bool | str):
        raise ValueError(f"{given!r} is not a number; give a plain number, without quotes or unit")
    return given


def no_truth_value(given: Any) -> Any:
    """Return what a field for a number, or for text with one, is given: no truth value."""
    if isinstance(given, bool):
        raise ValueError(f"{given} is not a number; give a number")
    return given


class Value(BaseModel):
    """Base of frozen values that users write down: validated when built, closed to unknown keys, never changed.

    Built from Python, a faulty value raises `InvalidInput` with every fault; built from a document, use `parse`.
    A validator raises `ValueError("what is wrong; what would be right")`, or `InvalidInput` for several faults, whose
    paths are then relative to the value that raised. `error_type` is the error that a subclass is refused with.
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False, hide_input_in_errors=True)

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise self.error_type(faults_of(error, type(self), data)) from None

    # Nested values are then validated by pydantic itself, which gathers the faults of all of them.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        """Whether all fields are equal; cached properties, which may be arrays, do not count."""
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).model_fields)


V = TypeVar("V", bound=Value)


@dataclass(frozen=True)
class ByKind:
    """Annotation of a field whose value is of a registered kind: ``kind`` in the data chooses the class that reads it.

    It follows the base class of the kinds: ``Annotated[ParameterBase, ByKind(PARAMETERS)]``. Faults are those of
    a discriminated union of pydantic's, but kinds may be registered at any time and are imported when they are used.
    """

    registry: Registry[Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Return the schema: values of the base class pass, mappings are read by the class of their kind."""
        return core_schema.no_info_plain_validator_function(
            lambda given: given if isinstance(given, source) else self._read(given),
            serialization=core_schema.wrap_serializer_function_ser_schema(
                lambda value, serialize: serialize(value), schema=core_schema.any_schema()
            ),
        )

    def _read(self, given: Any) -> Any:
        if not isinstance(given, Mapping):
            raise PydanticKnownError("model_attributes_type")
        if "kind" not in given:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
        kind = given["kind"]
        if kind not in self.registry:
            tag = str(kind).encode("utf-8", "backslashreplace").decode()
            expected = ", ".join(repr(name) for name in self.registry.names())
            what = {"discriminator": "'kind'", "tag": tag, "expected_tags": expected}
            raise PydanticKnownError("union_tag_invalid", what)
        chosen = self.registry.load(kind)
        try:
            return chosen.model_validate(given)
        except ValidationError as error:
            raise InvalidInput(faults_of(error, chosen, given)) from None


def parse(kind: type[V], document: Document, *, error: type[InvalidInput] | None = None) -> V:
    """Build a value of `kind` from `document`.

    Raises
    ------
    InvalidInput
        (or the subclass given as `error`, or else the kind's own) with every fault of the document, each with its
        file and line.
    """
    try:
        return kind.model_validate(document.data)
    except ValidationError as problem:
        faults = [document.locate(fault) for fault in faults_of(problem, kind, document.data)]
    raise (error or kind.error_type)(sorted(faults, key=lambda fault: fault.line or 0))


def load_document(path: Path | str) -> Document:
    """Read a YAML file.

    Raises
    ------
    InvalidInput
        If the file is missing, not UTF-8, not YAML, or gives one key twice.
    """
    file = str(path)
    try:
        text = read_file(Path(path)).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise InvalidInput(Fault("no such file", "give the path of a YAML file", file=file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(Fault(f"cannot be read: {error}", "give a UTF-8 text file", file=file)) from None
    return read_document(text, file=file)


def read_document(text: str, *, file: str | None = None) -> Document:
    """Read YAML text. Words are read as YAML 1.2 reads them: `No`, `on` and `y` are text, `1e5` is a number.

    >>> document = read_document("bounds: [1, 1e5]\\nelements: [No, Y]")
    >>> document.data
    {'bounds': [1, 100000.0], 'elements': ['No', 'Y']}
    >>> document.line(("elements", 1))
    2
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidInput(_syntax_fault(error, file)) from None
    loader.dispose()
    if node is None:
        raise InvalidInput(Fault("the file is empty", "write a mapping of keys to values", file=file))
    lines: dict[PathKey, int] = {}
    faults: list[Fault] = []
    data = _build(node, (), lines, faults, loader)
    if faults:
        raise InvalidInput([fault.at(file=file) for fault in faults])
    return Document(data, file, lines)


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2's core words."""


# A leading zero belongs to a label, such as that of a lot: 09 is text, as in YAML 1.1 and JSON, and not the number 9.
_WHOLE = "(?:0|[1-9][0-9]*)"


def _resolvers() -> Iterator[tuple[str, re.Pattern[str], str]]:
    yield "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"
    yield "tag:yaml.org,2002:int", re.compile(rf"^[-+]?{_WHOLE}$"), "-+0123456789"
    finite = rf"[-+]?(?:\.[0-9]+|{_WHOLE}(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    number = re.compile(rf"^(?:{finite}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$")
    yield "tag:yaml.org,2002:float", number, "-+.0123456789"
    yield "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _resolvers():
    _Loader.add_implicit_resolver(_tag, _pattern, [letter if letter != "\0" else "" for letter in _first])


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes what `_Loader` would read as another value than text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that occurs twice twice: aliases are hard to read."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists inside mappings, as people do."""
        super().increase_indent(flow, False)


# What either version of YAML takes for another value is quoted, so that any program reads the same.
_Dumper.yaml_implicit_resolvers = {
    letter: [*yaml.SafeDumper.yaml_implicit_resolvers.get(letter, []), *_Loader.yaml_implicit_resolvers.get(letter, [])]
    for letter in {*yaml.SafeDumper.yaml_implicit_resolvers, *_Loader.yaml_implicit_resolvers}
}


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Write text with a line break of any kind in double quotes, where it is escaped: all other styles fold it."""
    style = '"' if len(text.splitlines()) > 1 or text.endswith(("\n", "\r", "\x85", "\u2028", "\u2029")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


def read_json(text: str) -> Any:
    """Return what JSON holds.

    Raises
    ------
    ValueError
        If it is no JSON; NaN and Infinity are none.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def write_document(data: Any) -> str:
    """Return plain data as YAML that `read_document` reads back as the same data.

    >>> print(write_document({"name": "1e5", "gas": "no", "bounds": [1, 1e-05]}), end="")
    name: '1e5'
    gas: 'no'
    bounds: [1, 1.0e-05]
    """
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None))


_PLAIN_TAGS = frozenset({"map", "seq", "str", "int", "float", "bool", "null", "merge"})


def _build(
    node: yaml.Node, path: PathKey, lines: dict[PathKey, int], faults: list[Fault], loader: _Loader, depth: int = 0
) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(lines) > MAX_PARTS:
        if not any(fault.what.startswith("too many parts") for fault in faults[-1:]):
            faults.append(Fault(f"too many parts: more than {MAX_PARTS}", "keep tables in CSV files", line=line))
        return None
    if depth > 40:
        faults.append(Fault("nested too deeply", "at most 40 levels", line=line))
        return None
    if node.tag.rpartition(":")[2] not in _PLAIN_TAGS or not node.tag.startswith("tag:yaml.org,2002:"):
        faults.append(Fault(f"the tag {node.tag!r} is not allowed", "plain values only", line=line))
        return None
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, lines, faults, loader, depth)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), lines, faults, loader, depth + 1) for i, item in enumerate(node.value)]
    try:
        return _scalar(node, loader)
    except (yaml.YAMLError, ValueError):
        faults.append(Fault(f"{node.value!r} with tag {node.tag!r} is not allowed", "plain values only", line=line))
        return None


def _scalar(node: yaml.Node, loader: _Loader) -> Any:
    if node.tag == "tag:yaml.org,2002:int":
        return int(node.value)
    if node.tag == "tag:yaml.org,2002:float":
        return float(
            node.value.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf").replace(".nan", "nan")
        )
    return loader.construct_object(node)


def _build_mapping(
    node: yaml.MappingNode, path: PathKey, lines: dict[PathKey, int], faults: list[Fault], loader: _Loader, depth: int
) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _build(key_node, (), {}, faults, loader, depth + 1)
        if key == "<<" and key_node.style is None:
            faults.append(Fault("'<<' does not merge here", "write the keys out", line=line))
            continue
        if not isinstance(key, (str, int)) or key_node.tag == "tag:yaml.org,2002:merge":
            faults.append(Fault(f"{key!r} cannot be a key", "use a word", line=line))
            continue
        if key in result:
            first = lines.get((*path, key))
            faults.append(Fault(f"{key!r} is given twice (first on line {first})", "give it once", line=line))
            continue
        lines[(*path, key)] = line
        result[key] = _build(value_node, (*path, key), lines, faults, loader, depth + 1)
    return result


def _syntax_fault(error: Exception, file: str | None) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or (str(error) or type(error).__name__).splitlines()[0]
    line = mark.line + 1 if mark is not None else None
    return Fault(f"not YAML: {problem}", "check indentation, colons, quotes and brackets", file=file, line=line)


def faults_of(error: ValidationError, kind: type[BaseModel], data: Any) -> list[Fault]:
    """Return one fault for each thing that pydantic found wrong in `data` while building a `kind`."""
    faults: list[Fault] = []
    for details in error.errors(include_url=False):
        path, owner = trace(kind, details["loc"])
        inner = details.get("ctx", {}).get("error")
        if isinstance(inner, InvalidInput):
            faults += [fault.at(path=path + fault.path) for fault in inner.faults]
            continue
        what, remedy = explain(details, path, owner)
        faults.append(Fault(what, remedy, path=path))
    return faults
