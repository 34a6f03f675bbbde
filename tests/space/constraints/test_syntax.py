import contextlib
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given

from designer.errors import InvalidSpace
from designer.space.constraints.nodes import Arithmetic, Compare, Logic, Name, Not, Number
from designer.space.constraints.syntax import parse_constraint


def test_precedence_is_that_of_school() -> None:
    tree = parse_constraint("-a^2 + b * 3 <= 4")
    assert isinstance(tree, Compare)
    total = tree.operands[0]
    assert isinstance(total, Arithmetic)
    assert total.operator == "+"
    assert type(total.left).__name__ == "Negative"
    assert isinstance(total.right, Arithmetic)
    assert total.right.operator == "*"
    power = parse_constraint("a ** b ** c >= 0")
    assert isinstance(power, Compare)
    tower = power.operands[0]
    assert isinstance(tower, Arithmetic)
    assert isinstance(tower.right, Arithmetic)


def test_words_bind_as_expected() -> None:
    tree = parse_constraint("not a < 1 and b < 1 or c < 1")
    assert isinstance(tree, Logic)
    assert tree.operator == "or"
    inner = tree.operands[0]
    assert isinstance(inner, Logic)
    assert isinstance(inner.operands[0], Not)
    assert isinstance(parse_constraint("forbid a < 1"), Not)
    implication = parse_constraint("if a < 1 then b < 1")
    assert isinstance(implication, Logic)
    assert implication.operator == "or"


def test_numbers_are_exact() -> None:
    tree = parse_constraint("0.1 <= a ≤ 1e-3")
    assert isinstance(tree, Compare)
    assert isinstance(tree.operands[0], Number)
    assert tree.operands[0].value == Fraction(1, 10)
    assert isinstance(tree.operands[1], Name)
    assert tree.operators == ("<=", "<=")


BAD = [
    ("", "it is empty"),
    ("a", "'a' at character 1 is no condition; compare it"),
    ("a <", "is expected at character 4, where the text ends"),
    ("a = 3", "character 3, not '='; write == for 'is equal to'"),
    ("a <= 5 K", "not 'K'; write numbers without units"),
    ("(a <= 3", "')' is expected at character 8"),
    ("a <= 3)", "the end is expected at character 7"),
    ("a $ 3", "'$' at character 3 has no meaning"),
    ("a + (b <= 3)", "a number is expected at character 5, not the condition '(b <= 3)'"),
    ("a and b <= 3", "'a' at character 1 is no condition, but is joined by 'and'"),
    ("not a", "is no condition"),
    ("if a <= 3", "'then' is expected at character 10"),
    ("forbid a", "is no condition"),
    ("tan(a) < 1", "'tan' at character 1 is no function; functions: log10"),
    ("sqrt(a, b) < 1", "sqrt takes one number, not 2"),
    ("log10(a < 1) < 1", "a number is expected at character 7, not the condition 'a < 1'"),
    ("a in N2", "'[' is expected"),
    ("a in []", "a choice is expected"),
    ("a in [N2", "']' is expected"),
    ("a < b in [c]", "not 'in'"),
    ("a <= 1e999", "cannot be calculated with"),
    ("a <= 1e-99999999999", "cannot be calculated with"),
    ("a <= b.", "a name is expected"),
    ("(" * 200 + "a" + ")" * 200 + " < 1", "nested too deeply"),
    ("-" * 2000 + "a < 1", "nested too deeply"),
    ("a < " + "1 + " * 2000 + "1", "characters; at most"),
    ("__import__('os').system('ls') < 1", "is no function"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        parse_constraint(text)
    assert message in str(caught.value)


@given(st.text(alphabet="ab.19+-*/^()<>=![], \"'andornotifhe", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidSpace):
        parse_constraint(text)
