"""A peft config refuses values by type only if peft fails on them too."""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints

import pytest

from lor2c_worker.methods import METHODS, parse_params
from lor2c_worker.methods.any_peft import config_class, types_of_peft, unfit
from lor2c_worker.methods.peft_types import misfit

TYPES = sorted(name for name in types_of_peft() if unfit(name) is None)


@pytest.mark.parametrize("name", TYPES)
def test_every_default_of_peft_fits(name: str) -> None:
    hints = get_type_hints(config_class(name))
    for field in dataclasses.fields(config_class(name)):
        factory = field.default_factory
        value = field.default if factory is dataclasses.MISSING else factory()
        # Some fields are declared as a number, have no default and must be given; peft checks that.
        if value is not None and value is not dataclasses.MISSING:
            assert misfit(field.name, value, hints[field.name]) is None, field.name


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("LORA", {"target_modules": "all-linear", "r": 4, "lora_alpha": 0.5, "lora_dropout": 0}),
        ("LORA", {"target_modules": ["query", "value"], "layers_to_transform": 1, "use_rslora": True}),
        ("LORA", {"target_modules": {"query", "value"}, "layers_to_transform": [0, 1], "exclude_modules": None}),
        ("LORA", {"init_lora_weights": "gaussian", "rank_pattern": {"query": 2}, "alpha_pattern": {"query": 4}}),
        ("LORA", {"init_lora_weights": False, "use_dora": True, "bias": "all"}),
        ("P_TUNING", {"num_virtual_tokens": 4, "encoder_reparameterization_type": "LSTM", "encoder_hidden_size": None}),
        ("LORA", {"loftq_config": {"loftq_bits": 4}, "layer_replication": [[0, 1], [1, 2]]}),
        ("LOKR", {"init_weights": "lycoris", "decompose_factor": -1, "alpha": 0.5}),
    ],
)
def test_what_peft_takes_is_not_refused(name: str, config: dict[str, Any]) -> None:
    assert parse_params(METHODS["peft"], {"type": name, "config": config}).config == config
