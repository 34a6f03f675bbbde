"""Studies of Optuna in an SQLite file (``storage="sqlite:///study.db"``)."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from designer.campaign.importing.imported import Cell, ImportedCampaign, Names, choice_text
from designer.campaign.importing.parts import MAX_BYTES, Part, json_part, tidy
from designer.counting import count
from designer.errors import Fault, InvalidData

HEADER = b"SQLite format 3\0"
MAX_TRIALS = 100_000
_TABLES = {"studies", "study_directions", "trials", "trial_params", "trial_values"}
_REMEDY = "give the file of a study that Optuna 2.4 or later stores with storage='sqlite:///FILE'"
_UNFINISHED = ("RUNNING", "WAITING")


def read_optuna(path: Path, name: str, study: str | None = None) -> ImportedCampaign:
    """Read a study of Optuna.

    Parameters
    ----------
    name
        What the campaign is called where the study has no name of its own.
    study
        Which study, where the file holds several.

    Raises
    ------
    InvalidData
        If the file is no storage of Optuna, holds several studies and `study` names none of them, or the study has no
        trial with parameters.
    """
    if path.stat().st_size > MAX_BYTES:
        what = f"the file is larger than the {MAX_BYTES // 2**20} MiB that are read"
        raise InvalidData(Fault(what, "copy the study alone into a file of its own", file=str(path)))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return _Reader(database, str(path)).read(name, study)
    except (sqlite3.Error, OverflowError) as error:
        raise InvalidData(Fault(f"cannot be read: {error}", _REMEDY, file=str(path))) from None


def is_optuna(path: Path) -> bool:
    """Whether an SQLite file is a storage of Optuna."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return _tables(database) >= _TABLES
    except sqlite3.Error:
        return False


def _tables(database: sqlite3.Connection) -> set[str]:
    return {str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@dataclass
class _Parameter:
    """What the trials say of one parameter: the parts of its range, over all trials."""

    kind: str
    bounds: list[float] = field(default_factory=list)
    choices: dict[str, None] = field(default_factory=dict)
    log: bool = False
    steps: set[float | None] = field(default_factory=set)
    distributions: set[str] = field(default_factory=set)


@dataclass
class _Trial:
    number: int
    state: str
    design: dict[str, Cell] = field(default_factory=dict)


@dataclass
class _Reader:
    database: sqlite3.Connection
    file: str
    names: Names = field(default_factory=Names)
    parameters: dict[str, _Parameter] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def read(self, name: str, study: str | None) -> ImportedCampaign:
        if not _tables(self.database) >= _TABLES:
            raise InvalidData(Fault("is no storage of Optuna", _REMEDY, file=self.file))
        key, found = self._study(study)
        targets = self._targets(key)
        trials = self._trials(key)
        if not self.parameters:
            raise InvalidData(Fault(f"study {found!r} has no trial with parameters", "give another", file=self.file))
        space, conditional = self._space(list(trials.values()))
        results, pending = self._results(trials, [target["name"] for target in targets], conditional)
        return ImportedCampaign(
            name=name if found.startswith("no-name-") else found,
            program=" ".join(["Optuna", *self._version()]), space=space, targets=targets,
            combine="pareto" if len(targets) > 1 else None, results=results, pending=pending,
            remarks=[*self.names.remarks(), *self.remarks], left_out=self.left_out,
        )  # fmt: skip

    def _version(self) -> list[str]:
        if "version_info" not in _tables(self.database):
            return []
        return [str(row[0]) for row in self.database.execute("SELECT library_version FROM version_info LIMIT 1")]

    def _study(self, wanted: str | None) -> tuple[int, str]:
        studies = {str(n): int(k) for k, n in self.database.execute("SELECT study_id, study_name FROM studies")}
        if wanted is None and len(studies) == 1:
            ((name, key),) = studies.items()
            return key, name
        if wanted in studies:
            return studies[wanted], wanted
        listed = ", ".join(sorted(studies)[:20]) or "none"
        what = (
            f"there is no study {wanted!r}"
            if wanted is not None
            else f"the file holds {count(len(studies), 'study', 'studies')}"
        )
        raise InvalidData(Fault(what, f"name one with --study; the file has: {listed}", file=self.file))

    def _targets(self, study: int) -> list[dict[str, Any]]:
        rows = self.database.execute(
            "SELECT objective, direction FROM study_directions WHERE study_id = ? ORDER BY objective", (study,)
        ).fetchall()
        metrics = self._metric_names(study)
        targets = []
        for number, (_, direction) in enumerate(rows):
            default = "value" if len(rows) == 1 else f"value_{number}"
            name = metrics[number] if number < len(metrics) else default
            goal = "maximize" if direction == "MAXIMIZE" else "minimize"
            targets.append({**self.names.key(name), "goal": goal})
        if not targets:
            raise InvalidData(Fault("the study has no direction", _REMEDY, file=self.file))
        return targets

    def _metric_names(self, study: int) -> list[str]:
        if "study_system_attributes" not in _tables(self.database):
            return []
        rows = self.database.execute(
            "SELECT value_json FROM study_system_attributes WHERE study_id = ? AND \"key\" = 'study:metric_names'",
            (study,),
        ).fetchall()
        return [part.text() for part in self._json(rows[0][0], "metric names").each()] if rows else []

    def _json(self, text: Any, where: str) -> Part:
        return json_part(str(text), self.file, (where,))

    def _trials(self, study: int) -> dict[int, _Trial]:
        rows = self.database.execute(
            "SELECT trial_id, number, state FROM trials WHERE study_id = ? ORDER BY trial_id LIMIT ?",
            (study, MAX_TRIALS + 1),
        ).fetchall()
        if len(rows) > MAX_TRIALS:
            raise InvalidData(Fault(f"more than {MAX_TRIALS:,} trials", "give a smaller study", file=self.file))
        trials = {int(key): _Trial(int(i if n is None else n), str(state)) for i, (key, n, state) in enumerate(rows)}
        parameters = self.database.execute(
            "SELECT p.trial_id, p.param_name, p.param_value, p.distribution_json FROM trial_params p "
            "JOIN trials t ON t.trial_id = p.trial_id WHERE t.study_id = ? ORDER BY p.param_id",
            (study,),
        )
        for key, name, value, distribution in parameters:
            trial = trials[int(key)]
            where = f"trial {trial.number}, parameter {name!r}"
            trial.design[self.names.of(str(name))] = self._value(str(name), value, str(distribution), where)
        return trials

    def _value(self, name: str, value: Any, distribution: str, where: str) -> Cell:
        part = self._json(distribution, where)
        kind, attributes = part.at("name").text(), part.at("attributes")
        if isinstance(value, bool) or not isinstance(value, int | float):
            part.refuse(f"{value!r} is no number", "give the file as Optuna wrote it")
        if kind == "CategoricalDistribution":
            choices = [choice_text(each.scalar()) for each in attributes.at("choices").each()]
            known = self.parameters.setdefault(name, _Parameter("categorical"))
            known.choices.update(dict.fromkeys(choices))
            if not 0 <= value < len(choices):
                part.refuse(f"there is no choice number {value!r}", "give the file as Optuna wrote it")
            return choices[int(value)]
        known = self.parameters.setdefault(name, _Parameter("numeric"))
        if distribution not in known.distributions:
            known.distributions.add(distribution)
            known.bounds += [attributes.at(end).number() for end in ("low", "high")]
            known.log = known.log or bool(attributes.mapping().get("log")) or kind.startswith(("Log", "IntLog"))
            step = attributes.maybe("step") or attributes.maybe("q")
            known.steps.add(step.number() if step is not None else (1 if kind.startswith("Int") else None))
        return tidy(value)

    def _space(self, trials: Sequence[_Trial]) -> tuple[list[dict[str, Any]], set[str]]:
        """Return the parameters, and those whose condition could not be found."""
        space, unknown = [], set()
        whole = [trial for trial in trials if trial.state not in _UNFINISHED and trial.design]
        for name, known in self.parameters.items():
            keys: dict[str, Any] = {**self.names.key(name), "kind": known.kind}
            if known.kind == "categorical":
                keys["choices"] = list(known.choices)
            else:
                self._add_range(keys, name, known)
            column = self.names.of(name)
            if whole and not all(column in trial.design for trial in whole):
                condition = self._condition(column, whole)
                if condition is None:
                    unknown.add(column)
                    self.left_out.append(f"the condition under which {name!r} exists")
                else:
                    keys["when"] = condition
                    self.remarks.append(f"{name!r} exists in the trials where {condition}")
            space.append(keys)
        return space, unknown

    def _add_range(self, keys: dict[str, Any], name: str, known: _Parameter) -> None:
        keys["bounds"] = [min(known.bounds), max(known.bounds)]
        if known.log:
            keys["scale"] = "log"
        step = known.steps.pop() if len(known.steps) == 1 else None
        if step is not None:
            keys["step"] = step
        if len(known.distributions) > 1:
            self.remarks.append(f"the range of {name!r} changed during the study; the widest one is used")

    def _condition(self, column: str, trials: Sequence[_Trial]) -> str | None:
        """Return the choices of a categorical parameter that decide whether another one exists; None if none does."""
        for name, known in self.parameters.items():
            other = self.names.of(name)
            if known.kind != "categorical" or not all(other in trial.design for trial in trials):
                continue
            present = {str(trial.design[other]) for trial in trials if column in trial.design}
            absent = {str(trial.design[other]) for trial in trials if column not in trial.design}
            if not present & absent:
                listed = ", ".join(f"'{choice}'" for choice in known.choices if choice in present)
                return f"{other} in [{listed}]"
        return None

    def _results(
        self, trials: Mapping[int, _Trial], targets: Sequence[str], conditional: set[str]
    ) -> tuple[list[dict[str, Cell]], list[dict[str, Cell]]]:
        values = self._values(trials, targets)
        results: list[dict[str, Cell]] = []
        pending: list[dict[str, Cell]] = []
        passed: Counter[str] = Counter()
        for key, trial in trials.items():
            whole = conditional <= set(trial.design) and trial.design
            if trial.state in _UNFINISHED:
                pending.append({**self._fixed(key), **trial.design})
            elif not whole:
                passed["without all parameters"] += 1
            elif trial.state == "COMPLETE" and values.get(key):
                results.append({**trial.design, **values[key]})
            elif trial.state == "FAIL":
                results.append({**trial.design, "failed": "failed in Optuna"})
            else:
                passed["pruned" if trial.state == "PRUNED" else "no finite value"] += 1
        self.left_out += [f"{count(number, 'trial')}: {why}" for why, number in passed.items()]
        return results, pending

    def _values(self, trials: Mapping[int, _Trial], targets: Sequence[str]) -> dict[int, dict[str, Cell]]:
        found: dict[int, dict[str, Cell]] = {}
        rows: Iterator[tuple[int, int, Any]] = self.database.execute(
            "SELECT trial_id, objective, value FROM trial_values ORDER BY trial_id, objective"
        )
        for key, objective, value in rows:
            if key in trials and objective < len(targets) and isinstance(value, int | float) and math.isfinite(value):
                found.setdefault(key, {})[targets[objective]] = tidy(value)
        return found

    def _fixed(self, trial: int) -> dict[str, Cell]:
        """Return the parameters of a trial that was enqueued."""
        if "trial_system_attributes" not in _tables(self.database):
            return {}
        rows = self.database.execute(
            "SELECT value_json FROM trial_system_attributes WHERE trial_id = ? AND \"key\" = 'fixed_params'", (trial,)
        ).fetchall()
        if not rows:
            return {}
        found: dict[str, Cell] = {}
        for name, part in self._json(rows[0][0], f"trial {trial}").entries():
            value = part.scalar()
            categorical = name in self.parameters and self.parameters[name].kind == "categorical"
            number = isinstance(value, int | float) and not isinstance(value, bool) and not categorical
            found[self.names.of(name)] = part.number() if number else choice_text(value)
        return found
