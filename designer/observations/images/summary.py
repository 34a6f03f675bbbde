"""What an event holds of an image: its size, numbers computed from all of its pixels, and a small picture."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from designer.documents import Value
from designer.errors import InvalidInput

MAX_PREVIEW = 40_000
"""Characters of the small picture, base64 of a PNG file."""

Number = Annotated[float, Field(allow_inf_nan=False)]


class ImageSummary(Value):
    """An image in numbers.

    Parameters
    ----------
    width, height
        In pixels.
    numbers
        By the name of the features (`designer.observations.images.image_features`), None where one does not exist.
    preview
        A small picture in grey, base64 of a PNG file.
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    numbers: dict[str, tuple[Number | None, ...]]
    preview: Annotated[str, Field(max_length=MAX_PREVIEW, pattern="^[A-Za-z0-9+/=]*$")]

    def __eq__(self, other: object) -> bool:
        """Whether size and numbers are the same; the same picture may be compressed otherwise."""
        if not isinstance(other, ImageSummary):
            return NotImplemented
        return (self.width, self.height, self.numbers) == (other.width, other.height, other.numbers)

    def __hash__(self) -> int:
        return hash((self.width, self.height))

    @property
    def words(self) -> str:
        """The image in a few words."""
        mean, deviation = self.numbers["moments"][:2]
        return f"image of {self.width} x {self.height} pixels, grey {mean:.3g} ± {deviation:.2g}"
