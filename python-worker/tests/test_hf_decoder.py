"""The transformers module as decoder: its logits under a cache are those of the module without one."""

from __future__ import annotations

import pytest
import tiny_decoders
import torch

from lor2c_worker.backbones.hf_decoder import HfDecoder
from lor2c_worker.generation.tokens import token_batch

CPU = torch.device("cpu")


def rows(lengths: list[int], seed: int = 0) -> list[list[int]]:
    drawn = torch.Generator().manual_seed(seed)
    return [torch.randint(3, tiny_decoders.VOCABULARY, (n,), generator=drawn).tolist() for n in lengths]


@torch.no_grad()
def alone(module: torch.nn.Module, row: list[int]) -> torch.Tensor:
    """Logits after the last token, without cache, padding or neighbours."""
    return module(input_ids=torch.tensor([row]), use_cache=False).logits[0, -1]


@pytest.mark.parametrize("family", tiny_decoders.FAMILIES)
def test_rows_of_any_length_go_on_together_and_leave(family: str) -> None:
    module = tiny_decoders.causal(family)
    decoder = HfDecoder(module)
    texts = rows([3, 12, 7, 12, 1])
    cache = decoder.new_cache(len(texts))
    logits = decoder.next_logits(token_batch(texts, CPU), cache)
    for more, kept in ([[5], [9], [11], [4], [30]], [0, 2, 3, 4]), ([[8], [7], [40], [6]], [3, 1]), ([[3], [4]], [0]):
        torch.testing.assert_close(logits, torch.stack([alone(module, text) for text in texts]), atol=1e-5, rtol=1e-4)
        texts = [text + new for text, new in zip(texts, more, strict=True)]
        logits = decoder.next_logits(token_batch(more, CPU), cache)
        torch.testing.assert_close(logits, torch.stack([alone(module, text) for text in texts]), atol=1e-5, rtol=1e-4)
        cache.keep(kept)
        texts, logits = [texts[i] for i in kept], logits[kept]


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_rows_share_a_common_beginning(family: str) -> None:
    module = tiny_decoders.causal(family)
    decoder = HfDecoder(module)
    [start], ends = rows([9]), rows([2, 6, 1], seed=1)
    shared = decoder.new_cache(1)
    decoder.next_logits(token_batch([start], CPU), shared)
    for _ in range(2):  # the shared cache stays as it is
        cache = shared.copy([0, 0, 0])
        logits = decoder.next_logits(token_batch(ends, CPU), cache)
        whole = [start + end for end in ends]
        torch.testing.assert_close(logits, torch.stack([alone(module, text) for text in whole]), atol=1e-5, rtol=1e-4)
        again = decoder.next_logits(token_batch([[7]] * 3, CPU), cache)
        expected = torch.stack([alone(module, [*text, 7]) for text in whole])
        torch.testing.assert_close(again, expected, atol=1e-5, rtol=1e-4)


def test_a_gap_inside_of_a_sliding_window_is_refused() -> None:
    decoder = HfDecoder(tiny_decoders.causal("mistral"))
    shared = decoder.new_cache(1)
    decoder.next_logits(token_batch(rows([9]), CPU), shared)
    with pytest.raises(ValueError, match="sliding window"):
        decoder.next_logits(token_batch(rows([2, 6]), CPU), shared.copy([0, 0]))
