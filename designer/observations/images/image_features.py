"""The registry of features of images: functions from the pixels of one image to a few numbers.

A function of features gets the grey values (``h x w``, from 0, black, to 1) and returns 1 to `MAX_FEATURES` numbers,
always as many, NaN where one does not exist. It must be a pure function. It is called once for each image, when the
image is recorded. Another package adds one by an entry point of the group ``designer.image_features``, or a program by
``IMAGE_FEATURES.register``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from designer.arrays import FloatArray
from designer.registry import Registry

MAX_FEATURES = 5
"""Numbers of one image or one curve."""
COMPONENTS = "components"
"""Features of the two-point correlation function: its functional principal components, as of curves."""
DEFAULT_FEATURES = "microstructure"

ImageFeatures: TypeAlias = Callable[[FloatArray], Sequence[float]]

IMAGE_FEATURES: Registry[ImageFeatures] = Registry(
    "designer.image_features",
    "kind of features of images",
    {
        "microstructure": "designer.observations.images.microstructure:microstructure",
        "moments": "designer.observations.images.microstructure:moments",
        "grains": "designer.observations.images.microstructure:grains",
    },
    accepts=callable,
    expected=f"a function of grey values (h x w) that returns 1 to {MAX_FEATURES} numbers",
)
"""Every function of features by its name."""
BUILT_IN = ("moments", "grains", "microstructure")
