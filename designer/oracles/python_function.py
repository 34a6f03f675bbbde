"""The oracle that calls a Python function of the user's."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import keyword
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from designer.errors import Fault, MeasurementFailed, OracleUnusable
from designer.objective import Objective
from designer.oracles.base import Measured, read_measured
from designer.oracles.design_mapping import grouped
from designer.oracles.measure import MeasureBase

if TYPE_CHECKING:
    from designer.space import DesignSpace


_FUNCTION = re.compile(r"^[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*$")


class PythonMeasure(MeasureBase):
    """Call a Python function: ``module:function``, beside the campaign file or installed.

    The function gets one keyword argument a parameter, in lab units (a composition as a mapping from element to
    amount), and returns a mapping from target to number, or one number where there is one target. A parameter whose
    name is a keyword of Python, such as ``lambda``, comes with an underscore behind it (``lambda_``). An exception,
    None, NaN or infinity is a failed measurement.
    """

    kind: Literal["python"] = "python"
    function: str

    @field_validator("function")
    @classmethod
    def _is_reference(cls, text: str) -> str:
        if not _FUNCTION.match(text):
            raise ValueError(f"{text!r} names no function; write module:function")
        return text

    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> PythonOracle:
        """Return the oracle; see `MeasureBase.open`."""
        targets = tuple(target.name for target in objective.targets)
        return PythonOracle(self.function, space, targets, folder=folder)

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        """Return what is wrong with the reference, without running any of the user's code."""
        return python_faults(self.function, folder)


class PythonOracle:
    """Calls ``module:function`` with one keyword argument a parameter, in lab units.

    Parameters
    ----------
    function
        The function itself, or ``module:function``: a module beside the campaign file, or an installed one.
    space
        The space whose designs are measured.
    targets
        The names of the values that the function returns.
    folder
        The campaign file's folder, where modules are looked for first.

    Raises
    ------
    OracleUnusable
        If the module cannot be imported, has no such function, or the function cannot take the space's parameters.
    """

    def __init__(
        self,
        function: str | Callable[..., object],
        space: DesignSpace,
        targets: tuple[str, ...],
        folder: Path | None = None,
    ) -> None:
        self._space, self._targets = space, targets
        self._name = function if isinstance(function, str) else getattr(function, "__qualname__", "the function")
        self._function = load_function(function, folder) if isinstance(function, str) else function
        _check_takes(self._function, self._name, tuple(_argument(parameter.name) for parameter in space.parameters))

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
        """Call the function; see `Oracle.measure`."""
        return self.read(self.call(design))

    def read(self, result: object) -> Measured:
        """Return what the function returned as the values of the targets; see `read_measured`."""
        return read_measured(result, self._targets, self._name)

    def call(self, design: Mapping[str, Any]) -> object:
        """Return what the function returns for a design in lab units.

        Raises
        ------
        MeasurementFailed
            If it raises an exception.
        """
        arguments = {_argument(name): value for name, value in grouped(self._space, design).items()}
        try:
            return self._function(**arguments)
        except (MeasurementFailed, OracleUnusable):
            raise
        except (Exception, SystemExit) as error:  # whatever it raises, the experiment failed
            raise MeasurementFailed(f"{self._name} raised {type(error).__name__}: {_first_line(error)}") from error


def _argument(name: str) -> str:
    """Return the keyword argument for a parameter: Python's own keywords cannot be arguments."""
    return f"{name}_" if keyword.iskeyword(name) else name


def load_function(reference: str, folder: Path | None) -> Callable[..., object]:
    """Import ``module:function``, looking in `folder` before the installed packages.

    Raises
    ------
    OracleUnusable
        If the module cannot be imported or has no such function.
    """
    module_name, _, path = reference.partition(":")
    try:
        target: Any = _import(module_name, folder)
    except (Exception, SystemExit) as error:  # an import runs the user's code
        raise OracleUnusable(f"cannot import {module_name!r}: {type(error).__name__}: {_first_line(error)}") from error
    for part in path.split("."):
        if not hasattr(target, part):
            raise OracleUnusable(f"{module_name!r} has no function {path!r}")
        target = getattr(target, part)
    if not callable(target):
        raise OracleUnusable(f"{reference} is {type(target).__name__}, not a function")
    function: Callable[..., object] = target
    return function


def python_faults(reference: str, folder: Path) -> list[Fault]:
    """Return what can be seen to be wrong with ``module:function`` without running any of the user's code."""
    module_name, _, path = reference.partition(":")
    source = _beside(module_name, folder)
    if source is not None:
        return _source_faults(source, path.split(".")[0])
    try:
        found = importlib.util.find_spec(module_name.split(".")[0]) is not None or (folder / module_name).is_dir()
    except (ImportError, ValueError):
        found = False
    if found or (folder / module_name.split(".")[0]).is_dir():
        return []
    remedy = f"put {module_name}.py beside the campaign file, or install the package"
    return [Fault(f"module {module_name!r} is not found", remedy, path=("function",))]


def _source_faults(source: Path, name: str) -> list[Fault]:
    try:
        tree = ast.parse(source.read_bytes(), filename=str(source))
    except (SyntaxError, ValueError, OSError) as error:
        line = getattr(error, "lineno", None)
        what = f"cannot be read as Python: {_first_line(error)}"
        return [Fault(what, "mend the module", file=str(source), line=line)]
    names = {getattr(node, "name", None) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    if name in names or "*" in names:
        return []
    return [Fault(f"{source.name} has no function {name!r}", f"define {name} in {source.name}", path=("function",))]


def _import(name: str, folder: Path | None) -> ModuleType:
    source = _beside(name, folder) if folder is not None else None
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))  # what the module imports from beside it, now or when it is called
    if source is None:
        return importlib.import_module(name)
    # Two campaigns may each have a `simulator.py`: the file, not the name, tells which module is meant.
    digest = hashlib.sha256(source.read_bytes() + str(source).encode()).hexdigest()[:12]
    unique = f"_designer_oracle_{digest}_{name}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, source)
    if spec is None or spec.loader is None:  # pragma: no cover  (a .py file always has a loader)
        raise ImportError(f"{source} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module


def _beside(name: str, folder: Path | None) -> Path | None:
    """Return the file of a plain module beside the campaign file; packages are left to Python's own import."""
    if folder is None or "." in name:
        return None
    source = (folder / f"{name}.py").resolve()
    return source if source.is_file() else None


def _check_takes(function: Callable[..., object], name: str, parameters: tuple[str, ...]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # some compiled functions tell no signature; the first call will show
    try:
        signature.bind(**dict.fromkeys(parameters))
    except TypeError as error:
        raise OracleUnusable(
            f"{name}{signature} cannot be called with the space's parameters {', '.join(parameters)}: {error}"
        ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
