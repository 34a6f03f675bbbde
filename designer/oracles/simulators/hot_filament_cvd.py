"""Diamond by hot-filament chemical vapour deposition, simulated with cantera: growth rate and quality of a film.

A hot tungsten wire splits part of the hydrogen in a gas of hydrogen and a little methane; atomic hydrogen makes methyl
radicals of the methane, keeps the surface of the film open and etches what is not diamond; methyl builds diamond.

Equations
---------
1. Filament. Hydrogen that meets the filament (temperature ``T_f``) leaves it in dissociation equilibrium,
   ``x_H^2 / x_H2 = exp(-dG0(T_f, p)/RT_f)``. Of the gas that stays for the residence time ``t``, the share
   ``t / (t + t_c)`` has met it; ``t_c`` is the contact time of the geometry.
2. Hot zone. A perfectly stirred reactor of constant pressure and temperature ``T_g = T_s + a (T_f - T_s)`` with
   residence time ``t``, in steady state: ``0 = (Y_in - Y)/t + M w(Y)/rho``, with the reactions of carbon and
   hydrogen of GRI-Mech 3.0 (48 reactions of 17 species, argon among them).
3. Gap. Atomic hydrogen diffuses over the gap ``d`` to the substrate (``T_s``), on which it recombines with
   probability ``gamma``: ``D n_g (x_hot - x_s)/d = gamma v n_s x_s / 4``, ``v`` the mean thermal speed. The other
   species arrive as they left the hot zone: gas reactions in the gap are frozen.
4. Surface. Coverages of diamond (100) in steady state with the 20 reactions of Harris and Goodwin; the growth rate is
   the rate of C(diamond) over its molar density. The quality is ``log10(x_H / x_CH3)`` at the surface: the ratio, which
   tells how little but diamond stays, goes over five decades.

Sources
-------
- Surface: S. J. Harris, D. G. Goodwin, "Growth on the reconstructed diamond (100) surface", J. Phys. Chem. 97, 23
  (1993), as in cantera's ``diamond.yaml``.
- Gas: G. P. Smith et al., GRI-Mech 3.0, http://combustion.berkeley.edu/gri-mech/, as in cantera's ``gri30.yaml``.
- Hydrogen across the gap, and recombination on diamond with a probability of about 0.1: D. G. Goodwin, "Scaling laws
  for diamond chemical-vapor deposition. II. Atomic hydrogen transport", J. Appl. Phys. 74, 6895 (1993).
- D. G. Goodwin, H. K. Moffat, I. Schoegl, R. L. Speth, B. W. Weber, Cantera, https://www.cantera.org.

Limits of validity
------------------
Relative trends, not the numbers of any one reactor. One mixed hot zone replaces the field of flow and temperature
around a wire; contact time and the share ``a`` are chosen, so that about a percent of the gas is atomic hydrogen, and
not measured; freezing the gap leaves out that methyl and hydrogen react on their way; hydrogen is the only carrier
that splits. GRI-Mech is fitted to combustion, with no soot and no carbon beyond C3. The surface mechanism presumes
diamond: where the quality is low, real films are graphitic, and this model still calls them diamond. Feeds are
alkanes only: GRI-Mech has no way back from acetylene to methyl, which real reactors do have. A film that grows by less
than `MEASURABLE` is a failed experiment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

from designer.errors import MeasurementFailed
from designer.objective import Target
from designer.oracles.simulators.base import SimulatedTask, Simulator, load
from designer.space import NumericParameter

RECOMBINATION = 0.1
"""Probability that a hydrogen atom that meets diamond recombines there."""

MEASURABLE = 0.01
"""Growth, um/h, below which a run gives no film that could be measured."""

_CARBON_ATOMS = {"CH4": 1, "C2H6": 2, "C3H8": 3}
_TORR = 101325.0 / 760.0

PARAMETERS = (
    NumericParameter(name="filament_temperature", unit="K", bounds=(2000, 2700)),
    NumericParameter(name="substrate_temperature", unit="K", bounds=(900, 1400)),
    NumericParameter(name="pressure", unit="torr", bounds=(5, 100), scale="log"),
    NumericParameter(
        name="methane_fraction",
        unit="percent",
        bounds=(0.3, 5),
        scale="log",
        description="mole percent of CH4 in the feed; for another feed gas, the same amount of carbon",
    ),
    NumericParameter(name="residence_time", unit="ms", bounds=(1, 300), scale="log"),
)
TARGETS = (
    Target(name="growth_rate", unit="um/h", goal="maximize"),
    Target(name="quality", goal="maximize", description="log10 of atomic hydrogen over methyl at the surface"),
)


@dataclass(frozen=True, kw_only=True)
class Reactor(SimulatedTask):
    """One reactor and feed; see the module for the equations.

    Parameters
    ----------
    gap
        Distance from filament to substrate, mm.
    contact_time
        Time after which half of the gas has met the filament, ms.
    gas_share
        The temperature of the hot zone between that of the substrate (0) and of the filament (1).
    carbon
        The feed's carbon: CH4, C2H6 or C3H8.
    argon
        Mole fraction of argon in the carrier; the rest is hydrogen.
    """

    parameters: tuple[NumericParameter, ...] = PARAMETERS
    targets: tuple[Target, ...] = TARGETS
    gap: float = 8.0
    contact_time: float = 100.0
    gas_share: float = 0.7
    carbon: str = "CH4"
    argon: float = 0.0

    def simulate(self, setting: Mapping[str, Any], *, seed: int = 0) -> dict[str, float]:
        """Return growth rate (um/h) and quality; nothing is random here. See `SimulatedTask.simulate`."""
        cantera, chemistry = load("cantera"), _chemistry()
        hot, cold = setting["filament_temperature"], setting["substrate_temperature"]
        pressure, time = setting["pressure"] * _TORR, setting["residence_time"] / 1e3
        with chemistry.lock:
            try:
                atomic = self._dissociated(chemistry.gas, hot, pressure) * time / (time + self.contact_time / 1e3)
                feed = self._feed(setting["methane_fraction"] / 100, atomic)
                zone = cold + self.gas_share * (hot - cold)
                stirred(cantera, chemistry.gas, zone, pressure, feed, time)
                arriving = at_surface(cantera, chemistry.gas, zone, cold, pressure, self.gap / 1e3)
                rate = growth_rate(chemistry, cold, pressure, arriving)
            except cantera.CanteraError as error:
                raise MeasurementFailed(f"no steady state was found: {_reason(error)}") from error
        if not (rate >= MEASURABLE and arriving["H"] > 0 and arriving["CH3"] > 0):
            raise MeasurementFailed(f"no film: diamond grew by less than {MEASURABLE} um/h")
        return {"growth_rate": rate, "quality": math.log10(arriving["H"] / arriving["CH3"])}

    def _dissociated(self, gas: Any, temperature: float, pressure: float) -> float:
        """Return the share of the hydrogen molecules that is split in equilibrium in this carrier."""
        gas.TPX = temperature, pressure, "H2:1"
        gibbs = gas.standard_gibbs_RT  # at this pressure
        constant = math.exp(gibbs[gas.species_index("H2")] - 2 * gibbs[gas.species_index("H")])
        hydrogen = 1 - self.argon
        # With the share s split, (2 h s)^2 = K h (1 - s) (1 + h s), h the hydrogen in a mole of carrier.
        a, b, c = (4 + constant) * hydrogen, constant * (1 - hydrogen), -constant
        return (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)

    def _feed(self, carbon_fraction: float, split: float) -> dict[str, float]:
        """Return moles by species, in a mole of cold feed, after a share `split` of its hydrogen became atomic."""
        fuel = carbon_fraction / _CARBON_ATOMS[self.carbon]
        hydrogen = (1 - fuel) * (1 - self.argon)
        return {
            self.carbon: fuel,
            "H2": hydrogen * (1 - split),
            "H": 2 * hydrogen * split,
            "AR": (1 - fuel) * self.argon,
        }


class Chemistry(NamedTuple):
    """Cantera's phases, made once a process. They carry state, so whoever uses them holds the lock."""

    gas: Any
    near: Any
    diamond: Any
    surface: Any
    lock: Lock


@cache
def _chemistry() -> Chemistry:
    cantera = load("cantera")
    full = cantera.Solution("gri30.yaml")
    species = [each for each in full.species() if set(each.composition) <= {"H", "C"} or each.name == "AR"]
    names = {each.name for each in species}
    reactions = [each for each in full.reactions() if {*each.reactants, *each.products} <= names]
    gas = cantera.Solution(
        thermo="ideal-gas", kinetics="gas", transport_model="mixture-averaged", species=species, reactions=reactions
    )
    near = cantera.Solution("diamond.yaml", "gas")
    diamond = cantera.Solution("diamond.yaml", "diamond")
    surface = cantera.Interface("diamond.yaml", "diamond_100", [near, diamond])
    return Chemistry(gas, near, diamond, surface, Lock())


def stirred(
    cantera: Any, gas: Any, temperature: float, pressure: float, feed: Mapping[str, float], time: float
) -> None:
    """Bring `gas` to the steady state of a stirred reactor (K, Pa, moles by species, s)."""
    gas.TPX = temperature, pressure, dict(feed)
    upstream, downstream = cantera.Reservoir(gas, clone=True), cantera.Reservoir(gas, clone=True)
    reactor = cantera.IdealGasReactor(gas, energy="off", clone=False)
    inlet = cantera.MassFlowController(upstream, reactor, mdot=lambda _: reactor.mass / time)
    outlet = cantera.PressureController(reactor, downstream, primary=inlet, K=1e-5)
    network = cantera.ReactorNet([reactor])
    network.rtol, network.atol = 1e-8, 1e-16
    network.advance_to_steady_state()
    del outlet
    if not math.isclose(gas.P, pressure, rel_tol=0.01):
        raise MeasurementFailed(f"the pressure ran away, to {gas.P / _TORR:.3g} torr")


def at_surface(cantera: Any, gas: Any, zone: float, cold: float, pressure: float, gap: float) -> dict[str, float]:
    """Return the mole fractions of H, H2, CH3 and CH4 at the substrate, from the hot zone's in `gas` (K, Pa, m)."""
    fractions = dict(zip(gas.species_names, gas.X.tolist(), strict=True))
    film = (zone + cold) / 2
    gas.TP = film, pressure
    index = gas.species_index("H")
    diffusion = float(gas.mix_diff_coeffs[index])
    speed = math.sqrt(8 * cantera.gas_constant * cold / (math.pi * float(gas.molecular_weights[index])))
    # The ratio of the resistance to diffusion to that of the surface; densities go as 1/T.
    loss = RECOMBINATION * speed / 4 * gap / diffusion * film / cold
    arriving = {name: max(fractions[name], 0.0) for name in ("H", "H2", "CH3", "CH4")}
    return arriving | {"H": arriving["H"] / (1 + loss)}


def growth_rate(chemistry: Chemistry, temperature: float, pressure: float, fractions: Mapping[str, float]) -> float:
    """Return the growth of diamond (100), um/h, in a gas with these mole fractions of H, H2, CH3 and CH4 (K, Pa).

    What else is in the gas counts for nothing but its share of the pressure.
    """
    _, near, diamond, surface, _ = chemistry
    near.TPX = temperature, pressure * sum(fractions.values()), dict(fractions)
    surface.TP = temperature, pressure
    surface.coverages = {"c6HH": 0.9, "c6H*": 0.1}
    rates = []
    for _ in range(2):
        surface.advance_coverages(10.0, rtol=1e-9, atol=1e-24)  # coverages settle within milliseconds
        rates.append(float(surface.get_net_production_rates("diamond")[0]))  # kmol/m2/s
    if not math.isclose(*rates, rel_tol=1e-4):
        raise MeasurementFailed("the coverages of the surface did not settle")
    return rates[1] / float(diamond.density_mole) * 1e6 * 3600


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if line and not set(line) <= set("*")), type(error).__name__)


HOT_FILAMENT_CVD = Simulator(
    name="hot-filament-cvd",
    summary="diamond films from hydrogen and methane at a hot filament",
    package="cantera",
    tasks=(
        Reactor(name="array-8mm", summary="an array of filaments 8 mm above the substrate, CH4 in H2"),
        Reactor(name="array-4mm", summary="the array 4 mm above the substrate", gap=4.0, gas_share=0.75),
        Reactor(name="array-15mm", summary="the array 15 mm above the substrate", gap=15.0, gas_share=0.6),
        Reactor(
            name="wire-8mm", summary="a single wire, which less of the gas meets", contact_time=250.0, gas_share=0.6
        ),
        Reactor(
            name="dense-array-8mm",
            summary="a dense array, which more of the gas meets",
            contact_time=50.0,
            gas_share=0.8,
        ),
        Reactor(name="ethane-8mm", summary="the array, fed with C2H6 in place of CH4", carbon="C2H6"),
        Reactor(name="propane-8mm", summary="the array, fed with C3H8 in place of CH4", carbon="C3H8"),
        Reactor(name="argon-8mm", summary="the array, 40 % of the hydrogen replaced by argon", argon=0.4),
    ),
)
"""The family: reactors that differ in geometry, in the distance to the substrate and in the feed gas."""
