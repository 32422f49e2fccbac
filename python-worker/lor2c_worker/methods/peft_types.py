"""Whether a value has the type that a field of a peft config declares, before peft's code uses it."""

from __future__ import annotations

import typing
from typing import Any

#: Pydantic's types of errors in the words of a spec's errors; its own message serves for the others.
_WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "dataclass_type": "a mapping",
    "missing": "all of its parts",
}


def misfit(name: str, value: Any, hint: Any) -> str | None:
    """What is expected of the value of field `name`, e.g. `a text or a list`; None when it fits `hint`.

    Values count as JSON, which a spec's are: a list may be a tuple or a set, a text a member of an enumeration.
    """
    from pydantic import TypeAdapter, ValidationError  # 0.2 s that most runs need not wait
    from pydantic_core import from_json, to_json

    # peft declares every alpha as a whole number, and works with 0.5.
    accepted: Any = typing.Union[hint, float] if name.endswith("alpha") else hint  # noqa: UP007  hint is a value here
    text = to_json(value, inf_nan_mode="constants")
    try:
        TypeAdapter(accepted).validate_json(text, strict=True)
    except ValidationError as error:
        found, whole = error.errors(include_url=False), from_json(text)
        # Of a union, the member that fits as a whole and fails inside is the one that was meant.
        inside = [one for one in found if one["input"] != whole]
        words = [_WORDS.get(one["type"], one["msg"].removeprefix("Input should be ")) for one in inside or found]
        if "a number" in words:
            words = [word for word in words if word != "a whole number"]
        # Sorted, since typing does not keep the order of a union.
        null = ["null"] if type(None) in typing.get_args(hint) and not inside else []
        expected = " or ".join([*sorted(set(words)), *null])
        return f"{expected} instead of {inside[0]['input']!r}" if inside else expected
    return None
