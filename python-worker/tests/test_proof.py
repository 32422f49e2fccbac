"""The proof of an evaluation is small, and still shows every tensor that changed and every number that is none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import tiny
import torch
from loops import CPU
from test_methods import build, fresh, rows

from lor2c_worker.data.encode import encode
from lor2c_worker.evaluation.evaluate import RowEvaluation
from lor2c_worker.evaluation.proof import ROWS, difference, is_finite, proof_of
from lor2c_worker.objective import Classify
from lor2c_worker.run.finish import TOLERANCE

MANY = 40_000


def logits(count: int = MANY) -> torch.Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("count", [1, 7, ROWS, ROWS + 1, MANY])
def test_it_has_a_part_of_the_rows_and_the_means_of_all(count: int) -> None:
    given = logits(count)
    proof = proof_of(given)
    kept = min(count, ROWS)
    assert proof.shape == (kept + 1, 3)
    assert proof.untyped_storage().nbytes() <= (ROWS + 1) * 3 * 8
    assert all((given.double() == row).all(dim=1).any() for row in proof[:-1])
    assert len({tuple(row.tolist()) for row in proof[:-1]}) == kept
    assert torch.allclose(proof[-1], given.double().mean(dim=0))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_number_that_is_none_is_seen_in_any_row(value: float) -> None:
    proof = proof_of(logits())
    assert is_finite(proof)
    for row in (0, 1, 12_345, MANY - 1):
        wrong = logits()
        wrong[row, 1] = value
        assert not is_finite(proof_of(wrong))
        for one, other in ((proof, proof_of(wrong)), (proof_of(wrong), proof)):
            largest, size = difference(one, other)
            assert not largest <= TOLERANCE["mixed"] * max(1.0, size)
        assert difference(proof_of(wrong), proof_of(wrong))[0] == 0.0


def test_every_tensor_of_an_adapter_shows(tmp_path: Path) -> None:
    """On more rows than the proof has."""
    data = encode(rows(ROWS + 44), tiny.tokenizer(), "classify", 16)
    learner = build(fresh(tiny.save(tmp_path, "roberta")), "lor2c", {"rank": 4})
    evaluation = RowEvaluation(data, 64, CPU, Classify(), ("accuracy",), "accuracy")
    tensors = {name: tensor.detach() for name, tensor in learner.tensors(0).items()}
    for name, tensor in tensors.items():
        if name.endswith(".B"):
            torch.nn.init.normal_(tensor, std=0.3, generator=torch.Generator().manual_seed(len(name)))
    [before] = evaluation.of(learner)
    for name, tensor in tensors.items():
        kept = tensor.clone()
        tensor.view(-1)[0] += 0.5
        [after] = evaluation.of(learner)
        largest, size = difference(before.proof, after.proof)
        assert largest > TOLERANCE["fp32"] * max(1.0, size), name
        tensor.copy_(kept)
    [again] = evaluation.of(learner)
    assert torch.equal(before.proof, again.proof)
