"""Campaigns of BayBE: the text of `Campaign.to_json` in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer.campaign.importing.imported import Cell, ImportedCampaign, Names, choice_text, numeric_keys
from designer.campaign.importing.pandas_frames import UnreadableFrame, read_frame_text
from designer.campaign.importing.parts import Part, tidy
from designer.counting import count
from designer.space.table_files import read_frame

_OWN_COLUMNS = ("BatchNr", "FitNr")
_COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "==": "==", "!=": "!="}
MAX_PAIRS = 2_000
"""Conditions of one constraint that are written out."""


def is_baybe(document: Part) -> bool:
    """Whether a JSON document is a campaign of BayBE."""
    return isinstance(document.value, Mapping) and {"searchspace", "measurements_exp"} <= set(document.value)


def read_baybe(document: Part, name: str, results: Path | None = None) -> ImportedCampaign:
    """Read a campaign of BayBE.

    Parameters
    ----------
    name
        What the campaign is called; the file holds no name.
    results
        A table of the measurements, in the place of those in the file.

    Raises
    ------
    InvalidData
        If the document is not as BayBE writes it.
    MissingExtra
        If a table in it is in Parquet, and pyarrow is not installed.
    """
    return _Reader(results_file=results).read(document, name)


@dataclass
class _Reader:
    results_file: Path | None = None
    names: Names = field(default_factory=Names)
    choices: dict[str, dict[Any, str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)

    def read(self, document: Part, name: str) -> ImportedCampaign:
        search, objective = document.at("searchspace"), document.maybe("objective")
        discrete, continuous = search.maybe("discrete"), search.maybe("continuous")
        listed = [*discrete.at("parameters").each()] if discrete is not None else []
        free = [*continuous.at("parameters").each()] if continuous is not None else []
        space = [self.parameter(part) for part in listed] + [self.continuous(part) for part in free]
        if objective is None:
            document.refuse("the campaign has no objective", "give one with objective=... and save it again")
        targets, combine = self.objective(objective)
        before = len(self.left_out)
        constraints = [text for part in _constraints(discrete, continuous) for text in self.constraint(part)]
        candidates = None
        if discrete is not None and listed:
            candidates = self.candidates(discrete, listed, has_free=bool(free), translated=len(self.left_out) == before)
            if candidates is not None:
                constraints = [text for part in _constraints(None, continuous) for text in self.constraint(part)]
                del self.left_out[before:]
        results = self.table(document.at("measurements_exp"), targets)
        designs = [keys["name"] for keys in space]
        known = {_key(row, designs) for row in results}
        open_rows = document.maybe("cached_recommendation")
        recommended = (
            [self._cells(row) for row in _table(open_rows).to_dict("records")] if open_rows is not None else []
        )
        pending = [row for row in recommended if _key(row, designs) not in known]
        version = document.maybe("version")
        return ImportedCampaign(
            name=name, program=f"BayBE {version.text()}" if version is not None else "BayBE", space=space,
            constraints=list(dict.fromkeys([*constraints, *self.active])), targets=targets, combine=combine,
            candidates=candidates, results=results, pending=pending,
            remarks=[*self.names.remarks(), *self.remarks], left_out=self.left_out,
        )  # fmt: skip

    # Parameters

    def parameter(self, part: Part) -> dict[str, Any]:
        """Return a discrete parameter."""
        kind, name = part.at("type").text(), part.at("name").text()
        keys: dict[str, Any] = {**self.names.key(name), "kind": "categorical"}
        self.kinds[name] = kind
        if kind == "NumericalDiscreteParameter":
            numbers = [value.number() for value in part.at("values").each()]
            return {**keys, "kind": "numeric", **_unit(part), **numeric_keys(numbers)}
        if kind == "CustomDiscreteParameter":
            keys |= self._described(part.at("data"), name)
            self._active(part, name)
            return keys
        if kind == "SubstanceParameter":
            smiles = {choice_text(label): value.text() for label, value in part.at("data").entries()}
            self.choices[name] = {label: label for label in smiles}
            return {**keys, "choices": list(smiles), "smiles": smiles}
        if kind in ("CategoricalParameter", "TaskParameter"):
            values = [value.scalar() for value in part.at("values").each()]
            self.choices[name] = {value: choice_text(value) for value in values}
            if kind == "TaskParameter":
                self.remarks.append(
                    f"{name!r} is a task of BayBE and a categorical parameter here; results of other tasks are better "
                    "used as past tasks, see docs/priors.md"
                )
            self._active(part, name)
            return {**keys, "choices": list(self.choices[name].values())}
        part.refuse(f"a parameter of the type {kind!r} is not known", "leave it out of the campaign, or write by hand")

    def _described(self, data: Part, name: str) -> dict[str, Any]:
        table = _table(data)
        self.choices[name] = {label: choice_text(label) for label in table.index}
        numbers = table.apply(pd.to_numeric, errors="coerce").astype(float)
        if numbers.empty or not np.isfinite(numbers.to_numpy()).all():
            self.left_out.append(f"descriptors of {name!r}: they are not all numbers")
            return {"choices": list(self.choices[name].values())}
        rows = zip(self.choices[name].values(), numbers.to_dict("records"), strict=True)
        described = {label: {str(k): tidy(v) for k, v in row.items()} for label, row in rows}
        return {"choices": list(described), "descriptors": described}

    def _active(self, part: Part, name: str) -> None:
        """Note the values that may be suggested, where they are not all."""
        active = part.maybe("active_values")
        values = [each.scalar() for each in active.each()] if active is not None else []
        if values and len(values) < len(self.choices[name]):
            self.active.append(f"{self.names.of(name)} in [{', '.join(self._shown(name, value) for value in values)}]")

    def continuous(self, part: Part) -> dict[str, Any]:
        """Return a continuous parameter."""
        name, bounds = part.at("name").text(), part.at("bounds")
        limits = [bounds.at(end).number() for end in ("lower", "upper")]
        return {**self.names.key(name), "kind": "numeric", **_unit(part), "bounds": limits}

    # Targets

    def objective(self, part: Part) -> tuple[list[dict[str, Any]], str | None]:
        """Return the targets, and how they are combined."""
        single = part.maybe("target")
        if single is not None:
            return [self.target(single)], None
        targets = [self.target(each) for each in part.at("targets").each()]
        weights = part.maybe("weights")
        if weights is None:
            return targets, "pareto"
        for target, weight in zip(targets, weights.each(), strict=False):
            target["weight"] = weight.number()
        scalarizer = part.maybe("scalarizer")
        if scalarizer is not None and scalarizer.value != "GEOM_MEAN":
            self.remarks.append(f"desirabilities were combined by {scalarizer.value}, here by their geometric mean")
        return targets, "desirability"

    def target(self, part: Part) -> dict[str, Any]:
        """Return one target with its goal."""
        name = part.at("name").text()
        keys: dict[str, Any] = {**self.names.key(name), **_unit(part)}
        if "success_value" in part.mapping():
            part.refuse(f"target {name!r} has two outcomes, not numbers", "record it as a number, 1 for success")
        if "mode" in part.mapping():
            return keys | self._old_goal(part)
        info = part.maybe("constructor_info")
        constructor = info.at("constructor").text() if info is not None else ""
        if info is not None and constructor.startswith("match_"):
            return keys | self._match(info, part, name)
        goal = "minimize" if part.at("minimize").truth() else "maximize"
        if info is not None and constructor == "normalized_ramp":
            low, high = (cut.number() for cut in info.at("cutoffs").pair())
            descending = info.at("descending").truth()
            return {**keys, "goal": "minimize" if descending else "maximize", "range": [low, high]}
        if part.at("transformation").at("type").value != "IdentityTransformation":
            self.left_out.append(f"the transformation of target {name!r}: its values are used as measured")
        return {**keys, "goal": goal}

    def _match(self, info: Part, part: Part, name: str) -> dict[str, Any]:
        sigma, cutoffs = info.maybe("sigma"), info.maybe("cutoffs")
        middle = info.maybe("match_value")
        if sigma is not None and middle is not None:
            return {"goal": "match", "value": middle.number(), "tolerance": sigma.number()}
        if cutoffs is not None:
            low, high = (cut.number() for cut in cutoffs.pair())
            value = middle.number() if middle is not None else tidy((low + high) / 2)
            return {"goal": "match", "value": value, "tolerance": tidy(min(value - low, high - value))}
        if middle is None:
            part.refuse(f"what target {name!r} shall match is not stated", "give a match value and save it again")
        value = middle.number()
        tolerance = tidy(abs(value) / 100 or 1.0)
        self.remarks.append(f"target {name!r} matches {value:g}; its tolerance of {tolerance:g} is a guess, correct it")
        return {"goal": "match", "value": value, "tolerance": tolerance}

    def _old_goal(self, part: Part) -> dict[str, Any]:
        """Return the goal of a target as BayBE wrote it up to version 0.13."""
        mode, bounds = part.at("mode").text(), part.maybe("bounds")
        ends = [bounds.maybe(end) for end in ("lower", "upper")] if bounds is not None else []
        numbers = [end.number() for end in ends if end is not None]
        if mode == "MATCH":
            if len(numbers) != 2:
                part.refuse("a target to match has no bounds", "give them and save it again")
            low, high = numbers
            return {"goal": "match", "value": tidy((low + high) / 2), "tolerance": tidy((high - low) / 2)}
        if mode not in ("MIN", "MAX"):
            part.refuse(f"mode {mode!r} is not known", "one of MIN, MAX and MATCH")
        return {"goal": "minimize" if mode == "MIN" else "maximize"} | ({"range": numbers} if len(numbers) == 2 else {})

    # Constraints

    def constraint(self, part: Part) -> list[str]:
        """Return a constraint in the grammar of a campaign file; nothing, and a remark, where it has none."""
        kind = part.value.get("type", "") if isinstance(part.value, Mapping) else ""
        parameters = [each.text() for each in part.at("parameters").each()]
        terms = [self.names.of(name) for name in parameters]
        if "coefficients" in part.mapping() and not part.mapping().get("interpoint"):
            return [_linear(part, terms)]
        condition = part.maybe("condition")
        if kind in ("DiscreteSumConstraint", "DiscreteProductConstraint") and condition is not None:
            return [f"{(' + ' if 'Sum' in kind else ' * ').join(terms)} {_threshold(condition)}"]
        if kind == "DiscreteExcludeConstraint" and part.at("combiner").value in ("AND", "OR"):
            held = [
                self._condition(name, each)
                for name, each in zip(parameters, part.at("conditions").each(), strict=False)
            ]
            joined = f" {part.at('combiner').text().lower()} ".join(f"({each})" for each in held)
            return [f"forbid {joined}"]
        if kind in ("DiscreteCardinalityConstraint", "ContinuousCardinalityConstraint"):
            return _cardinality(part, terms)
        pairs = [(a, b) for i, a in enumerate(parameters) for b in parameters[i + 1 :]]
        if kind in ("DiscreteNoLabelDuplicatesConstraint", "DiscreteLinkedParametersConstraint"):
            texts = self._labels_compared(pairs, linked="Linked" in kind)
            if texts is not None:
                return texts
        what = kind or "constraint between the points of a batch"
        self.left_out.append(f"{what} of {', '.join(parameters)}")
        return []

    def _condition(self, name: str, part: Part) -> str:
        selection = part.maybe("selection")
        if selection is None:
            return f"{self.names.of(name)} {_threshold(part)}"
        chosen = [each.scalar() for each in selection.each()]
        return f"{self.names.of(name)} in [{', '.join(self._shown(name, value) for value in chosen)}]"

    def _shown(self, name: str, value: Any) -> str:
        return f"{value:.15g}" if self._is_numeric(name) else _quoted(choice_text(value))

    def _is_numeric(self, name: str) -> bool:
        return self.kinds.get(name) == "NumericalDiscreteParameter"

    def _labels_compared(self, pairs: Sequence[tuple[str, str]], *, linked: bool) -> list[str] | None:
        """Return that two parameters have different labels, or the same ones; None if that cannot be written out."""
        texts: list[str] = []
        for a, b in pairs:
            if a not in self.choices or b not in self.choices:
                return None
            first, second = self.choices[a].values(), set(self.choices[b].values())
            one, other = self.names.of(a), self.names.of(b)
            for label in map(str, first):
                if linked:
                    texts.append(f"if {one} == {_quoted(label)} then {other} == {_quoted(label)}" if label in second
                                 else f"forbid {one} == {_quoted(label)}")  # fmt: skip
                elif label in second:
                    texts.append(f"forbid {one} == {_quoted(label)} and {other} == {_quoted(label)}")
        return texts if len(texts) <= MAX_PAIRS else None

    # Tables

    def candidates(
        self, discrete: Part, listed: Sequence[Part], *, has_free: bool, translated: bool
    ) -> list[dict[str, Cell]] | None:
        """Return the table of the only designs there are, where the space is no product of its parameters."""
        part = discrete.maybe("exp_rep")
        if part is None:
            return None
        try:
            table = read_frame_text(part.text())
        except UnreadableFrame as error:
            self.left_out.append(f"combinations that BayBE leaves out, if any: their table cannot be read ({error})")
            return None
        number = 1
        for each in listed:
            name = each.at("name").text()
            number *= len(self.choices[name]) if name in self.choices else len(list(each.at("values").each()))
        constrained = bool(list(_constraints(discrete, None)))
        if len(table) == number or (constrained and translated):
            return None
        if has_free:
            excluded = count(number - len(table), "excluded design")
            self.left_out.append(f"{excluded} of the discrete parameters: a list of candidates has all parameters here")
            return None
        return [self._cells(row) for row in table.to_dict("records")]

    def table(self, part: Part, targets: Sequence[Mapping[str, Any]]) -> list[dict[str, Cell]]:
        """Return the results."""
        table = _table(part) if self.results_file is None else _numbers(read_frame(self.results_file))
        rows = [self._cells(row) for row in table.to_dict("records")]
        known = [target["name"] for target in targets]
        kept = [row for row in rows if any(row.get(name) is not None for name in known)]
        if len(kept) < len(rows):
            self.left_out.append(f"{count(len(rows) - len(kept), 'row')} without a result of any target")
        return kept

    def _cells(self, row: Mapping[Any, Any]) -> dict[str, Cell]:
        return {
            self.names.of(str(header)): self._cell(str(header), value)
            for header, value in row.items()
            if header not in _OWN_COLUMNS
        }

    def _cell(self, header: str, value: Any) -> Cell:
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return None
        if header in self.choices:
            return self.choices[header].get(value, choice_text(value))
        return tidy(value) if isinstance(value, int | float) and not isinstance(value, bool) else choice_text(value)


def _table(part: Part) -> pd.DataFrame:
    try:
        return read_frame_text(part.text())
    except UnreadableFrame as error:
        remedy = "write campaign.measurements to a CSV file, and give that with --results"
        part.refuse(f"the table cannot be read: {error}", remedy)


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numbers where a column has nothing else, and blanks as None."""
    columns = {}
    for header in frame.columns:
        cells = [str(cell).strip() for cell in frame[header]]
        numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").tolist()
        whole = all(cell == "" or np.isfinite(number) for cell, number in zip(cells, numbers, strict=True))
        columns[str(header)] = numbers if whole else [cell or None for cell in cells]
    return pd.DataFrame({header: pd.Series(cells, dtype=object) for header, cells in columns.items()})


def _constraints(discrete: Part | None, continuous: Part | None) -> Iterable[Part]:
    for owner, keys in (
        (discrete, ("constraints",)),
        (continuous, ("constraints_lin_eq", "constraints_lin_ineq", "constraints_nonlin")),
    ):
        for key in keys:
            part = owner.maybe(key) if owner is not None else None
            yield from part.each() if part is not None else ()


def _unit(part: Part) -> dict[str, str]:
    metadata = part.maybe("metadata")
    unit = metadata.maybe("unit") if metadata is not None else None
    return {"unit": unit.text()} if unit is not None else {}


def _linear(part: Part, terms: Sequence[str]) -> str:
    numbers = [each.number() for each in part.at("coefficients").each()]
    operator = part.at("operator").text()
    if operator not in _COMPARISONS or len(numbers) != len(terms):
        part.refuse("is no linear constraint", "give the file as it was written")
    products = [name if number == 1 else f"{number:.15g} * {name}" for number, name in zip(numbers, terms, strict=True)]
    return f"{' + '.join(products)} {_COMPARISONS[operator]} {part.at('rhs').number():.15g}"


def _threshold(part: Part) -> str:
    operator = part.at("operator").text()
    if operator not in _COMPARISONS:
        part.refuse(f"operator {operator!r} is not known", f"one of {', '.join(_COMPARISONS)}")
    return f"{_COMPARISONS[operator]} {part.at('threshold').number():.15g}"


def _cardinality(part: Part, terms: Sequence[str]) -> list[str]:
    total = " + ".join(f"(1 if {name} != 0, 0)" for name in terms)
    ends = [("min_cardinality", ">=", 0), ("max_cardinality", "<=", len(terms))]
    found = [(part.maybe(key), sign, trivial) for key, sign, trivial in ends]
    return [
        f"{total} {sign} {end.number():g}" for end, sign, trivial in found if end is not None and end.value != trivial
    ]


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else f'"{text}"'


def _key(row: Mapping[str, Cell], names: Iterable[str]) -> tuple[tuple[str, Cell], ...]:
    return tuple((name, row[name]) for name in names if row.get(name) is not None)
