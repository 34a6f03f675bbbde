"""Simulators as oracles: each is a family of related tasks, and needs a package of an extra.

>>> for simulator in SIMULATORS.values():
...     print(simulator.name, len(simulator.tasks), "tasks, by", simulator.package)
hot-filament-cvd 8 tasks, by cantera
atomic-layer-deposition 11 tasks, by machball
emt-alloys 51 tasks, by ase
perovskites 9 tasks, by chgnet
ageing 6 tasks, by kawin
>>> task = SIMULATORS["hot-filament-cvd"].task("array-8mm")
>>> task.space.columns
('filament_temperature', 'substrate_temperature', 'pressure', 'methane_fraction', 'residence_time')
>>> [f"{target.name} [{target.unit}]" for target in task.targets if target.unit]
['growth_rate [um/h]']
"""

from designer.oracles.simulators.base import SimulatedTask, Simulator
from designer.oracles.simulators.catalogue import SIMULATORS
from designer.oracles.simulators.simulator_oracle import SimulatorMeasure, SimulatorOracle, simulator_faults

__all__ = ["SIMULATORS", "SimulatedTask", "Simulator", "SimulatorMeasure", "SimulatorOracle", "simulator_faults"]
