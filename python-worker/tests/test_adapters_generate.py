"""A learner's decoder says what its training forward says: the same tokens as one row at a time, without a cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import tiny_decoders
import torch
from test_generation import CPU, prompts, texts
from test_methods import TRIED

from lor2c_worker.adapters.bank import BankParams, Numbers
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.backbone import Backbone
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.hf_decoder import HfDecoder
from lor2c_worker.backbones.unpadded_decoder import UnpaddedDecoder
from lor2c_worker.data.targets import Targets
from lor2c_worker.generation.batches import Room
from lor2c_worker.generation.rules import Rules
from lor2c_worker.generation.together import Prompt
from lor2c_worker.generation.tokens import token_batch
from lor2c_worker.methods import Cell, Horizon, method_of, parse_params
from lor2c_worker.methods.lanes import build_learner
from lor2c_worker.models import load_model
from lor2c_worker.rules import PRESETS
from lor2c_worker.schedule import Layout, Schedule
from lor2c_worker.settings import ModelSettings

BACKBONES: dict[str, Callable[[Any], Backbone]] = {"module": HfBackbone, "unpadded": UnpaddedDecoder}


def draw(learner: Any) -> None:
    """Values large enough to change what the model says."""
    drawn = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for tensor in learner.tensors(0).values():
            tensor.add_(torch.randn(tensor.shape, generator=drawn) * 0.1)


def lor2c(module: Any, backbone: Backbone) -> BankLearner:
    """A residual module over the first two layers, LoRA injected in the third."""
    layout = Layout.checked([[0, 1]], [2])
    params = BankParams(rank=4, injected_rank=3, share=False, layout=layout, may_inject=True)
    schedule = Schedule(epochs=1, merges=0, injections=0, rules=PRESETS["paper"], share=False)
    numbers = Numbers(1, 8.0, 0.1, 16.0, 0.1)
    learner = build_learner(module, params, {"c": schedule}, [["c"]], [numbers], backbone=backbone)
    draw(learner)
    return learner


def greedy(next_logits: Callable[[list[int]], torch.Tensor], prompt: Prompt) -> list[int]:
    """The tokens of one prompt, each from a forward over the whole text."""
    text = list(prompt.ids)
    for _ in range(prompt.max_new_tokens):
        text.append(int(next_logits(text).argmax()))
    return text[len(prompt.ids) :]


@pytest.mark.parametrize("kind", BACKBONES)
@pytest.mark.parametrize("family", tiny_decoders.FAMILIES)
@torch.no_grad()
def test_spans_and_injections(family: str, kind: str) -> None:
    module: Any = tiny_decoders.causal(family)
    learner = lor2c(module, BACKBONES[kind](module))

    def alone(text: list[int]) -> torch.Tensor:
        batch = token_batch([text], CPU)
        layout = learner.backbone.layout(batch)
        hidden = learner.backbone.forward(batch, layout, 1, learner.bank.begin(None), None, None, layout.last())
        return module.lm_head(hidden[0, -1])

    rows = prompts(5, 3)
    found = texts(learner.decoder(), rows, Rules(), Room(300, 4))
    assert found == {row.id: greedy(alone, row) for row in rows}
    plain = texts(HfDecoder(module), rows, Rules(), Room(300, 4))
    assert plain != found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_causal(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize(("name", "values"), TRIED)
def test_every_method(folder: Path, name: str, values: dict[str, Any]) -> None:
    method = method_of(name)
    model = load_model(ModelSettings(str(folder)), 1, "language_model", 3, CPU)
    cell = Cell("c", parse_params(method, values), 3)
    learner = method.build(model, [cell], horizon=Horizon(4, 16, 4, True))
    draw(learner)
    rows = [[5, 9, 4, 11, 6, 8], [7, 4], [12, 3, 9, 5]]
    batch = token_batch(rows, CPU)
    batch = replace(batch, targets=Targets.every(batch.input_ids, batch.attention_mask))
    with torch.no_grad():
        losses = learner.forward(batch, None)[0].tolist()
    decoder = learner.decoder()
    cache = decoder.new_cache(3)
    logits = [decoder.next_logits(token_batch([[row[0]] for row in rows], CPU), cache)]
    cache.keep([0, 2])
    logits.append(decoder.next_logits(token_batch([rows[0][1:4], rows[2][1:2]], CPU), cache))
    cache = cache.copy([1, 0])
    logits.append(decoder.next_logits(token_batch([rows[2][2:3], rows[0][4:5]], CPU), cache))
    # (logits, row in them, number of the target): targets are those of row 0, then row 1, then row 2
    for table, row, target, number in (
        (0, 0, 9, 0),
        (0, 1, 4, 5),
        (0, 2, 3, 6),
        (1, 0, 6, 3),
        (1, 1, 9, 7),
        (2, 0, 5, 8),
        (2, 1, 8, 4),
    ):
        assert -float(logits[table][row].log_softmax(-1)[target]) == pytest.approx(losses[number], abs=2e-5)
