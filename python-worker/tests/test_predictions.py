"""Every finished run keeps what its saved adapter says of the evaluation rows."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from worker import LORA, Worker, adapter_of, only, run, settings

from lor2c_worker import messages
from lor2c_worker.run.predictions import FILE, META, PredictionsInfo, write_predictions

LOR2C = {"name": "imlor2c", "rank": 4, "merges": 1, "injections": 1}
INFO = PredictionsInfo("classify", ("no", "yes"), "accuracy", 2, "sha256:aa")


class Rows:
    def __init__(self, labels: torch.Tensor, parts: tuple[str, ...] | None = None) -> None:
        self.labels, self.parts = labels, parts

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: Any, device: Any) -> Any:
        raise NotImplementedError


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    with safe_open(path, "numpy") as file:
        meta = json.loads(file.metadata()[META])
        return {name: file.get_tensor(name) for name in file.keys()}, meta  # noqa: SIM118


def write(folder: Path, rows: Rows, logits: torch.Tensor, info: PredictionsInfo = INFO) -> Any:
    return read(write_predictions(folder, rows, logits, info)[0])


@pytest.mark.parametrize("method", [LORA, LOR2C], ids=lambda method: method["name"])
def test_a_finished_run_has_them(worker: Worker, place: Path, tmp_path: Path, method: dict[str, Any]) -> None:
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=4))
    [finished] = only(events, messages.Finished)
    adapter, predictions = only(events, messages.Artifact)
    assert (adapter, predictions.kind) == (adapter_of(events), "predictions")
    path = Path(predictions.path)
    assert path == tmp_path / "c" / FILE
    content = path.read_bytes()
    assert (predictions.bytes, predictions.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    tensors, meta = read(path)
    assert meta["label_names"] == ["negative", "positive"]
    assert (meta["kind"], meta["score"], meta["epoch"]) == ("classify", "accuracy", finished.best_epoch)
    rows = (place / "data" / "dev.tsv").read_text().splitlines()[1:]
    assert tensors["row"].tolist() == list(range(len(rows)))
    assert tensors["label"].tolist() == [int(row[-1]) for row in rows]
    assert tensors["scores"].shape == (len(rows), 2)
    assert np.mean(tensors["scores"].argmax(1) == tensors["label"]) == finished.best_score
    assert sorted(p.name for p in path.parent.iterdir()) == ["adapter", FILE]


def test_the_form_of_every_kind_of_label(tmp_path: Path) -> None:
    classes, _ = write(tmp_path, Rows(torch.tensor([1, 0, 1])), torch.zeros(3, 2))
    assert [str(classes[name].dtype) for name in ("row", "label", "scores")] == ["int32", "int64", "float32"]
    values, _ = write(tmp_path, Rows(torch.tensor([0.5, 2.0])), torch.ones(2, 1).double())
    assert (str(values["label"].dtype), str(values["scores"].dtype)) == ("float32", "float32")
    many, _ = write(tmp_path, Rows(torch.tensor([[1.0, 0.0], [1.0, 1.0]])), torch.zeros(2, 2))
    assert (str(many["label"].dtype), many["label"].tolist()) == ("uint8", [[1, 0], [1, 1]])


def test_parts_are_kept_by_name(tmp_path: Path) -> None:
    tensors, meta = write(tmp_path, Rows(torch.tensor([0, 1, 1]), ("m", "m", "mm")), torch.zeros(3, 2))
    assert [meta["parts"][index] for index in tensors["part"]] == ["m", "m", "mm"]


def test_equal_predictions_are_equal_files_and_a_failed_write_leaves_the_old_one(tmp_path: Path) -> None:
    rows = Rows(torch.tensor([0, 1]))
    digests = {write_predictions(tmp_path, rows, torch.zeros(2, 2), INFO)[2] for _ in range(8)}
    assert len(digests) == 1  # safetensors writes several keys of metadata in a random order
    (tmp_path / f".{FILE}.tmp").mkdir()
    with pytest.raises(OSError, match="tmp"):
        write_predictions(tmp_path, rows, torch.ones(2, 2), INFO)
    assert hashlib.sha256((tmp_path / FILE).read_bytes()).hexdigest() in digests
