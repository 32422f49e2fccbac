"""Names that users of peft's other methods pass, and what they are here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ELSEWHERE = {
    "lora_alpha": "LoR2C's scale is `alpha` (of injected LoRA: `injected_alpha`)",
    "lora_dropout": "LoR2C's dropout is `dropout` (of injected LoRA: `injected_dropout`)",
    "rank": "the rank is `r` (of injected LoRA: `injected_r`)",
    "target_modules": "LoR2C has whole layers as targets: say which with `spans` or `layers_to_transform`, and with "
    "`injected` which layers have LoRA on query and value",
    "merges": "a merged module is one entry of `spans`, e.g. spans=[[0, 1], [2, 2]]",
    "bias": "LoR2C trains no biases",
    "use_rslora": "the scale is alpha / r: choose `alpha` accordingly",
    "use_dora": "LoR2C has no weights whose magnitude could be learned",
    "init_lora_weights": "the start is `init_weights`: A starts Kaiming-uniform and B with zeros, as the paper has it",
    "rank_pattern": "all modules have the rank `r`, injected ones `injected_r`",
    "alpha_pattern": "all modules have the scale `alpha`, injected ones `injected_alpha`",
}


def check_arguments(given: Iterable[str], known: Iterable[str]) -> None:
    """Raises TypeError for a name that the config doesn't have. It begins as Python's own, by which peft recognises
    files that a later version wrote."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = _ELSEWHERE.get(name) or (f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}")
            raise TypeError(f"Lor2cConfig.__init__() got an unexpected keyword argument '{name}': {hint}")
