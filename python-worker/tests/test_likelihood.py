"""Log-likelihoods of continuations: those of the module on the whole text, however they are batched."""

from __future__ import annotations

import pytest
import tiny_decoders
import torch
from test_generation import Small

from lor2c_worker.backbones.hf_decoder import HfDecoder
from lor2c_worker.generation.batches import Room
from lor2c_worker.generation.likelihood import log_likelihoods

CPU = torch.device("cpu")


def pairs() -> list[tuple[list[int], list[int]]]:
    """Contexts with one or more continuations of 1 to 4 tokens; most have a common beginning."""
    drawn = torch.Generator().manual_seed(8)

    def ids(n: int) -> list[int]:
        return torch.randint(3, tiny_decoders.VOCABULARY, (n,), generator=drawn).tolist()

    start = ids(40)
    contexts = [start + ids(3), start + ids(9), ids(5), start + ids(2)]
    return [(contexts[i % 4], ids(1 + i % 5 % 4)) for i in range(14)]


@torch.no_grad()
def alone(module: torch.nn.Module, context: list[int], target: list[int]) -> tuple[float, bool]:
    logits = module(input_ids=torch.tensor([context + target])).logits[0, len(context) - 1 : -1].double()
    logs = logits.log_softmax(-1).gather(1, torch.tensor(target)[:, None])
    return float(logs.sum()), logits.argmax(-1).tolist() == target


@pytest.mark.parametrize("room", [Room(10_000, 50), Room(1, 1)])
def test_equal_those_of_the_whole_text(room: Room) -> None:
    module = tiny_decoders.causal("llama")
    wanted = pairs()
    best = module.generate(input_ids=torch.tensor([wanted[0][0]]), max_new_tokens=3, do_sample=False, eos_token_id=None)
    wanted.append((wanted[0][0], best[0, len(wanted[0][0]) :].tolist()))
    found = log_likelihoods(HfDecoder(module), wanted, CPU, room)
    expected = [alone(module, *pair) for pair in wanted]
    assert [one.log for one in found] == pytest.approx([log for log, _ in expected], abs=1e-5)
    assert [one.greedy for one in found] == [greedy for _, greedy in expected]
    assert found[-1].greedy
    assert not all(one.greedy for one in found)


def test_a_shared_context_is_computed_once_and_memory_may_run_out() -> None:
    small = Small(HfDecoder(tiny_decoders.causal("llama")), 4)
    context = list(range(3, 30))
    found = log_likelihoods(small, [(context, [token]) for token in range(3, 11)], CPU, Room(10_000, 50))
    assert small.tried == [1]
    assert sum(one.greedy for one in found) <= 1
    whole = log_likelihoods(small.inner, pairs(), CPU, Room(10_000, 50))
    halved = log_likelihoods(small, pairs(), CPU, Room(10_000, 50))
    assert [one.log for one in halved] == pytest.approx([one.log for one in whole], abs=1e-5)


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        log_likelihoods(HfDecoder(tiny_decoders.causal("llama")), [([], [3])], CPU, Room(10, 1))
