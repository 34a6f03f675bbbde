from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import example, given, settings
from pydantic import Field, model_validator

from designer.documents import Document, Value, load_document, parse, read_document, write_document
from designer.errors import Fault, InvalidCampaign, InvalidInput, InvalidSpace


class Cat(Value):
    kind: Literal["cat"]
    lives: int
    mood: Literal["calm", "wild"] = "calm"


class Dog(Value):
    kind: Literal["dog"]
    cat: str = "none"  # a key that is also a tag of the union
    tricks: tuple[str, ...] = ()


class Zoo(Value):
    error_type: ClassVar[type[InvalidInput]] = InvalidSpace

    animals: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...]
    keeper: Cat | None = None
    guests: dict[str, Dog] | None = None
    open_hours: tuple[int, int] | str = "never"
    area: float = Field(default=1.0, gt=0, alias="space")

    @model_validator(mode="after")
    def _check(self) -> "Zoo":
        faults = [
            Fault(f"animal {i} is a wild cat", "calm it", path=("animals", i, "mood"))
            for i, animal in enumerate(self.animals)
            if isinstance(animal, Cat) and animal.mood == "wild"
        ]
        if faults:
            raise InvalidInput(faults)
        return self


def faults_in(text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse(Zoo, read_document(text, file="z.yaml"))
    return str(caught.value).splitlines()


def test_all_faults_with_their_lines_and_the_keys_of_their_own_class() -> None:
    text = """\
animals:
  - kind: cat
    lives: many
    trick: jump
  - kind: dog
    trick: [jump]
    cat: 3
  - kind: dot
  - lives: 3
  - {kind: cat, mood: wilde}
keeper: {kind: cat, lives: 9, liv: 9}
guests:
  Rex: {kind: dog, trix: []}
space: -1
anmals: []
"""
    assert faults_in(text) == [
        "z.yaml:3: 'lives' cannot be 'many'; give a whole number",
        "z.yaml:4: unknown key 'trick'; known keys: kind, lives, mood",
        "z.yaml:6: unknown key 'trick'; did you mean 'tricks'?",
        "z.yaml:7: 'cat' cannot be 3; give text, in quotes if it looks like a number",
        "z.yaml:8: kind 'dot' is not known; did you mean 'dog'?",
        "z.yaml:9: 'kind' is missing; add 'kind'",
        "z.yaml:10: 'lives' is missing; add 'lives'",
        "z.yaml:10: 'mood' cannot be 'wilde'; did you mean 'wild'?",
        "z.yaml:11: unknown key 'liv'; did you mean 'lives'?",
        "z.yaml:13: unknown key 'trix'; did you mean 'tricks'?",
        "z.yaml:14: 'space' cannot be -1; it should be greater than 0",
        "z.yaml:15: unknown key 'anmals'; did you mean 'animals'?",
    ]


def test_faults_of_validators_are_placed_inside_the_value() -> None:
    text = "animals:\n- {kind: cat, lives: 1}\n- kind: cat\n  lives: 2\n  mood: wild\n"
    assert faults_in(text) == ["z.yaml:5: animal 1 is a wild cat; calm it"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "the document cannot be []; write a mapping: key: value"),
        ("animals: 3", "'animals' cannot be 3; write a list: [..., ...]"),
        ("animals: [3]", "'animals[0]' cannot be 3; write a mapping: key: value"),
        ("keeper: {}", "'animals' is missing"),
        ("animals: []\nspace: .nan", "finite number"),
        ("animals: []\nopen_hours: [1, x]", "'open_hours[1]' cannot be 'x'; give a whole number"),
    ],
)
def test_wrong_shapes(text: str, message: str) -> None:
    assert any(message in line for line in faults_in(text))


def test_built_from_python_a_value_raises_its_own_error() -> None:
    with pytest.raises(InvalidSpace) as caught:
        Zoo(animals=[{"kind": "cat"}])
    assert str(caught.value) == "animals[0].lives: 'lives' is missing; add 'lives'"
    with pytest.raises(InvalidInput, match="lives"):
        Cat(kind="cat")  # type: ignore[call-arg]
    with pytest.raises(InvalidCampaign):
        parse(Zoo, Document({}), error=InvalidCampaign)


def test_values_are_frozen() -> None:
    cat = Cat(kind="cat", lives=9)
    with pytest.raises(ValueError, match="frozen"):
        cat.lives = 8  # type: ignore[misc]
    assert cat == Cat(kind="cat", lives=9)
    assert hash(cat) == hash(Cat(kind="cat", lives=9))


def test_words_are_those_of_yaml_1_2_but_for_leading_zeros() -> None:
    document = read_document("[No, on, y, true, 1e5, 1.5, 0x10, 010, ~, 12:30, 2020-01-01, '1']")
    assert document.data == ["No", "on", "y", True, 1e5, 1.5, "0x10", "010", None, "12:30", "2020-01-01", "1"]


def test_lines() -> None:
    document = read_document("a:\n  b:\n    - 1\n    - c: 2\n")
    assert document.line(("a", "b", 1, "c")) == 4
    assert document.line(("a", "b", 7)) == 2
    assert document.line(()) == 1
    assert Document({}).line(("a",)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("a: [1,\nb: 2", "z.yaml:2: not YAML"),
        ("a: 1\nb: 2\na: 3", "z.yaml:3: 'a' is given twice (first on line 1); give it once"),
        (
            "a: !!python/object/apply:os.system ['ls']",
            "z.yaml:1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is",
        ),
        ("a: !!binary aGk=", "is not allowed"),
        ("a: !!set {b, c}", "is not allowed"),
        ("a: !mine {b: c}", "is not allowed"),
        ("[" * 3000, "not YAML"),
        ("a: !!python/name:os.system", "is not allowed; plain values only"),
        ("? [a]\n: 1", "cannot be a key"),
        ("a: &x {b: 1}\nc: {<<: *x}", "z.yaml:2: '<<' does not merge here; write the keys out"),
        ("a: &x [*x]", "nested too deeply"),
        ("a: 1\n---\nb: 2", "not YAML"),
        ("a: \x01", "not YAML"),
    ],
)
def test_what_is_no_document(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_document(text, file="z.yaml")
    assert message in str(caught.value)


def test_a_small_file_cannot_stand_for_endless_data() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
    with pytest.raises(InvalidInput) as caught:
        read_document(bomb, file="z.yaml")
    assert "too many parts" in str(caught.value)
    assert len(caught.value.faults) == 1


def test_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        load_document(tmp_path / "none.yaml")
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_document(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xb0")
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_document(tmp_path / "latin.yaml")
    (tmp_path / "good.yaml").write_text("a: 1")
    assert load_document(tmp_path / "good.yaml").data == {"a": 1}


@pytest.mark.parametrize(
    "text", ["09", "08", "-09", "00", "007", "010", "09.5", "00.1", "09e1", "1_000", "0o7", "0x1F"]
)
def test_labels_with_a_leading_zero_and_numbers_of_other_notations_are_text(text: str) -> None:
    assert read_document(f"a: {text}\nb: [{text}]").data == {"a": text, "b": [text]}
    assert read_document(write_document({"a": text})).data == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-0", 0), ("10", 10), ("+5", 5), ("0.5", 0.5), (".5", 0.5), ("1e5", 1e5), ("0e0", 0.0)],
)
def test_numbers_are_numbers(text: str, value: float) -> None:
    (found,) = read_document(f"a: {text}").data.values()
    assert (found, type(found)) == (value, type(value))


WORDS = st.text("abcxyz019 -_.:#'\"", max_size=8)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), PLAIN, min_size=1, max_size=4), st.booleans())
def test_plain_data_survives_yaml(data: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, default_style='"' if flow else None, allow_unicode=True)
    if flow:
        # Everything in quotes: only texts keep their kind, so only the shape is compared.
        assert set(read_document(text).data) == set(data)
        return
    assert read_document(text).data == data


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_document(text, file="z.yaml")
    except InvalidInput as error:
        assert all(fault.file == "z.yaml" for fault in error.faults)  # noqa: PT017  both ends are right


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1).filter(lambda k: k != "<<"), inner),
    max_leaves=8,
)


@settings(max_examples=150)
@given(data=plain_data.filter(lambda data: data is not None))
@example(
    data=["1e5", "0x1f", "12:30", "no", "~", "", " a", "a\n", "a\x85b", "\u2028", "#", "- a", "a: b", "\ufeff", "\x07"]
)
def test_what_is_written_is_read_back(data: Any) -> None:
    assert read_document(write_document(data)).data == data
