"""The drawing of all figures: one style, SVG for pages, SVG or PNG for files.

Colours are those of Okabe and Ito, which colour-blind readers can distinguish.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.report.number_format import number
from designer.whole_files import write_over

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from designer.objective import Target

BLUE, ORANGE, GREEN, RED, GREY, INK = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#8a8f98", "#23272f"
SKY, PURPLE, WASH = "#56b4e9", "#cc79a7", "#e6e8eb"
SIZE = (5.6, 3.5)
DOTS = 150  # per inch, of a PNG file
_SCREEN_DOTS = 80
MAX_POINTS = 500
"""Labelled points of one figure."""
_STYLE: Any = {  # its keys are names of matplotlib settings
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": WASH,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a name is a dollar
}


@dataclass(frozen=True)
class LabelledPoint:
    """A point of a figure, in the units of its axes, and the text that is shown for it.

    `share`: `y` is the share of the height of the axes instead.
    """

    x: float
    y: float
    text: str
    share: bool = False


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Parameters
    ----------
    name
        The stem of its file.
    label
        A description for screen readers.
    paint
        Draws it on an empty figure.
    size
        Width and height in inches.
    caption
        The text below it.
    placed
        Whether `paint` sets all positions; otherwise axes are arranged so that nothing overlaps.
    points
        Points of the first axes with a text that is shown where the pointer is over them; the last `MAX_POINTS`.
    """

    name: str
    label: str
    paint: Callable[[Figure], None] = field(repr=False)
    size: tuple[float, float] = SIZE
    caption: str = ""
    placed: bool = False
    points: Sequence[LabelledPoint] = field(default=(), repr=False)

    def svg(self) -> str:
        """Return the figure as SVG text. The same content gives the same text: no date, no random ids."""
        text, places = self._drawn_svg()
        return _svg(text, self.label, places)

    def write(self, path: Path | str) -> Path:
        """Write the figure to a file that ends in ``.svg`` or ``.png``, on white, and return its path."""
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        write_over(path, self._drawn(kind, transparent=False))
        return path

    def _repr_png_(self) -> bytes:
        """Return the figure as a notebook shows it."""
        return self._drawn("png", transparent=False, dots=_SCREEN_DOTS)

    def _drawn_svg(self) -> tuple[str, list[tuple[float, float, str]]]:
        """Return the SVG, and the labelled points at their shares of its width and height."""
        places: list[tuple[float, float, str]] = []

        def locate(figure: Figure) -> None:
            shown = self.points[-MAX_POINTS:]
            if shown:
                axes = figure.axes[0]
                systems = [axes.get_xaxis_transform() if each.share else axes.transData for each in shown]
                at = [system.transform((each.x, each.y)) for system, each in zip(systems, shown, strict=True)]
                shares = figure.transFigure.inverted().transform(at)
                places.extend((x, 1 - y, each.text) for (x, y), each in zip(shares, shown, strict=True))

        return self._drawn("svg", transparent=True, after=locate).decode(), places

    def _drawn(
        self, kind: str, *, transparent: bool, dots: int = DOTS, after: Callable[[Figure], None] | None = None
    ) -> bytes:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        # Ids inside the SVG are made from the salt: two figures on one page must not share them.
        with mpl.rc_context():
            mpl.rcParams.update({**_STYLE, "svg.hashsalt": self.name + self.label})
            figure = Figure(figsize=self.size, layout=None if self.placed else "constrained")
            self.paint(figure)
            buffer = io.BytesIO()
            metadata = {"Date": None, "Creator": None} if kind == "svg" else None
            figure.savefig(buffer, format=kind, transparent=transparent, metadata=metadata, dpi=dots)
            if after is not None:
                after(figure)
        return buffer.getvalue()


def draw(
    paint: Callable[[Axes], None],
    label: str,
    size: tuple[float, float] = SIZE,
    points: Sequence[LabelledPoint] = (),
) -> str:
    """Return the SVG of one figure with one pair of axes, on which `paint` draws."""
    return on_axes("figure", label, paint, size, points=points).svg()


def on_axes(
    name: str,
    label: str,
    paint: Callable[[Axes], None],
    size: tuple[float, float] = SIZE,
    caption: str = "",
    points: Sequence[LabelledPoint] = (),
) -> Drawing:
    """Return a drawing with one pair of axes."""
    return Drawing(name, label, lambda figure: paint(figure.add_subplot()), size, caption, points=points)


def draw_goal(axes: Axes, target: Target) -> None:
    """Draw what a target shall reach, and its limits."""
    if target.goal == "match" and target.value is not None and target.tolerance is not None:
        low, high = target.value - target.tolerance, target.value + target.tolerance
        axes.axhspan(low, high, color=GREEN, alpha=0.15, lw=0, label="target range")
    elif target.goal == "boundary" and target.value is not None:
        axes.axhline(target.value, color=GREEN, ls=(0, (5, 3)), lw=1.4, label="boundary")
    elif target.reach is not None:
        axes.axhline(target.reach, color=GREEN, ls=(0, (5, 3)), lw=1.4, label="target to reach")
    for limit in (target.at_least, target.at_most):
        if limit is not None:
            axes.axhline(limit, color=RED, ls=(0, (1, 2)), lw=1.4, label="limit")


def file_name(*words: str) -> str:
    """Return the stem of a file name made of `words`.

    >>> file_name("progress", "yield [%]"), file_name("map", "../a", "B")
    ('progress-yield', 'map-a-b')
    """
    return "-".join(filter(None, (re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)))


def _svg(text: str, label: str, places: Sequence[tuple[float, float, str]] = ()) -> str:
    from html import escape

    text = text[text.index("<svg") :]
    # The page sets the width; the view box keeps the proportions.
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    if places:
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
        assert box is not None, "matplotlib writes a view box"
        width, height = float(box[1]), float(box[2])
        circles = [
            f'<circle class="point" cx="{x * width:.1f}" cy="{y * height:.1f}" r="7" fill="none" pointer-events="all">'
            f"<title>{escape(words)}</title></circle>"
            for x, y, words in places
        ]
        text = text.replace("</svg>", "\n".join(circles) + "\n</svg>")
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(label, quote=True)}"', 1)


def log_scale(axes: Axes, which: str) -> None:
    """Make the axis `which` (``x`` or ``y``) of what is drawn logarithmic, with decimal numbers at its ticks.

    They stand at powers of ten, over fewer than two and a half decades also at 2 and 5 times these, and over less than
    a factor of four at equal distances.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.set(**{f"{which}scale": "log"})
    axis, (low, high) = (axes.xaxis, axes.get_xlim()) if which == "x" else (axes.yaxis, axes.get_ylim())
    factor = high / max(low, 1e-300)
    subs = (1.0,) if factor > 10**2.5 else (1.0, 2.0, 5.0)
    axis.set_major_locator(MaxNLocator(4) if factor < 4 else LogLocator(subs=subs))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
