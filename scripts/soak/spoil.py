"""Ways to spoil the text of a spec. Each takes lines and a source of chance, and returns lines."""

from __future__ import annotations

import random
from collections.abc import Callable

Lines = list[bytes]

WRONG_VALUES = [
    b"null", b"[]", b"{}", b"true", b"-1", b"1e999", b"-1e-400", b".nan", b".inf", b"0x1F", b"9" * 400, b"1_000", b"''",
    b"[[[[1]]]]", b"{a: {b: {c: 1}}}", b"!!binary aGk=", b"!!js/function x", b"2001-12-14", b"&a [*a]", b"*missing",
    b"0..1e9", b"5..1", b"0..", b"..", b"a..b", b"1,5", b"yes", b"~", b"|", b">", b"@x", b"`x`", b"%x", b"? x", b"- x",
    b"x: y: z", b"0..99999",
    b"{__proto__: 1}", b"{constructor: 1}", b"<<: {a: 1}",
]  # fmt: skip
UNICODE = [
    "\u200b", "\u00a0", "\ufeff", "\u202e", "\u2028", "\U0001f3ac", "e\u0301", "\uff1a", "\u0130", "\x85",
    "\x07", "\x7f",
]  # fmt: skip
SURROGATES = [rb'"\uD800"', rb'"\uDC00x"', rb'"\uDFFF\uD800"', b"\xed\xa0\x80", b"\xff\xfe", b"\xc3", b"\x00"]


def place_in(lines: Lines, chance: random.Random) -> int:
    """One that says something, where there is one."""
    telling = [i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(b"#")]
    return chance.choice(telling or list(range(len(lines)))) if lines else 0


def delete(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    return lines[:at] + lines[at + 1 :]


def duplicate(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    return lines[:at] + lines[at : at + 1] + lines[at:]


def swap(lines: Lines, chance: random.Random) -> Lines:
    one, other = place_in(lines, chance), place_in(lines, chance)
    copy = list(lines)
    copy[one], copy[other] = copy[other], copy[one]
    return copy


def indent(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    return [*lines[:at], chance.choice([b" ", b"  ", b"\t", b"   \t"]) + lines[at], *lines[at + 1 :]]


def value(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    key, colon, _ = lines[at].partition(b":")
    return [*lines[:at], key + (colon or b":") + b" " + chance.choice(WRONG_VALUES), *lines[at + 1 :]]


def inserted(what: list[bytes]) -> Callable[[Lines, random.Random], Lines]:
    def insert(lines: Lines, chance: random.Random) -> Lines:
        at = place_in(lines, chance)
        column = chance.randint(0, len(lines[at]))
        return [*lines[:at], lines[at][:column] + chance.choice(what) + lines[at][column:], *lines[at + 1 :]]

    return insert


def surrogate_value(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    key, _, _ = lines[at].partition(b":")
    return [*lines[:at], key + b": " + chance.choice(SURROGATES), *lines[at + 1 :]]


def surrogate_key(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    return [*lines[:at], chance.choice(SURROGATES) + b": 1", *lines[at:]]


def nest(lines: Lines, chance: random.Random) -> Lines:
    at, depth = place_in(lines, chance), chance.choice([50, 1000, 20_000])
    key, _, rest = lines[at].partition(b":")
    opening, closing = chance.choice([(b"[", b"]"), (b"{a: ", b"}")])
    return [*lines[:at], key + b": " + opening * depth + rest + closing * depth, *lines[at + 1 :]]


def many(lines: Lines, chance: random.Random) -> Lines:
    at = place_in(lines, chance)
    return lines[:at] + lines[at : at + 1] * chance.choice([100, 5000]) + lines[at:]


def aliases(lines: Lines, chance: random.Random) -> Lines:
    """Each level names the one before nine times."""
    levels = [b"l%d: &l%d [%s]" % (i, i, b", ".join([b"*l%d" % (i - 1)] * 9)) for i in range(1, chance.choice([4, 9]))]
    return [b"l0: &l0 [1]", *levels, *lines]


def cut(lines: Lines, chance: random.Random) -> Lines:
    text = b"\n".join(lines)
    return text[: chance.randint(0, len(text))].split(b"\n")


def byte(lines: Lines, chance: random.Random) -> Lines:
    text = bytearray(b"\n".join(lines))
    for _ in range(chance.randint(1, 5)):
        text[chance.randrange(len(text))] = chance.randrange(256)
    return bytes(text).split(b"\n")


WAYS: dict[str, Callable[[Lines, random.Random], Lines]] = {
    "delete": delete, "duplicate": duplicate, "swap": swap, "indent": indent, "value": value, "nest": nest,
    "many": many,
    "unicode": inserted([text.encode() for text in UNICODE]), "surrogate": inserted(SURROGATES),
    "surrogate value": surrogate_value, "surrogate key": surrogate_key, "tab": inserted([b"\t"]),
    "aliases": aliases,
    "cut": cut, "byte": byte, "huge number": inserted([b"9" * 60, b"e309", b"-"]),
}  # fmt: skip


def spoil(text: bytes, chance: random.Random) -> tuple[str, bytes]:
    """One to three ways after another: their names, and the text."""
    names = [chance.choice(list(WAYS)) for _ in range(chance.choice([1, 1, 2, 3]))]
    lines = text.split(b"\n")
    for name in names:
        if any(lines):
            lines = WAYS[name](lines, chance)
    return " + ".join(names), b"\n".join(lines)
