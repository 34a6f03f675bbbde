"""Files of curves: what is read, and the located fault of what is not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from designer.errors import InvalidInput
from designer.observations.curves.curve import MAX_POINTS, Curve, curve_of
from designer.observations.curves.curve_cells import CellFiles, path_of, read_curve_cell
from designer.observations.curves.curve_files import MAX_BYTES, read_curve
from designer.observations.observation import Observation

JCAMP = """##TITLE=polystyrene
##JCAMP-DX=4.24
##XUNITS=1/CM
##FIRSTX=400
##LASTX=404
##NPOINTS=5
##YFACTOR=0.5
##XYDATA=(X++(Y..Y)) $$ a comment
400 1 2 3
403 4 5
##END=
"""


def npy(array: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "x", "y"),
    [
        ("a.csv", b"two_theta,counts\n10,5\n10.5,7\n", (10, 10.5), (5, 7)),
        ("a.xy", b"# made by hand\n\n10 5\n10.5 7\n", (10, 10.5), (5, 7)),
        ("a.TXT", b"10,0;5,5\r\n10,5;7,25\r\n", (10, 10.5), (5.5, 7.25)),
        ("a.tsv", b"\xef\xbb\xbfx\ty\n4000\t1\n3998\t2\n", (3998, 4000), (2, 1)),
        ("a.jdx", JCAMP.encode(), (400, 401, 402, 403, 404), (0.5, 1, 1.5, 2, 2.5)),
        ("a.dx", b"##TITLE=a\n##XYPOINTS=(XY..XY)\n1, 2; 3, 4\n5, 6\n##END=\n", (1, 3, 5), (2, 4, 6)),
        ("a.npy", npy([[1, 2], [3, 4], [5, 6]]), (1, 3, 5), (2, 4, 6)),
        ("a.npy", npy([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (1, 2, 3), (4, 5, 6)),
    ],
)
def test_files_are_read(name: str, content: bytes, x: tuple[float, ...], y: tuple[float, ...]) -> None:
    curve = read_curve(name, content)
    assert (curve.x, curve.y, curve.file) == (x, y, name)
    assert curve.digest is not None


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"1 2\n", "no ending of a curve's file"),
        ("a.csv", b"", "0 points: too few"),
        ("a.csv", b"1,2\n", "1 point: too few"),
        ("a.csv", b"1\n2\n", "line 1: 1 column"),
        ("a.csv", b"x,y\n1,2,3\n", "line 2: 3 columns"),
        ("a.csv", b"x,y\n1,2\nn,m\n", "line 3: 'n,m' is not two numbers"),
        ("a.csv", b"x,y\n1,2\n2,nan\n", "line 3: a number that is not finite"),
        ("a.csv", b"x,y\n1,2\n3,2\n2,1\n", "line 4: position 2 does not rise after 3"),
        ("a.csv", b"1,2\n1,3\n", "does not rise"),
        ("a.csv", b"1,2\n2,1e200\n", "beyond 1e+150"),
        ("a.xy", bytes(range(256)) * 4, "is not text"),
        ("a.xy", b"\x89PNG\r\n\x1a\n\x01\x02\x03\x04", "is not text"),
        ("a.csv", b"1,2\n" * (MAX_BYTES // 4 + 1), "has 8.0 MiB"),
        ("a.npy", b"no array", "not a NumPy array"),
        ("a.npy", npy([{"a": 1}]), "not a NumPy array"),
        ("a.npy", npy([1.0, 2.0]), "no two columns"),
        ("a.npy", npy([["a", "b"]]), "no two columns"),
        ("a.jdx", b"##TITLE=a\n##END=\n", "no ##XYDATA="),
        ("a.jdx", JCAMP.replace("403 4 5", "403 4 E5").encode(), "line 10: '403 4 E5' is compressed"),
        ("a.jdx", JCAMP.replace("NPOINTS=5", "NPOINTS=6").encode(), "NPOINTS= is 6, and"),
        ("a.jdx", JCAMP.replace("##FIRSTX=400\n", "").encode(), "no ##FIRSTX="),
        ("a.jdx", JCAMP.replace("FIRSTX=400", "FIRSTX=four").encode(), "not a number"),
        ("a.jdx", JCAMP.replace("(X++(Y..Y))", "(X++(R..R))").encode(), "is not read"),
        ("a.dx", b"##XYPOINTS=(XY..XY)\n1, 2, 3\n", "line 2: a position without a value"),
    ],
)
def test_faults_of_files_are_located(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_curve(name, content)
    (fault,) = caught.value.faults
    assert words in fault.what
    assert name in fault.what
    assert fault.remedy


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["a.csv", "a.jdx", "a.npy"]), st.binary(max_size=80))
def test_any_content_is_a_curve_or_a_fault(name: str, content: bytes) -> None:
    for data in (content, b"##XYDATA=(X++(Y..Y))\n" + content, b"\x93NUMPY\x01\x00" + content):
        try:
            curve = read_curve(name, data)
        except InvalidInput:
            continue
        assert np.isfinite([*curve.x, *curve.y]).all()


@settings(max_examples=20, deadline=None)
@given(arrays(float, st.integers(2, 30), elements=st.floats(-1e6, 1e6)), st.floats(-1e3, 1e3), st.floats(0.01, 10))
def test_points_as_text_come_back(y: np.ndarray[tuple[int], np.dtype[np.float64]], low: float, step: float) -> None:
    curve = curve_of([low + step * i for i in range(len(y))], y)
    observation = Observation(name="z", kind="curve")
    assert read_curve_cell(curve.text, observation, CellFiles()) == curve


def test_long_curves_are_averaged() -> None:
    x = np.linspace(0.0, 10.0, 5 * MAX_POINTS)
    curve = curve_of(x, 3.0 * x)
    assert len(curve.x) == MAX_POINTS
    np.testing.assert_allclose(np.array(curve.y), 3.0 * np.array(curve.x))


@pytest.mark.parametrize(
    "cell",
    [
        Curve(x=(1, 2), y=(3, 4)),
        "1:3; 2:4;",
        [[1, 3], [2, 4]],
        np.array([[1.0, 3.0], [2.0, 4.0]]),
        {"x": [1, 2], "y": np.array([3.0, 4.0])},
        [3, 4],
        {"file": "a\\b.xy", "content": "MSAzCjIgNAo="},
    ],
)
def test_cells_are_read(cell: object) -> None:
    observation = Observation.model_validate({"name": "z", "kind": "curve", "axis": {"low": 1, "high": 2}})
    assert read_curve_cell(cell, observation, CellFiles()) == Curve(x=(1, 2), y=(3, 4))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("scan.xy", "cannot be named here"),
        ("/etc/passwd", "is no point"),
        ("1:2; x:3", "'x:3' is no point"),
        ([1, 2], "the values have no positions"),
        ([[1, 2, 3], [1, 2, 3], [1, 2, 3]], "no pairs"),
        ([[1, "a"], [2, 3]], "'a' is not a number"),
        (7.5, "is no curve"),
        (True, "is no curve"),
        ({"x": [1, 2]}, "has the keys x"),
        ({"file": "a.xy", "content": "%"}, "is not base64"),
        (Path("/nowhere/a.xy"), "cannot be read"),
    ],
)
def test_faulty_cells_are_refused(cell: object, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_curve_cell(cell, Observation(name="z", kind="curve"), CellFiles())


def test_files_of_cells_stay_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "a.xy").write_text("1 2\n2 3\n")
    (tmp_path / "lab" / "link.xy").symlink_to(tmp_path / "a.xy")
    for text in ("../a.xy", str(tmp_path / "a.xy"), "link.xy"):
        with pytest.raises(InvalidInput, match="not in the folder"):
            path_of(text, tmp_path / "lab")
    assert path_of("a.xy", tmp_path) == tmp_path / "a.xy"
