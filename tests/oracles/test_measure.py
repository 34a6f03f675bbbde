from __future__ import annotations

from typing import Any

import pytest

from designer.documents import Value, parse, read_document
from designer.errors import InvalidInput
from designer.oracles import CommandMeasure, MeasureSpec, PythonMeasure, TableMeasure
from designer.oracles.simulators import SimulatorMeasure


class Holder(Value):
    measure: MeasureSpec


def read(text: str) -> Any:
    return parse(Holder, read_document(f"measure: {text}", file="c.yaml")).measure


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("{kind: table, file: plate.csv}", TableMeasure(file="plate.csv")),
        (
            "{kind: table, file: p.xlsx, match: nearest, replicates: draw, columns: {y: Yield}}",
            TableMeasure(file="p.xlsx", match="nearest", replicates="draw", columns={"y": "Yield"}),
        ),
        ("{kind: python, function: 'simulator:hardness'}", PythonMeasure(function="simulator:hardness")),
        ("{kind: python, function: 'a.b:C.d'}", PythonMeasure(function="a.b:C.d")),
        ("{kind: command, argv: [python, m.py, 3, 0.5]}", CommandMeasure(argv=("python", "m.py", "3", "0.5"))),
        ("{kind: command, argv: [m], timeout: 2}", CommandMeasure(argv=("m",), timeout=2)),
        (
            "{kind: simulator, name: hot-filament-cvd, task: array-8mm, fixed: {pressure: 20 torr, gap: 2}}",
            SimulatorMeasure(name="hot-filament-cvd", task="array-8mm", fixed={"pressure": "20 torr", "gap": 2}),
        ),
    ],
)
def test_reads(text: str, spec: Any) -> None:
    assert read(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: tabel, file: x}", "kind 'tabel' is not known; did you mean 'table'?"),
        ("{file: x}", "'kind' is missing"),
        ("{kind: table}", "'file' is missing"),
        ("{kind: table, file: x, match: near}", "'match' cannot be 'near'; did you mean 'nearest'?"),
        ("{kind: table, file: x, replicates: next}", "'replicates' cannot be 'next'; one of 'mean' or 'draw'"),
        ("{kind: python, function: simulator}", "'simulator' names no function; write module:function"),
        ("{kind: python, function: 'os; x:y'}", "names no function; write module:function"),
        ("{kind: command, argv: python m.py}", "is one text; write a list, [program, argument, ...]"),
        ("{kind: command, argv: []}", "argv"),
        ("{kind: command, argv: ['  ']}", "argv names no program"),
        ("{kind: command, argv: [m, true]}", "argv[1]"),
        ("{kind: command, argv: [m], timeout: 0}", "timeout"),
        ("{kind: simulator, name: emt-alloys}", "'task' is missing"),
        ("{kind: simulator, name: a, task: b, fixed: {p: true}}", "True is no quantity; give a number, or a text"),
        ("{kind: simulator, name: emt-alloys, task: Ag-Au-Cu, seed: 1}", "unknown key 'seed'"),
        ("{kind: command, argv: [m], shell: true}", "unknown key 'shell'"),
    ],
)
def test_refuses_and_says_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read(text)
    [fault] = error.value.faults
    assert message in str(fault)
    assert str(fault).startswith("c.yaml:1: ")
