"""Measurements, and the designs proposed from them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidData


@dataclass(frozen=True, eq=False)
class Observed:
    """The measurements of a campaign.

    Parameters
    ----------
    coordinates
        ``n x c``, one row a measurement; replicates are repeated rows.
    Y
        ``n x m`` measured targets in their units, NaN where not measured.

    Raises
    ------
    InvalidData
        If the two do not have as many rows, or a coordinate is not finite.
    """

    coordinates: FloatArray
    Y: FloatArray

    def __post_init__(self) -> None:
        coordinates = np.asarray(self.coordinates, dtype=np.float64)
        Y = np.asarray(self.Y, dtype=np.float64)
        faults = []
        if coordinates.ndim != 2 or Y.ndim != 2 or len(coordinates) != len(Y):
            what = f"coordinates are {coordinates.shape} and Y is {Y.shape}"
            faults.append(Fault(what, "give matrices n x c and n x m"))
        if not np.isfinite(coordinates).all():
            faults.append(Fault("coordinates hold NaN or infinite values", "give designs with finite coordinates"))
        if np.isinf(Y).any():
            faults.append(Fault("Y holds infinite values", "leave a value that was not measured as NaN"))
        if faults:
            raise InvalidData(faults)
        object.__setattr__(self, "coordinates", coordinates)
        object.__setattr__(self, "Y", Y)


@dataclass(frozen=True, eq=False)
class Proposal:
    """Designs to make next.

    Parameters
    ----------
    coordinates
        ``k x c``; fewer than requested only if no more are left; `remarks` then say so.
    scores
        The log acquisition of each when it was chosen, those before it pending; -inf for a design that
        no acquisition was computed for.
    notes
        The reason of each choice (``exploitation: ...``, ``exploration: ...``, ``replicate: ...``).
    remarks
        In words, on the proposal as a whole.
    """

    coordinates: FloatArray
    scores: tuple[float, ...]
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.coordinates)
