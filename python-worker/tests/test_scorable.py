"""Evaluation rows that a score cannot be computed from are told before training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from worker import settings

from lor2c_worker.data import DataError
from lor2c_worker.inspection import Inspection
from lor2c_worker.run.prepare import prepare
from lor2c_worker.settings import Settings

VARIED = ["0.0", "5.0", "2.0", "3.0", "1.0", "4.0"]


def cell(place: Path, folder: Path, dev: list[str], train: list[str] = VARIED, **changes: Any) -> Settings:
    for split, labels in (("train", train), ("dev", dev)):
        rows = "".join(f"the film\ta plot\t{label}\n" for label in labels)
        (folder / f"{split}.tsv").write_text(f"sentence1\tsentence2\tscore\n{rows}")
    value = settings(place, **changes)
    value["task"], value["data"]["path"] = "stsb", str(folder)
    return Settings.from_json(value)


@pytest.mark.parametrize(("dev", "reason"), [(["2.5"] * 4, "its 4 rows are all the same"), (["2.5"], "a single row")])
def test_constant_labels_cannot_choose_by_a_correlation(
    place: Path, tmp_path: Path, dev: list[str], reason: str
) -> None:
    value = cell(place, tmp_path, dev)
    for look in (lambda: Inspection().inspect(value), lambda: prepare(value)):
        with pytest.raises(
            DataError, match=rf"the evaluation rows cannot be scored by pearson.*{reason}.*train\.score"
        ):
            look()


def test_rows_that_do_not_choose_are_a_warning(place: Path, tmp_path: Path) -> None:
    warnings = Inspection().inspect(cell(place, tmp_path, ["2.5"] * 4, VARIED * 4, holdout=6))["warnings"]
    assert [w for w in warnings if "cannot be scored" in w] == [
        f"the evaluation rows cannot be scored by {name}: the labels of its 4 rows are all the same"
        for name in ("pearson", "spearman")
    ]


def test_different_labels_are_scored_without_a_word(place: Path, tmp_path: Path) -> None:
    warnings = Inspection().inspect(cell(place, tmp_path, VARIED))["warnings"]
    assert not [w for w in warnings if "cannot be scored" in w]
