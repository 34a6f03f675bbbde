"""The colours of the pages, by light and by dark: texts have the contrast of WCAG 2.1, level AA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import designer.service.http as package

STYLE = (Path(package.__file__).parent / "static" / "style.css").read_text(encoding="utf-8")
MIN_TEXT, MIN_EDGE = 4.5, 3.0
TEXTS = [
    (text, ground)
    for ground in ("paper", "wash", "blue-wash", "red-wash")
    for text in ("ink", "soft", "blue", "red", "green", "deep")
    if (text, ground) not in (("green", "red-wash"), ("deep", "red-wash"), ("blue", "red-wash"))
] + [("on-main", "main"), ("on-main", "press"), ("hint", "paper")]


def colours(dark: bool) -> dict[str, str]:
    """Return the variables of the light theme, or of the dark one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found: dict[str, str] = {}
    for block in blocks[: 1 + dark]:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,8});", block))
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, by WCAG 2.1."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) < 6 else digits
    parts = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_texts_can_be_read(dark: bool) -> None:
    found = colours(dark)
    weak = [
        f"{text} on {ground}: {contrast(found[text], found[ground]):.2f}"
        for text, ground in TEXTS
        if contrast(found[text], found[ground]) < MIN_TEXT
    ]
    assert weak == []
    assert contrast(found["edge"], found["paper"]) >= MIN_EDGE


def test_colours_are_named_once() -> None:
    """Outside the two lists of colours there are no others, except what is the same in both: pictures, the focus."""
    rest = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", rest)) == {"#fff", "#e69f00"}
    names = set(re.findall(r"var\(--([\w-]+)\)", rest))
    assert names - {"radius"} <= set(colours(dark=False)) == set(colours(dark=True))
