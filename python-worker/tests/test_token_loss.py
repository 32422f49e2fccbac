"""The losses of targets equal those of whole logits, with their gradients, in a fraction of the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from loops import CPU, Given
from torch import nn
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM

from lor2c_worker.adapters.peft_learner import PeftLearner
from lor2c_worker.backbones import token_loss as module
from lor2c_worker.backbones.heads import LanguageModelHead
from lor2c_worker.backbones.token_loss import token_loss
from lor2c_worker.data.targets import IGNORED, Targets
from lor2c_worker.device import autocast
from lor2c_worker.evaluation.language import LanguageEvaluation, losses_of
from lor2c_worker.keyed.layout import PaddedLayout
from lor2c_worker.models import empty_model, load_model
from lor2c_worker.objective import LanguageModel, means
from lor2c_worker.settings import ModelSettings, SettingsError

VOCABULARY, WIDTH, LANES, TOKENS = 50, 12, 3, 41


@pytest.fixture(params=[1, 2**30], ids=["small chunks", "one chunk"])
def chunks(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", request.param)


def operands(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(0)
    hidden = torch.randn(LANES, TOKENS, WIDTH, generator=g).to(dtype)
    weight, bias = torch.randn(VOCABULARY, WIDTH, generator=g).to(dtype), torch.randn(VOCABULARY, generator=g).to(dtype)
    return hidden, weight, bias, torch.randint(0, VOCABULARY, (TOKENS,), generator=g)


def whole(hidden: torch.Tensor, weight: torch.Tensor, ids: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    logits = F.linear(hidden, weight, bias)
    return F.cross_entropy(logits.flatten(0, 1), ids.repeat(LANES), reduction="none").view(LANES, -1)


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("trained", [("hidden",), ("hidden", "weight", "bias"), ("weight",)])
def test_losses_and_gradients_are_those_of_whole_logits(trained: tuple[str, ...], with_bias: bool) -> None:
    hidden, weight, bias, ids = operands(torch.float64)
    leaves = {"hidden": hidden, "weight": weight} | ({"bias": bias} if with_bias else {})
    wanted = [tensor.requires_grad_() for name, tensor in leaves.items() if name in trained]
    factors = torch.randn(LANES, TOKENS, generator=torch.Generator().manual_seed(1)).double()
    found, want = (f(hidden, weight, ids, leaves.get("bias")) for f in (token_loss, whole))
    assert found.dtype == torch.float64
    assert torch.allclose(found, want, rtol=1e-12, atol=1e-12)
    each = [torch.autograd.grad((losses * factors).sum(), wanted) for losses in (found, want)]
    for one, other in zip(*each, strict=True):
        assert torch.allclose(one, other, rtol=1e-11, atol=1e-11)


@pytest.mark.usefixtures("chunks")
def test_a_lane_has_the_bits_that_it_has_alone() -> None:
    hidden, weight, _, ids = operands(torch.float32)
    together = token_loss(hidden, weight, ids)
    for lane in range(LANES):
        assert torch.equal(token_loss(hidden[lane : lane + 1], weight, ids)[0], together[lane])


def test_a_chunk_that_is_large_overflows_no_exponential() -> None:
    hidden, weight, _, ids = operands(torch.float32)
    found = token_loss(1e4 * hidden, weight, ids)
    assert torch.isfinite(found).all()
    assert torch.allclose(found, whole(1e4 * hidden, weight, ids, None), rtol=1e-5)


def test_no_target_is_a_loss_of_no_token() -> None:
    hidden, weight, _, ids = operands(torch.float32)
    hidden.requires_grad_()
    found = token_loss(hidden[:, :0], weight, ids[:0])
    assert found.shape == (LANES, 0)
    LanguageModel().sums(found, ids[:0]).sum().backward()
    assert hidden.grad is not None
    assert not hidden.grad.any()


def test_mixed_precision_gives_float32_losses_near_the_exact_ones() -> None:
    hidden, weight, _, ids = operands(torch.float32)
    causal = nn.Linear(WIDTH, VOCABULARY, bias=False).requires_grad_(False)
    causal.weight.copy_(weight)
    head = LanguageModelHead(_Output(causal))
    hidden.requires_grad_()
    with autocast(CPU, "mixed"):
        found = head.losses(hidden, ids)
    assert found.dtype == torch.float32
    assert not torch.equal(found, head.losses(hidden, ids))
    assert torch.allclose(found, head.losses(hidden, ids), atol=0.1)
    [grad] = torch.autograd.grad(found.sum(), hidden)
    assert grad.dtype == torch.float32


class _Output(nn.Module):
    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def get_output_embeddings(self) -> nn.Linear:
        return self.linear


def test_targets_are_the_labels_that_have_a_token_before_them() -> None:
    labels = np.full((3, 4), IGNORED)
    labels[0, :3], labels[2, 3] = (5, 6, 7), 8
    found = Targets.of(labels, CPU)
    assert found.ids.tolist() == [6, 7, 8]
    assert found.places.tolist() == [0, 1, 10]
    widened = PaddedLayout(torch.ones(3, 6, dtype=torch.bool), columns=4)
    assert widened.at(found.places).tolist() == [0, 1, 14]


def rows_of() -> Given:
    """Rows of 3 to 9 tokens; of one nothing counts."""
    g = torch.Generator().manual_seed(2)
    lengths = torch.tensor([9, 3, 6, 7, 5])
    mask = (torch.arange(9) < lengths[:, None]).long()
    ids = torch.randint(1, 60, mask.shape, generator=g) * mask
    prompt = torch.arange(9) < torch.tensor([2, 1, 6, 3, 1])[:, None]
    return Given(ids, mask, ids.masked_fill((mask == 0) | prompt, IGNORED))


@pytest.mark.parametrize(
    ("config", "kind"),
    [(LlamaConfig, LlamaForCausalLM), (MistralConfig, MistralForCausalLM), (Qwen2Config, Qwen2ForCausalLM)],
)
def test_an_evaluation_has_the_loss_of_transformers(config: Any, kind: Any) -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    causal = kind(config(**shape, num_key_value_heads=2, vocab_size=60, pad_token_id=0)).eval().requires_grad_(False)
    learner, rows = PeftLearner(causal, (), ["c"], 0), rows_of()
    [found] = LanguageEvaluation(rows, 2, CPU, ("loss", "perplexity"), "loss").of(learner)
    out = causal(input_ids=rows.input_ids, attention_mask=rows.attention_mask, labels=rows.labels)
    assert found.values["loss"] == pytest.approx(out.loss.item(), rel=1e-6)
    assert found.values["perplexity"] == pytest.approx(float(out.loss.exp()), rel=1e-6)
    sums, counts = losses_of(learner, rows, 3, CPU)
    assert counts.tolist() == [7, 2, 0, 4, 4]
    assert sums[0, 2] == 0.0
    assert found.proof.shape == (6, 1)
    assert found.logits is None
    batch = rows.batch(range(5), CPU)
    assert means(LanguageModel(), learner.forward(batch, None), batch.labels).item() == pytest.approx(out.loss.item())


@pytest.mark.parametrize("tied", [False, True])
def test_a_language_model_is_loaded_with_its_output_embedding_and_no_head(tmp_path: Path, tied: bool) -> None:
    folder = tiny.save_causal(tmp_path / "model", tie_word_embeddings=tied)
    stored = tiny.causal(tie_word_embeddings=tied, vocab_size=260, max_position_embeddings=512).lm_head.weight
    loaded = load_model(ModelSettings(str(folder)), 1, "language_model", 0, CPU)
    assert torch.equal(loaded.module.get_output_embeddings().weight, stored)  # type: ignore[operator]
    assert (loaded.head, loaded.head_parameters(), loaded.fresh) == ((), {}, frozenset())
    empty = empty_model(ModelSettings(str(folder)), 1, "language_model")
    count = sum(p.numel() for p in empty.module.parameters())
    assert count == sum(p.numel() for p in loaded.module.parameters())


def test_a_model_that_predicts_no_next_token_is_refused(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "encoder")
    with pytest.raises(SettingsError, match="type 'bert', which predicts no next token: the task needs a decoder"):
        load_model(ModelSettings(str(folder)), 1, "language_model", 0, CPU)
    base = tiny.save(tmp_path / "base", "llama")
    with pytest.raises(SettingsError, match=r"lacks 1 backbone weights, e\.g\. lm_head\.weight"):
        load_model(ModelSettings(str(base)), 1, "language_model", 0, CPU)


def memory(name: str) -> int:
    """A line of this process's status, in bytes."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak of memory is read as Linux gives it")
def test_the_logits_of_8192_tokens_of_llama_are_never_there_together() -> None:
    """They would take 1 GB, and as much again for their gradients."""
    hidden = torch.randn(1, 8192, 8, requires_grad=True)
    weight, ids = torch.randn(32000, 8), torch.randint(0, 32000, (8192,))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory("VmRSS")
    token_loss(hidden, weight, ids).sum().backward()
    used = memory("VmHWM") - before
    assert 2**24 < used < 400 * 2**20, f"{used / 2**20:.0f} MiB"
