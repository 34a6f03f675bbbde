"""Faults from pydantic's errors: in plain words, with the place in the document."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic_core import ErrorDetails

from designer.errors import render_path

PathKey = tuple[str | int, ...]


def trace(kind: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[PathKey, type[BaseModel] | None]:
    """Return the place in the document that pydantic's location `loc` means, and the value class it lies in.

    Pydantic's locations also name the members of unions, which are not in the document: the annotations of the
    classes distinguish them.
    """
    path: list[str | int] = []
    owner: type[BaseModel] | None = kind
    current: Any = kind
    for part in loc:
        current = _bare(current)
        members = _union_members(current)
        if members:
            current = next((member for member in members if part in _labels(member)), Any)
            owner = _model(current) or owner
            continue
        if part == "[key]":
            continue
        path.append(part)
        owner = _model(current) or owner
        current = _inside(current, part)
    return tuple(path), owner


def _bare(annotation: Any) -> Any:
    """Return an annotation without its metadata, and without None where one thing else is allowed."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        if _is_union(annotation):
            given = [member for member in get_args(annotation) if member is not type(None)]
            if len(given) == 1:
                annotation = given[0]
                continue
        return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _union_members(annotation: Any) -> list[Any]:
    return [part for part in get_args(annotation) if part is not type(None)] if _is_union(annotation) else []


def _model(annotation: Any) -> type[BaseModel] | None:
    annotation = _bare(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _labels(member: Any) -> set[str | int]:
    """Return the labels by which pydantic may name a union's member in a location."""
    labels: set[str | int] = set()
    if get_origin(member) is Annotated:
        labels |= {note.tag for note in get_args(member)[1:] if isinstance(note, Tag)}
    model = _model(member)
    if model is not None:
        labels.add(model.__name__)
        for field in model.model_fields.values():
            if get_origin(field.annotation) is Literal:
                labels |= set(get_args(field.annotation))
    elif isinstance(_bare(member), type):
        labels.add(_bare(member).__name__)
    return labels


def _inside(annotation: Any, part: int | str) -> Any:
    """Return the annotation of `part` of a value of `annotation`."""
    model = _model(annotation)
    if model is not None:
        for name, field in model.model_fields.items():
            if part in (name, field.alias, field.validation_alias):
                return field.annotation
        return Any
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if not arguments or origin is None:
        return Any
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[-1]
    if origin is tuple and isinstance(part, int) and Ellipsis not in arguments:
        return arguments[part] if part < len(arguments) else Any
    return arguments[0]


_WANTED = {
    "string_type": "give text, in quotes if it looks like a number",
    "bool_type": "give true or false",
    "bool_parsing": "give true or false",
    "int_type": "give a whole number",
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
    "float_type": "give a number",
    "float_parsing": "give a number",
    "finite_number": "give a finite number",
    "too_short": "add what is missing",
    "list_type": "write a list: [..., ...]",
    "tuple_type": "write a list: [..., ...]",
    "dict_type": "write a mapping: key: value",
    "model_type": "write a mapping: key: value",
    "model_attributes_type": "write a mapping: key: value",
}


def explain(details: ErrorDetails, path: PathKey, owner: type[BaseModel] | None) -> tuple[str, str]:
    """Return what is wrong and what would be right for one of pydantic's errors at `path`, inside an `owner`."""
    name = _name(path)
    given, context, type_ = details.get("input"), details.get("ctx", {}), details["type"]
    match type_:
        case "missing":
            return f"{name} is missing", f"add {name}"
        case "extra_forbidden":
            return f"unknown key {name}", _did_you_mean(str(path[-1]), known_keys(owner))
        case "value_error" | "assertion_error":
            what, _, remedy = str(context.get("error", details["msg"])).partition("; ")
            return what, remedy
        case "literal_error" | "enum":
            expected = str(context.get("expected"))
            return f"{name} cannot be {_shown(given)}", _nearest_word(given, expected)
        case "union_tag_not_found":
            key = str(context.get("discriminator", "'kind'"))
            return f"{key} is missing", f"add {key}"
        case "union_tag_invalid":
            tag, expected = context.get("tag"), str(context.get("expected_tags"))
            return f"kind {tag!r} is not known", _nearest_word(tag, expected)
        case _ if type_ in _WANTED:
            return f"{name} cannot be {_shown(given)}", _WANTED[type_]
        case _:
            message = details["msg"].removeprefix("Input ").removeprefix("Value ")
            return f"{name} cannot be {_shown(given)}", f"it {message[:1].lower() + message[1:]}"


def _name(path: PathKey) -> str:
    """Return the last key of `path` with the positions behind it, as a person would point at it."""
    start = max((i for i, part in enumerate(path) if isinstance(part, str)), default=0)
    return repr(render_path(path[start:])) if path else "the document"


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def known_keys(kind: type[BaseModel] | None) -> list[str]:
    """Return the keys of a mapping from which a `kind` is built, in the order of its fields."""
    if kind is None:
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]


def _nearest_word(given: Any, expected: str) -> str:
    words = [part.strip(" '") for part in expected.replace(" or ", ", ").split(",")]
    close = get_close_matches(str(given), words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"one of {expected}"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
