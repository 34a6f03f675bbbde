"""The simulators there are. Listing and describing them loads none of the packages that simulate."""

from __future__ import annotations

from designer.oracles.simulators.ageing import AGEING
from designer.oracles.simulators.atomic_layer_deposition import ATOMIC_LAYER_DEPOSITION
from designer.oracles.simulators.base import Simulator
from designer.oracles.simulators.emt_alloys import EMT_ALLOYS
from designer.oracles.simulators.hot_filament_cvd import HOT_FILAMENT_CVD
from designer.oracles.simulators.perovskites import PEROVSKITES

_ALL = (HOT_FILAMENT_CVD, ATOMIC_LAYER_DEPOSITION, EMT_ALLOYS, PEROVSKITES, AGEING)

SIMULATORS: dict[str, Simulator] = {simulator.name: simulator for simulator in _ALL}
"""Every simulator, by the name under which a campaign file asks for it."""
