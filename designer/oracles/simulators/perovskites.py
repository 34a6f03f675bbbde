"""Mixed cubic perovskites ABX3 by the graph neural network potential CHGNet: substitution on the A and the B site.

Equations
---------
1. The atoms of the A site's composition and those of the B site's (each rounded to whole atoms by largest remainders)
   are strewn at random over the 8 A and 8 B sites of a 2 x 2 x 2 cubic cell; the anions are all alike. The draw is the
   configurational noise.
2. Seven energies over -3 % to 3 % of the edge, all atoms on their ideal places, give by a third-order Birch-Murnaghan
   fit ``E(V) = E0 + 9 V0 B/16 {[(V0/V)^(2/3) - 1]^3 B' + [(V0/V)^(2/3) - 1]^2 [6 - 4 (V0/V)^(2/3)]}`` the volume
   ``V0``, the energy ``E0`` and the bulk modulus ``B``. The lattice constant is that of the cubic cell of five atoms,
   ``(V0/8)^(1/3)``; the mixing energy ``E0/N - sum_ij x_i y_j E_ij``, with ``E_ij`` the energy of an atom in the pure
   A_i B_j X3 by the same route, and ``x``, ``y`` the shares on the sites.

Sources
-------
- B. Deng, P. Zhong, K. Jun, J. Riebesell, K. Han, C. J. Bartel, G. Ceder, "CHGNet as a pretrained universal neural
  network potential for charge-informed atomistic modelling", Nature Machine Intelligence 5, 1031 (2023): version 0.3.0,
  trained on PBE and PBE+U relaxations of the Materials Project, weights in the package.
- F. Birch, "Finite elastic strain of cubic crystals", Physical Review 71, 809 (1947).

Limits of validity
------------------
PBE at best: lattice constants are about 1 % too large, bulk moduli within about 10 % for well-known perovskites, and
unknown for others, since CHGNet saw no crystal of most mixtures. No temperature, no pressure. The cell stays cubic and
the atoms stay in place: no octahedra tilt and no ion moves off its centre, though most of these compounds do so or have
another structure altogether (many of the sulfides, selenides and fluorides are no perovskites), so mixing energies are
upper bounds and none of this shows that a compound can be made. Eight sites make steps of one eighth.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Any, NamedTuple

import numpy as np

from designer.errors import MeasurementFailed
from designer.objective import Target
from designer.oracles.simulators.base import SimulatedTask, Simulator, load
from designer.oracles.simulators.emt_alloys import whole_atoms
from designer.space import CompositionParameter

EXTRA = "simulators-chgnet"
MODEL = "0.3.0"
"""Version of the potential."""

TARGETS = (
    Target(name="bulk_modulus", unit="GPa", goal="maximize"),
    Target(name="lattice_constant", unit="angstrom", description="edge of the cubic cell of five atoms"),
    Target(name="mixing_energy", unit="meV", goal="minimize", description="of an atom, against the pure perovskites"),
)

_EDGES = {"O": 4.0, "S": 5.0, "Se": 5.2, "F": 4.6, "Cl": 5.4, "Br": 5.7, "I": 6.2}  # angstrom; where the search begins
_PLACES = ((0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))  # A, B, X, X, X
_CELLS = 2
_POINTS = 7
_WIDTH = 0.03
_MAX_SCANS = 8


class Perovskite(NamedTuple):
    """What an equation of state gives: edge of the cubic cell of five atoms (A), eV an atom, GPa."""

    edge: float
    energy: float
    bulk_modulus: float


@dataclass(frozen=True, kw_only=True)
class Substitution(SimulatedTask):
    """The perovskites of one anion with some elements on either site; see the module for the equations.

    Parameters
    ----------
    anion
        What is on the X site.
    """

    targets: tuple[Target, ...] = TARGETS
    anion: str

    def simulate(self, setting: Mapping[str, Any], *, seed: int = 0) -> dict[str, float]:
        """Return bulk modulus, lattice constant and mixing energy of one sample. See `SimulatedTask.simulate`."""
        rng = np.random.default_rng(seed)
        sites = [_occupied(setting[name]) for name in ("a_site", "b_site")]
        with one_thread():
            parts = {
                (a, b): (x * y, pure(a, b, self.anion)) for a, x in sites[0].shares() for b, y in sites[1].shares()
            }
            start = sum(share * crystal.edge for share, crystal in parts.values())
            crystal = relaxed([site.strewn(rng) for site in sites], self.anion, start)
        mechanical = sum(share * crystal.energy for share, crystal in parts.values())
        return {
            "bulk_modulus": crystal.bulk_modulus,
            "lattice_constant": crystal.edge,
            "mixing_energy": 1000 * (crystal.energy - mechanical),
        }


class Site(NamedTuple):
    """The elements on a site and how many atoms of each."""

    elements: tuple[str, ...]
    counts: Any

    def shares(self) -> list[tuple[str, float]]:
        """Return elements and their shares in whole atoms."""
        return list(zip(self.elements, (self.counts / self.counts.sum()).tolist(), strict=True))

    def strewn(self, rng: np.random.Generator) -> list[str]:
        """Return the atoms in random order."""
        atoms: list[str] = rng.permutation(np.repeat(self.elements, self.counts)).tolist()
        return atoms


def _occupied(shares: Mapping[str, float]) -> Site:
    elements = sorted(name for name, share in shares.items() if share > 0)
    counts = whole_atoms([shares[name] for name in elements], _CELLS**3)
    present = [(name, count) for name, count in zip(elements, counts.tolist(), strict=True) if count]
    return Site(tuple(name for name, _ in present), np.array([count for _, count in present]))


@cache
def pure(a: str, b: str, anion: str) -> Perovskite:
    """Return the pure perovskite."""
    return relaxed([[a], [b]], anion, _EDGES[anion])


def relaxed(sites: Sequence[Sequence[str]], anion: str, edge: float) -> Perovskite:
    """Return the perovskite with these atoms on its A and B sites (1, or `_CELLS` cubed, of each), of least energy.

    Parameters
    ----------
    edge
        Where the search for the edge begins, angstrom.

    Raises
    ------
    MeasurementFailed
        If the energies have no minimum with the volume.
    """
    for _ in range(_MAX_SCANS):
        scanned = edge
        volumes, energies = _energies(sites, anion, scanned)
        if not np.isfinite(energies).all():
            raise MeasurementFailed("the energy is not finite")
        lowest = int(np.argmin(energies))
        edge = float(volumes[lowest]) ** (1 / 3)
        if 0 < lowest < _POINTS - 1:
            found = _birch_murnaghan(volumes, energies)
            edge = found[0] ** (1 / 3)
            if abs(edge / scanned - 1) < _WIDTH / 3:
                return Perovskite(edge, found[1] / (3 + len(sites)), found[2])
    raise MeasurementFailed(f"no edge of least energy was found: the last one was {edge:.2f} angstrom")


def _energies(sites: Sequence[Sequence[str]], anion: str, edge: float) -> tuple[Any, Any]:
    """Return volumes (A^3) and energies (eV) of five atoms for edges within `_WIDTH` of `edge`."""
    import torch
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    model = _model()
    cells = round(len(sites[0]) ** (1 / 3))
    corners = [np.array(corner) for corner in np.ndindex(cells, cells, cells)]
    species = [*sites[0], *sites[1], *[anion] * (3 * len(corners))]
    places = [(corner + place) / cells for place in _PLACES for corner in corners]
    edges = edge * np.linspace(1 - _WIDTH, 1 + _WIDTH, _POINTS)
    graphs = [model.graph_converter(Structure(Lattice.cubic(cells * each), species, places)) for each in edges]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", "Converting a tensor with requires_grad=True")  # within CHGNet
        energies = [5 * float(each["e"]) for each in model.predict_graph(graphs, task="e")]
    return edges**3, np.array(energies)


def _birch_murnaghan(volumes: Any, energies: Any) -> tuple[float, float, float]:
    """Return volume, energy and bulk modulus (GPa) of a third-order Birch-Murnaghan fit, as a cubic in V^(-2/3)."""
    from scipy.constants import e as charge

    scale = float(np.mean(volumes))
    x = (volumes / scale) ** (-2 / 3)
    curve = np.polynomial.Polynomial.fit(x, energies, 3).convert()
    slope, bend = curve.deriv(), curve.deriv(2)
    tops = [float(root.real) for root in slope.roots() if abs(root.imag) < 1e-12 and min(x) < root.real < max(x)]
    minima = [top for top in tops if bend(top) > 0]
    if len(minima) != 1:
        raise MeasurementFailed("the crystal is not stable: its energy has no minimum with the volume")
    volume = scale * minima[0] ** (-3 / 2)
    modulus = 4 / 9 * minima[0] ** 2 * float(bend(minima[0])) / volume  # V d2E/dV2 at dE/dV = 0
    return volume, float(curve(minima[0])), modulus * charge * 1e21


@cache
def _model() -> Any:
    with warnings.catch_warnings(), redirect_stdout(StringIO()):  # it prints a line when it is made
        warnings.simplefilter("ignore")  # whatever its imports deprecate
        return load("chgnet.model", EXTRA).CHGNet.load(model_name=MODEL, use_device="cpu", verbose=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside the context: these graphs are small, and sums come out alike everywhere."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _task(name: str, summary: str, anion: str, a_site: Sequence[str], b_site: Sequence[str]) -> Substitution:
    parameters = (
        CompositionParameter(name="a_site", elements=tuple(a_site), unit="fraction"),
        CompositionParameter(name="b_site", elements=tuple(b_site), unit="fraction"),
    )
    return Substitution(name=name, summary=summary, parameters=parameters, anion=anion)


_HALIDES = {"fluoride": "F", "chloride": "Cl", "bromide": "Br", "iodide": "I"}
_CHALCOGENIDES = {"oxide": "O", "sulfide": "S", "selenide": "Se"}
_ALKALI, _TETREL = ("K", "Rb", "Cs"), ("Ge", "Sn", "Pb")
_ALKALINE_EARTH, _GROUP_4 = ("Ca", "Sr", "Ba"), ("Ti", "Zr", "Hf")

PEROVSKITES = Simulator(
    name="perovskites",
    summary="mixed cubic perovskites by the neural network potential CHGNet (ideal positions)",
    package="chgnet",
    extra=EXTRA,
    tasks=(
        *(
            _task(name, f"K, Rb, Cs and Ge, Sn, Pb with {anion}", anion, _ALKALI, _TETREL)
            for name, anion in _HALIDES.items()
        ),
        *(
            _task(name, f"Ca, Sr, Ba and Ti, Zr, Hf with {anion}", anion, _ALKALINE_EARTH, _GROUP_4)
            for name, anion in _CHALCOGENIDES.items()
        ),
        _task("alkali-oxide", "Na, K, Rb and Nb, Ta with O", "O", ("Na", "K", "Rb"), ("Nb", "Ta")),
        _task("rare-earth-oxide", "La, Nd, Y and Al, Ga, Sc with O", "O", ("La", "Nd", "Y"), ("Al", "Ga", "Sc")),
    ),
)
"""The family: anions, and classes of ions on the A and the B site whose charges balance."""
