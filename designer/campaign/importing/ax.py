"""Experiments of Ax: the JSON snapshot of `Client.save_to_json_file`, `AxClient` or `save_experiment`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from designer.campaign.importing.imported import Cell, ImportedCampaign, Names, choice_text, numeric_keys
from designer.campaign.importing.parts import Part, json_part, tidy
from designer.campaign.results.results_table import NOISE

_SIGNS = {"LEQ": "<=", "GEQ": ">="}
_TERM = re.compile(r"^\s*(?P<sign>[+-]?)\s*(?:(?P<weight>[0-9.eE+-]+)\s*\*\s*)?(?P<name>[^\s*+-][^*+]*?)\s*$")
_NAME = re.compile(r"[A-Za-z_][\w.]*")


def is_ax(document: Part) -> bool:
    """Whether a JSON document is a snapshot of Ax."""
    value = document.value
    if not isinstance(value, Mapping):
        return False
    experiment = value.get("experiment", value)
    return isinstance(experiment, Mapping) and experiment.get("__type") in ("Experiment", "MultiTypeExperiment")


def read_ax(document: Part, name: str) -> ImportedCampaign:
    """Read an experiment of Ax.

    Parameters
    ----------
    name
        What the campaign is called where the experiment has no name.

    Raises
    ------
    InvalidData
        If the document is not as Ax writes it.
    """
    return _Reader().read(document.maybe("experiment") or document, name)


@dataclass
class _Reader:
    names: Names = field(default_factory=Names)
    choices: set[str] = field(default_factory=set)
    fixed: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def read(self, experiment: Part, name: str) -> ImportedCampaign:
        search = experiment.at("search_space")
        parameters = list(search.at("parameters").each())
        for part in parameters:
            self._note_dependents(part)
        space = [keys for part in parameters if (keys := self.parameter(part)) is not None]
        constraints = [text for part in _listed(search, "parameter_constraints") for text in self.constraint(part)]
        config = experiment.maybe("optimization_config")
        if config is None:
            experiment.refuse("the experiment has no optimization_config", "configure its objective and save it again")
        targets, combine = self.targets(config, experiment)
        results, pending = self.trials(experiment, [target["name"] for target in targets])
        own = experiment.maybe("name")
        return ImportedCampaign(
            name=own.text() if own is not None else name, program="Ax", space=space, constraints=constraints,
            targets=targets, combine=combine, results=results, pending=pending,
            remarks=[*self.names.remarks(), *self.remarks], left_out=self.left_out,
        )  # fmt: skip

    # Parameters

    def _note_dependents(self, part: Part) -> None:
        dependents = part.maybe("dependents")
        for value, names in dependents.entries() if dependents is not None else ():
            parent = self.names.of(part.at("name").text())
            for each in names.each():
                self.conditions[each.text()] = f"{parent} == {_quoted(value)}"

    def parameter(self, part: Part) -> dict[str, Any] | None:
        """Return a parameter; None for a fixed one."""
        kind, name = part.at("__type").text(), part.at("name").text()
        if kind == "FixedParameter":
            self.fixed[name] = choice_text(part.at("value").scalar())
            self.remarks.append(f"{name!r} is fixed at {self.fixed[name]} and no parameter here")
            return None
        if part.mapping().get("is_fidelity") or part.mapping().get("is_task"):
            role = "a fidelity" if part.mapping().get("is_fidelity") else "a task"
            self.remarks.append(f"{name!r} is {role} of Ax and an ordinary parameter here")
        if part.mapping().get("logit_scale"):
            self.left_out.append(f"the logit scale of {name!r}")
        keys = {**self.names.key(name), **self._range(part, kind, name)}
        return keys | ({"when": self.conditions[name]} if name in self.conditions else {})

    def _range(self, part: Part, kind: str, name: str) -> dict[str, Any]:
        type_name = part.at("parameter_type").at("name").text()
        log = {"scale": "log"} if part.mapping().get("log_scale") else {}
        if kind == "RangeParameter":
            bounds = [part.at(end).number() for end in ("lower", "upper")]
            digits = part.maybe("digits")
            step: dict[str, float] = {"step": 1} if type_name == "INT" else {}
            if digits is not None and not step:
                places = digits.number()
                if places not in range(16):
                    digits.refuse(f"{places:g} digits cannot be kept", "give the file as it was written")
                step = {"step": float(f"1e-{int(places)}")}
                bounds = [round(bound, int(places)) for bound in bounds]
            return {"kind": "numeric", "bounds": bounds, **log, **step}
        if kind == "ChoiceParameter":
            values = [value.scalar() for value in part.at("values").each()]
            if part.mapping().get("is_ordered") and type_name in ("INT", "FLOAT"):
                return {"kind": "numeric", **log, **numeric_keys([v.number() for v in part.at("values").each()])}
            self.choices.add(name)
            return {"kind": "categorical", "choices": [choice_text(value) for value in values]}
        part.refuse(f"a parameter of the type {kind!r} is not known", "leave it out, or write it by hand")

    def constraint(self, part: Part) -> list[str]:
        """Return a constraint in the grammar of a campaign file; nothing, and a remark, where it cannot be."""
        inequality, weights = part.maybe("inequality"), part.maybe("constraint_dict")
        if inequality is not None:
            text = inequality.text()
        elif weights is not None:
            terms = [f"{weight.number():.15g} * {name}" for name, weight in weights.entries()]
            text = f"{' + '.join(terms)} <= {part.at('bound').number():.15g}"
        else:
            self.left_out.append(f"a constraint of the type {part.mapping().get('__type')}")
            return []
        used = _NAME.findall(re.sub(r"\d[\d.]*[eE][+-]?\d+", "0", text))
        if any(word in self.fixed for word in used):
            self.left_out.append(f"the constraint {text!r}, of a fixed parameter")
            return []
        return [re.sub(r"(?<![\d.])" + _NAME.pattern, lambda m: self.names.given.get(m[0], m[0]), text)]

    # Targets

    def targets(self, config: Part, experiment: Part) -> tuple[list[dict[str, Any]], str | None]:
        """Return the targets, and how they are combined."""
        objective = config.at("objective")
        expression = objective.maybe("expression")
        goals = self._expressed(expression) if expression is not None else list(self._listed_goals(objective))
        combine = "pareto" if len(goals) > 1 else None
        if any(weight != 1 for _, _, weight in goals):
            combine = "desirability"
            what = "a weighted sum of objectives is a desirability with the same weights here"
            self.remarks.append(f"{what}; give each target a 'range' (docs/campaign-file.md)")
        found: dict[str, dict[str, Any]] = {}
        for name, maximize, weight in goals:
            keys = {**self.names.key(name), "goal": "maximize" if maximize else "minimize"}
            found[name] = {**keys, "weight": weight} if combine == "desirability" else keys
        for part in _listed(config, "outcome_constraints"):
            self._limit(part, found)
        for part in _listed(experiment, "tracking_metrics"):
            name = part.at("name").text()
            found.setdefault(name, dict(self.names.key(name)))
        if _listed(config, "objective_thresholds"):
            self.left_out.append("objective thresholds: a Pareto front has no reference point to state here")
        return list(found.values()), combine

    def _expressed(self, expression: Part) -> list[tuple[str, bool, float]]:
        """Return (metric, whether larger is better, weight) of an objective that is written as an expression."""
        text = expression.text()
        parts = text.split(",") if "," in text else re.split(r"(?<=[^\s*+eE-])\s*(?=[+-]\s*[\w.])", text)
        goals = []
        for part in parts:
            found = _TERM.match(part)
            try:
                weight = float(found["weight"] or 1) if found is not None else 0.0
            except ValueError:
                weight = 0.0
            if found is None or weight == 0:
                expression.refuse(f"{part.strip()!r} of the objective is no metric", "give its metrics one by one")
            larger = (found["sign"] != "-") == (weight > 0)
            goals.append((found["name"].strip(), larger, tidy(abs(weight))))
        return goals

    def _listed_goals(self, objective: Part) -> Iterator[tuple[str, bool, float]]:
        """Go through the objectives of Ax before version 1: one, several, or a weighted sum."""
        several, metrics = objective.maybe("objectives"), objective.maybe("metrics")
        if several is not None:
            for each in several.each():
                yield from self._listed_goals(each)
        elif metrics is not None:
            down = objective.mapping().get("minimize")
            weights = [each.number() for each in objective.at("weights").each()]
            for metric, weight in zip(metrics.each(), weights, strict=False):
                yield metric.at("name").text(), (weight > 0) != bool(down), abs(weight)
        else:
            yield objective.at("metric").at("name").text(), not objective.mapping().get("minimize"), 1

    def _limit(self, part: Part, found: dict[str, dict[str, Any]]) -> None:
        metric = part.maybe("metric")
        name = metric.at("name").text() if metric is not None else part.at("expression").text()
        sign = part.at("op").at("name").text()
        if part.mapping().get("relative") or metric is None or sign not in _SIGNS:
            self.left_out.append(f"the outcome constraint of {name}, relative to the status quo or of several metrics")
            return
        key = "at_most" if sign == "LEQ" else "at_least"
        found.setdefault(name, dict(self.names.key(name)))[key] = part.at("bound").number()

    # Trials

    def trials(self, experiment: Part, targets: list[str]) -> tuple[list[dict[str, Cell]], list[dict[str, Cell]]]:
        """Return the results, failed ones included, and the designs without a result yet."""
        values = self._values(experiment)
        results: list[dict[str, Cell]] = []
        pending: list[dict[str, Cell]] = []
        abandoned = 0
        for index, trial in experiment.at("trials").entries():
            status = trial.at("status").at("name").text()
            for arm in self._arms(trial):
                design = {
                    self.names.of(name): self._cell(name, value)
                    for name, value in arm.at("parameters").entries()
                    if name not in self.fixed
                }
                measured = values.get((index, arm.at("name").text()), {})
                if any(name in measured for name in targets):
                    results.append({**design, **measured})
                elif status == "FAILED":
                    reason = trial.maybe("status_reason")
                    results.append({**design, "failed": reason.text() if reason is not None else "failed in Ax"})
                elif status in ("ABANDONED", "COMPLETED", "EARLY_STOPPED", "STALE"):
                    abandoned += 1
                else:
                    pending.append(design)
        if abandoned:
            self.left_out.append(f"trials without data that were abandoned or completed: {abandoned}")
        return results, pending

    @staticmethod
    def _arms(trial: Part) -> Iterator[Part]:
        runs = [run] if (run := trial.maybe("generator_run")) is not None else []
        structs = [struct.at("generator_run") for struct in _listed(trial, "generator_run_structs")]
        for each in [*runs, *structs]:
            yield from each.at("arms").each()

    def _cell(self, name: str, part: Part) -> Cell:
        value = part.scalar()
        if name in self.choices or isinstance(value, str | bool | None):
            return None if value is None else choice_text(value)
        return part.number()

    def _values(self, experiment: Part) -> dict[tuple[str, str], dict[str, Cell]]:
        """Return the measured values and standard errors by trial and arm; later data replace earlier ones."""
        found: dict[tuple[str, str], dict[str, Cell]] = {}
        stored = experiment.maybe("data_by_trial")
        for _, by_time in stored.entries() if stored is not None else ():
            pairs = by_time.maybe("value") if "value" in by_time.mapping() else None
            tables = [pair.pair()[1] for pair in pairs.each()] if pairs is not None else [
                table for key, table in by_time.entries() if not key.startswith("__")
            ]  # fmt: skip
            for table in tables:
                self._read_data(table, found)
        return found

    def _read_data(self, table: Part, found: dict[tuple[str, str], dict[str, Cell]]) -> None:
        part = table.at("df")
        text = part.at("value") if isinstance(part.value, Mapping) else part
        frame = json_part(text.text(), text.file, text.path)
        arms = frame.maybe("arm_name")
        for row, arm in arms.entries() if arms is not None else ():
            value, index = frame.at("mean").maybe(row), frame.maybe("trial_index")
            trial = str(int(index.at(row).number())) if index is not None else arm.text().split("_")[0]
            name = self.names.of(frame.at("metric_name").at(row).text())
            if value is None:
                continue
            cells = found.setdefault((trial, arm.text()), {})
            cells[name] = value.number()
            cells.pop(name + NOISE, None)
            errors = frame.maybe("sem")
            error = errors.maybe(row) if errors is not None else None
            if error is not None and error.number() > 0:
                cells[name + NOISE] = error.number()


def _listed(part: Part, key: str) -> list[Part]:
    found = part.maybe(key)
    return [] if found is None else list(found.each())


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else f'"{text}"'
