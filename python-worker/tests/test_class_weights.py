"""Class weights in the training loss: torch's numbers, however a step is cut, and refusals with the known labels."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stopping
import torch
from marks import needs_bf16
from sklearn.utils.class_weight import compute_class_weight
from test_gradients import SEED, STEP, learner_of, rows_of
from worker import LORA, only, settings

from lor2c_worker import messages
from lor2c_worker.data.task import Split
from lor2c_worker.inspection import Inspection
from lor2c_worker.objective import Classify
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.run.class_weights import WeightedClassify, class_weights, weights_note
from lor2c_worker.run.gradients import step_gradients
from lor2c_worker.settings import Settings, SettingsError

NAMES = ("negative", "positive")
WEIGHTS = (0.03, 0.2)
#: Each has lanes, a penalty, ranks of a step, or the layers of another library.
METHODS: list[tuple[str, dict[str, Any]]] = [
    ("lor2c", {"rank": 2}),
    ("adalora", {"init_rank": 4, "target_rank": 2}),
    ("dylora", {"rank": 4}),
    ("peft", {"type": "LORA", "config": {"r": 2}}),
    ("full", {}),
]


def split(*labels: int) -> Split:
    return Split(tuple("text" for _ in labels), labels)


def gradients(name: str, values: dict[str, Any], size: int) -> dict[str, torch.Tensor]:
    """Of a step of 32 rows, `size` at a time. The rows of one micro-batch weigh less than 1."""
    learner, rows = learner_of("classify", name, values), rows_of("classify")
    parts = [rows.batch(range(first, first + size), torch.device("cpu")) for first in range(0, 32, size)]
    objective, optimizer = WeightedClassify(WEIGHTS), LaneAdamW(learner.slots(), 1)
    loss = step_gradients(learner, optimizer, {SEED: parts}, STEP, objective, nullcontext)
    return {slot.name: slot.tensor.grad for slot in learner.slots() if slot.tensor.grad is not None} | {"loss": loss}


@pytest.mark.parametrize(("name", "values"), METHODS)
def test_every_cut_into_micro_batches_is_exact(name: str, values: dict[str, Any]) -> None:
    whole = gradients(name, values, 32)
    largest = max(float(value.abs().max()) for value in whole.values())
    for size in (16, 8):
        found = gradients(name, values, size)
        assert found.keys() == whole.keys()
        for place, want in whole.items():
            apart = float((found[place] - want).abs().max())
            assert apart <= 1e-6 * float(want.abs().max()) + 1e-12 * largest, place


def test_the_loss_is_that_of_torch() -> None:
    g = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 9, 4, generator=g, dtype=torch.float64, requires_grad=True)
    labels, weights = torch.randint(0, 4, (9,), generator=g), torch.tensor([0.1, 0.0, 2.0, 5.0], dtype=torch.float64)
    objective = WeightedClassify(weights.tolist())
    losses = objective.sums(logits, labels) / objective.weight(labels)
    (grad,) = torch.autograd.grad(losses.sum(), logits)
    for lane, own in enumerate(logits.unbind()):
        want = torch.nn.functional.cross_entropy(own, labels, weight=weights)
        assert float(losses[lane]) == pytest.approx(float(want), rel=1e-14)
        assert torch.allclose(grad[lane], torch.autograd.grad(want, own, retain_graph=True)[0], rtol=1e-13)
    # A lane's bits do not depend on the number of lanes.
    assert torch.equal(objective.sums(logits[:1], labels)[0], objective.sums(logits, labels)[0])


def test_equal_weights_of_1_change_no_bit() -> None:
    logits, labels = torch.randn(2, 7, 3), torch.randint(0, 3, (7,))
    assert torch.equal(WeightedClassify((1.0, 1.0, 1.0)).sums(logits, labels), Classify().sums(logits, labels))


def test_a_step_without_weight_has_a_loss_and_gradient_of_0() -> None:
    learner, rows = learner_of("classify", "lor2c", {"rank": 2}), rows_of("classify")
    absent = [int(i) for i in (rows.labels == 0).nonzero()]
    optimizer, parts = LaneAdamW(learner.slots(), 1), {SEED: [rows.batch(absent, torch.device("cpu"))]}
    loss = step_gradients(learner, optimizer, parts, STEP, WeightedClassify((0.0, 1.0)), nullcontext)
    assert float(loss) == 0
    assert all(not slot.tensor.grad.any() for slot in learner.slots() if slot.tensor.grad is not None)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = [0] * 7 + [1] * 2 + [3]
    found = class_weights("balanced", "classify", ("a", "b", "c", "d"), split(*labels))
    assert found is not None
    want = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=np.array(labels))
    assert [found[0], found[1], found[3]] == pytest.approx(list(want), rel=1e-15)
    assert found[2] == 1  # no row has it


def test_a_label_without_a_weight_weighs_1() -> None:
    assert class_weights({"positive": 3}, "classify", NAMES, split(0, 1)) == (1.0, 3.0)
    assert class_weights("none", "regress", (), split(0, 1)) is None


@pytest.mark.parametrize(
    ("asked", "kind", "message"),
    [
        ({"neutral": 2.0}, "classify", "the rows have no label 'neutral'; their labels are negative, positive"),
        ({"negative": -1.0}, "classify", "the weight of 'negative' is -1.0, expected a finite number from 0"),
        ({"negative": math.nan}, "classify", "the weight of 'negative' is nan"),
        ({"negative": math.inf}, "classify", "the weight of 'negative' is inf"),
        ({"negative": True}, "classify", "the weight of 'negative' is True"),
        ({"negative": 0, "positive": 0}, "classify", "every training row has a weight of 0"),
        ({"negative": 0}, "classify", "every training row has a weight of 0"),
        ("equal", "classify", "expected none, balanced, or a mapping"),
        ("balanced", "regress", "its labels are numbers, not classes"),
        ({"a": 1.0}, "multi_label", "a row can have several labels"),
    ],
)
def test_what_cannot_be_weighed_is_refused(asked: Any, kind: str, message: str) -> None:
    with pytest.raises(SettingsError, match=r"train\.class_weights") as caught:
        class_weights(asked, kind, NAMES, split(0, 0))
    assert message in str(caught.value)


def test_the_plan_refuses_an_unknown_label(place: Path) -> None:
    with pytest.raises(SettingsError, match="no label 'neutral'"):
        Inspection().inspect(Settings.from_json(settings(place, class_weights={"neutral": 2})))


@pytest.mark.parametrize("precision", ["fp32", pytest.param("mixed", marks=needs_bf16)])
def test_weights_change_the_training_and_are_noted(place: Path, tmp_path: Path, precision: str) -> None:
    """The rows that are trained on are those that `data.train_rows` and `train.holdout` leave."""
    asked = {"plain": "none", "even": {"negative": 2, "positive": 2}, "uneven": {"negative": 9}, "same": "balanced"}
    cells = {
        name: settings(place, method=LORA, num_train_epochs=1, precision=precision, holdout=8, class_weights=weights)
        for name, weights in asked.items()
    }
    events = stopping.train_cells(tmp_path, cells)
    assert len(only(events, messages.Finished)) == 4
    losses = {
        name: [e.values["loss"] for e in only(events, messages.Metrics) if e.cells == [name] and e.split == "train"]
        for name in cells
    }
    assert losses["even"] == pytest.approx(losses["plain"], rel=1e-5)
    assert losses["uneven"] != pytest.approx(losses["plain"], rel=1e-3)
    notes = {cell: e.notes for e in only(events, messages.Started) for cell in e.cells}
    assert "class weights (balanced): negative 1, positive 1; they weigh the training loss only" in notes["same"]
    assert "class weights (given): negative 9, positive 1; they weigh the training loss only" in notes["uneven"]
    assert not any("class weights" in note for note in notes["plain"])


def test_a_note_gives_the_numbers() -> None:
    assert "a 0.666667, b 2" in weights_note("balanced", (2 / 3, 2.0), ("a", "b"))
