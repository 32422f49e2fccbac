"""Tiny random models with a real tokenizer, saved as a folder that `from_pretrained` loads.

Tests in TypeScript run it as a script: `python tests/tiny.py FOLDER [bert|roberta|mpnet|llama]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from tiny_encoders import ENCODERS, VARIANTS, encoder
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    MPNetConfig,
    MPNetForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

WORDS = [
    *("good", "bad", "film", "plot", "a", "the", "is", "not", "very", "dull", "bright"),
    *("number", "it", "was", "and", "of", "to", "in", "one", "two", "three"),
]
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
SHAPE = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}


def tokenizer() -> PreTrainedTokenizerFast:
    words = {word: i for i, word in enumerate(SPECIAL + WORDS)}
    inner = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]"
    )


def model(kind: str, seed: int = 0) -> PreTrainedModel:
    if kind in (*ENCODERS, *VARIANTS):
        return encoder(kind, seed)
    torch.manual_seed(seed)
    size = len(SPECIAL) + len(WORDS)
    if kind == "bert":
        config = BertConfig(vocab_size=size, max_position_embeddings=64, initializer_range=0.2, **SHAPE)
        return BertForSequenceClassification(config)
    if kind == "roberta":
        config = RobertaConfig(
            vocab_size=size, max_position_embeddings=64, pad_token_id=0, initializer_range=0.2, **SHAPE
        )
        return RobertaForSequenceClassification(config)
    if kind == "mpnet":  # it takes token 1 for padding, whatever its config says
        config = MPNetConfig(
            vocab_size=size, max_position_embeddings=64, pad_token_id=1, initializer_range=0.2, **SHAPE
        )
        return MPNetForSequenceClassification(config)
    config = LlamaConfig(
        vocab_size=size,
        max_position_embeddings=64,
        num_key_value_heads=1,
        pad_token_id=0,
        initializer_range=0.2,
        **SHAPE,
    )
    return LlamaForSequenceClassification(config)


def save(folder: Path, kind: str = "bert") -> Path:
    """Write model and tokenizer. The checkpoint has no head, like that of a pretrained encoder."""
    whole = model(kind)
    whole.base_model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def causal(seed: int = 0, **changes: Any) -> LlamaForCausalLM:
    """A language model; `changes`: of its config."""
    torch.manual_seed(seed)
    config = LlamaConfig(**(model("llama").config.to_dict() | changes))
    torch.manual_seed(seed)
    return LlamaForCausalLM(config)


#: Writes <role>content, and [SEP] after it; refuses a tool.
CHAT = (
    "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}"
    "<{{ m.role }}>{{ m.content }}[SEP]{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


def text_tokenizer(chat: str | None = None) -> PreTrainedTokenizerFast:
    """A token for each byte, and [SEP] as the end of a text; adds nothing by itself."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({word: i for i, word in enumerate(SPECIAL + alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", eos_token="[SEP]", unk_token="[UNK]", chat_template=chat
    )


def save_causal(folder: Path, *, chat: str | None = None, **changes: Any) -> Path:
    """Write a whole language model, output embedding included, and a tokenizer of bytes. `changes`: of its config."""
    causal(**({"vocab_size": 260, "max_position_embeddings": 512} | changes)).save_pretrained(folder)
    text_tokenizer(chat).save_pretrained(folder)
    return folder


def rows(count: int) -> str:
    """A TSV in the form of SST-2 whose label is the word good or bad in it."""
    lines = ["sentence\tlabel"]
    for i in range(count):
        filler = " ".join(WORDS[(i * 7 + j) % len(WORDS)] for j in range(2, 2 + i % 9) if j > 1)
        filler = " ".join(w for w in filler.split() if w not in ("good", "bad"))
        lines.append(f"the film is {'good' if i % 2 else 'bad'} {filler}\t{i % 2}")
    return "\n".join(lines) + "\n"


def save_rows(folder: Path, train: int = 64, dev: int = 20) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.tsv").write_text(rows(train), encoding="utf-8")
    (folder / "dev.tsv").write_text(rows(dev), encoding="utf-8")
    return folder


if __name__ == "__main__":
    target = Path(sys.argv[1])
    save(target / "model", sys.argv[2] if len(sys.argv) > 2 else "bert")
    save_rows(target / "data")
