"""Every method stops and goes on at every boundary, and ends with the numbers of an undisturbed run."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from stopping import after_evaluation, after_step, at_start, record, train
from worker import only, settings

from lor2c_worker import messages
from lor2c_worker.methods import METHODS, parse_params
from lor2c_worker.models import empty_model
from lor2c_worker.run.checkpoint import checkpoints_in
from lor2c_worker.run.state_files import read_state
from lor2c_worker.settings import ModelSettings

#: Every method, and every kind of state that one has besides its trained tensors.
TRIED: list[tuple[str, dict[str, Any]]] = [
    ("full", {}),
    ("lora", {"rank": 4}),
    ("adalora", {"init_rank": 4, "target_rank": 3, "tinit": 4, "tfinal": 4, "delta_t": 2}),
    ("pissa", {"rank": 4}),
    ("dylora", {"rank": 4}),
    ("adapter", {"bottleneck": 8, "random_drop": True}),
    ("peft", {"type": "LORA", "config": {"r": 4, "use_dora": True}}),
    ("peft", {"type": "VERA", "config": {"r": 8, "d_initial": 1.0}}),
    ("peft", {"type": "PREFIX_TUNING", "config": {"num_virtual_tokens": 3, "prefix_projection": True}}),
    ("peft", {"type": "P_TUNING", "config": {"num_virtual_tokens": 3}}),
    ("lor2c", {"rank": 4}),
    ("sharelor2c", {"rank": 4, "merges": 1, "injections": 1}),
    ("mergelor2c", {"rank": 4, "merges": 1}),
    ("injectlor2c", {"rank": 4, "injections": 2}),
    ("imlor2c", {"rank": 4, "merges": 1, "injections": 1, "rules": "official"}),
]
EPOCHS, STEPS_PER_EPOCH = 8, 2


def test_every_method_is_tried() -> None:
    # A method that takes no step has none to go on from (test_none.py has its stop).
    assert {name for name, _ in TRIED} == {name for name, method in METHODS.items() if method.trains}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a model and rows."""
    gc.freeze()  # each training of a worker collects all that is left of the one before, and these tests have many
    found = tmp_path_factory.mktemp("tiny")
    tiny.save(found / "model")
    tiny.save_rows(found / "data", train=15, dev=6)
    return found


@pytest.mark.parametrize(
    ("name", "values", "quantization"),
    [*((name, values, "none") for name, values in TRIED), ("lora", {"rank": 4}, "nf4")],
)
def test_a_run_that_stops_at_every_boundary_equals_one_that_does_not(
    place: Path, tmp_path: Path, name: str, values: dict[str, Any], quantization: str
) -> None:
    wanted = settings(place, method={"name": name, **values}, num_train_epochs=EPOCHS, logging_steps=1)
    wanted["model"]["quantization"] = quantization
    whole = record(train(tmp_path / "whole", wanted), tmp_path / "whole")
    total = EPOCHS * STEPS_PER_EPOCH
    # (stop after, the step that it stops before)
    stops = [
        (at_start, 0),
        (after_step(1), 1),
        (after_evaluation(1), STEPS_PER_EPOCH),
        (after_step(2 * STEPS_PER_EPOCH + 3), 2 * STEPS_PER_EPOCH + 3),
        (after_step(total - 1), total - 1),
    ]
    folder, reached, sizes = tmp_path / "stopped", None, []
    for stop, step in stops:
        events = train(folder, wanted, stop=stop)
        assert [e.resumed_step for e in only(events, messages.Started)] == [reached]
        assert [e.step for e in only(events, messages.Stopped)] == [step], only(events, messages.Failed)
        reached = step or None
        sizes.append(size_of(folder / "checkpoints"))
    assert max(sizes) == pytest.approx(forecast_size(place / "model", name, values), rel=0.1)
    events = train(folder, wanted, stop=after_step(total))  # no step is left to stop before
    assert [e.resumed_step for e in only(events, messages.Started)] == [reached]
    assert record(events, folder) == whole


def test_without_checkpoints_a_run_that_stops_leaves_none_and_begins_again(place: Path, tmp_path: Path) -> None:
    wanted = settings(place, num_train_epochs=4, logging_steps=1, checkpoint_minutes=1e-9)
    whole = record(train(tmp_path / "whole", wanted), tmp_path / "whole")
    folder, written = tmp_path / "stopped", list[Path]()

    def looking(event: Any) -> bool:
        written.extend(path for tree in (folder / "checkpoints").glob("*") for path in checkpoints_in(tree))
        return after_step(5)(event)

    events = train(folder, wanted, stop=looking, saves=False)
    assert [e.step for e in only(events, messages.Stopped)] == [5]
    assert not written
    events = train(folder, wanted, saves=False)
    assert [e.resumed_step for e in only(events, messages.Started)] == [None]
    assert record(events, folder) == whole


def test_a_checkpoint_of_before_is_gone_on_from_and_stays_without_new_ones(place: Path, tmp_path: Path) -> None:
    wanted = settings(place, num_train_epochs=4, logging_steps=1)
    whole = record(train(tmp_path / "whole", wanted), tmp_path / "whole")
    folder = tmp_path / "stopped"
    train(folder, wanted, stop=after_step(3))
    train(folder, wanted, stop=after_step(6), saves=False)
    events = train(folder, wanted, saves=False)
    assert [e.resumed_step for e in only(events, messages.Started)] == [3]
    assert record(events, folder) == whole


def size_of(checkpoints: Path) -> int:
    """Bytes of the newest state, those of the loop aside; 0 before the first step."""
    places = [place for tree in checkpoints.glob("*") for place in checkpoints_in(tree)]
    state = read_state(places[0]) if places else {"learner": [], "optimizer": []}
    return sum(tensor.nbytes for part in ("learner", "optimizer") for tensor in tensors_in(state[part]))


def forecast_size(model: Path, name: str, values: dict[str, Any]) -> int:
    """What the runner's forecast of disk counts for a state at its largest."""
    method, shapes = METHODS[name], empty_model(ModelSettings(str(model)), 2, "classify")
    params, head = parse_params(method, values), sum(p.numel() for p in shapes.head_parameters().values())
    return 4 * (3 * (method.checkpoint_parameters(shapes, params) + head) + method.kept_parameters(shapes, params))


def tensors_in(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [tensor for item in items for tensor in tensors_in(item)]
