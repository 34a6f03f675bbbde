"""Training data of one task: features, measurements and their noise variances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from designer.errors import Fault, InvalidData
from designer.objective.scales import ScaleName

if TYPE_CHECKING:
    from designer.space.encoding import FeatureColumn


@dataclass(frozen=True)
class Quantity:
    """What a target measures: its name and unit, and the scale of its values, linear or logarithmic.

    `learned_from` names the quantity of past tasks that it is learned from in place of its own, in whatever unit.
    """

    name: str
    unit: str | None = None
    learned_from: str | None = None
    scale: ScaleName = "linear"


@dataclass(frozen=True, eq=False)
class TaskData:
    """The training data of one task.

    Parameters
    ----------
    X
        ``n x d`` features (float64), one row a measurement; replicates are repeated rows.
    Y
        ``n x m`` measured values in the targets' own units; NaN where a target was not measured.
    columns
        One :class:`FeatureColumn` for each of the ``d`` columns: its name, its parameter and its role.
    Yvar
        ``n x m`` variances of the measured values (units squared), NaN where unknown; None where none is known.
    quantities
        The ``m`` measured quantities, where they are known: by them a prior finds what past tasks measured.
    censored
        ``n x m``: -1 where ``Y`` is a limit that the result lies below, 1 where it lies above it, 0 elsewhere; None
        where nothing is censored. Models take data without it (`designer.surrogates.censored.with_sites`).
    batches
        ``n``: the number of the batch that each row was made in, -1 for none; None where batches are not known
        (`designer.surrogates.batch_effect`).

    Raises
    ------
    InvalidData
        With every fault: shapes that do not agree, features that are not finite, infinite measurements, variances
        that are negative or infinite.
    """

    X: Tensor
    Y: Tensor
    columns: tuple[FeatureColumn, ...]
    Yvar: Tensor | None = None
    quantities: tuple[Quantity, ...] = ()
    censored: Tensor | None = None
    batches: Tensor | None = None

    def __post_init__(self) -> None:
        for name in ("X", "Y", "Yvar"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, torch.as_tensor(value, dtype=torch.float64).detach())
        object.__setattr__(self, "columns", tuple(self.columns))
        faults = list(self._faults())
        if faults:
            raise InvalidData(faults)

    def _faults(self) -> Iterator[Fault]:
        if self.X.ndim != 2 or self.Y.ndim != 2:
            yield Fault(f"X has {self.X.ndim} and Y {self.Y.ndim} axes", "give matrices: n x d and n x m")
            return
        if len(self.X) != len(self.Y):
            yield Fault(f"X has {len(self.X)} rows and Y {len(self.Y)}", "one row of each for a measurement")
        if self.X.shape[1] != len(self.columns):
            yield Fault(f"X has {self.X.shape[1]} columns and {len(self.columns)} are described", "describe each")
        if not torch.isfinite(self.X).all():
            yield Fault("X holds NaN or infinite features", "encode designs with finite values only")
        if torch.isinf(self.Y).any():
            yield Fault("Y holds infinite values", "leave a value that was not measured as NaN")
        if self.quantities and len(self.quantities) != self.Y.shape[1]:
            yield Fault(f"Y has {self.Y.shape[1]} columns and {len(self.quantities)} quantities", "name each or none")
        yield from self._faults_beside()

    def _faults_beside(self) -> Iterator[Fault]:
        """Go through the faults of what is given for each value of Y."""
        if self.censored is not None and self.censored.shape != self.Y.shape:
            yield Fault(f"censored is {tuple(self.censored.shape)} and Y {tuple(self.Y.shape)}", "give one a value")
        if self.batches is not None and self.batches.shape != self.Y.shape[:1]:
            yield Fault(f"batches is {tuple(self.batches.shape)} and Y {tuple(self.Y.shape)}", "give one a row")
        if self.Yvar is None:
            return
        if self.Yvar.shape != self.Y.shape:
            yield Fault(f"Yvar is {tuple(self.Yvar.shape)} and Y {tuple(self.Y.shape)}", "give one variance a value")
        if torch.isinf(self.Yvar).any() or (self.Yvar < 0).any():
            yield Fault("Yvar holds negative or infinite variances", "give variances >= 0, NaN where unknown")

    @property
    def targets(self) -> int:
        """The number of targets, m."""
        return int(self.Y.shape[1])

    def first(self, n: int) -> TaskData:
        """Return the data of the first `n` measurements, in the order in which they stand."""
        return self.rows(range(min(n, len(self.X))))

    def rows(self, chosen: Sequence[int]) -> TaskData:
        """Return the data of some measurements, in the order given."""
        at = torch.as_tensor(chosen, dtype=torch.long)
        variances = None if self.Yvar is None else self.Yvar[at]
        return replace(
            self,
            X=self.X[at],
            Y=self.Y[at],
            Yvar=variances,
            censored=_at(self.censored, at),
            batches=_at(self.batches, at),
        )

    def order(self, index: int) -> Tensor:
        """Return the rows (``n``) where one target was measured, in a canonical order: by features, value, variance."""
        measured = torch.nonzero(~torch.isnan(self.Y[:, index]))[:, 0]
        X, y = self.X[measured], self.Y[measured, index]
        variance = torch.full_like(y, torch.nan) if self.Yvar is None else self.Yvar[measured, index]
        keys = torch.cat([X, y[:, None], variance.nan_to_num(nan=-1.0)[:, None]], dim=1).numpy()
        if self.batches is not None:
            keys = np.concatenate([keys, self.batches[measured, None].numpy()], axis=1)
        return measured[torch.from_numpy(np.lexsort(keys.T[::-1]))] if len(keys) else measured

    def target(self, index: int) -> TaskData:
        """Return the data of one target alone (``m = 1``), with the rows where it was measured.

        Rows stand in a canonical order (`order`), so that whatever is fitted to them does not depend on the order in
        which the measurements came.
        """
        order = self.order(index)
        variance = None if self.Yvar is None else self.Yvar[order, index]
        known = variance is not None and not bool(torch.isnan(variance).all())
        return replace(
            self,
            X=self.X[order],
            Y=self.Y[order, index, None],
            Yvar=variance[:, None] if variance is not None and known else None,
            quantities=self.quantities[index : index + 1],
            censored=None if self.censored is None else self.censored[order, index, None],
            batches=_at(self.batches, order),
        )

    def columns_of(self, chosen: Sequence[int]) -> TaskData:
        """Return the data of some targets, with all rows."""
        kept = list(chosen)
        return replace(
            self,
            Y=self.Y[:, kept],
            Yvar=None if self.Yvar is None else self.Yvar[:, kept],
            quantities=tuple(self.quantities[i] for i in kept) if self.quantities else (),
            censored=None if self.censored is None else self.censored[:, kept],
        )

    def is_censored(self, row: int, target: int) -> bool:
        """Whether the value of a target in a row is a limit."""
        return self.censored is not None and bool(self.censored[row, target] != 0)


def _at(tensor: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if tensor is None else tensor[rows]
