"""Prompts continued in batches: the tokens of one prompt at a time, in any batch, with any common beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import tiny_decoders
import torch
from peft import LoraConfig, get_peft_model
from transformers import GenerationConfig

from lor2c_worker.backbones.decoder import Cache, Decoder
from lor2c_worker.backbones.hf_decoder import HfDecoder
from lor2c_worker.data.batch import Batch
from lor2c_worker.generation.batches import Room, batches, families
from lor2c_worker.generation.generator import Generator
from lor2c_worker.generation.likelihood import log_likelihoods
from lor2c_worker.generation.rules import NotNumbers, Rules, rules_of
from lor2c_worker.generation.together import Prompt
from lor2c_worker.settings import SettingsError

CPU = torch.device("cpu")
EOS = 2


def prompts(count: int = 12, new: int = 10) -> list[Prompt]:
    """Of 2 to 70 tokens; most begin with one of two long beginnings."""
    drawn = torch.Generator().manual_seed(3)

    def ids(n: int) -> list[int]:
        return torch.randint(3, tiny_decoders.VOCABULARY, (n,), generator=drawn).tolist()

    starts = [ids(40), ids(55), []]
    return [Prompt(f"row {i}", tuple(starts[i % 3] + ids(2 + i)), new) for i in range(count)]


def module_of(family: str, *, adapter: bool = False) -> Any:
    module: Any = tiny_decoders.causal(family)
    if adapter:
        config = LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
        module = get_peft_model(module, config).eval()
    return module


def texts(decoder: Decoder, rows: Sequence[Prompt], rules: Rules, room: Room, **more: Any) -> dict[str, list[int]]:
    generator = Generator(decoder, rules, CPU, room, **more)
    return {text.id: text.new for batch in generator.generate(rows) for text in batch}


def by_transformers(module: Any, prompt: Prompt, **options: Any) -> list[int]:
    """What the library's own `generate` gives for this prompt alone."""
    ids = torch.tensor([prompt.ids])
    config = GenerationConfig(
        max_new_tokens=prompt.max_new_tokens, eos_token_id=EOS, pad_token_id=0, do_sample=False, **options
    )
    return module.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=config)[
        0, len(prompt.ids) :
    ].tolist()


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2"])
def test_batches_give_the_tokens_of_transformers_alone(family: str) -> None:
    module, rows = module_of(family, adapter=family != "mistral"), prompts()
    found = texts(HfDecoder(module), rows, Rules(frozenset([EOS])), Room(400, 5))
    assert found == {row.id: by_transformers(module, row) for row in rows}
    assert len({tuple(new) for new in found.values()}) > 1


def test_a_repetition_penalty_counts_the_prompt_and_no_padding() -> None:
    module, rows = module_of("llama"), prompts()
    found = texts(HfDecoder(module), rows, Rules(frozenset([EOS]), repetition_penalty=1.7), Room(400, 5))
    assert found == {row.id: by_transformers(module, row, repetition_penalty=1.7) for row in rows}
    assert found != texts(HfDecoder(module), rows, Rules(frozenset([EOS])), Room(400, 5))


def test_a_text_ends_with_an_end_token_or_where_it_is_told_to() -> None:
    decoder, rows = HfDecoder(module_of("llama")), prompts()
    free = texts(decoder, rows, Rules(), Room(400, 5))
    ends = frozenset(new[4] for new in list(free.values())[:3])
    cut = texts(decoder, rows, Rules(ends), Room(400, 5))
    for name, new in free.items():
        length = next((i + 1 for i, token in enumerate(new) if token in ends), len(new))
        assert cut[name] == new[:length]
    stopping = [Prompt(row.id, row.ids, row.max_new_tokens, lambda new: len(new) == 3) for row in rows]
    assert texts(decoder, stopping, Rules(), Room(400, 5)) == {name: new[:3] for name, new in free.items()}


def test_what_is_drawn_depends_on_row_and_seed_only() -> None:
    decoder, rows = HfDecoder(module_of("qwen2")), prompts()
    rules = Rules(frozenset([EOS]), temperature=0.9, top_k=20, top_p=0.95, seed=5)
    together = texts(decoder, rows, rules, Room(10_000, 12))
    assert together == texts(decoder, rows[::-1], rules, Room(1, 1))
    assert together != texts(decoder, rows, Rules(frozenset([EOS]), temperature=0.9, seed=6), Room(10_000, 12))


class _Text:
    def __init__(self, name: str) -> None:
        self.id, self.seen, self.count = name, [0], 0


def test_draws_have_the_shares_that_temperature_top_k_and_top_p_leave() -> None:
    logits = torch.tensor([0.0, 2.0, 1.0, -1.0, 1.5])
    rules = Rules(temperature=0.8, top_k=4, top_p=0.9, seed=1)
    shares = (logits / 0.8).softmax(0)
    shares[3] = 0.0  # top_k
    shares /= shares.sum()
    assert shares[[1, 4, 2]].sum() >= 0.9 > shares[[1, 4]].sum()
    shares[0] = 0.0  # top_p
    shares /= shares.sum()
    drawn = rules.choose(logits.expand(4000, -1), [_Text(str(i)) for i in range(4000)])
    found = torch.bincount(torch.tensor(drawn), minlength=5) / 4000
    torch.testing.assert_close(found, shares, atol=0.03, rtol=0)
    assert found[0] == found[3] == 0


class Small:
    """A decoder whose device has memory for so many rows. `shares_within` 0: rows share nothing."""

    def __init__(self, inner: Decoder, most: int, shares_within: int | None = None) -> None:
        self.inner, self.most, self.tried = inner, most, list[int]()
        self.shares_within = shares_within

    def new_cache(self, rows: int) -> Cache:
        return self.inner.new_cache(rows)

    def next_logits(self, batch: Batch, cache: Cache) -> torch.Tensor:
        self.tried.append(len(batch.input_ids))
        if len(batch.input_ids) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.inner.next_logits(batch, cache)


def test_too_little_memory_halves_the_batches_to_come() -> None:
    inner, rows = HfDecoder(module_of("llama")), prompts()
    small = Small(inner, 3, shares_within=0)
    assert texts(small, rows, Rules(), Room(10_000, 12)) == texts(inner, rows, Rules(), Room(400, 5))
    # 12 do not fit, nor do 6; the second half of the 12 is tried as 6 again.
    assert [n for n in small.tried if n > 3] == [12, 6, 6]
    with pytest.raises(torch.OutOfMemoryError):
        texts(Small(inner, 0), rows[:2], Rules(), Room(10_000, 12))


def test_other_errors_are_no_lack_of_memory() -> None:
    class Broken(Small):
        def next_logits(self, batch: Batch, cache: Cache) -> torch.Tensor:
            raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        texts(Broken(HfDecoder(module_of("llama")), 1), prompts(), Rules(), Room(400, 5))


def test_a_common_beginning_is_computed_once() -> None:
    rows = prompts()
    found = families(rows)
    assert sorted(row.id for family in found for row in family.rows) == sorted(row.id for row in rows)
    assert sorted((family.shared, len(family.rows)) for family in found) == [(0, 4), (40, 4), (55, 4)]
    for family in found:
        assert len({row.ids[: family.shared] for row in family.rows}) == 1
    small = Small(HfDecoder(module_of("llama")), 12)
    generator = Generator(small, Rules(), CPU, Room(10_000, 12))
    list(generator.generate(rows))
    assert generator.pace.prompt_tokens == sum(len(row.ids) for row in rows) - 3 * (40 + 55)


def test_a_prompt_that_fits_a_family_badly_stays_out_of_it() -> None:
    start = tuple(range(100))
    five = [Prompt(f"five {i}", (*start, 200 + i, 7), 1) for i in range(4)]
    four = [Prompt(f"four {i}", (*start[:60], 300 + i, 8), 1) for i in range(3)]
    same = [Prompt("a", start[:40], 1), Prompt("b", start[:40], 1)]
    shared = {frozenset(row.id for row in family.rows): family.shared for family in families([*four, *five, *same])}
    assert shared[frozenset(row.id for row in five)] == 100
    assert shared[frozenset(row.id for row in four)] == 60
    assert shared[frozenset(["a", "b"])] == 39  # the last token is left to compute
    within = families([*four, *five, *same], within=62)
    assert {family.shared: len(family.rows) for family in within} == {0: 7, 39: 2}


def test_batches_are_filled_by_tokens_the_longest_first() -> None:
    rows = [Prompt(str(n), tuple(range(n)), 5) for n in (3, 95, 15, 20, 35)]
    found = [[row.id for row in batch] for batch in batches(rows, lambda: Room(80, 3))]
    assert found == [["95"], ["35", "20"], ["15", "3"]]
    assert [len(batch) for batch in batches(rows, lambda: Room(10_000, 2))] == [2, 2, 1]


def test_rules_follow_generation_config() -> None:
    def of(**fields: Any) -> Rules:
        return rules_of(GenerationConfig(**fields), "m/generation_config.json", 17)

    assert of(eos_token_id=2) == Rules(frozenset([2]))
    assert of(eos_token_id=[2, 5], repetition_penalty=1.1).describe() == "greedy, repetition penalty 1.1"
    assert of(temperature=0.6, top_p=0.9).describe() == "greedy"
    sampled = of(do_sample=True, temperature=0.6, top_p=0.9)
    assert sampled.describe() == "sampled (temperature 0.6, top_k 50, top_p 0.9, seed 17)"
    assert of(do_sample=True, top_k=0).describe() == "sampled (temperature 1, seed 17)"
    assert sampled.greedy() == Rules()
    with pytest.raises(SettingsError, match=r"m/generation_config.json asks for num_beams 4"):
        of(num_beams=4)


def test_a_model_that_gives_nan_says_nothing() -> None:
    module: Any = tiny_decoders.causal("llama")
    with torch.no_grad():
        module.lm_head.weight[5] = float("nan")
    decoder, room = HfDecoder(module), Room(1000, 8)
    for rules in (Rules(), Rules(temperature=0.7), Rules(repetition_penalty=1.2)):
        with pytest.raises(NotNumbers, match="gives NaN"):
            list(Generator(decoder, rules, CPU, room).generate(prompts(2)))
    with pytest.raises(NotNumbers):
        log_likelihoods(decoder, [((3, 4), (6,)), ((3, 4), (7,))], CPU, room)
