"""Whether a model's tokenizer and embeddings fit the rows, judged by a sample of them."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from ..architectures import model_types
from ..data.task import Split
from ..settings import ModelSettings, SettingsError
from .config import base_config
from .place import place_of

#: Rows of each split that are looked at, spread evenly, and characters of each of their texts.
SAMPLE, LONGEST = 64, 2000
#: Share of unknown tokens above which a plan warns, and from which it refuses: nothing could be learned.
WARN, REFUSE = 0.2, 0.9


def check_rows(settings: ModelSettings, tokenizer: Any, splits: list[Split]) -> list[str]:
    """Warnings about the tokens of a sample of the rows. Raises SettingsError when the model cannot take them."""
    texts, pairs = _sample(splits)
    if not texts:
        return []
    config, shown = base_config(settings), place_of(settings).shown
    try:
        rows = tokenizer(texts, **({} if pairs is None else {"text_pair": pairs}), padding=False)
        plain = tokenizer([*texts, *(pairs or [])], add_special_tokens=False, padding=False)["input_ids"]
    except MemoryError:
        raise
    except Exception as error:  # the library tokenizers raises Exception itself
        raise SettingsError(
            f"the tokenizer in {shown} cannot read the rows: {type(error).__name__}: {error}"
        ) from error
    _check_embeddings(rows, config, shown)
    return [*_unknown(plain, tokenizer, shown), *_without_begin(rows["input_ids"], tokenizer, config, shown)]


def _sample(splits: list[Split]) -> tuple[list[str], list[str] | None]:
    texts: list[str] = []
    pairs: list[str] = []
    for split in splits:
        for row in range(0, len(split), max(1, len(split) // SAMPLE)):
            texts.append(split.text[row][:LONGEST])
            if split.pair is not None:
                pairs.append(split.pair[row][:LONGEST])
    return texts, pairs or None


def _check_embeddings(rows: Any, config: PretrainedConfig, shown: str) -> None:
    highest = max((max(row, default=0) for row in rows["input_ids"]), default=0)
    if highest >= config.vocab_size:
        raise SettingsError(
            f"{shown}: its tokenizer writes the token id {highest:,}, its embeddings have {config.vocab_size:,}: "
            "save the model's own tokenizer there"
        )
    segments = getattr(config, "type_vocab_size", None)
    if segments and "token_type_ids" in rows:  # DeBERTa may have none, and then reads no ids
        highest = max((max(row, default=0) for row in rows["token_type_ids"]), default=0)
        if highest >= segments:
            raise SettingsError(
                f"{shown}: its tokenizer gives segment ids up to {highest}, the model has {segments} "
                f"{'segment' if segments == 1 else 'segments'}: save the model's own tokenizer there"
            )


def _unknown(rows: list[list[int]], tokenizer: Any, shown: str) -> list[str]:
    """A warning when many tokens are unknown. Raises SettingsError when nearly all are."""
    unknown, count = tokenizer.unk_token_id, sum(map(len, rows))
    share = sum(row.count(unknown) for row in rows) / count if unknown is not None and count else 0.0
    if share < WARN:
        return []
    told = f"{share:.0%} of the tokens of the rows are {tokenizer.unk_token}, unknown to the tokenizer in {shown}"
    if share >= REFUSE:
        raise SettingsError(
            f"{told}: nothing can be learned from them. Give the model its own tokenizer, or rows in its language"
        )
    return [told]


def _without_begin(rows: list[list[int]], tokenizer: Any, config: PretrainedConfig, shown: str) -> list[str]:
    """A warning when an encoder, whose head reads the first token, gets rows that do not begin with [CLS]."""
    begin = tokenizer.cls_token_id
    if config.model_type not in model_types(decoder=False) or all(row and row[0] == begin for row in rows):
        return []
    return [
        f"the tokenizer in {shown} does not put {tokenizer.cls_token} before the rows: the head reads their first word"
    ]
