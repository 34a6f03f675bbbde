"""What measures: a table, a Python function, a command, a simulator; and, where `measure:` is left out, a person."""

from designer.oracles.base import Measured, Oracle
from designer.oracles.factory import measure_faults, open_oracle
from designer.oracles.specs import CommandMeasure, MeasureSpec, PythonMeasure, SimulatorMeasure, TableMeasure

__all__ = [
    "CommandMeasure",
    "MeasureSpec",
    "Measured",
    "Oracle",
    "PythonMeasure",
    "SimulatorMeasure",
    "TableMeasure",
    "measure_faults",
    "open_oracle",
]
