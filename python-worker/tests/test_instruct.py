"""Tasks of texts: files and columns, templates, conversations, what counts, and runs over them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import stopping
import tiny
from loops import CPU
from worker import LORA, only, settings

from lor2c_worker import messages
from lor2c_worker.data import DataError, load_task
from lor2c_worker.data.encode_text import EncodedTexts
from lor2c_worker.data.task import Split, TaskData
from lor2c_worker.examination import examine
from lor2c_worker.inspection import Inspection
from lor2c_worker.predict import predict
from lor2c_worker.settings import DataSettings, Settings, SettingsError, TaskSettings

ROWS = [{"instruction": f"say {i}", "input": "" if i % 2 else f"<{i}>", "output": f"{i} it is"} for i in range(12)]
CHATS = [
    {
        "messages": [
            {"role": "system", "content": "be short"},
            {"role": "user", "content": f"say {i}"},
            {"role": "assistant", "content": f"{i}!"},
            {"role": "user", "content": "again"},
            {"role": "assistant", "content": f"{i}?"},
        ]
    }
    for i in range(8)
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """In the form that the name's ending says."""
    one = path.name.removesuffix(".gz").endswith(".json")
    text = json.dumps(rows) if one else "".join(f"{json.dumps(row)}\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def loaded(task: str, path: Path, **data: Any) -> TaskData:
    return load_task(task, DataSettings(path=str(path), **data))


def texts_of(split: Split) -> list[tuple[str, str]]:
    assert split.pair is not None
    return list(zip(split.text, split.pair, strict=True))


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".json.gz", ".jsonl.gz"])
def test_every_form_of_a_file_has_the_same_rows(tmp_path: Path, ending: str) -> None:
    one = loaded("alpaca", write(tmp_path / f"rows{ending}", ROWS), dev_rows=3)
    assert (len(one.train), len(one.eval)) == (9, 3)
    two = loaded("alpaca", write(tmp_path / "rows.json", ROWS), dev_rows=3)
    assert one.fingerprint == two.fingerprint
    write(tmp_path / "folder" / f"train{ending}", ROWS[:9])
    write(tmp_path / "folder" / f"dev{ending}", ROWS[9:])
    both = loaded("alpaca", tmp_path / "folder")
    assert [response for _, response in texts_of(both.train)] == [row["output"] for row in ROWS[:9]]
    assert both.kind == "language_model"
    assert dict(both.columns) == {"instruction": "prompt", "input": "input", "output": "response"}


def test_rows_are_drawn_as_those_of_other_tasks(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", ROWS)
    found = loaded("alpaca", path, dev_rows=0.25, train_rows=4, eval_rows=2)
    assert (len(found.train), len(found.eval)) == (4, 2)
    assert any("a seeded subset of 4 of 9 rows" in note for note in found.notes)
    assert not set(texts_of(found.train)) & set(texts_of(found.eval))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{}", r"rows\.json: expected a list of objects, found dict"),
        (b"[1]", r"rows\.json:1: expected an object, found int"),
        (b"[", "not JSON"),
        (b'[{"instruction": "a", "instruction": "b"}]', "has 'instruction' twice"),
        (b"[]", "no rows"),
        (b'[{"instruction": "a", "output": null}]', r"rows\.json:1: 'output' is missing"),
        (b'[{"instruction": "a"}]', r"rows\.json:1: no column 'output'; it has instruction"),
        (b'["\xff"]', "is not UTF-8"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "rows.json").write_bytes(content)
    with pytest.raises(DataError, match=says):
        loaded("alpaca", tmp_path / "rows.json", dev_rows=1)


def test_a_cut_gzip_file_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", ROWS)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="no intact gzip file"):
        loaded("alpaca", path, dev_rows=1)


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (("instruction", "input", "output"), None),
        (("question", "context", "answer"), None),
        (("a", "b", "c"), {"prompt": "a", "input": "b", "response": "c"}),
    ],
)
def test_columns_are_the_obvious_ones_or_those_that_are_named(tmp_path: Path, names: Any, given: Any) -> None:
    rows = [dict(zip(names, row.values(), strict=True)) for row in ROWS]
    found = loaded("instruct", write(tmp_path / "rows.jsonl", rows), dev_rows=2, columns=given)
    assert found.fingerprint == loaded("alpaca", write(tmp_path / "plain.json", ROWS), dev_rows=2).fingerprint


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ({"columns": {"prompt": "q"}}, DataError, "there is no 'q'"),
        ({"columns": {"label": "output"}}, SettingsError, r"data\.columns\.label"),
        ({"columns": {"prompt": "input"}}, DataError, "a column is used twice"),
        ({"columns": {"messages": "input", "prompt": "input"}}, SettingsError, "exclude each other"),
        ({"template": "say {prompt} to {whom}"}, SettingsError, "unknown placeholder {whom}"),
        ({"template": "alpca"}, SettingsError, "none of alpaca, chat, none"),
        ({"train_on": "both"}, SettingsError, "expected response or all"),
    ],
)
def test_what_does_not_go_is_refused(tmp_path: Path, data: dict[str, Any], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        loaded("instruct", write(tmp_path / "rows.json", ROWS), dev_rows=2, **data)


def test_keys_that_belong_to_other_tasks_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", ROWS)
    for key, value in (("columns", {"prompt": "instruction"}), ("template", "none")):
        with pytest.raises(SettingsError, match=f"data.{key}: .* task: instruct"):
            loaded("alpaca", path, dev_rows=2, **{key: value})
    with pytest.raises(SettingsError, match=r"task\.labels"):
        load_task(TaskSettings("alpaca", labels=["a", "b"]), DataSettings(path=str(path), dev_rows=2))
    tiny.save_rows(tmp_path / "labelled")
    for key, value in (("template", "none"), ("train_on", "all")):
        with pytest.raises(SettingsError, match=f"data.{key} is for tasks of texts"):
            loaded("sst2", tmp_path / "labelled", **{key: value})


@pytest.mark.parametrize(
    ("template", "with_input", "without"),
    [
        ("none", "say 0\n\n<0>", "say 1"),
        ("Q: {prompt} {input}\nA:", "Q: say 0 <0>\nA:", "Q: say 1 \nA:"),
    ],
)
def test_a_template_writes_what_stands_before_the_response(
    tmp_path: Path, template: str, with_input: str, without: str
) -> None:
    write(tmp_path / "folder" / "train.json", ROWS)
    write(tmp_path / "folder" / "dev.json", ROWS)
    found = texts_of(loaded("instruct", tmp_path / "folder", template=template).train)
    assert found[0] == (with_input, "0 it is")
    assert found[1] == (without, "1 it is")


def test_braces_of_the_rows_are_plain_text(tmp_path: Path) -> None:
    row = {"instruction": "use {input}", "input": "{prompt}", "output": "{}"}
    path = write(tmp_path / "rows.json", [row, row])
    found = texts_of(loaded("instruct", path, dev_rows=1, template="{prompt}|{input}").train)
    assert found == [("use {input}|{prompt}", "{}")]


def test_empty_responses_are_counted(tmp_path: Path) -> None:
    rows = [*ROWS, {"instruction": "a", "input": "", "output": " "}, {"instruction": "b", "input": "", "output": ""}]
    found = loaded("alpaca", write(tmp_path / "rows.json", rows), dev_rows=2)
    assert any("2 of 14 rows have an empty response" in note for note in found.notes)


def counted(split: Split, chat: str | None, train_on: str = "response", length: int = 512) -> tuple[str, str]:
    """(the first row as text, of it what counts)."""
    tokenizer = tiny.text_tokenizer(chat)
    batch = EncodedTexts(split, tokenizer, length, train_on=train_on).batch([0], CPU)
    assert batch.targets is not None
    ids = batch.input_ids[0]
    return tokenizer.decode(ids), tokenizer.decode(batch.targets.ids)


def test_a_conversation_is_what_the_chat_template_writes_and_answers_count(tmp_path: Path) -> None:
    split = loaded("instruct", write(tmp_path / "rows.jsonl", CHATS[:2]), dev_rows=1).train
    whole = "<system>be short[SEP]<user>say {0}[SEP]<assistant>{0}![SEP]<user>again[SEP]<assistant>{0}?[SEP]"
    row = json.loads(split.text[0])[1]["content"].removeprefix("say ")
    assert counted(split, tiny.CHAT) == (whole.format(row), f"{row}![SEP]{row}?[SEP]")
    everything = counted(split, tiny.CHAT, "all")
    assert everything == (whole.format(row), whole.format(row)[1:])
    assert counted(split, tiny.CHAT, length=60)[1] == f"{row}![SEP]"


def test_prompts_can_be_written_as_conversations(tmp_path: Path) -> None:
    split = loaded("instruct", write(tmp_path / "rows.json", ROWS[:2]), dev_rows=1, template="chat").train
    whole, answer = counted(split, tiny.CHAT)
    assert whole in ("<user>say 0\n\n<0>[SEP]<assistant>0 it is[SEP]", "<user>say 1[SEP]<assistant>1 it is[SEP]")
    assert answer == whole.split("<assistant>")[1]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"messages": [{"role": "user", "content": "a"}]}], r"rows\.jsonl:1: .* no message of the role assistant"),
        ([{"messages": []}], r"rows\.jsonl:1: 'messages' is no list of messages"),
        ([CHATS[0], {"messages": [{"from": "gpt"}]}], r"rows\.jsonl:2: message 1 is no object with role and content"),
        ([{"messages": [{"role": "bot", "content": "a"}]}], r"message 1 has the role 'bot'; known are system, user"),
        ([{"messages": [{"role": "user", "content": None}]}], r"message 1: 'content' is missing"),
    ],
)
def test_a_conversation_that_is_none_is_named(tmp_path: Path, rows: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(DataError, match=says):
        loaded("instruct", write(tmp_path / "rows.jsonl", rows), dev_rows=1)


def test_a_template_that_refuses_names_file_and_row(tmp_path: Path) -> None:
    odd = {"messages": [{"role": "tool", "content": "a"}, {"role": "assistant", "content": "b"}]}
    write(tmp_path / "train.jsonl", [CHATS[0], odd])
    split = loaded("instruct", write(tmp_path / "dev.jsonl", CHATS[:1]).parent).train
    with pytest.raises(DataError, match=r"train\.jsonl:2: the tokenizer's chat template refuses .*: no tools here"):
        EncodedTexts(split, tiny.text_tokenizer(tiny.CHAT), 99, train_on="response").batch([1], CPU)
    with pytest.raises(SettingsError, match="has no chat template"):
        EncodedTexts(split, tiny.text_tokenizer(), 99, train_on="response")
    last = "{% for m in messages %}{{ m.role }}{% if loop.last %}!{% endif %}{% endfor %}"
    with pytest.raises(DataError, match=r"train\.jsonl:1: .* writes message 3 differently when others follow"):
        EncodedTexts(split, tiny.text_tokenizer(last), 99, train_on="response").batch([0], CPU)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    tiny.save_causal(folder / "model", chat=tiny.CHAT)
    write(folder / "data" / "train.json", ROWS)
    write(folder / "data" / "dev.jsonl", ROWS[:5])
    write(folder / "chats" / "train.jsonl", CHATS)
    write(folder / "chats" / "dev.jsonl", CHATS[:3])
    return folder


def run_of(place: Path, *, data: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    value = settings(place, **({"method": LORA, "max_length": 64, "batch_size": 4, "logging_steps": 1} | changes))
    value["task"] = {"name": "instruct"}
    value["data"] = {"path": str(place / "data"), "template": "none", **(data or {})}
    return value


@pytest.mark.parametrize("folder", ["data", "chats"])
def test_a_run_trains_and_chooses_the_smallest_loss(place: Path, tmp_path: Path, folder: str) -> None:
    data = {"path": str(place / folder), "template": None if folder == "chats" else "none"}
    events = stopping.train(tmp_path, run_of(place, data=data, num_train_epochs=3, max_length=128))
    [finished] = only(events, messages.Finished)
    seen = [e.values for e in only(events, messages.Metrics) if e.split == "eval"]
    assert (finished.score_name, len(seen)) == ("loss", 3)
    assert finished.best_score == min(values["loss"] for values in seen) < seen[0]["loss"]
    assert set(seen[0]) == {"loss", "perplexity"}
    assert finished.majority_score is None
    assert not finished.collapsed
    assert [e.kind for e in only(events, messages.Artifact)] == ["adapter"]


@pytest.mark.parametrize("method", [{"name": "lor2c", "rank": 4}, {"name": "full"}], ids=["lor2c", "full"])
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    place: Path, tmp_path: Path, method: dict[str, Any]
) -> None:
    value = run_of(place, method=method, precision="fp32")
    whole = stopping.train(tmp_path / "whole", value)
    stopping.train(tmp_path / "parts", value, stop=stopping.after_step(4))
    rest = stopping.train(tmp_path / "parts", value)
    [one], [two] = only(whole, messages.Finished), only(rest, messages.Finished)
    assert one.best_score == two.best_score
    losses = {e.step: e.values["loss"] for e in only(whole, messages.Metrics) if e.split == "train"}
    again = {e.step: e.values["loss"] for e in only(rest, messages.Metrics) if e.split == "train"}
    assert again
    assert max(again) == max(losses) == 6
    assert all(losses[step] == loss for step, loss in again.items())
    adapters = [sorted((tmp_path / name / "c" / "adapter").glob("*.safetensors")) for name in ("whole", "parts")]
    assert adapters[0]
    assert [file.read_bytes() for file in adapters[0]] == [file.read_bytes() for file in adapters[1]]


def test_rows_that_are_cut_to_nothing_are_counted_and_a_run_without_labels_fails(place: Path, tmp_path: Path) -> None:
    rows = [{"instruction": "w" * (80 if i < 3 else 5), "output": "yes"} for i in range(9)]
    write(tmp_path / "data" / "train.json", rows)
    write(tmp_path / "data" / "dev.json", rows[3:])
    value = run_of(place, data={"path": str(tmp_path / "data")}, num_train_epochs=1)
    told = "3 of 9 rows have no token that counts: their prompts fill train.max_length 64"
    planned = Inspection().inspect(Settings.from_json(value))
    assert f"train: {told}" in planned["warnings"]
    events = stopping.train(tmp_path / "run", value)
    assert len(only(events, messages.Finished)) == 1
    assert any(f"train: {told}" in e.notes for e in only(events, messages.Started))
    value["train"]["max_length"] = 5
    says = "no token of the train rows counts: their prompts fill train.max_length 5"
    with pytest.raises(DataError, match=says):
        Inspection().inspect(Settings.from_json(value))
    [failed] = only(stopping.train(tmp_path / "none", value), messages.Failed)
    assert says in failed.message
    assert "data.train_on: all" in failed.message
    value["data"]["train_on"] = "all"
    assert Inspection().inspect(Settings.from_json(value))["warnings"] == []


def test_the_rows_of_a_spec_are_examined(place: Path) -> None:
    found = examine(Settings.from_json(run_of(place)))
    assert found["problems"] == []
    report = found["report"]
    assert (report["kind"], report["score"]) == ("language_model", "loss")
    assert report["splits"][0]["first"][0]["text"] == "say 0\n\n<0>"
    assert report["splits"][0]["first"][0]["labels"] == []


def test_a_run_over_texts_labels_nothing(place: Path, tmp_path: Path) -> None:
    stopping.train(tmp_path, run_of(place, num_train_epochs=1))
    with pytest.raises(SettingsError, match=r"task instruct, .* lor2c generate RUN --prompt TEXT continues one"):
        predict(tmp_path / "c" / "adapter", ["a text"], None)
