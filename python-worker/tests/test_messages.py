"""The generated messages decode and encode cli/protocol/examples, which the TypeScript suite reads too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lor2c_worker import messages

EXAMPLES = Path(__file__).parents[2] / "cli" / "protocol" / "examples"
VALID = sorted(EXAMPLES.glob("*.json"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.json"))


def decode(value: object, as_command: bool) -> object:
    return messages.decode_command(value) if as_command else messages.decode_event(value)


@pytest.mark.parametrize("path", VALID, ids=lambda p: p.stem)
def test_example_survives_the_round_trip(path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    message = decode(value, value["type"] in messages.COMMANDS)
    assert messages.encode(message) == value
    assert next(iter(messages.encode(message))) == "type"


def test_every_message_has_an_example() -> None:
    assert {p.stem for p in VALID} == set(messages.COMMANDS) | set(messages.EVENTS)


@pytest.mark.parametrize("path", INVALID, ids=lambda p: p.stem)
def test_invalid_example_is_refused(path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    with pytest.raises(messages.DecodeError):
        decode(value, path.stem.startswith("command."))


def test_there_are_invalid_examples_of_both_directions() -> None:
    assert {p.stem.split(".")[0] for p in INVALID} == {"command", "event"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"type": "stop", "now": True}, "stop: unknown key 'now'"),
        ({"type": "train", "request": "r"}, "train: missing key 'cells'"),
        (
            {
                "type": "train",
                "request": "r",
                "checkpoint": "/c",
                "write_checkpoints": True,
                "log": None,
                "cells": [{"cell": 1}],
            },
            "train.cells[0]: missing key 'settings'",
        ),
        ({"type": "inspect", "request": None, "settings": []}, "inspect.request: expected str, got null"),
        (
            {"type": "resume"},
            "unknown command type 'resume'; known are inspect, count, examine, survey, train, predict, predict_file, "
            "export_adapter, ask_hub, push_folder, plan_evaluation, evaluate, generate, stop",
        ),
    ],
)
def test_an_error_names_the_key(value: object, says: str) -> None:
    with pytest.raises(messages.DecodeError) as caught:
        messages.decode_command(value)
    assert says in str(caught.value)


def test_a_whole_number_is_a_float_and_true_is_no_number() -> None:
    value = json.loads((EXAMPLES / "metrics.json").read_text(encoding="utf-8"))
    event = messages.decode_event({**value, "epoch": 2})
    assert isinstance(event, messages.Metrics)
    assert isinstance(event.epoch, float)
    with pytest.raises(messages.DecodeError, match=r"metrics\.step: expected int, got bool"):
        messages.decode_event({**value, "step": True})
