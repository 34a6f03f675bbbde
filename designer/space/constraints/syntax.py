"""The grammar of constraints: text to a tree, by recursive descent. Nothing is ever handed to Python's `eval`.

    constraint  = "forbid" condition | "if" condition "then" condition | condition
    condition   = conjunct { "or" conjunct }
    conjunct    = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum { ("<=" | "<" | ">=" | ">" | "==" | "!=") sum } | sum ["not"] "in" "[" word { "," word } "]"
    sum         = product { ("+" | "-") product }
    product     = sign { ("*" | "/") sign }
    sign        = ("-" | "+") sign | power
    power       = primary [ ("^" | "**") sign ]
    primary     = number | name { "." name } | "quoted text" | function "(" sum { "," sum } ")"
                  | "(" condition ")" | "(" cases ")"
    cases       = sum "if" condition { "," sum "if" condition } [ "," sum ]

Cases are the first number whose condition holds; a last number without a condition is that of all other designs. A
cost is written by cases or as a sum, without the brackets.

Functions: log10, ln, log (natural as well), exp, sqrt, abs, min, max.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from designer.errors import Fault, InvalidSpace
from designer.space.constraints.nodes import (
    CONDITIONS,
    Arithmetic,
    Call,
    Cases,
    Compare,
    Logic,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Quoted,
    Span,
)

FUNCTIONS = {"log10": 1, "ln": 1, "log": 1, "exp": 1, "sqrt": 1, "abs": 1, "min": None, "max": None}
COMPARISONS = frozenset({"<=", "<", ">=", ">", "==", "!="})
_WORDS = frozenset({"and", "or", "not", "in", "if", "then", "forbid"})
_TOKEN = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^()<>\[\],.=≤≥≠])"
)
_SPELLINGS = {"≤": "<=", "≥": ">=", "≠": "!=", "^": "**"}
_MAX_CHARACTERS, _MAX_DEPTH = 4000, 40


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    span: Span


def parse_constraint(text: str) -> Node:
    """Return the condition that every design must satisfy according to `text`.

    ``forbid A`` is ``not A``, and ``if A then B`` is ``not A or B``.

    Raises
    ------
    InvalidSpace
        With the character at which the text stops making sense.

    Examples
    --------
    >>> parse_constraint("temperature * log10(time <= 2500")
    Traceback (most recent call last):
    ...
    designer.errors.InvalidSpace: constraint 'temperature * log10(time <= 2500': a number is expected at character 21, \
not the condition 'time <= 2500'; close the bracket before the comparison
    """
    return _Parser(text).constraint()


def parse_number(text: str, what: str) -> Node:
    """Return the number, a sum or cases, that `text` gives for every design; `what` is how messages call it.

    Raises
    ------
    InvalidSpace
        With the character at which the text stops making sense.

    Examples
    --------
    >>> parse_number("2 + time <= 3", "cost")
    Traceback (most recent call last):
    ...
    designer.errors.InvalidSpace: cost '2 + time <= 3': a number is expected at character 1, not the condition \
'2 + time <= 3'; write a number: 5 + 0.1 * temperature, or 40 if method == bulk, 5
    """
    return _Parser(text, what, "5 + 0.1 * temperature, or 40 if method == bulk, 5").whole_number()


class _Parser:
    def __init__(self, text: str, what: str = "constraint", example: str = "temperature <= 500") -> None:
        self.text, self.what, self.example = text, what, example
        if len(text) > _MAX_CHARACTERS:
            raise InvalidSpace(Fault(f"a {what} of {len(text)} characters", f"at most {_MAX_CHARACTERS}; shorten it"))
        self.tokens = list(self._tokens())
        self.place = 0
        self.depth = 0

    # Tokens

    def _tokens(self) -> list[_Token]:
        tokens: list[_Token] = []
        place = 0
        while place < len(self.text):
            match = _TOKEN.match(self.text, place)
            if match is None:
                self.fail(f"{self.text[place]!r} at character {place + 1} has no meaning here", "see the grammar")
            place = match.end()
            kind = str(match.lastgroup)
            if kind == "blank":
                continue
            text = match.group()
            span = Span(match.start(), match.end())
            if kind == "name" and text in _WORDS:
                kind = "word"
            if kind == "sign":
                text = _SPELLINGS.get(text, text)
            tokens.append(_Token(kind, text, span))
        end = Span(len(self.text), len(self.text))
        return [*tokens, _Token("end", "", end)]

    @property
    def token(self) -> _Token:
        return self.tokens[self.place]

    def accept(self, *texts: str) -> _Token | None:
        """Take the next token if it is one of the signs or words `texts`."""
        token = self.token
        if token.kind in ("sign", "word") and token.text in texts:
            self.place += 1
            return token
        return None

    def expect(self, text: str, remedy: str) -> _Token:
        token = self.accept(text)
        if token is None:
            self.unexpected(f"{text!r}", remedy)
        return token

    def fail(self, what: str, remedy: str) -> NoReturn:
        raise InvalidSpace(Fault(f"{self.what} {self.text!r}: {what}", remedy))

    def unexpected(self, wanted: str, remedy: str) -> NoReturn:
        token = self.token
        found = f"not {token.text!r}" if token.kind != "end" else "where the text ends"
        self.fail(f"{wanted} is expected at character {token.span.start + 1}, {found}", remedy)

    def source(self, node: Node) -> str:
        return self.text[node.span.start : node.span.end]

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.fail("it is nested too deeply", "write it more simply")

    # Rules, from the outside in

    def constraint(self) -> Node:
        if self.token.kind == "end":
            self.fail("it is empty", f"write a condition such as {self.example!r}")
        node = self._statement()
        if self.token.kind != "end":
            self.unexpected("the end", self._ending_remedy())
        return node

    def whole_number(self) -> Node:
        """Parse a number, as a sum or by cases, that is the whole text."""
        if self.token.kind == "end":
            self.fail("it is empty", f"write a number: {self.example}")
        node = self._either()
        if isinstance(node, CONDITIONS):
            what = f"a number is expected at character {node.span.start + 1}, not the condition {self.source(node)!r}"
            self.fail(what, f"write a number: {self.example}")
        node = self._cases(node)
        if self.token.kind != "end":
            self.unexpected("the end", self._ending_remedy())
        return node

    def _cases(self, first: Node) -> Node:
        """Return the number `first`, or the cases that begin with it."""
        if self.token.text != "if" or self.token.kind != "word":
            return first
        self._require_number(first)
        numbers, conditions = [first], list[Node | None]()
        while self.accept("if"):
            conditions.append(self.condition())
            if not self.accept(","):
                break
            numbers.append(self._sum())
            self._require_number(numbers[-1])
        conditions += [None] * (len(numbers) - len(conditions))
        last = conditions[-1] or numbers[-1]
        return Cases(tuple(numbers), tuple(conditions), first.span.to(last.span))

    def _statement(self) -> Node:
        forbid = self.accept("forbid")
        if forbid is not None:
            banned = self.condition()
            return Not(banned, forbid.span.to(banned.span))
        when = self.accept("if")
        if when is not None:
            premise = self.condition()
            self.expect("then", "write: if A then B")
            consequence = self.condition()
            span = when.span.to(consequence.span)
            return Logic("or", (Not(premise, premise.span), consequence), span)
        return self.condition()

    def _ending_remedy(self) -> str:
        if self.token.text == "=":
            return "write == for 'is equal to'"
        if self.token.kind == "name" and self.tokens[self.place - 1].kind == "number":
            return "write numbers without units, in the parameter's own unit"
        if self.token.kind in ("name", "number", "text"):
            return "join conditions with 'and' or 'or', put choices of several words in quotes"
        return "remove it or write it out"

    def condition(self) -> Node:
        """Parse a condition, and refuse a bare number or name in its place."""
        node = self._either()
        if not isinstance(node, CONDITIONS):
            if self.token.kind != "end" and self.token.text not in ("then", ")", "and", "or", ","):
                self.unexpected("a comparison", self._ending_remedy())
            self.fail(
                f"{self.source(node)!r} at character {node.span.start + 1} is no condition", "compare it: <=, >=, =="
            )
        return node

    def _either(self) -> Node:
        self.deeper()
        node = self._joined("or", lambda: self._joined("and", self._negation))
        self.depth -= 1
        return node

    def _joined(self, word: str, rule: Callable[[], Node]) -> Node:
        first = rule()
        operands = [first]
        while self.accept(word):
            operands.append(rule())
        if len(operands) == 1:
            return first
        for operand in operands:
            self._require_condition(operand, word)
        return Logic(word, tuple(operands), first.span.to(operands[-1].span))

    def _require_condition(self, node: Node, word: str) -> None:
        if not isinstance(node, CONDITIONS):
            what = (
                f"{self.source(node)!r} at character {node.span.start + 1} is no condition, but is joined by {word!r}"
            )
            self.fail(what, "write out every comparison: a <= 1 and b <= 1")

    def _negation(self) -> Node:
        token = self.accept("not")
        if token is None:
            return self._comparison()
        self.deeper()
        operand = self._negation()
        self.depth -= 1
        self._require_condition(operand, "not")
        return Not(operand, token.span.to(operand.span))

    def _comparison(self) -> Node:
        first = self._sum()
        if self.token.text == "not" and self.tokens[self.place + 1].text == "in":
            self.place += 1
            inside = self._membership(first)
            return Not(inside, inside.span)
        if self.token.text == "in" and self.token.kind == "word":
            return self._membership(first)
        operands, operators = [first], []
        while (token := self.accept(*COMPARISONS)) is not None:
            operators.append(token.text)
            operands.append(self._sum())
        if not operators:
            return first
        for operand in operands:
            self._require_number(operand)
        return Compare(tuple(operands), tuple(operators), first.span.to(operands[-1].span))

    def _membership(self, subject: Node) -> Membership:
        self._require_number(subject)
        self.expect("in", "write: parameter in [choice, choice]")
        self.expect("[", "write: parameter in [choice, choice]")
        words: list[Quoted] = []
        while True:
            start = self.token.span.start
            first = self.place
            while self.token.kind != "end" and not (self.token.kind == "sign" and self.token.text in (",", "]")):
                self.place += 1
            if self.place == first:
                self.unexpected("a choice", "write: parameter in [choice, choice]")
            words.append(self._word(first, Span(start, self.tokens[self.place - 1].span.end)))
            if self.accept(","):
                continue
            end = self.expect("]", "close the list")
            return Membership(subject, tuple(words), subject.span.to(end.span))

    def _word(self, first: int, span: Span) -> Quoted:
        if self.place == first + 1 and self.tokens[first].kind == "text":
            return Quoted(self.tokens[first].text[1:-1], span)
        return Quoted(self.text[span.start : span.end], span)

    def _require_number(self, node: Node) -> None:
        if isinstance(node, CONDITIONS):
            what = f"a number is expected at character {node.span.start + 1}, not the condition {self.source(node)!r}"
            self.fail(what, "close the bracket before the comparison")

    def _binary(self, signs: tuple[str, ...], rule: Callable[[], Node]) -> Node:
        left = rule()
        while (token := self.accept(*signs)) is not None:
            right = rule()
            self._require_number(left)
            self._require_number(right)
            left = Arithmetic(token.text, left, right, left.span.to(right.span))
        return left

    def _sum(self) -> Node:
        return self._binary(("+", "-"), lambda: self._binary(("*", "/"), self._sign))

    def _sign(self) -> Node:
        token = self.accept("-", "+")
        if token is None:
            return self._power()
        self.deeper()
        operand = self._sign()
        self.depth -= 1
        self._require_number(operand)
        return Negative(operand, token.span.to(operand.span)) if token.text == "-" else operand

    def _power(self) -> Node:
        base = self._primary()
        if self.accept("**") is None:
            return base
        self.deeper()
        exponent = self._sign()
        self.depth -= 1
        self._require_number(base)
        self._require_number(exponent)
        return Arithmetic("**", base, exponent, base.span.to(exponent.span))

    def _primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.place += 1
            value = float(token.text)
            if len(token.text) > 40 or not (1e-300 < value < 1e300 or not token.text.lower().split("e")[0].strip("0.")):
                self.fail(f"the number {token.text[:40]!r} cannot be calculated with", "give an everyday number")
            return Number(Fraction(token.text) if value else Fraction(0), token.span)
        if token.kind == "text":
            self.place += 1
            return Quoted(token.text[1:-1], token.span)
        if token.kind == "name":
            return self._name_or_call()
        opened = self.accept("(")
        if opened is None:
            remedy = f"write a condition such as {self.example!r}"
            self.unexpected(
                "a number, a name or a bracket",
                remedy if self.what == "constraint" else f"write a number: {self.example}",
            )
        node = self._cases(self._either())
        closed = self.expect(")", "close the bracket")
        return replace(node, span=opened.span.to(closed.span))

    def _name_or_call(self) -> Node:
        token = self.token
        self.place += 1
        if token.text in FUNCTIONS and self.token.text == "(":
            return self._call(token)
        if self.token.text == "(":
            remedy = f"functions: {', '.join(FUNCTIONS)}"
            self.fail(f"{token.text!r} at character {token.span.start + 1} is no function", remedy)
        text, span = token.text, token.span
        while self.token.text == "." and self.token.kind == "sign":
            self.place += 1
            if self.token.kind not in ("name", "word", "text", "number"):
                self.unexpected("a name", "write parameter.member")
            part = self.token
            self.place += 1
            text += "." + (part.text[1:-1] if part.kind == "text" else part.text)
            span = span.to(part.span)
        return Name(text, span)

    def _call(self, function: _Token) -> Node:
        self.expect("(", "write function(number)")
        arguments = [self._argument()]
        while self.accept(","):
            arguments.append(self._argument())
        closed = self.expect(")", "close the bracket")
        wanted = FUNCTIONS[function.text]
        if wanted is not None and len(arguments) != wanted:
            self.fail(f"{function.text} takes one number, not {len(arguments)}", f"write {function.text}(x)")
        return Call(function.text, tuple(arguments), function.span.to(closed.span))

    def _argument(self) -> Node:
        node = self._either()
        self._require_number(node)
        return node
