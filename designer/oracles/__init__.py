"""What measures: a table, a Python function, a command, a simulator; and, where `measure:` is left out, a person."""

from designer.oracles.base import Measured, Oracle
from designer.oracles.command import CommandMeasure
from designer.oracles.measure import MeasureBase, MeasureSpec, register_oracle
from designer.oracles.python_function import PythonMeasure
from designer.oracles.table import TableMeasure

__all__ = [
    "CommandMeasure",
    "MeasureBase",
    "MeasureSpec",
    "Measured",
    "Oracle",
    "PythonMeasure",
    "TableMeasure",
    "register_oracle",
]
