"""Model folders that no training can use: what spoils them, and what the user is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from spoil import (
    INDEX,
    POINTER,
    WEIGHTS,
    both,
    config,
    cut,
    drop,
    edit,
    far_begin,
    of_eight_bits,
    other_words,
    rename,
    shards,
    tensors,
    tokenizer,
    vocabulary,
    without_a_layer,
    write,
)

SAVE = "save it there with tokenizer.save_pretrained"
#: Name -> (kind of the model, what spoils it, parts of the message; {m} is the folder).
BROKEN: dict[str, tuple[str, Callable[[Path], None], tuple[str, ...]]] = {
    # tokenizer
    "no tokenizer": (
        "bert",
        drop("tokenizer.json", "tokenizer_config.json"),
        ("no tokenizer in the folder {m}: tokenizer.json or vocab.txt is missing", SAVE),
    ),
    "tokenizer_config.json alone": (
        "bert",
        drop("tokenizer.json"),
        ("no tokenizer in the folder {m}: tokenizer.json", SAVE),
    ),
    "no tokenizer of RoBERTa": (
        "roberta",
        drop("tokenizer.json", "tokenizer_config.json"),
        ("no tokenizer in the folder {m}: tokenizer.json or", "is missing", SAVE),
    ),
    "no tokenizer of Llama": (
        "llama",
        drop("tokenizer.json", "tokenizer_config.json"),
        ("no tokenizer in the folder {m}: tokenizer.json or", "is missing", SAVE),
    ),
    "tokenizer.json is a pointer": (
        "bert",
        write("tokenizer.json", POINTER),
        ("{m}/tokenizer.json is a Git LFS", "git lfs pull"),
    ),
    "tokenizer.json is empty": ("bert", write("tokenizer.json", ""), ("{m}/tokenizer.json is empty",)),
    "tokenizer.json is cut": (
        "bert",
        write("tokenizer.json", '{"version": "1.0",'),
        ("{m}/tokenizer.json:1:", "is not JSON"),
    ),
    "tokenizer.json is something else": (
        "bert",
        write("tokenizer.json", "{}"),
        ("the tokenizer in {m} cannot be loaded",),
    ),
    "tokenizer_config.json is cut": (
        "bert",
        write("tokenizer_config.json", "{"),
        ("{m}/tokenizer_config.json:1:2 is not JSON",),
    ),
    "a vocabulary of special tokens": (
        "bert",
        vocabulary(lambda c: c["model"].update(vocab={w: i for w, i in c["model"]["vocab"].items() if i < 4})),
        ("the tokenizer in {m} has no words, only 4 special tokens",),
    ),
    "the vocabulary of another language": (
        "bert",
        vocabulary(other_words),
        ("100% of the tokens of the rows are [UNK]", "nothing can be learned"),
    ),
    "no unknown token": (
        "bert",
        vocabulary(lambda c: (c["model"]["vocab"].pop("[UNK]"), c["model"]["vocab"].pop("film"))),
        ("the tokenizer in {m} cannot read the rows",),
    ),
    "added tokens": (
        "bert",
        tokenizer(lambda t: t.add_tokens(["good row"]) and None),
        ("{m}: its tokenizer has 26 tokens (the last is 'good row'), its embeddings 25", "resize_token_embeddings(26)"),
    ),
    "a token that only the template knows": (
        "bert",
        vocabulary(far_begin),
        ("{m}: its tokenizer writes the token id 101, its embeddings have 25",),
    ),
    "neither pad nor eos": (
        "llama",
        both(edit("tokenizer_config.json", pad_token=None), config(pad_token_id=None)),
        ("the tokenizer of {m} has neither a pad nor an eos token", "tokenizer.pad_token"),
    ),
    "no begin": (
        "bert",
        edit("tokenizer_config.json", cls_token=None),
        ("the tokenizer in {m} has no cls_token ([CLS] of BERT)",),
    ),
    # weights
    "no weights": ("bert", drop(WEIGHTS), ("no weights in {m}: model.safetensors is missing", "model.save_pretrained")),
    "weights are a pointer": (
        "bert",
        write(WEIGHTS, POINTER),
        ("{m}/model.safetensors is a Git LFS pointer", "git lfs pull"),
    ),
    "weights are empty": ("bert", write(WEIGHTS, b""), ("{m}/model.safetensors is empty: fetch or save it again",)),
    "weights are cut": (
        "bert",
        cut(0.8),
        ("{m}/model.safetensors is cut off:", " bytes are there: fetch or save it again"),
    ),
    "weights are cut in their header": ("bert", cut(0.01), ("{m}/model.safetensors is cut off:", "more are needed")),
    "weights are a web page": (
        "bert",
        write(WEIGHTS, "<!doctype html><title>Sign in</title>"),
        ("{m}/model.safetensors is no intact safetensors file",),
    ),
    "weights have no header": (
        "bert",
        write(WEIGHTS, (9).to_bytes(8, "little") + b"{not json"),
        ("{m}/model.safetensors is damaged",),
    ),
    "weights with a tail": (
        "bert",
        lambda folder: (folder / WEIGHTS).open("ab").write(b"tail") and None,
        ("{m}/model.safetensors is no intact safetensors file",),
    ),
    "only pickled weights": (
        "bert",
        rename(WEIGHTS, "pytorch_model.bin"),
        (
            "{m} has only pickled weights",
            "never opens them (pytorch_model.bin)",
            'from_pretrained("{m}").save_pretrained("{m}")',
        ),
    ),
    "only weights of TensorFlow": (
        "bert",
        rename(WEIGHTS, "tf_model.h5"),
        ("{m} has only weights for another library", "tf_model.h5"),
    ),
    "only weights of Flax": ("bert", rename(WEIGHTS, "flax_model.msgpack"), ("{m} has only", "flax_model.msgpack")),
    "only weights of llama.cpp": (
        "llama",
        rename(WEIGHTS, "q4.gguf"),
        ("{m} has only weights for llama.cpp", 'gguf_file="q4.gguf"'),
    ),
    "weights of another name": (
        "bert",
        rename(WEIGHTS, "mine.safetensors"),
        ("no weights in {m}", "give it that name"),
    ),
    "a shard is missing": (
        "bert",
        both(shards, drop("model-00002-of-00002.safetensors")),
        ("{m}/model-00002-of-00002.safetensors, one of 2 files that model.safetensors.index.json names, is missing",),
    ),
    "a shard is a pointer": (
        "bert",
        both(shards, write("model-00002-of-00002.safetensors", POINTER)),
        ("{m}/model-00002-of-00002.safetensors is a Git LFS pointer",),
    ),
    "shards without an index": (
        "bert",
        both(shards, drop(INDEX)),
        ("no weights in {m}", "model.safetensors.index.json is missing"),
    ),
    "an index of nothing": (
        "bert",
        both(shards, write(INDEX, "{}")),
        ("{m}/model.safetensors.index.json has no weight_map",),
    ),
    "an index that is cut": (
        "bert",
        both(shards, write(INDEX, '{"weight_map": {')),
        ("{m}/model.safetensors.index.json:1:", "JSON"),
    ),
    "a shard lacks a tensor": (
        "bert",
        both(
            shards,
            lambda f: shutil.copy(f / "model-00001-of-00002.safetensors", f / "model-00002-of-00002.safetensors"),
        ),
        ("{m}/model-00002-of-00002.safetensors lacks ", "says is there"),
    ),
    "another model's config": (
        "bert",
        config(intermediate_size=64),
        ("{m}/model.safetensors: bert.encoder.layer.0.intermediate.dense.weight has the shape [32, 16]", "[64, 16]"),
    ),
    "a layer is missing": (
        "bert",
        tensors(without_a_layer),
        ("lacks 16 backbone weights, e.g. bert.encoder.layer.1.",),
    ),
    "eight bits": (
        "bert",
        tensors(of_eight_bits),
        ("{m}/model.safetensors:", "is I8", "name the one that it was made from"),
    ),
    # config.json
    "no config": ("bert", drop("config.json"), ("no config.json in {m}", "model.save_pretrained")),
    "config is empty": ("bert", write("config.json", ""), ("{m}/config.json is empty",)),
    "config is a pointer": ("bert", write("config.json", POINTER), ("{m}/config.json is a Git LFS pointer",)),
    "config is no JSON": ("bert", write("config.json", '{"model_type": "bert"'), ("{m}/config.json:1:22 is not JSON",)),
    "config is no UTF-8": ("bert", write("config.json", b"\xff\xfe{"), ("{m}/config.json is not JSON: byte 0",)),
    "config is a list": ("bert", write("config.json", "[]"), ("{m}/config.json is not a JSON object",)),
    "config has no type": ("bert", config(model_type=None), ("{m}/config.json has no model_type",)),
    "config has an unknown type": (
        "bert",
        config(model_type="albert"),
        ("is of type 'albert'; supported are bert, camembert, deberta-v2, distilbert, ", "docs/developing.md"),
    ),
    "a size is NaN": ("bert", config(hidden_size=float("nan")), ("{m}/config.json: hidden_size is nan",)),
    "a size is a text": ("bert", config(hidden_size="16"), ('{m}/config.json: hidden_size is "16"',)),
    "a size is negative": ("llama", config(num_hidden_layers=-3), ("{m}/config.json: num_hidden_layers is -3",)),
    "heads that do not divide the width": ("bert", config(num_attention_heads=3), ("its config.json makes no model",)),
    "quantised": (
        "llama",
        config(quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True}),
        ("{m}/config.json: the weights are quantised", "model.quantization quantises it by itself"),
    ),
    "an adapter": (
        "bert",
        both(drop(WEIGHTS), write("adapter_config.json", "{}")),
        ("{m} holds an adapter (adapter_config.json), no model",),
    ),
}
