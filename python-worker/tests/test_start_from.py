"""A training that begins with a stored adapter: its first evaluation is the adapter's; other adapters are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import stopping
import tiny
from worker import LORA, adapter_of, only, settings

from lor2c_worker import messages
from lor2c_worker.inspection import Inspection
from lor2c_worker.run.start_from import start_hash
from lor2c_worker.settings import Settings, SettingsError

LOR2C = {"name": "lor2c", "rank": 4}
#: A rate so small that no weight changes by it.
STILL = {"learning_rate": 1e-30, "num_train_epochs": 1, "precision": "fp32"}


def im(merges: int, injections: int = 0) -> dict[str, Any]:
    return {"name": "imlor2c", "rank": 4, "merges": merges, "injections": injections}


def adapter(folder: Path, place: Path, method: dict[str, Any], **train: Any) -> tuple[Path, dict[str, float]]:
    """A trained adapter, and its values on the evaluation rows."""
    events = stopping.train(folder, settings(place, 17, method, precision="fp32", **train))
    (finished,) = only(events, messages.Finished)
    values = [e.values for e in only(events, messages.Metrics) if e.split == "eval" and e.epoch == finished.best_epoch]
    return Path(adapter_of(events).path), values[0]


def begin(folder: Path, place: Path, method: dict[str, Any], start: Path, **more: Any) -> list[Any]:
    return stopping.train(folder, settings(place, 5, method, start_from=str(start), **STILL | more))


@pytest.fixture(scope="module")
def lor2c(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    return adapter(tmp_path_factory.mktemp("lor2c"), place, LOR2C)


METHODS = [LORA, {"name": "sharelor2c", "rank": 4}, {"name": "full"}]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method["name"])
def test_the_first_evaluation_is_that_of_the_adapter(place: Path, tmp_path: Path, method: dict[str, Any]) -> None:
    folder, values = adapter(tmp_path / "first", place, method)
    (found,) = [
        e for e in only(begin(tmp_path / "second", place, method, folder), messages.Metrics) if e.split == "eval"
    ]
    assert found.values["loss"] == values["loss"]
    assert found.values["accuracy"] == values["accuracy"]


def test_a_method_of_the_family_begins_with_it_in_every_lane(
    place: Path, tmp_path: Path, lor2c: tuple[Path, dict[str, float]]
) -> None:
    folder, values = lor2c
    cells = {
        str(rate): settings(
            place, 5, im(1), start_from=str(folder), **STILL | {"learning_rate": rate, "num_train_epochs": 8}
        )
        for rate in (1e-30, 2e-30, 1e-2)
    }
    events = stopping.train_cells(tmp_path, cells)
    first = [e for e in only(events, messages.Metrics) if e.split == "eval" and e.epoch == 1]
    seen = {cell: e.values["loss"] for e in first for cell in e.cells}
    assert seen["1e-30"] == seen["2e-30"] == values["loss"] != seen["0.01"]
    assert len({e.initial_weights for e in only(events, messages.Started)}) == 1


def test_it_goes_on_from_a_checkpoint_and_not_from_the_start(
    place: Path, tmp_path: Path, lor2c: tuple[Path, dict[str, float]]
) -> None:
    value = settings(place, 5, LOR2C, start_from=str(lor2c[0]), precision="fp32", logging_steps=1)
    whole = stopping.record(stopping.train(tmp_path / "whole", value), tmp_path / "whole")
    stopping.train(tmp_path, value, stop=stopping.after_step(3))
    assert stopping.record(stopping.train(tmp_path, value), tmp_path) == whole


def test_what_the_id_has_is_the_content(tmp_path: Path, place: Path, lor2c: tuple[Path, dict[str, float]]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lor2c[0], copy)
    looked = [
        Inspection().inspect(Settings.from_json(settings(place, 5, LOR2C, start_from=str(folder))))["fingerprint"]
        for folder in (lor2c[0], copy)
    ]
    assert looked[0] == looked[1]
    assert looked[0]["start_from"] == start_hash(str(copy))
    assert "start_from" not in Inspection().inspect(Settings.from_json(settings(place, 5, LOR2C)))["fingerprint"]
    for file in copy.glob("*.safetensors"):
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    assert start_hash(str(copy)) != looked[0]["start_from"]


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (LORA, "is of the method lor2c, this run of lora"),
        ({"name": "lor2c", "rank": 2}, "parameters, and this run begins with .*: another rank"),
    ],
    ids=["method", "rank"],
)
def test_another_adapter_is_refused(
    place: Path, lor2c: tuple[Path, dict[str, float]], method: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        Inspection().inspect(Settings.from_json(settings(place, 5, method, start_from=str(lor2c[0]))))


def test_an_adapter_that_has_merged_is_refused(place: Path, tmp_path: Path) -> None:
    folder, _ = adapter(tmp_path, place, im(1), num_train_epochs=4, learning_rate=1e-3)
    with pytest.raises(SettingsError, match="a structure that has changed in training"):
        Inspection().inspect(Settings.from_json(settings(place, 5, LOR2C, start_from=str(folder))))


def test_an_adapter_of_another_model_or_task_or_none_is_refused(
    place: Path, tmp_path: Path, lor2c: tuple[Path, dict[str, float]]
) -> None:
    def refusal(where: Path, start: Path, **changes: Any) -> str:
        value = settings(where, 5, LOR2C, start_from=str(start)) | changes
        with pytest.raises(SettingsError) as refused:
            Inspection().inspect(Settings.from_json(value))
        return str(refused.value)

    other = tmp_path / "other"
    tiny.save(other / "model", "roberta")
    shutil.copytree(place / "data", other / "data")
    assert "is of the model" in refusal(other, lor2c[0])
    assert "there is no folder" in refusal(place, tmp_path / "gone")
    assert "is no adapter of lor2c" in refusal(place, place / "model")
    damaged = tmp_path / "damaged"
    shutil.copytree(lor2c[0], damaged)
    for file in damaged.glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:100])
    assert "cannot be read" in refusal(place, damaged)
    swapped = {"name": "classify", "labels": ["1", "0"], "metrics": None}
    columns = {"text": "sentence", "text_pair": None, "label": "label", "separator": " "}
    data = settings(place)["data"] | {"columns": columns}
    assert "is of a task with the labels negative, positive, this run has the labels 1, 0" in refusal(
        place, lor2c[0], task=swapped, data=data
    )
