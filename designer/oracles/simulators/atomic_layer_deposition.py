"""One half-cycle of atomic layer deposition in a narrow feature, simulated with machball: coverage and precursor use.

A precursor is dosed at some temperature, pressure and for some time onto a via or trench that is much deeper than
wide. It reacts with free sites of the wall only, so the film grows down the feature; a longer dose covers more of the
bottom and wastes more of the precursor.

Equations
---------
1. Sites. ``dtheta/dt = s J(z) beta (1 - theta)``: irreversible first-order Langmuir kinetics, with ``s`` the area of a
   site and ``J(z)`` the flux to depth ``z``. At the mouth ``J = v p / (4 k T)``, ``v`` the mean thermal speed.
2. Transport. Ballistic: a molecule flies from wall to wall, re-emitted by the cosine law, until it reacts (with
   probability ``beta (1 - theta)``), is lost (``beta_loss``) or leaves through the mouth: a Markov chain over the
   view factors of rings (via) or strips (trench).
3. Temperature. ``beta = beta_ref exp(-E/k (1/T - 1/T_ref))`` at ``T_ref = 473.15 K``; sites are fewer where it is hot,
   ``1/s = n_ref (1 - c (T - T_ref))``; and the precursor decomposes,
   ``beta_loss = beta_ref exp(-E_d/k (1/T - 1/T_d))``.
4. Coverage is that of the bottom. Precursor use is the share of the molecules that entered the mouth and are in the
   film at the end: ``sum_i theta_i A_i / (A_mouth t / t_0)`` with ``t_0 = 1/(s J)``.

Sources
-------
- A. Yanguas-Gil, J. W. Elam, "A Markov chain approach to simulate Atomic Layer Deposition chemistry and transport
  inside nanostructured substrates", Theoretical Chemistry Accounts 133, 1465 (2014): the model, and machball.
- R. G. Gordon, D. Hausmann, E. Kim, J. Shepard, "A kinetic model for step coverage by atomic layer deposition in narrow
  holes or trenches", Chemical Vapor Deposition 9, 73 (2003): the exposure that covers a hole, which the tests use.
- M. Ylilammi, O. M. E. Ylivaara, R. L. Puurunen, "Modeling growth kinetics of thin films made by atomic layer
  deposition in lateral high-aspect-ratio structures", J. Appl. Phys. 123, 205301 (2018): the reaction probability of
  trimethylaluminium, 0.00572.

Limits of validity
------------------
Knudsen flow only: the feature is narrower than the mean free path (about 0.3 mm at 20 Pa). No pressure gradient above
the feature, no desorption, no film that narrows it. The laws of temperature (3) have the shapes that such processes
have, but all their numbers, and all of precursors other than trimethylaluminium's reaction probability, are chosen and
not measured. Where decomposition is no longer slow against the reaction (`LIMITING`), growth does not limit itself and
the experiment failed. Rings are a third of a diameter high: the coverage of the bottom is then within about 2 % of
that of much finer rings (with rings higher than the hole is wide, it would be far too high).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from designer.errors import MeasurementFailed
from designer.objective import Target
from designer.oracles.simulators.base import SimulatedTask, Simulator, load
from designer.space import NumericParameter

LIMITING = 0.1
"""Ratio of decomposition to reaction above which a process is no atomic layer deposition."""

_BOLTZMANN = 8.617333262e-5  # eV/K
_REFERENCE = 473.15  # K
_FEWER_SITES = 1.5e-3  # share of the sites lost for a kelvin
_RINGS = {"via": 3.0, "trench": 1.2}  # for a depth of one width; fewer let molecules skip rings, and fill too soon
_FULL = 1 - 1e-6  # coverage at which the rest of a dose changes nothing
_CHUNK = 5.0  # of a dose, in reaction times of a free site

PARAMETERS = (
    NumericParameter(name="temperature", unit="degC", bounds=(100, 350)),
    NumericParameter(name="pressure", unit="Pa", bounds=(0.1, 20), scale="log", description="of the precursor"),
    NumericParameter(name="dose_time", unit="s", bounds=(0.01, 2), scale="log"),
)
TARGETS = (
    Target(name="coverage", unit="percent", goal="maximize", description="of the sites at the bottom"),
    Target(name="precursor_use", unit="percent", goal="maximize", description="share of the dose that is in the film"),
)


@dataclass(frozen=True, kw_only=True)
class Precursor:
    """What the kinetics needs to know of a precursor.

    Parameters
    ----------
    mass
        Molar mass, g/mol.
    sites
        Molecules that a saturated surface takes at the reference temperature, per nm^2.
    reaction
        Probability that a molecule reacts with a free site, at the reference temperature.
    barrier
        Activation energy of that reaction, eV.
    decomposes_at
        Temperature at which it decomposes as readily as it reacts at the reference temperature, K.
    decomposition_barrier
        Activation energy of the decomposition, eV.
    """

    mass: float
    sites: float
    reaction: float
    barrier: float
    decomposes_at: float
    decomposition_barrier: float = 1.2


TRIMETHYLALUMINIUM = Precursor(mass=72.09, sites=3.5, reaction=5.72e-3, barrier=0.10, decomposes_at=673.0)
TITANIUM_CHLORIDE = Precursor(mass=189.68, sites=1.4, reaction=4e-3, barrier=0.20, decomposes_at=800.0)
DIETHYLZINC = Precursor(mass=123.5, sites=7.5, reaction=7e-3, barrier=0.08, decomposes_at=540.0)
TEMA_HAFNIUM = Precursor(mass=410.9, sites=2.8, reaction=1.5e-2, barrier=0.15, decomposes_at=600.0)


@dataclass(frozen=True, kw_only=True)
class Dose(SimulatedTask):
    """One precursor in one feature; see the module for the equations.

    Parameters
    ----------
    precursor
        What is dosed.
    shape
        ``via`` (round hole) or ``trench``.
    aspect_ratio
        Depth over diameter or width.
    rings
        Rings (or strips) for a depth of one width; of `_RINGS` unless given. Fewer are a coarser simulation.
    """

    parameters: tuple[NumericParameter, ...] = PARAMETERS
    targets: tuple[Target, ...] = TARGETS
    precursor: Precursor = TRIMETHYLALUMINIUM
    shape: str = "via"
    aspect_ratio: float = 50.0
    rings: float | None = None

    def simulate(self, setting: Mapping[str, Any], *, seed: int = 0) -> dict[str, float]:
        """Return coverage and precursor use in percent; nothing is random here. See `SimulatedTask.simulate`."""
        machball, ballistic = load("machball"), load("machball.ballistic")
        kelvin = setting["temperature"] + 273.15
        reaction, loss, sites = self._kinetics(kelvin)
        process = machball.ALDIdeal(reaction, self.precursor.mass, kelvin, setting["pressure"], 1e-18 / sites, loss)
        shape = {"via": ballistic.Via, "trench": ballistic.Trench}[self.shape]
        rings = _RINGS[self.shape] if self.rings is None else self.rings
        feature = shape(self.aspect_ratio, math.ceil(rings * self.aspect_ratio))
        dose = float(setting["dose_time"] / process.t0)
        with threadpool_limits(limits=1, user_api="blas"):  # small systems: more threads only wait for each other
            coverage = dosed(ballistic.dose_ideal, feature, dose, reaction, loss)
        used = float(coverage @ feature.areas[1:]) / (float(feature.areas[0]) * dose)
        bottom = float(coverage[-1])
        if not (0 <= bottom <= 1 and 0 <= used <= 1 + 1e-6):
            raise MeasurementFailed(f"unphysical: a coverage of {bottom:.3g} with a use of {used:.3g}")
        return {"coverage": 100 * bottom, "precursor_use": 100 * used}

    def _kinetics(self, kelvin: float) -> tuple[float, float, float]:
        """Return the probabilities of reaction and of loss, and the sites per nm^2."""
        what = self.precursor
        reaction = what.reaction * math.exp(-what.barrier / _BOLTZMANN * (1 / kelvin - 1 / _REFERENCE))
        decay = what.decomposition_barrier / _BOLTZMANN * (1 / kelvin - 1 / what.decomposes_at)
        loss = what.reaction * math.exp(-decay)
        if loss > LIMITING * reaction:
            raise MeasurementFailed("the precursor decomposes at this temperature: growth does not limit itself")
        return min(reaction, 1.0 - loss), loss, what.sites * (1 - _FEWER_SITES * (kelvin - _REFERENCE))


def dosed(dose_ideal: Any, feature: Any, dose: float, reaction: float, loss: float) -> Any:
    """Return the coverage of every ring, top to bottom, after a dose in units of machball's ``t0``.

    The dose is given in parts, and what would fall on a full surface is left out: it would only cost time.
    """
    free, given = np.ones(feature.N - 1), 0.0
    while given < dose and free.max() > 1 - _FULL:
        part = min(_CHUNK / reaction, dose - given)
        free = 1 - dose_ideal(feature, part, reaction, loss, startav=free, verbose=False)
        given += part
    return 1 - free


def _via(ratio: int, precursor: Precursor, name: str) -> Dose:
    summary = f"{name} in vias {ratio} times as deep as wide"
    return Dose(name=f"{name}-via-{ratio}", summary=summary, precursor=precursor, aspect_ratio=float(ratio))


ATOMIC_LAYER_DEPOSITION = Simulator(
    name="atomic-layer-deposition",
    summary="one dose of a precursor into a deep via or trench",
    package="machball",
    tasks=(
        *(_via(ratio, TRIMETHYLALUMINIUM, "tma") for ratio in (10, 20, 30, 50)),
        Dose(name="tma-trench-50", summary="tma in trenches 50 times as deep as wide", shape="trench"),
        *(_via(ratio, TITANIUM_CHLORIDE, "ticl4") for ratio in (10, 30)),
        *(_via(ratio, DIETHYLZINC, "dez") for ratio in (10, 30)),
        *(_via(ratio, TEMA_HAFNIUM, "tema-hf") for ratio in (10, 30)),
    ),
)
"""The family: precursors and features."""
