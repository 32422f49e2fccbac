"""How a row's prompt is written before its response."""

from __future__ import annotations

import re

from ..settings import SettingsError

#: The wording of Stanford Alpaca (Taori et al. 2023), with an input and without.
_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{prompt}\n\n### Input:\n{input}\n\n### Response:\n"
)
_WITHOUT = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{prompt}\n\n### Response:\n"
)
_PLACE = re.compile(r"\{(\w+)\}")
#: Names of templates; any other text is a template itself. `chat`: the tokenizer's own.
NAMES = ("alpaca", "chat", "none")


def check_template(template: str | None) -> None:
    """Raises SettingsError for a text that is no template."""
    if template is None or template in NAMES:
        return
    found = _PLACE.findall(template)
    if "prompt" not in found:
        raise SettingsError(
            f"data.template: {template!r} is none of {', '.join(NAMES)}, and a text of your own needs the placeholder "
            "{prompt}, and {input} where the rows have one; the response follows its end"
        )
    odd = [name for name in found if name not in ("prompt", "input")]
    if odd:
        raise SettingsError(f"data.template: unknown placeholder {{{odd[0]}}}; known are {{prompt}} and {{input}}")


def writes_input(template: str) -> bool:
    return template in NAMES or "input" in _PLACE.findall(template)


def written(template: str, prompt: str, given: str) -> str:
    """What stands before the response. `given`: the row's input, "" where it has none; a blank is one. Braces in the
    values are plain text."""
    if template == "none":
        return f"{prompt}\n\n{given}" if given else prompt
    text = (_WITH_INPUT if given else _WITHOUT) if template == "alpaca" else template
    values = {"prompt": prompt, "input": given}
    return _PLACE.sub(lambda place: values[place[1]], text)
