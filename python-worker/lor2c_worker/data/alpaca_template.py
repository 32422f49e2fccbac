"""The text around an instruction that Alpaca's rows have (Taori et al. 2023), and that models tuned on them expect."""

from __future__ import annotations

_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{}\n\n### Input:\n{}\n\n### Response:\n"
)
_WITHOUT = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{}\n\n### Response:\n"
)


def alpaca_prompt(instruction: str, given: str = "") -> str:
    """The text before the response. An input counts as one as soon as it has a character, a blank included."""
    return _WITH_INPUT.format(instruction, given) if given else _WITHOUT.format(instruction)
