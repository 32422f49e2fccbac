"""Each choice that the paper leaves open, or in which the published code differs, as one field (semantics.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .settings import Since


def _rule(
    doc: str, *choices: str, source: str | None = None, minimum: float | None = None, since: Since | None = None
) -> Any:
    metadata = {"doc": doc, "unit": None, "source": source, "choices": choices or None}
    return dataclasses.field(metadata={**metadata, "minimum": minimum, "since": since})


@dataclass(frozen=True)
class Rules:
    """Fields have no defaults: take one of `PRESETS` and replace fields. Raises ValueError that names the field."""

    score: str = _rule(
        "Score of a module, from the singular values of B A: sum of all but the k largest over the sum (sfs), "
        "sum over hidden size (mean_singular_value), sum of the k largest over the sum (top_share)",
        "sfs",
        "mean_singular_value",
        "top_share",
        source="paper Eq. 5; published code",
    )
    score_k: int = _rule("Number k of largest singular values of sfs and top_share", minimum=1, source="paper Eq. 5")
    scores_from: str = _rule(
        "Scores that decide: of the present weights (fresh), or of the newest snapshot, about half an interval old",
        "fresh",
        "snapshot",
        source="published code: snapshot",
    )
    merge_keep: str = _rule(
        "Which of two merging modules gives its A and B", "higher_score", "first", source="published code: first"
    )
    merged_trains: bool = _rule(
        "A merged module goes on training", source="published code: it stays frozen by accident"
    )
    merged_moments: str = _rule(
        "Adam moments and step count of a merged module: those of the kept one, or zero", "keep", "fresh"
    )
    inject_pick: str = _rule(
        "Which module gives way to an injected LoRA: that of the lowest or of the highest score",
        "lowest",
        "highest",
        source="paper III-D: lowest; its discussion and the published code: highest",
    )
    injected_trains: bool = _rule(
        "An injected LoRA trains", source="published code: frozen from the next epoch on by accident"
    )
    share_scores: str = _rule(
        "Modules with one shared A that have a score: every one, or only the first live one, so that nothing merges",
        "every",
        "first",
        source="published code: first",
    )
    interval: str = _rule(
        "Events at whole epochs (ceil), at real-valued epochs after each step (real), "
        "or ceil for classifiers and real for causal language models (auto)",
        "auto",
        "ceil",
        "real",
        source="paper Eq. 11, 12",
    )
    merge_beside_injected: str = _rule(
        "Whether modules whose layers touch an injected layer may still merge", "allowed", "forbidden"
    )
    span_dropout_at: str = _rule(
        "Layer whose dropout mask a merged module uses: that of its input, or of its end", "input", "end"
    )
    weight_decay: float | None = _rule(
        "Weight decay of the run; null: train.weight_decay",
        minimum=0,
        source="published code: 0.01, since the 0.1 its script asks for never reaches the optimizer",
    )
    decayed_parameters: str = _rule("Trained tensors that decay: all, or all but biases", "all", "no_biases")

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            choices, value = f.metadata.get("choices"), getattr(self, f.name)
            if choices is not None and value not in choices:
                raise ValueError(f"rules.{f.name} {value!r}: one of {', '.join(choices)}")
        if self.score_k < 1:
            raise ValueError(f"rules.score_k {self.score_k}: at least 1")
        if self.interval == "real" and self.scores_from == "snapshot":
            raise ValueError("rules.scores_from snapshot: snapshots are taken at epoch ends, with interval ceil")


_INTENDED = Rules(
    score="mean_singular_value",
    score_k=1,
    scores_from="snapshot",
    merge_keep="first",
    merged_trains=True,
    merged_moments="fresh",
    inject_pick="highest",
    injected_trains=True,
    share_scores="every",
    interval="ceil",
    merge_beside_injected="allowed",
    span_dropout_at="input",
    weight_decay=0.01,
    decayed_parameters="all",
)

PRESETS: dict[str, Rules] = {
    "paper": Rules(
        score="sfs",
        score_k=1,
        scores_from="fresh",
        merge_keep="higher_score",
        merged_trains=True,
        merged_moments="keep",
        inject_pick="lowest",
        injected_trains=True,
        share_scores="every",
        interval="auto",
        merge_beside_injected="allowed",
        span_dropout_at="input",
        weight_decay=None,
        decayed_parameters="all",
    ),
    "intended": _INTENDED,
    "official": dataclasses.replace(
        _INTENDED, merged_trains=False, injected_trains=False, share_scores="first", span_dropout_at="end"
    ),
}


def resolve_rules(value: str | Mapping[str, Any] | Rules) -> Rules:
    """Rules from a preset's name, or from a mapping of fields with a `preset` (default: paper). Raises ValueError."""
    if isinstance(value, Rules):
        return value
    fields = {"preset": value} if isinstance(value, str) else dict(value)
    preset = fields.pop("preset", "paper")
    if preset not in PRESETS:
        raise ValueError(f"rules {preset!r}: one of {', '.join(PRESETS)}")
    known = {f.name for f in dataclasses.fields(Rules)}
    unknown = sorted(set(fields) - known)
    if unknown:
        raise ValueError(f"rules.{unknown[0]}: unknown; known are {', '.join(sorted(known))}")
    return dataclasses.replace(PRESETS[preset], **fields)


def preset_name(rules: Rules) -> str | None:
    """The preset that `rules` equals, if any."""
    return next((name for name, preset in PRESETS.items() if preset == rules), None)
