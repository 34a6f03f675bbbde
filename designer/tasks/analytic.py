"""Analytic families: response surfaces with a known best design, for quick tests. Formulas, not materials.

Every kind is a surface shifted, scaled and rotated from task to task, as a process is from machine to machine:

- ``arrhenius-peak``: a temperature and a time. ``y = b + a exp(-(ln(t/t*(T))/w)^2/2) exp(-((T - T0)/s)^2/2)`` with
  ``t*(T) = t0 exp(E/R (1/T - 1/T0))``: a ridge of equal thermal dose with its top at ``(T0, t0)``, turned by the
  activation energy ``E``.
- ``process-window``: a power, a pressure and a gas. ``y = b + a f_gas / ((1 + u^4) (1 + v^4))``, where ``(u, v)`` are
  power and the logarithm of pressure from the window's middle, turned and in units of its half widths: flat within,
  steep outside, best in the middle with the gas whose factor is 1.
- ``ternary-ridge``: a composition of three elements. ``y = b + a exp(-(u/w)^2/2 - (v/l)^2/2)`` with ``(u, v)`` the
  distances from the top across and along a narrow ridge, in the plane of the Gibbs triangle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidData
from designer.objective import Target
from designer.space import CategoricalParameter, CompositionParameter, DesignSpace, NumericParameter
from designer.tasks.family import Family
from designer.tasks.task import Task

Formula = Callable[[pd.DataFrame], FloatArray]

_GAS_CONSTANT = 8.314462618  # J/mol/K
_KELVIN = 273.15
TARGET = Target(name="response", goal="maximize")


@dataclass(frozen=True, eq=False)
class Surface:
    """One task's formula and its best design.

    Parameters
    ----------
    name
        The task's name.
    space
        What it takes.
    formula
        From ``n`` designs in lab units to their values (n), without noise.
    best
        The design with the largest value, by column; no other design of the space has it.
    """

    name: str
    space: DesignSpace
    formula: Formula
    best: Mapping[str, Any]

    def __call__(self, designs: pd.DataFrame) -> FloatArray:
        """Return the values (n) of designs in lab units, without noise."""
        return self.formula(designs)

    @property
    def best_value(self) -> float:
        """The largest value of the surface."""
        return float(self.formula(pd.DataFrame([self.best]))[0])


def _scaled(rng: np.random.Generator) -> tuple[float, float]:
    """Return base and height of a surface."""
    return float(rng.uniform(-20, 20)), float(rng.uniform(60, 140))


def _arrhenius_peak(name: str, rng: np.random.Generator) -> Surface:
    space = DesignSpace(
        parameters=[
            NumericParameter(name="temperature", unit="degC", bounds=(150, 550)),
            NumericParameter(name="time", unit="min", bounds=(1, 1000), scale="log"),
        ]
    )
    base, height = _scaled(rng)
    top, dose = 350 + rng.uniform(-60, 60), math.exp(math.log(30) + rng.uniform(-0.9, 0.9))
    energy, width, spread = rng.uniform(70e3, 130e3), rng.uniform(0.8, 1.4), rng.uniform(70, 110)

    def formula(designs: pd.DataFrame) -> FloatArray:
        celsius = designs["temperature"].to_numpy(dtype=np.float64)
        inverse = 1 / (celsius + _KELVIN) - 1 / (top + _KELVIN)
        late = np.log(designs["time"].to_numpy(dtype=np.float64) / dose) - energy / _GAS_CONSTANT * inverse
        exponent = (late / width) ** 2 + ((celsius - top) / spread) ** 2
        return np.asarray(base + height * np.exp(-exponent / 2))

    return Surface(name, space, formula, {"temperature": float(top), "time": dose})


GASES = ("Ar", "N2", "O2")


def _process_window(name: str, rng: np.random.Generator) -> Surface:
    space = DesignSpace(
        parameters=[
            NumericParameter(name="power", unit="W", bounds=(50, 450)),
            NumericParameter(name="pressure", unit="Pa", bounds=(0.1, 10), scale="log"),
            CategoricalParameter(name="gas", choices=GASES),
        ]
    )
    base, height = _scaled(rng)
    power, pressure = rng.uniform(0.35, 0.7), rng.uniform(0.35, 0.65)  # shares of the way from bound to bound
    angle, widths = rng.uniform(0.3, 0.9), rng.uniform(0.12, 0.22, size=2)
    factor = {"Ar": 1.0, "N2": rng.uniform(0.6, 0.9), "O2": rng.uniform(0.2, 0.5)}

    def formula(designs: pd.DataFrame) -> FloatArray:
        x = (designs["power"].to_numpy(dtype=np.float64) - 50) / 400 - power
        y = np.log10(designs["pressure"].to_numpy(dtype=np.float64) / 0.1) / 2 - pressure
        u, v = _turned(x, y, angle)
        inside = 1 / ((1 + (u / widths[0]) ** 4) * (1 + (v / widths[1]) ** 4))
        return np.asarray(base + height * designs["gas"].map(factor).to_numpy(dtype=np.float64) * inside)

    best = {"power": float(50 + 400 * power), "pressure": float(0.1 * 10 ** (2 * pressure)), "gas": "Ar"}
    return Surface(name, space, formula, best)


ELEMENTS = ("Ni", "Fe", "Co")
_LOW, _HIGH = 0.15, 0.7  # of any element at the top of a ridge


def _ternary_ridge(name: str, rng: np.random.Generator) -> Surface:
    alloy = CompositionParameter(name="composition", elements=ELEMENTS)
    base, height = _scaled(rng)
    top = np.array([0.45, 0.3, 0.25]) + rng.uniform(-0.1, 0.1, size=3)
    top = np.clip(top, _LOW, _HIGH) / np.clip(top, _LOW, _HIGH).sum()
    angle, across, along = rng.uniform(0.2, 1.0), rng.uniform(0.05, 0.09), rng.uniform(0.25, 0.4)

    def formula(designs: pd.DataFrame) -> FloatArray:
        shares = designs[list(alloy.lab_columns)].to_numpy(dtype=np.float64) - top
        x, y = shares[:, 1] + shares[:, 2] / 2, shares[:, 2] * math.sqrt(3) / 2  # in the Gibbs triangle
        u, v = _turned(x, y, angle)
        return np.asarray(base + height * np.exp(-((u / across) ** 2 + (v / along) ** 2) / 2))

    return Surface(
        name, DesignSpace(parameters=[alloy]), formula, dict(zip(alloy.lab_columns, top.tolist(), strict=True))
    )


def _turned(x: FloatArray, y: FloatArray, angle: float) -> tuple[FloatArray, FloatArray]:
    """Return coordinates in axes that are turned by `angle` (rad)."""
    return math.cos(angle) * x + math.sin(angle) * y, -math.sin(angle) * x + math.cos(angle) * y


KINDS: dict[str, Callable[[str, np.random.Generator], Surface]] = {
    "arrhenius-peak": _arrhenius_peak,
    "process-window": _process_window,
    "ternary-ridge": _ternary_ridge,
}
"""The kinds of surfaces."""


def analytic_surfaces(kind: str, *, number: int = 8, seed: int = 0) -> tuple[Surface, ...]:
    """Return the formulas of a family; the first ones are the same whatever the `number`.

    Raises
    ------
    InvalidData
        If there is no such kind.

    Examples
    --------
    >>> surface = analytic_surfaces("arrhenius-peak")[0]
    >>> sorted(surface.best)
    ['temperature', 'time']
    """
    if kind not in KINDS:
        raise InvalidData(Fault(f"analytic family {kind!r} is not known", f"one of: {', '.join(KINDS)}"))
    place = list(KINDS).index(kind)
    return tuple(KINDS[kind](f"{kind}-{i}", np.random.default_rng([seed, place, i])) for i in range(number))


def analytic_family(kind: str, *, number: int = 8, rows: int = 200, noise: float = 0.0, seed: int = 0) -> Family:
    """Return a family of `number` tasks, each with `rows` designs: the best one, and others spread over its space.

    Parameters
    ----------
    noise
        Standard deviation of what is added to each value, in units of the response (surfaces are 60 to 140 high).

    Raises
    ------
    InvalidData
        If there is no such kind.

    Examples
    --------
    >>> family = analytic_family("ternary-ridge", number=4, rows=50)
    >>> [len(task) for task in family.tasks]
    [50, 50, 50, 50]
    """
    surfaces = analytic_surfaces(kind, number=number, seed=seed)
    name = kind.replace("-", "_")
    return Family(
        name=name,
        tasks=tuple(_task(name, i, surface, rows, noise, seed) for i, surface in enumerate(surfaces)),
        description=f"analytic: {kind}, shifted, scaled and rotated from task to task; formulas, not materials",
        license="CC0-1.0",
        source="designer.tasks.analytic",
    )


def _task(family: str, i: int, surface: Surface, rows: int, noise: float, seed: int) -> Task:
    rng = np.random.default_rng([seed, i, rows])
    spread = surface.space.frame(surface.space.sample(rows - 1, rng))
    designs = pd.concat([pd.DataFrame([surface.best]), spread], ignore_index=True)[list(surface.space.columns)]
    response = surface(designs) + noise * rng.standard_normal(len(designs))
    order = rng.permutation(len(designs))  # the best design stands anywhere
    data = designs.assign(response=response).iloc[order].reset_index(drop=True)
    return Task(space=surface.space, targets=[TARGET], data=data, name=surface.name, family=family)
