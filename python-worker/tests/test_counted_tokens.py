"""Which tokens of prompts, responses and conversations count where tokens and texts do not end together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
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


def test_an_end_token_that_the_tokenizer_adds_to_what_it_cut_does_not_count() -> None:
    adds = joining_tokenizer()
    adds.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A [SEP]", special_tokens=[("[SEP]", 2)]
    )
    assert adds("a")["input_ids"][-1] == adds.eos_token_id
    rows = Split(["abcdef"] * 3, [0] * 3, ["", "ghi", "ghijkl"])
    for length in (5, 6, 7, 9, 10, 64):
        one, two = (EncodedTexts(rows, each, length, train_on="response") for each in (adds, joining_tokenizer()))
        assert one.counted().tolist() == two.counted().tolist()
        assert torch.equal(one.batch(range(3), CPU).input_ids, two.batch(range(3), CPU).input_ids)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (
            "{% for m in messages %}{{ m.role }}{% endfor %}{% if add_generation_prompt %}!{% endif %}",
            "another way than",
        ),
        ("{% for m in messages %}{{ m.role }}{% if loop.last %}!{% endif %}{% endfor %}", "when others follow"),
    ],
)
def test_why_the_place_of_an_answer_is_unknown_is_said(template: str, says: str) -> None:
    messages = [{"role": role, "content": "x"} for role in ("assistant", "user", "assistant", "user")]
    split = Split([json.dumps(messages)], [0], None)
    with pytest.raises(DataError, match=f"{says}.* use data.train_on: all"):
        EncodedTexts(split, joining_tokenizer(template), 64, train_on="response").counted()


@pytest.mark.parametrize("train_on", ["response", "all"])
def test_a_conversation_of_which_a_template_writes_nothing_is_refused(train_on: str) -> None:
    """A row has at least one token."""
    split = Split([json.dumps([{"role": "assistant", "content": ""}])], [0], None)
    tokenizer = joining_tokenizer("{% for m in messages %}{{ m.content }}{% endfor %}")
    with pytest.raises(DataError, match="row 1: the tokenizer's chat template writes nothing of the conversation"):
        EncodedTexts(split, tokenizer, 64, train_on=train_on).counted()


def test_a_call_of_a_tool_is_refused_instead_of_left_out(tmp_path: Path) -> None:
    calls = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f"}}]}
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": [{"role": "user", "content": "a"}, calls]}))
    with pytest.raises(DataError, match=r"rows\.jsonl:1: message 2 has tool_calls, of which nothing would be learnt"):
        load_task("instruct", DataSettings(path=str(tmp_path / "rows.jsonl"), dev_rows=1))


def test_inputs_that_a_template_leaves_out_are_counted(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "input": "b" * (i % 2), "answer": "c"} for i in range(8)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))

    def notes(template: str) -> str:
        return " ".join(
            load_task("instruct", DataSettings(str(tmp_path / "rows.json"), dev_rows=2, template=template)).notes
        )

    assert "4 of 8 rows have an input (column input), which data.template leaves out" in notes("Q: {prompt}\nA: ")
    assert not any("leaves out" in notes(template) for template in ("{prompt} {input}", "alpaca", "none", "chat"))


def test_rows_without_labels_are_told_by_their_reason(tmp_path: Path) -> None:
    """A template that leaves an answer out: nothing was cut."""
    tiny.save_causal(
        tmp_path / "model",
        chat="{% for m in messages %}{% if m.content != 'no' %}{{ m.content }}{% endif %}{% endfor %}",
    )
    texts = ["a" * 80, "no", "yes", "yes"]
    rows = [
        {"messages": [{"role": "user", "content": "say"}, {"role": "assistant", "content": text}]} for text in texts
    ]
    rows[0]["messages"].insert(0, {"role": "user", "content": "a" * 80})
    value = settings(tmp_path, method={"name": "lora"}, max_length=64)
    value["task"], value["data"] = {"name": "instruct"}, {"path": str(tmp_path / "rows")}
    (tmp_path / "rows").mkdir()

    def look(chosen: list[Any]) -> list[str]:
        for name in ("train.json", "dev.json"):
            (tmp_path / "rows" / name).write_text(json.dumps(chosen))
        return Inspection().inspect(Settings.from_json(value))["warnings"]

    has = "1 of 4 rows have no token that counts"
    assert look(rows)[:2] == [
        f"train: {has}: their prompts fill train.max_length 64",
        f"train: {has}: their responses are empty",
    ]
    with pytest.raises(
        DataError, match=r"no token of the train rows counts: their responses are empty\. `lor2c data SPEC`"
    ):
        look(rows[1:2])


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
