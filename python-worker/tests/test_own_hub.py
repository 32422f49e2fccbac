"""Own rows through `datasets`, which reads a folder as it reads a hub. Skipped where the library is not installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lor2c_worker.data import DataError, load_task
from lor2c_worker.settings import DataSettings

datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")


def save(folder: Path, labels: list[Any], feature: Any) -> str:
    features = datasets.Features({"text": datasets.Value("string"), "label": feature})
    rows = {"text": [f"row {i}" for i in range(len(labels))], "label": labels}
    folder.mkdir()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(folder / "train.parquet")
    return str(folder)


def test_classes_have_the_names_of_the_data_set(tmp_path: Path) -> None:
    classes = datasets.ClassLabel(names=["neg", "pos"])
    one = save(tmp_path / "one", [0, 1, 1, 0, 1, 0], classes)
    found = load_task("classify", DataSettings(hub=one, dev_split="train"))
    assert (found.label_names, list(found.train.labels)) == (("neg", "pos"), [0, 1, 1, 0, 1, 0])
    assert len(load_task("classify", DataSettings(hub=one, dev_rows=2)).eval) == 2
    several = save(tmp_path / "several", [[0], [], [0, 1], [1]], datasets.List(classes))
    lists = load_task("classify", DataSettings(hub=several, dev_split="train"))
    assert (lists.kind, lists.label_names) == ("multi_label", ("neg", "pos"))
    with pytest.raises(DataError, match="has the splits train and none of dev, validation, eval"):
        load_task("classify", DataSettings(hub=one))
    none = save(tmp_path / "none", [0, -1, 1], classes)
    with pytest.raises(DataError, match=r"none train:2: the label is missing"):
        load_task("classify", DataSettings(hub=none, dev_rows=1))
