"""Cells of one command share models and rows: no cell's inspection may change another cell's answer."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import tiny
from test_methods import TRIED
from worker import settings

from lor2c_worker.data import DataError
from lor2c_worker.data.task import Declared
from lor2c_worker.inspection import Inspection
from lor2c_worker.methods import METHODS, parse_params
from lor2c_worker.settings import Settings


def read(place: Path, **changes: Any) -> Settings:
    return Settings.from_json(settings(place, **changes))


def of_method(place: Path, name: str, given: dict[str, Any]) -> Settings:
    """Settings with every parameter filled in, as the runner sends them."""
    method = METHODS[name]
    params = vars(parse_params(method, given))
    filled = {key: vars(value) if hasattr(value, "__dataclass_fields__") else value for key, value in params.items()}
    return read(place, method={"name": name, **filled}, num_train_epochs=6)


def test_a_cell_is_told_the_same_alone_and_after_cells_of_every_method(place: Path) -> None:
    cells = [of_method(place, name, given) for name, given in TRIED]
    alone = [Inspection().inspect(cell) for cell in cells]
    for order in (range(len(cells)), reversed(range(len(cells)))):
        together = Inspection()
        assert {index: together.inspect(cells[index]) for index in order} == dict(enumerate(alone))


def test_methods_leave_the_shared_model_as_it_is(place: Path) -> None:
    together = Inspection()

    def shapes() -> dict[str, tuple[int, ...]]:
        model = together.shapes(cells[0], Declared(2, "classify")).model
        return {path: tuple(p.shape) for path, p in model.module.named_parameters()}

    cells = [of_method(place, name, given) for name, given in TRIED]
    before = shapes()
    for cell in cells:
        together.inspect(cell)
        assert shapes() == before, f"{cell.method} changed it"


@pytest.mark.parametrize(
    "changes",
    [
        {"max_length": 6},
        {"num_train_epochs": 3},
        {"batch_size": 4},
        {"holdout": 8},
        {"precision": "fp32"},
        {"method": {"name": "lora", "rank": 2, "alpha": 8.0, "dropout": 0.1, "target_modules": ["query"]}},
    ],
    ids=str,
)
def test_what_a_cell_does_not_share_is_its_own(place: Path, changes: dict[str, Any]) -> None:
    one, other = read(place), read(place, **changes)
    alone = Inspection().inspect(one), Inspection().inspect(other)
    together = Inspection()
    assert (together.inspect(one), together.inspect(other)) == alone
    assert alone[0] != alone[1] or changes == {"precision": "fp32"}  # `auto` may mean fp32 here


def test_other_rows_and_models_are_not_mistaken_for_each_other(place: Path, tmp_path: Path) -> None:
    tiny.save_rows(tmp_path / "data", train=40, dev=12)
    tiny.save(tmp_path / "model", "roberta")
    together, fingerprints = Inspection(), set()
    for model, data in itertools.product((place, tmp_path), repeat=2):
        value = settings(place)
        value["model"]["name"], value["data"]["path"] = str(model / "model"), str(data / "data")
        told = together.inspect(Settings.from_json(value))
        assert told["train_rows"] == (64 if data == place else 40)
        fingerprints.add(tuple(told["fingerprint"].items()))
    assert len(fingerprints) == 4


def test_a_problem_is_told_of_every_cell_that_has_it(place: Path) -> None:
    value = settings(place)
    value["data"]["path"] = str(place / "nowhere")
    together = Inspection()
    for seed in (1, 2):
        with pytest.raises(DataError, match="no such file or folder"):
            together.inspect(Settings.from_json({**value, "seed": seed}))
    assert together.inspect(read(place))["train_rows"] == 64
