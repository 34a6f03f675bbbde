"""Images: PNG and TIFF files and arrays, as their two-point correlation and numbers of the whole image.

Colours become grey values (ITU-R 601-2), an alpha channel is left out; 8 and 16 bits are read.
"""

from __future__ import annotations

import base64
import io
import math
import warnings
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from designer.counting import count
from designer.errors import BrokenPlugin, Fault, InvalidInput
from designer.observations.images.summary import ImageSummary

if TYPE_CHECKING:
    from PIL.Image import Image

    from designer.arrays import FloatArray

IMAGE_ENDINGS = (".png", ".tif", ".tiff")
MAX_IMAGE_BYTES = 8 * 2**20
MAX_PIXELS = 8_400_000
"""Pixels of an image that is read: 4,096 x 2,048."""
MIN_SIDE = 4
PREVIEW_SIDE = 96
_GREY_16 = ("I;16", "I;16B", "I;16L", "I")


def read_image(name: str, content: bytes, own: str | None = None) -> tuple[FloatArray, ImageSummary]:
    """Return the two-point correlation (``r + 1``) and the summary of the image in a file's content.

    Parameters
    ----------
    own
        The name of the registered features of a user, which are computed beside the built-in ones.

    Raises
    ------
    InvalidInput
        If it is no PNG or TIFF file of one image, is damaged, too large or too small.
    BrokenPlugin
        If the registered function returns something else than a few numbers.
    """
    known = PurePath(name).suffix.lower()
    if known not in IMAGE_ENDINGS:
        raise InvalidInput(Fault(f"{name!r} has no ending of an image's file", f"give {', '.join(IMAGE_ENDINGS)}"))
    if len(content) > MAX_IMAGE_BYTES:
        what = f"{name!r} has {len(content) / 2**20:.1f} MiB"
        raise InvalidInput(Fault(what, f"give a file of at most {MAX_IMAGE_BYTES // 2**20} MiB"))
    return image_of(_grey_values(name, content), own)


def image_of(pixels: FloatArray, own: str | None = None) -> tuple[FloatArray, ImageSummary]:
    """Return the two-point correlation (``r + 1``) and the summary of grey values (``h x w``, 0 to 1)."""
    from designer.observations.images.image_features import BUILT_IN
    from designer.observations.images.microstructure import phase
    from designer.observations.images.two_point import two_point_correlation

    names = dict.fromkeys((*BUILT_IN, own) if own is not None else BUILT_IN)
    numbers = {name: _features(name, pixels) for name in names}
    summary = ImageSummary(
        width=pixels.shape[1], height=pixels.shape[0], numbers=numbers, preview=_preview(pixels)
    )  # fmt: skip
    return two_point_correlation(phase(pixels)), summary


def png_of(array: Any) -> bytes:
    """Return an array of grey values (``h x w``) or colours (``h x w x 3``) as a PNG file.

    Integers have 8 or 16 bits; numbers with a decimal point go from 0 to 1, and are stored with 16 bits.

    Raises
    ------
    InvalidInput
        If the array is no image.

    Examples
    --------
    >>> import numpy as np
    >>> png_of(np.zeros((4, 4), dtype=np.uint8))[1:4]
    b'PNG'
    """
    import numpy as np
    from PIL import Image as images  # noqa: N813  the module is named like its class

    remedy = "give h x w grey values: whole numbers of 8 or 16 bits, or numbers from 0 to 1"
    try:
        given = np.asarray(array)
    except ValueError:
        raise InvalidInput(Fault("the rows of the image differ in length", remedy)) from None
    colours = given.ndim == 3 and given.shape[2] == 3 and given.dtype == np.uint8
    if given.dtype.kind not in "uif" or (given.ndim != 2 and not colours):
        raise InvalidInput(Fault(f"an array of shape {given.shape} and type {given.dtype} is no image", remedy))
    _check_size("the image", given.shape[1], given.shape[0])
    if given.dtype.kind == "f":
        if not (np.isfinite(given).all() and given.min() >= 0 and given.max() <= 1):
            raise InvalidInput(Fault("grey values beyond 0 and 1", remedy))
        given = np.rint(given * 65535.0)
    elif given.min() < 0 or given.max() > 65535:
        raise InvalidInput(Fault("grey values beyond 0 and 65535", remedy))
    deep = given.dtype != np.uint8
    stream = io.BytesIO()
    images.fromarray(given.astype(np.uint16) if deep else given).save(stream, format="PNG")
    return stream.getvalue()


def _check_size(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        what = f"{name} has {width} x {height} pixels"
        raise InvalidInput(Fault(what, f"give at most {MAX_PIXELS} pixels: cut a part, or average"))
    if min(width, height) < MIN_SIDE:
        what = f"{name} has {width} x {height} pixels"
        raise InvalidInput(Fault(what, f"give at least {MIN_SIDE} x {MIN_SIDE} pixels"))


def _grey_values(name: str, content: bytes) -> FloatArray:
    """Return the grey values (``h x w``) of a file, from 0 to 1; the size is checked before pixels are read."""
    from PIL import Image as images  # noqa: N813  the module is named like its class

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags that are not needed, and of sizes, which are checked here
            with images.open(io.BytesIO(content), formats=("PNG", "TIFF")) as image:
                _check_size(name, *image.size)
                frames = int(getattr(image, "n_frames", 1))
                if frames > 1:
                    raise InvalidInput(Fault(f"{name} holds {count(frames, 'image')}", "save one image a file"))
                return _values(name, image)
    except InvalidInput:
        raise
    except images.DecompressionBombError:
        what = f"{name} has far too many pixels"
        raise InvalidInput(Fault(what, f"give at most {MAX_PIXELS} pixels: cut a part, or average")) from None
    except Exception:  # noqa: BLE001  the decoders raise many kinds on damaged files
        what = f"{name} is damaged, or no PNG or TIFF image"
        raise InvalidInput(Fault(what, "save it again as PNG, or as TIFF without rare compression")) from None


def _values(name: str, image: Image) -> FloatArray:
    import numpy as np

    remedy = "save it with 8 or 16 bits"
    if image.mode in _GREY_16:
        values = np.asarray(image, dtype=float) / 65535.0
    elif image.mode == "F":
        values = np.asarray(image, dtype=float)
    else:
        values = np.asarray(image.convert("L"), dtype=float) / 255.0
    if not (np.isfinite(values).all() and values.min() >= 0.0 and values.max() <= 1.0):
        raise InvalidInput(Fault(f"{name}: grey values beyond those of 16 bits, or of 0 and 1", remedy))
    return values


def _features(name: str, pixels: FloatArray) -> tuple[float | None, ...]:
    from designer.observations.images.image_features import IMAGE_FEATURES, MAX_FEATURES

    found = IMAGE_FEATURES.load(name)(pixels)
    try:
        numbers = [float(value) for value in found]
    except (TypeError, ValueError):
        numbers = []
    if not 1 <= len(numbers) <= MAX_FEATURES:
        raise BrokenPlugin(f"features {name!r} of an image: return 1 to {MAX_FEATURES} numbers")
    return tuple(value if math.isfinite(value) else None for value in numbers)


def _preview(pixels: FloatArray) -> str:
    import numpy as np
    from PIL import Image as images  # noqa: N813  the module is named like its class

    low, span = float(pixels.min()), float(np.ptp(pixels)) or 1.0
    image = images.fromarray(np.rint(255.0 * (pixels - low) / span).astype(np.uint8))
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")
