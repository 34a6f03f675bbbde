"""A campaign's content as the form of a new campaign shows it: texts of its fields, and what has no field.

What a field cannot hold as it is stays in the *rest* of its entry, which the form shows and sends back unchanged, so
that a campaign that goes through the form is the same campaign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from designer.service.http.form_fields import CONTEXT, Field, Kind, form_kinds, form_settings
from designer.service.work.uploads import SERVED_MEASURES

Plain = dict[str, Any]


def form_content(data: Mapping[str, Any]) -> Plain | None:
    """Return what the form shows of a campaign, as plain data; None where an entry has a kind that the form lacks.

    Parameters
    ----------
    data
        The content of a campaign file.

    Returns
    -------
    ``name``, ``constraints`` (text); ``lists``: for each list of the form its entries with ``kind``, ``values`` (texts
    by the keys of fields) and ``rest``; ``settings`` (texts by key), ``rest`` (keys without fields) and ``left_out``
    (sentences).
    """
    rest = _with_parts(data)
    left_out = _without_programs(rest)
    contexts = rest.pop(CONTEXT, {})
    lists: dict[str, list[Plain]] = {}
    for key in dict.fromkeys(kind.list for kind in form_kinds()):
        entries = rest.pop(key) if _is_list_of_mappings(rest.get(key)) else []
        lines = [_line(key, entry, contexts) for entry in entries]
        if None in lines:
            return None
        lists[key] = [line for line in lines if line is not None]
    if contexts:
        rest[CONTEXT] = contexts
    constraints = rest.get("constraints")
    is_text = isinstance(constraints, list) and all(_is_line(each) for each in constraints)
    return {
        "name": str(rest.pop("name", "")),
        "constraints": "\n".join(rest.pop("constraints")) if is_text else "",
        "lists": lists,
        "settings": _taken(rest, form_settings()),
        "rest": {key: value for key, value in rest.items() if key != "designer"},
        "left_out": left_out,
    }


def _with_parts(data: Mapping[str, Any]) -> Plain:
    """Return a copy in which short forms are written out as the form types them."""
    copied: Plain = deepcopy(dict(data))
    for key, part in (("initial", "number"), ("budget", "experiments")):
        if isinstance(copied.get(key), int):
            copied[key] = {part: copied[key]}
    return copied


def _without_programs(rest: Plain) -> list[str]:
    """Take oracles that run programs out of a campaign; return what to say of them."""
    observations = rest.get("observations")
    owners = [("The targets are", rest)]
    if _is_list_of_mappings(observations):
        owners += [(f"Observation {each.get('name')!r} is", each) for each in observations or []]
    sentences = []
    for words, owner in owners:
        kind = owner["measure"].get("kind") if isinstance(owner.get("measure"), Mapping) else None
        if kind is not None and kind not in SERVED_MEASURES:
            del owner["measure"]
            what = f"{words} measured by {kind!r}, which only a campaign file on the server can name"
            sentences.append(f"{what}: this is not copied.")
    return sentences


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value == value.strip() and "\n" not in value


def _line(key: str, entry: Plain, contexts: Plain) -> Plain | None:
    kind = _kind_of(key, entry)
    if kind is None:
        return None
    rest = {name: value for name, value in entry.items() if not (key == "space" and name == "kind")}
    name = rest.get("name")
    own = contexts.get(name) if key == "space" and isinstance(name, str) else None
    if own is not None:
        rest[CONTEXT] = own
    values = _taken(rest, kind.fields, goal=entry.get("goal"))
    if own is not None and isinstance(name, str):
        if CONTEXT in rest:
            del rest[CONTEXT]
            values = {field: text for field, text in values.items() if field.split(".")[0] != CONTEXT}
        else:
            del contexts[name]
    if key == "targets" and "goal" not in entry:
        values["goal"] = next(field.default for field in kind.fields if field.key == "goal")
    return {"kind": kind.name, "values": values, "rest": rest}


def _kind_of(key: str, entry: Plain) -> Kind | None:
    kinds = [kind for kind in form_kinds() if kind.list == key]
    if key == "space":
        return next((kind for kind in kinds if kind.name == entry.get("kind")), None)
    if key == "beliefs":
        return next(kind for kind in kinds if kind.name == ("constraint" if "constraint" in entry else "near"))
    return kinds[0]


def _taken(rest: Plain, fields: Sequence[Field], goal: Any = None) -> dict[str, str]:
    """Take out of `rest` what the fields can hold, and return their texts by key."""
    texts = {}
    for field in fields:
        if field.goals and goal not in field.goals:
            continue
        path = field.key.split(".")
        value = _at(rest, path)
        text = _text(field, value) if value is not None else None
        if text is not None:
            texts[field.key] = text
            _remove(rest, path)
    return texts


def _at(data: Any, path: Sequence[str]) -> Any:
    """Return the value at a path; of a list only where it has two places, as a range has."""
    for key in path:
        if key.isdigit():
            data = data[int(key)] if isinstance(data, list) and len(data) == 2 else None
        else:
            data = data.get(key) if isinstance(data, dict) else None
    return data


def _remove(data: Any, path: Sequence[str]) -> None:
    key, *further = path
    place: Any = int(key) if key.isdigit() else key
    if further:
        _remove(data[place], further)
        if not data[place] or data[place] == [None, None]:
            del data[place]
    elif key.isdigit():
        data[place] = None
    else:
        del data[place]


def _text(field: Field, value: Any) -> str | None:
    """Return the text of a field that means `value`; None where there is none."""
    if field.typed in ("list", "numbers"):
        parts = list(_parts(field, value)) if isinstance(value, list) and value else [None]
        return None if None in parts else ", ".join(str(part) for part in parts)
    if field.typed.startswith("named"):
        return _named_text(field, value)
    if field.typed == "yes":
        found = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
        return None if found == field.default else found
    text: Any = _number(value) if field.typed == "number" else value
    if not _is_line(text) or text == field.default or (field.choices and text not in field.choices):
        return None
    return str(text)


def _parts(field: Field, values: Sequence[Any]) -> Iterator[str | None]:
    for value in values:
        text: Any = _number(value) if field.typed == "numbers" else value
        yield text if _is_line(text) and "," not in text else None


def _named_text(field: Field, value: Any) -> str | None:
    """Return the text of values with names, or of one range for all; None where there is none."""
    ranges = field.typed == "named ranges"
    if ranges and isinstance(value, list):
        return _range(value)
    if not isinstance(value, dict) or not value:
        return None
    parts = []
    for name, each in value.items():
        text = _range(each) if ranges else _number(each) if field.typed == "named numbers" else each
        if not _is_line(name) or not _is_line(text) or "," in name + text or "=" in name:
            return None
        parts.append(f"{name} = {text}")
    return ", ".join(parts)


def _range(value: Any) -> str | None:
    ends = [_number(each) for each in value] if isinstance(value, list) and len(value) == 2 else [None]
    return None if None in ends else " to ".join(str(each) for each in ends)


def _number(value: Any) -> str | None:
    """Return a number as text, or a text that is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str):
        return None
    try:
        float(value)
    except ValueError:
        return value
    return None
