"""A mixed bundle in the form of a step that a GPU gets, on the CPU: the numbers of the usual form, to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
import torch
from loops import SETTINGS, Seen, training_of
from test_methods import fresh
from test_train import rows

from lor2c_worker.data.encode import encode
from lor2c_worker.launches import as_on_a_gpu
from lor2c_worker.methods import METHODS, Cell, Horizon
from lor2c_worker.methods.lor2c_params import ImParams
from lor2c_worker.run.loop import train

USUAL = {"rank": 4, "merges": 1, "injections": 1}
CELLS = [
    Cell("usual", ImParams(**USUAL), 1, (1e-2, 5e-3), 0.1),
    Cell("events", ImParams(**{**USUAL, "merges": 0}), 1, (1e-2, 5e-3), 0.1),
    Cell("rate", ImParams(**USUAL), 1, (3e-2, 5e-3), 0.1),
    Cell("decay", ImParams(**USUAL), 1, (1e-2, 5e-3), 0.4),
    Cell("alpha", ImParams(**USUAL, alpha=3.0, injected_alpha=40.0), 1, (1e-2, 5e-3), 0.1),
    Cell("dropout", ImParams(**USUAL, dropout=0.3), 1, (1e-2, 5e-3), 0.1),
    Cell("seed", ImParams(**USUAL), 2, (1e-2, 9e-3), 0.1),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny") / "model")


def losses(folder: Path, cells: list[Cell], width: int | None, *, fill: bool) -> dict[str, list[float]]:
    """Loss and gradient norm of each cell at every step."""
    data = encode(rows(24), tiny.tokenizer(), "classify", 32)
    learner = METHODS["imlor2c"].build(fresh(folder), cells, horizon=Horizon(3, 9, 3))
    learner.use_width(width, fill=fill)
    seen = Seen()
    training = training_of(learner, data, seen, SETTINGS, rates={cell.id: cell.rates for cell in cells})
    train(training)
    assert {change.kind for _, record in seen.records for change in record.changes} == {"merge", "inject"}
    return {
        cell.id: [*seen.values("train", "loss", cell.id), *seen.values("train", "grad_norm", cell.id)] for cell in cells
    }


@pytest.mark.parametrize("width", [2, 5])
def test_groups_that_are_filled_learn_what_single_lanes_learn(folder: Path, width: int) -> None:
    one_by_one = losses(folder, CELLS, 1, fill=False)
    assert len({tuple(values) for values in one_by_one.values()}) == len(CELLS)
    with as_on_a_gpu():
        together = losses(folder, CELLS, width, fill=True)
        alone = losses(folder, [CELLS[4]], width, fill=True)
    for name, values in one_by_one.items():
        torch.testing.assert_close(torch.tensor(together[name]), torch.tensor(values), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(torch.tensor(together["alpha"]), torch.tensor(alone["alpha"]), rtol=1e-3, atol=1e-5)
