"""On a GPU peft moves what it adds there, as new parameters. As many train as on a CPU, where they stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from test_methods import TRIED, fresh

from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params

#: Adapters that peft puts on the model.
THROUGH_PEFT = [(name, values) for name, values in TRIED if name in ("adalora", "pissa", "peft")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny"))


def trained(folder: Path, name: str, values: dict[str, Any]) -> list[str]:
    method = METHODS[name]
    cell = Cell("c", parse_params(method, values), 3)
    return [slot.name for slot in method.build(fresh(folder), [cell], horizon=Horizon(8, 32, 4)).slots()]


@pytest.mark.parametrize(("name", "values"), THROUGH_PEFT)
def test_the_same_parameters_train(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, values: dict[str, Any]
) -> None:
    at_rest, moves = trained(folder, name, values), 0
    move: Any = BaseTunerLayer._move_adapter_to_device_of_base_layer

    def far(layer: BaseTunerLayer, *args: Any, **kwargs: Any) -> None:
        """The move copies, as it does to another device."""
        nonlocal moves
        moves += 1
        with monkeypatch.context() as patch:
            to: Any = torch.Tensor.to
            patch.setattr(torch.Tensor, "to", lambda x, *a, **k: to(x, *a, **(k | {"copy": True})))
            move(layer, *args, **kwargs)

    monkeypatch.setattr(BaseTunerLayer, "_move_adapter_to_device_of_base_layer", far)
    assert trained(folder, name, values) == at_rest
    assert moves > 0 or values.get("type") in ("PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING")
