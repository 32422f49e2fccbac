"""Which tokens of prompts, responses and conversations count where tokens and texts do not end together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny
from loops import CPU
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from worker import settings

from lor2c_worker.data import DataError, load_task
from lor2c_worker.data.encode_text import EncodedTexts
from lor2c_worker.data.task import Split
from lor2c_worker.inspection import Inspection
from lor2c_worker.settings import DataSettings, Settings

CHAT = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def joining_tokenizer(chat: str | None = None) -> PreTrainedTokenizerFast:
    """Bytes, and one token for a blank with a P."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {word: i for i, word in enumerate([*tiny.SPECIAL, *alphabet, "ĠP"])}
    inner = Tokenizer(models.BPE(words, [("Ġ", "P")]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", eos_token="[SEP]", chat_template=chat)


def counted(split: Split, tokenizer: Any, length: int = 64) -> str:
    """Of the first row."""
    batch = EncodedTexts(split, tokenizer, length, train_on="response").batch([0], CPU)
    assert batch.targets is not None
    return tokenizer.decode(batch.targets.ids)


@pytest.mark.parametrize(
    ("prompt", "response", "counts"),
    [
        ("A: ", "Po", " Po[SEP]"),  # the blank and the P are one token
        ("A:", " Po", " Po[SEP]"),
        ("A: ", "o", "o[SEP]"),
        ("A: ", "", "[SEP]"),
    ],
)
def test_a_token_of_the_prompts_end_and_the_response_counts(prompt: str, response: str, counts: str) -> None:
    assert counted(Split([prompt], [0], [response]), joining_tokenizer()) == counts


def test_a_token_of_a_templates_end_and_an_answer_counts() -> None:
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "Po"}]
    assert counted(Split([json.dumps(messages)], [0], None), joining_tokenizer(CHAT)) == " Po\n"


def test_a_tokenizer_that_drops_the_beginning_of_long_texts_cuts_their_end() -> None:
    tokenizer = joining_tokenizer()
    tokenizer.truncation_side = "left"
    assert counted(Split(["abcdef"], [0], ["ghijkl"]), tokenizer, 9) == "ghi"


def test_an_input_that_the_first_row_lacks_is_read(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "answer": "b"}, {"prompt": "c", "input": "d", "answer": "e"}]
    for name in ("train.jsonl", "dev.json"):
        text = json.dumps(rows) if name.endswith(".json") else "\n".join(map(json.dumps, rows))
        (tmp_path / name).write_text(text)
    found = load_task("instruct", DataSettings(path=str(tmp_path), template="none"))
    assert list(found.train.text) == list(found.eval.text) == ["a", "c\n\nd"]
    assert found.columns is not None
    assert ("input", "input") in found.columns


def test_no_rows_to_evaluate_on_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"prompt": "a", "answer": "b"}] * 9))
    with pytest.raises(DataError, match=r"data\.dev_rows 0\.01 of 9 training rows splits off none"):
        load_task("instruct", DataSettings(path=str(path), dev_rows=0.01))


def test_the_chat_template_is_part_of_an_id_where_rows_are_conversations(tmp_path: Path) -> None:
    """Not of others, whose ids stay."""
    tiny.save_causal(tmp_path / "model", chat=tiny.CHAT)
    (tmp_path / "data").mkdir()
    for name in ("train.json", "dev.json"):
        (tmp_path / "data" / name).write_text(json.dumps([{"prompt": "a", "answer": f"b{i}"} for i in range(4)]))
    file = tmp_path / "model" / "chat_template.jinja"
    assert file.is_file()

    def fingerprint(template: str) -> dict[str, str]:
        value = settings(tmp_path, method={"name": "lora"}, max_length=64)
        value["task"], value["data"] = {"name": "instruct"}, {"path": str(tmp_path / "data"), "template": template}
        return Inspection().inspect(Settings.from_json(value))["fingerprint"]

    before = [fingerprint(template) for template in ("chat", "none")]
    file.write_text(tiny.CHAT.replace("<", "("))
    after = [fingerprint(template) for template in ("chat", "none")]
    assert before[0]["chat_template"] != after[0]["chat_template"]
    assert before[1] == after[1]
    assert "chat_template" not in after[1]
