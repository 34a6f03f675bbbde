"""Ageing of a supersaturated Al-Zr alloy, simulated with kawin: yield strength and conductivity after a heat treatment.

An alloy that froze with all its zirconium in solution is held at a temperature for a time. Fine Al3Zr precipitates,
strengthens the metal and frees it of zirconium, which makes it conduct better; later the particles coarsen, and
strength falls. Slow: 3 to 20 s of one thread a simulation.

Equations
---------
1. Kampmann-Wagner numerical model. Nucleation on dislocations ``dN/dt = Z beta N0 exp(-dG*/kT) exp(-tau/t)`` with
   ``dG* = (16 pi/3) gamma^3 / dGv^2``; growth of every size class ``dr/dt = (D/r) (x - x_r)/(x_b - x_r)``, ``x_r``
   the composition of the matrix at the interface of a particle of radius ``r`` (Gibbs-Thomson); conservation of
   zirconium ``x0 = x (1 - f) + x_b f``. Explicit Euler steps, whose length kawin limits. Driving force and
   compositions come from the Al-Zr assessment by pycalphad; zirconium diffuses as in a dilute alloy, ``D = v D0
   exp(-Q/RT)``, ``v`` a factor for the vacancies that quenching left.
2. Strength. ``YS = YS0 + M min(weak, strong, Orowan)``, each a critical shear stress from the radius and the spacing
   of the particles in a glide plane; weak and strong (sheared particles) sum coherency and modulus strengthening,
   ``(t1^1.8 + t2^1.8)^(1/1.8)``; Orowan ``G b/(2 pi sqrt(1 - nu) L) ln(2 r/b)``.
3. Conductivity. Matthiessen's rule, ``rho = rho_Al + k_in w_in + k_out w_out``, with the weight percents of zirconium
   in solution and in particles, at 20 degC; 100 % IACS is 1.7241 uOhm cm.

Sources
-------
- N. Ury, R. Neuberger, N. Sargent, W. Xiong, R. Arroyave, R. Otis, "Kawin: an open source Kampmann-Wagner Numerical
  (KWN) phase precipitation and coarsening model", Acta Materialia 255, 118988 (2023); its example of Al-Zr gives the
  diffusivity (``D0`` 0.0768 m2/s, ``Q`` 242 kJ/mol), the volumes, 0.1 J/m2 and 1e15 dislocations in a square metre.
- Assessment: T. Wang, Z. Jin, J.-C. Zhao, Journal of Phase Equilibria 22, 544 (2001), as shipped with kawin.
- Strength: E. Nembach, "Particle strengthening of metals and alloys", Wiley (1997), as in kawin; the constants of
  aluminium are those of D. N. Seidman, E. A. Marquis, D. C. Dunand, Acta Materialia 50, 4021 (2002).
- Conductivity: J. E. Hatch, "Aluminum: properties and physical metallurgy", ASM (1984): 1.74 and 0.044 uOhm cm for a
  percent by weight of zirconium in and out of solution.

Limits of validity
------------------
Trends, not the numbers of any one alloy; strengths come out two to three times
those of real Al-Zr. The assessment is of the stable Al3Zr (D0_23), whereas the metastable L1_2 phase forms first, so
the alloy is more supersaturated here than it is. All zirconium is in solution at the start, as after rapid freezing,
evenly spread (in real dendrites it is not). Particles are spheres without elastic energy; grain boundaries, recovery
of dislocations and other elements are left out; misfit and shear modulus of Al3Zr are taken as 0.75 % and 68 GPa, the
strength of the pure metal as 20 MPa. Where nothing precipitates the strength is that of the metal.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from designer.arrays import FloatArray
from designer.errors import MeasurementFailed
from designer.objective import Target
from designer.oracles.simulators.base import SimulatedTask, Simulator, load
from designer.space import NumericParameter

EXTRA = "simulators-kawin"

PARAMETERS = (
    NumericParameter(name="solute", unit="at.%", bounds=(0.1, 0.4), description="zirconium in the alloy"),
    NumericParameter(name="temperature", unit="degC", bounds=(375, 500)),
    NumericParameter(name="time", unit="h", bounds=(0.5, 500), scale="log"),
)
TARGETS = (
    Target(name="yield_strength", unit="MPa", goal="maximize"),
    Target(name="conductivity", unit="percent", goal="maximize", description="of annealed copper (IACS), at 20 degC"),
)

_GAS_CONSTANT = 8.314
_KELVIN = 273.15
_EDGE = 0.405e-9  # m; of the cubic cell of aluminium, and taken for that of the precipitate
_SHEAR, _BURGERS, _POISSON, _TAYLOR = 25.4e9, 0.286e-9, 0.345, 3.06  # Pa, m
_MISFIT, _SHEAR_PRECIPITATE, _METAL = 7.5e-3, 68e9, 20.0  # -, Pa, MPa
_RHO, _RHO_IN, _RHO_OUT, _IACS = 2.655, 1.74, 0.044, 1.7241  # uOhm cm, for a wt.%
_MASSES = (26.9815, 91.224)  # g/mol
_SHARE = 0.25  # of zirconium in Al3Zr
_BINS = 75  # classes of size at the start; twice as many change the radius by 1 %


class Aged(NamedTuple):
    """The alloy after its heat treatment.

    Parameters
    ----------
    radius
        Mean radius of the particles, m.
    fraction
        Their share of the volume.
    density
        Their number in a cubic metre.
    matrix
        Atomic fraction of zirconium in the matrix.
    slip_radius, slip_spacing
        Mean radius of the particles in a glide plane, and their distance from surface to surface in it, m; 0 where
        there are none.
    """

    radius: float
    fraction: float
    density: float
    matrix: float
    slip_radius: float
    slip_spacing: float


class History(NamedTuple):
    """The matrix during a heat treatment, at each step of the simulation, shape (steps,).

    Parameters
    ----------
    seconds
        Times since the start, from 0 to the whole time, s.
    matrix
        Atomic fractions of zirconium in the matrix.
    """

    seconds: FloatArray
    matrix: FloatArray


@dataclass(frozen=True, kw_only=True)
class Ageing(SimulatedTask):
    """One state of the alloy before its heat treatment; see the module for the equations.

    Parameters
    ----------
    interface
        Energy of the interface, J/m2.
    dislocations
        Length of dislocations in a volume, 1/m2.
    vacancies
        Factor of the diffusivity.
    """

    parameters: tuple[NumericParameter, ...] = PARAMETERS
    targets: tuple[Target, ...] = TARGETS
    interface: float = 0.1
    dislocations: float = 1e15
    vacancies: float = 1.0

    def simulate(self, setting: Mapping[str, Any], *, seed: int = 0) -> dict[str, float]:
        """Return yield strength and conductivity; nothing is random here. See `SimulatedTask.simulate`."""
        solute = setting["solute"] / 100
        alloy = self.aged(solute, setting["temperature"] + _KELVIN, setting["time"] * 3600)
        return {"yield_strength": yield_strength(alloy), "conductivity": conductivity(solute, alloy.matrix)}

    def aged(self, solute: float, kelvin: float, seconds: float) -> Aged:
        """Return the alloy with an atomic fraction of zirconium after some time at a temperature.

        Raises
        ------
        MeasurementFailed
            If kawin finds no solution, or one that is not physical.
        """
        return self._solved(solute, kelvin, seconds)[0]

    def followed(self, solute: float, kelvin: float, seconds: float) -> tuple[Aged, History]:
        """Return what `aged` returns, with the history of the same simulation.

        Raises
        ------
        MeasurementFailed
            As `aged` does.
        """
        alloy, model = self._solved(solute, kelvin, seconds)
        return alloy, History(np.array(model.data.time), np.array(model.data.composition)[:, 0])

    def _solved(self, solute: float, kelvin: float, seconds: float) -> tuple[Aged, Any]:
        load("kawin", EXTRA)
        with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # pycalphad and kawin divide by nothing where nothing has formed yet
            try:
                model = self._model(solute, kelvin)
                model.solve(seconds, iterator=load("kawin.solver.Iterators").explicitEulerIterator)
            except (ValueError, ArithmeticError, IndexError, RuntimeError, np.linalg.LinAlgError) as error:
                raise MeasurementFailed(f"the heat treatment could not be followed: {error}") from error
            alloy = _state(model)
        if not (all(map(math.isfinite, alloy)) and 0 <= alloy.fraction < 1 and 0 <= alloy.matrix <= 1.001 * solute):
            raise MeasurementFailed(
                f"unphysical: a fraction of {alloy.fraction:.3g} with {alloy.matrix:.3g} zirconium in the matrix"
            )
        return alloy, model

    def diffusivity(self, kelvin: Any) -> Any:
        """Return the diffusivity of zirconium, m2/s."""
        return self.vacancies * 0.0768 * np.exp(-242e3 / (_GAS_CONSTANT * kelvin))

    def _model(self, solute: float, kelvin: float) -> Any:
        kwn = load("kawin.precipitation")
        matrix = kwn.MatrixParameters(["ZR"])
        matrix.initComposition = solute
        matrix.volume.setVolume(_EDGE**3, kwn.VolumeParameter.ATOMIC_VOLUME, 4)
        matrix.nucleationSites.setNucleationDensity(grainSize=1, dislocationDensity=self.dislocations)
        particle = kwn.PrecipitateParameters("AL3ZR")
        particle.gamma = self.interface
        particle.volume.setVolume(_EDGE**3, kwn.VolumeParameter.ATOMIC_VOLUME, 4)
        particle.nucleation.setNucleationType("dislocations")
        model = kwn.PrecipitateModel(matrix, particle, self._thermodynamics(), kwn.TemperatureParameters(kelvin))
        model.setPBMParameters(cMin=1e-10, cMax=1e-8, bins=_BINS, minBins=_BINS * 2 // 3, maxBins=_BINS * 4 // 3)
        return model

    def _thermodynamics(self) -> Any:
        """Return the assessed system with a diffusivity that depends on temperature alone.

        kawin would find the same number from an equilibrium of the matrix, at half of the cost of a simulation.
        """
        system = load("kawin.thermo").BinaryThermodynamics(
            load("kawin.tests.databases").ALZR_TDB, ["AL", "ZR"], ["FCC_A1", "AL3ZR"], drivingForceMethod="tangent"
        )

        def interdiffusivity(x: Any, T: Any, removeCache: bool = True, phase: str | None = None) -> Any:
            where = np.broadcast_arrays(np.atleast_1d(np.squeeze(x)), np.atleast_1d(T))[1]
            return np.squeeze(self.diffusivity(where))

        def tracer(x: Any, T: Any, removeCache: bool = True, phase: str | None = None) -> Any:
            one = np.atleast_1d(interdiffusivity(x, T))
            return np.squeeze(np.column_stack([one, one]))

        system.getInterdiffusivity, system.getTracerDiffusivity = interdiffusivity, tracer
        return system


def _state(model: Any) -> Aged:
    data, sizes = model.data, model.PBM[0]
    first, second = float(sizes.firstMoment()), float(sizes.secondMoment())
    radius = spacing = 0.0
    if first > 0:
        radius = math.sqrt(2 / 3) * second / first
        spacing = math.sqrt(math.log(3) / (2 * math.pi * first) + (2 * radius) ** 2) - 2 * radius
    matrix = float(np.ravel(data.composition[-1])[0])
    mean, fraction, density = (float(values[-1][0]) for values in (data.Ravg, data.volFrac, data.precipitateDensity))
    return Aged(mean, fraction, density, matrix, radius, spacing)


def yield_strength(alloy: Aged) -> float:
    """Return the yield strength, MPa."""
    if not alloy.slip_spacing > 0:
        return _METAL
    strength = load("kawin.precipitation.coupling.Strength")
    lines = strength.DislocationParameters(_SHEAR, _BURGERS, _POISSON)
    strain = strength.CoherencyContribution.latticeMisfit(_MISFIT, lines)
    ways = [strength.CoherencyContribution(strain), strength.ModulusContribution(_SHEAR_PRECIPITATE)]
    stresses = strength.computeCRSS(alloy.slip_radius, alloy.slip_spacing, ways, lines, "AL3ZR")
    return _METAL + _TAYLOR * float(strength.combineCRSS(*stresses)) / 1e6


def conductivity(solute: float, matrix: float) -> float:
    """Return the conductivity in percent of annealed copper, from atomic fractions of zirconium in all and in solution.

    >>> round(conductivity(0.0, 0.0), 1)
    64.9
    >>> round(conductivity(8.3e-4, 8.3e-4), 1)  # 0.28 wt.% in solution
    54.9
    """
    aluminium, zirconium = _MASSES
    percent = 100 * zirconium / (aluminium + solute * (zirconium - aluminium))  # by weight, of an atomic fraction
    rho = _RHO + percent * (_RHO_IN * matrix + _RHO_OUT * (solute - matrix))
    return 100 * _IACS / rho


AGEING = Simulator(
    name="ageing",
    summary="a heat treatment of a supersaturated aluminium-zirconium alloy (slow)",
    package="kawin",
    extra=EXTRA,
    tasks=(
        Ageing(name="cold-worked", summary="Al-Zr with many dislocations, as in kawin's example"),
        Ageing(name="as-cast", summary="Al-Zr with few dislocations", dislocations=1e14),
        Ageing(name="quenched", summary="the worked alloy with vacancies left by a quench", vacancies=5.0),
        Ageing(name="sharp-interface", summary="the worked alloy, interface of 0.12 J/m2", interface=0.12),
        Ageing(name="soft-interface", summary="the worked alloy, interface of 0.08 J/m2", interface=0.08),
        Ageing(name="as-cast-quenched", summary="few dislocations, more vacancies", dislocations=1e14, vacancies=5.0),
    ),
)
"""The family: what the alloy went through before, and the energy of the interface."""
