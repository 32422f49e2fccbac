"""Folders of encoders as people have them: what pretraining saved, shards, half precision, names of 2018, the head of
another task; read in fp32 and into frozen storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from spoil import both, names_of_2018, shards, tensors
from test_architectures import batch_of, inputs
from tiny_encoders import ENCODERS
from torch import nn
from transformers import AutoModelForMaskedLM, AutoModelForPreTraining

from lor2c_worker.backbones.hf_backbone import base_of
from lor2c_worker.frozen import LINEARS, FrozenLinear
from lor2c_worker.models import Storage, check_weights, head_note, load_config, load_model
from lor2c_worker.settings import ModelSettings

CPU = torch.device("cpu")
KINDS = tuple(kind for kind in ENCODERS if kind != "xlm-roberta")  # its files are those of RoBERTa


def pretrained(folder: Path, kind: str) -> None:
    """Replace the base model by the whole that pretraining trains, with heads that no classifier has."""
    own: Any = AutoModelForPreTraining if kind == "electra" else AutoModelForMaskedLM
    whole = own.from_pretrained(folder)
    whole.save_pretrained(folder)
    if kind != "modernbert":  # buffers that older files have
        base = {"distilbert": "distilbert", "deberta-v2": "deberta", "electra": "electra"}[kind]
        tensors(lambda t: t.update({f"{base}.embeddings.position_ids": torch.arange(64)[None]}))(folder)


def other_head(folder: Path, kind: str) -> None:
    model = tiny.model(kind)
    own: Any = type(model)
    other = own(type(model.config).from_dict(model.config.to_dict() | {"num_labels": 5}))
    other.load_state_dict({**other.state_dict(), **model.base_model.state_dict(prefix=f"{model.base_model_prefix}.")})
    other.save_pretrained(folder)


def halved(folder: Path, kind: str) -> None:
    tensors(lambda found: found.update({name: value.bfloat16() for name, value in found.items()}))(folder)


FORMS: dict[str, Callable[[Path, str], None]] = {
    "base model": lambda folder, kind: None,
    "pretrained, in shards": lambda folder, kind: both(lambda f: pretrained(f, kind), shards)(folder),
    "another head": other_head,
    "bf16": halved,
    "names of 2018": lambda folder, kind: tensors(names_of_2018)(folder),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    root = tmp_path_factory.mktemp("models")

    def made(kind: str, form: str) -> Path:
        folder = root / f"{kind} {form}"
        if not folder.exists():
            FORMS[form](tiny.save(folder, kind), kind)
        return folder

    return made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_of_the_backbone_is_read(folders: Callable[[str, str], Path], kind: str, form: str) -> None:
    folder, source = folders(kind, form), tiny.model(kind)
    settings = ModelSettings(str(folder))
    loaded = load_model(settings, 2, "classify", 0, CPU)
    wanted = source.base_model.state_dict()
    for name, value in base_of(loaded.module).state_dict().items():
        want = wanted[name].bfloat16().float() if form == "bf16" else wanted[name]
        assert torch.equal(value, want), name
    heads = {name for name in loaded.head_parameters() if name.startswith(("classifier.weight", "classifier.out_proj"))}
    assert heads
    assert heads <= loaded.fresh
    found = check_weights(settings, loaded.module, loaded.head)
    note = head_note(found, load_config(settings, 5, "classify"), 2, ("0", "1"))
    assert (note is not None) == (form == "another head"), note
    if kind == "modernbert":  # what pretraining gave its head stays
        assert ("head.dense.weight" in loaded.fresh) == (form not in ("pretrained, in shards", "another head"))


@pytest.mark.parametrize("storage", [Storage("bf16", "bf16"), Storage("int8"), Storage("nf4", "bf16")], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_frozen_storage_computes_what_its_weights_stand_for(
    folders: Callable[[str, str], Path], kind: str, storage: Storage
) -> None:
    settings = ModelSettings(str(folders(kind, "pretrained, in shards")))
    held = load_model(settings, 2, "classify", 0, CPU, storage)
    whole = load_model(settings, 2, "classify", 0, CPU)
    kept = {name: m for name, m in held.module.named_modules() if isinstance(m, FrozenLinear)}
    linears = {name for name, m in base_of(whole.module).named_modules() if type(m) is nn.Linear}
    assert len(kept) == len(linears) > 0
    for name, own in kept.items():
        linear = whole.module.get_submodule(name)
        linear.weight.data = LINEARS[storage.linear](linear.weight, None).weight
        assert torch.equal(linear.weight, own.weight), name
    if storage.embeddings == "bf16":
        for name, own in whole.module.named_modules():
            if isinstance(own, nn.Embedding) and not name.endswith("rel_embeddings"):
                own.weight.data = own.weight.bfloat16().float()
    batch = batch_of([7, 3, 12])
    want, got = (model.module(**inputs(batch)).logits for model in (whole, held))
    assert torch.allclose(want, got, rtol=0, atol=1e-5)
