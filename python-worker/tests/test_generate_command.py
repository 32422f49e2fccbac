"""`generate`: one text, piece by piece, as batches of an evaluation would continue it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asking
import pytest
import torch
from transformers import AutoModelForCausalLM

from lor2c_worker import messages
from lor2c_worker.data.prompt_template import written
from lor2c_worker.models import load_tokenizer
from lor2c_worker.prompting.generate import generate, prompt_ids
from lor2c_worker.prompting.subject import Subject
from lor2c_worker.settings import SettingsError


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spoken")
    asking.save_model(folder / "model")
    asking.save_model(folder / "mute", chat=False)
    asking.save_adapter(folder / "adapter", folder / "model", asking.LORA)
    return folder


def spoken(
    place: Path, prompt: str = "Grüße", *, adapter: bool = False, stop_after: int | None = None, **more: Any
) -> list[messages.Generated]:
    own: list[messages.Generated] = []
    settings = asking.model_settings(place / more.pop("model", "model"), asking.UNTUNED)
    command = messages.Generate(
        request="g",
        folder=str(place / "adapter") if adapter else None,
        settings=None if adapter else settings,
        prompt=prompt,
        **{"template": "none", "max_new_tokens": 20, "temperature": 0.0, "top_p": None, "seed": 0} | more,
    )

    def send(kind: type, **fields: Any) -> None:
        own.append(kind(seq=1, **fields))

    generate(command, send, lambda: stop_after is not None and len(own) >= stop_after)
    assert [event.end is None for event in own] == [True] * (len(own) - 1) + [False]
    return own


def test_pieces_are_the_text_that_transformers_generates(place: Path) -> None:
    events = spoken(place)
    module = AutoModelForCausalLM.from_pretrained(place / "model").eval()
    tokenizer = asking.byte_tokenizer()
    ids = torch.tensor([tokenizer("Grüße")["input_ids"]])
    expected = module.generate(input_ids=ids, max_new_tokens=20, do_sample=False)[0, ids.shape[1] :]
    assert "".join(event.text for event in events) == tokenizer.decode(expected, skip_special_tokens=True)
    end = events[-1].end
    assert end is not None
    assert (end.prompt_tokens, end.new_tokens) == (7, len(expected))
    assert end.reason == ("stop" if expected[-1] == 256 else "length")


def test_an_adapter_and_what_is_sampled_say_something_else(place: Path) -> None:
    def text(**more: Any) -> str:
        return "".join(event.text for event in spoken(place, **more))

    greedy, sampled = text(), text(temperature=1.0, top_p=0.9, seed=3)
    assert len({greedy, sampled, text(adapter=True), text(temperature=1.0, top_p=0.9, seed=4)}) == 4
    assert sampled == text(temperature=1.0, top_p=0.9, seed=3)


def test_a_stop_ends_the_text(place: Path) -> None:
    whole, cut = spoken(place), spoken(place, stop_after=3)
    assert cut[-1].end is not None
    assert cut[-1].end.reason == "stopped"
    assert "".join(event.text for event in whole).startswith("".join(event.text for event in cut).rstrip("\ufffd"))


def test_templates_are_around_the_prompt(place: Path) -> None:
    tokenizer = load_tokenizer(Subject.of(None, asking.model_settings(place / "model", asking.UNTUNED)).settings.model)
    assert tokenizer.decode(prompt_ids(tokenizer, "Hi", "chat")) == "<user>Hi<assistant>"
    assert tokenizer.decode(prompt_ids(tokenizer, "Hi", "alpaca")) == written("alpaca", "Hi", "")
    own = prompt_ids(tokenizer, "a {input} $&", "Q: {prompt}\n{input}A:")  # the prompt as it is
    assert tokenizer.decode(own) == "Q: a {input} $&\nA:"
    with pytest.raises(SettingsError, match="unknown placeholder"):
        prompt_ids(tokenizer, "Hi", "{prompt} {odd}")
    with pytest.raises(SettingsError, match="no chat template"):
        spoken(place, template="chat", model="mute")
    with pytest.raises(SettingsError, match="the prompt has no tokens"):
        spoken(place, prompt="")


def test_a_text_stays_within_the_positions_of_the_model(place: Path) -> None:
    with pytest.raises(SettingsError, match=r"4,100 tokens, and the model was made for 4,096 in all"):
        spoken(place, "x" * 4100)
    end = spoken(place, "x" * 4094, temperature=1.0)[-1].end
    assert end is not None
    assert end.new_tokens <= 2


def test_other_settings_are_no_language_model(place: Path) -> None:
    with pytest.raises(SettingsError, match="only none needs no folder"):
        Subject.of(None, asking.model_settings(place / "model", asking.LORA))
    with pytest.raises(SettingsError, match="name a folder"):
        Subject.of(None, None)
