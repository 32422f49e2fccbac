"""peft's virtual tokens: what they compute, their dropout, and the folder in another process."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from test_methods import CPU, build, fresh
from test_train import rows
from transformers import AutoModelForSequenceClassification, DynamicCache
from worker import Worker, adapter_of, only, run, settings

from lor2c_worker import messages
from lor2c_worker.adapters.prompt_learner import PromptLearner
from lor2c_worker.backbones.hf_backbone import base_of, layers_in, whole_model
from lor2c_worker.data.batch import Batch
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.keyed.layout import PaddedLayout
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.settings import SettingsError

VIRTUAL = 3
KINDS = ("bert", "roberta", "llama")
TYPES = ("PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING")


def method(kind: str, count: int = VIRTUAL) -> dict[str, Any]:
    return {"type": kind, "config": {"num_virtual_tokens": count}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def learner_of(folder: Path, kind: str) -> PromptLearner:
    learner = build(fresh(folder), "peft", method(kind))
    assert isinstance(learner, PromptLearner)
    return learner


def wider(batch: Batch, pad: int, columns: int = 4) -> Batch:
    """The same rows with more padding."""
    more = lambda x, fill: torch.nn.functional.pad(x, (0, columns), value=fill)  # noqa: E731
    return dataclasses.replace(
        batch,
        input_ids=more(batch.input_ids, pad),
        attention_mask=more(batch.attention_mask, 0),
        token_type_ids=None if batch.token_type_ids is None else more(batch.token_type_ids, 0),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_is_keys_and_values_before_the_text(folders: dict[str, Path], data: Encoded, kind: str) -> None:
    """Compares with transformers' eager attention and a cache made by hand."""
    learner = learner_of(folders[kind], "PREFIX_TUNING")
    weight = learner.module.prompt_encoder["default"].embedding.weight.detach()
    plain = AutoModelForSequenceClassification.from_pretrained(
        folders[kind], num_labels=2, attn_implementation="eager", pad_token_id=0
    ).eval()
    plain.load_state_dict(fresh(folders[kind]).module.state_dict())
    batch = data.batch(range(16), CPU)
    heads = 1 if kind == "llama" else 2
    pieces = weight.view(VIRTUAL, 6, heads, 8).permute(1, 2, 0, 3).unsqueeze(1).expand(-1, 16, -1, -1, -1)
    cache = DynamicCache([(pieces[2 * i], pieces[2 * i + 1]) for i in range(3)])
    mask = torch.cat([torch.ones(16, VIRTUAL, dtype=torch.long), batch.attention_mask], dim=1)
    with torch.no_grad():
        expected = plain(input_ids=batch.input_ids, attention_mask=mask, past_key_values=cache).logits
    assert torch.allclose(logits_of(learner, data, 16, CPU)[0, :16], expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TYPES)
def test_padding_does_not_matter_with_dropout_or_without(
    folders: dict[str, Path], data: Encoded, kind: str, name: str
) -> None:
    learner = learner_of(folders[kind], name)
    batch = data.batch(range(8), CPU)
    for step in (None, 3):
        one, other = learner.forward(batch, step), learner.forward(wider(batch, data.pad_id), step)
        assert torch.allclose(one, other, atol=1e-5), step
    alike = torch.allclose(learner.forward(batch, 3), learner.forward(batch, 4), atol=1e-5)
    assert alike == (kind == "llama")  # has no dropout


@pytest.mark.parametrize("name", TYPES)
def test_a_row_alone_is_the_row_among_others(folders: dict[str, Path], data: Encoded, name: str) -> None:
    learner = learner_of(folders["llama"], name)
    together, alone = learner.forward(data.batch(range(8), CPU), None), learner.forward(data.batch([2], CPU), None)
    assert torch.allclose(together[0, 2], alone[0, 0], atol=1e-5)


def test_attention_to_the_prefix_is_dropped_too(folders: dict[str, Path], data: Encoded) -> None:
    """With attention dropout only, the masks of prefix keys change the output, and depend on the step."""
    learner = learner_of(folders["roberta"], "PREFIX_TUNING")
    for module in learner.module.modules():
        if hasattr(module, "site"):
            module.p = 0.0
    batch = data.batch(range(8), CPU)
    first = learner.forward(batch, 0)
    assert torch.equal(first, learner.forward(batch, 0))
    drawn = StepMasks.prefix
    try:
        StepMasks.prefix = lambda *args: drawn(*args) * 0  # type: ignore[method-assign, assignment]
        without = learner.forward(batch, 0)
    finally:
        StepMasks.prefix = drawn  # type: ignore[method-assign]
    assert not torch.allclose(first, without, atol=1e-4)


def test_masks_of_a_prefix_lie_on_real_queries() -> None:
    mask = torch.tensor([[1, 1], [1, 0]])
    batch = Batch(torch.tensor([5, 9]), mask, mask, None, torch.zeros(2), 3)
    placed = StepMasks(1, 0, batch, PaddedLayout.of(batch)).prefix("site", 2, 50, 0.5)
    assert placed.shape == (2, 2, 2, 50)
    assert (placed[1, :, 1] == 0).all()
    assert all(0 < part.count_nonzero() < 50 for part in (*placed[0].flatten(0, 1), *placed[1, :, 0]))


@pytest.fixture(scope="module")
def other(place: Path) -> Iterator[Worker]:
    started = Worker(place / "other.log")
    yield started
    assert started.close() == 0


@pytest.mark.parametrize("name", TYPES)
def test_a_run_is_read_by_another_process(
    worker: Worker,
    other: Worker,
    place: Path,
    tmp_path: Path,
    name: str,
) -> None:
    value = settings(place, method={"name": "peft", **method(name)}, num_train_epochs=3)
    events = run(worker, tmp_path, value)
    assert not only(events, messages.Failed), only(events, messages.Failed)  # the worker has reloaded and re-scored it
    artifact = adapter_of(events)
    (started,) = only(events, messages.Started)
    assert started.trainable_parameters > 0
    texts = [{"text": text, "text_pair": None} for text in ("the film is good", "the plot is very bad")]
    answers = []
    for process in (worker, other):
        process.send(type="predict", request="p", folder=artifact.path, texts=texts)
        (predictions,) = only(process.until_done(), messages.Predictions)
        answers.append([item.scores for item in predictions.items])
    assert answers[0] == answers[1]


def test_virtual_tokens_need_positions(worker: Worker, place: Path) -> None:
    tried = [
        settings(place, method={"name": "peft", **method("PREFIX_TUNING", 33)}),
        settings(place, method={"name": "peft", **method("PREFIX_TUNING", 32)}),
    ]
    worker.send(type="inspect", request="i", settings=tried)
    bad, good = only(worker.until_done(), messages.Inspected)
    (problem,) = bad.problems
    assert problem.startswith("train.max_length 32: ")
    assert problem.endswith("takes at most 31 besides the 33 positions of the method")
    # 2 L d for each virtual token: keys and values of every layer.
    assert (good.problems, good.trainable_parameters) == ([], 32 * 2 * 3 * 16)


def test_a_prefix_needs_a_model_that_takes_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"models of type mpnet take none: use PROMPT_TUNING or P_TUNING"):
        learner_of(tiny.save(tmp_path, "mpnet"), "PREFIX_TUNING")


def test_the_stream_of_a_model_with_narrow_embeddings_stays_in_fp32(tmp_path: Path, data: Encoded) -> None:
    """ELECTRA projects its embeddings, which gives bfloat16; other methods run it unpadded."""
    learner = learner_of(tiny.save(tmp_path / "electra", "electra"), "PROMPT_TUNING")
    entered: set[torch.dtype] = set()

    def note(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        entered.add((args[0] if args else kwargs["hidden_states"]).dtype)

    for layer in layers_in(base_of(whole_model(learner.module))):
        layer.register_forward_pre_hook(note, with_kwargs=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        learner.forward(data.batch(range(4), CPU), None)
    assert entered == {torch.float32}
