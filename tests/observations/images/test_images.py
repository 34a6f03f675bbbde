"""Images: their files, and the numbers of their microstructure against direct counts and closed forms."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from designer.errors import BrokenPlugin, InvalidInput
from designer.observations.images.image_features import IMAGE_FEATURES
from designer.observations.images.image_files import image_of, png_of, read_image
from designer.observations.images.microstructure import grains, moments, phase
from designer.observations.images.two_point import two_point_correlation


def encoded(pixels: Any, ending: str = "png", **options: Any) -> bytes:
    stream = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels))
    image.save(stream, format={"png": "PNG", "tif": "TIFF", "jpg": "JPEG"}[ending], **options)
    return stream.getvalue()


def noise(height: int, width: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)


@pytest.mark.parametrize("shape", [(4, 4), (5, 9), (12, 7)])
def test_two_point_correlation_is_the_direct_count(shape: tuple[int, int]) -> None:
    inside = np.random.default_rng(1).random(shape) < 0.4
    found = two_point_correlation(inside)
    both, among = np.zeros(len(found)), np.zeros(len(found))
    pixels = list(product(range(shape[0]), range(shape[1])))
    for (a, b), (c, d) in product(pixels, pixels):
        distance = round(float(np.hypot(a - c, b - d)))
        if distance < len(found):
            among[distance] += 1
            both[distance] += inside[a, b] and inside[c, d]
    np.testing.assert_allclose(found, both / among, atol=1e-12)
    assert found[0] == pytest.approx(inside.mean())


def test_correlation_of_stripes_and_of_noise() -> None:
    rows = np.zeros((64, 64), dtype=bool)
    rows[::2] = True
    vertical = two_point_correlation(rows)
    assert vertical[0] == pytest.approx(0.5)
    random = two_point_correlation(np.random.default_rng(0).random((200, 200)) < 0.3)
    np.testing.assert_allclose(random[1:], random[0] ** 2, atol=0.01)


def test_grains_of_discs() -> None:
    y, x = np.mgrid[0:120, 0:120]
    pixels = np.zeros((120, 120))
    for centre in ((30, 30), (30, 90), (90, 30), (90, 90)):
        pixels[np.hypot(y - centre[0], x - centre[1]) < 15] = 1.0
    share, bright, _, diameter = grains(pixels)
    assert diameter == pytest.approx(30.0, rel=0.02)
    assert bright == pytest.approx(np.pi * 30.0 / 4.0, rel=0.05)  # the mean chord of a disc
    assert share == pytest.approx(4 * np.pi * 15**2 / 120**2, rel=0.02)


def test_moments_are_those_of_numpy_and_scipy() -> None:
    from scipy.stats import skew

    pixels = np.random.default_rng(0).gamma(2.0, 0.05, (30, 20)).clip(0, 1)
    np.testing.assert_allclose(moments(pixels), [pixels.mean(), pixels.std(), skew(pixels.ravel())])


def test_a_constant_image_has_no_bright_phase() -> None:
    correlation, summary = image_of(np.full((8, 8), 0.5))
    assert summary.numbers["grains"] == (0.0, None, 8.0, None)
    assert summary.numbers["moments"] == (0.5, 0.0, 0.0)
    assert set(correlation) == {0.0}


def test_threshold_separates_two_phases() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((40, 40)) < 0.3
    pixels = np.where(truth, 0.7, 0.3) + rng.normal(0.0, 0.05, truth.shape)
    assert (phase(pixels) == truth).mean() > 0.999


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_bits_and_colours_give_the_same_grey_values(ending: str) -> None:
    grey = noise(20, 30)
    alike = {
        "8 bits": grey,
        "16 bits": grey.astype(np.uint16) * 257,
        "colours": np.stack([grey] * 3, axis=2),
        "alpha": np.dstack([grey, grey, grey, np.full_like(grey, 7)]),
    }
    if ending == "tif":
        alike["32 bits"] = (grey / 255.0).astype(np.float32)
    found = [read_image(f"a.{ending}", encoded(each, ending))[1] for each in alike.values()]
    for each in found[1:]:
        for name, numbers in found[0].numbers.items():
            np.testing.assert_allclose(
                np.array(each.numbers[name], dtype=float), np.array(numbers, dtype=float), atol=1e-5
            )
        assert each.preview.startswith("iVBOR")


def header_only(width: int, height: int) -> bytes:
    """Return a PNG file that states a size and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def two_frames() -> bytes:
    stream = io.BytesIO()
    frames = [Image.fromarray(noise(8, 8, seed)) for seed in range(2)]
    frames[0].save(stream, format="TIFF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jpg", b"", "no ending of an image's file; give .png, .tif, .tiff"),
        ("a.png", b"", "is damaged, or no PNG or TIFF image"),
        ("a.png", encoded(noise(20, 20), "jpg"), "is damaged, or no PNG"),
        ("a.png", encoded(noise(40, 40))[:300], "is damaged, or no PNG"),
        ("a.png", header_only(60_000, 60_000), "far too many pixels; give at most"),
        ("a.png", header_only(9_000, 9_000), "9000 x 9000 pixels; give at most"),
        ("a.png", header_only(2**31 - 1, 2**31 - 1), "a.png"),
        ("a.png", header_only(100, 100), "is damaged"),
        ("a.png", encoded(noise(2, 9)), "9 x 2 pixels; give at least 4 x 4"),
        ("a.tif", two_frames(), "holds 2 images; save one image a file"),
        ("a.tif", encoded(np.full((5, 5), 2.0, dtype=np.float32), "tif"), "grey values beyond"),
        ("a.png", b"x" * (8 * 2**20 + 1), "8.0 MiB; give a file of at most 8 MiB"),
    ],
)  # fmt: skip
def test_faulty_files_are_refused(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match="a\\.") as caught:
        read_image(name, content)
    assert words in str(caught.value)


WHOLE = encoded(noise(12, 12)), encoded(noise(12, 12), "tif")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(WHOLE), st.integers(0, 400), st.binary(min_size=1, max_size=8), st.booleans())
def test_any_damage_is_an_image_or_a_fault(whole: bytes, place: int, junk: bytes, cut: bool) -> None:
    place %= len(whole)
    content = whole[:place] + junk + (b"" if cut else whole[place + len(junk) :])
    with contextlib.suppress(InvalidInput):  # any other error is a failure
        assert len(read_image("a.tif", content)[0]) == 7


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((5, 5, 4), dtype=np.uint8), "is no image"),
        (np.zeros(5), "is no image"),
        (np.full((5, 5), 1.5), "beyond 0 and 1"),
        (np.full((5, 5), np.nan), "beyond 0 and 1"),
        (np.full((5, 5), -1), "beyond 0 and 65535"),
        (np.full((5, 5), "a"), "is no image"),
        ([[1, 2], [1]], "differ in length"),
        (np.zeros((1, 5)), "at least 4 x 4"),
    ],
)
def test_arrays_that_are_no_images(array: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        png_of(array)


def test_arrays_come_back_as_they_were() -> None:
    values = np.random.default_rng(0).random((9, 5))
    _, found = read_image("a.png", png_of(values))
    np.testing.assert_allclose(np.array(found.numbers["moments"], dtype=float), moments(values), atol=1e-4)


def test_features_of_users_are_computed_once_and_checked() -> None:
    functions: tuple[Any, ...] = (
        lambda pixels: [],
        lambda pixels: [1.0] * 6,
        lambda pixels: "none",
        lambda pixels: None,
    )
    for broken in functions:
        IMAGE_FEATURES.register("test", broken)
        with pytest.raises(BrokenPlugin, match="return 1 to 5 numbers"):
            image_of(np.eye(5), "test")
        IMAGE_FEATURES.unregister("test")
    IMAGE_FEATURES.register("test", lambda pixels: [pixels[0, 0], float("nan")])
    _, found = image_of(np.eye(5), "test")
    IMAGE_FEATURES.unregister("test")
    assert found.numbers["test"] == (1.0, None)
