"""Lines of the protocol for text and values without a JSON form."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest

from lor2c_worker import messages
from lor2c_worker.channel import Channel, NoCommand


@pytest.mark.parametrize("place", ["message", "detail", "name", "cell"])
def test_half_a_surrogate_pair_in_a_text_loses_no_event(place: str) -> None:
    odd = "a \ud83d b \ud83d\ude00 c \udc80"
    out = io.BytesIO()
    channel = Channel(out, io.BytesIO())
    channel.log("info", "before")
    sent: dict[str, tuple[type[Any], dict[str, Any]]] = {
        "message": (messages.Log, {"cells": [], "level": "info", "message": odd}),
        "detail": (messages.Failed, {"cells": ["c"], "error_type": odd, "message": odd, "traceback": odd}),
        "name": (
            messages.Metrics,
            {"cells": ["c"], "split": "eval", "step": 1, "epoch": 1.0, "values": {odd: 1.0}, "diverged": [odd]},
        ),
        "cell": (messages.Stopped, {"cells": [odd], "step": 1}),
    }
    kind, fields = sent[place]
    channel.send(kind, **fields)
    channel.log("info", "after")
    lines = [json.loads(line) for line in out.getvalue().decode().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3]
    assert "a \ufffd b \U0001f600 c \ufffd" in json.dumps(lines[1], ensure_ascii=False)
    assert not channel.stop_requested.is_set()


def test_an_event_that_has_no_json_leaves_no_gap() -> None:
    out = io.BytesIO()
    channel = Channel(out, io.BytesIO())
    with pytest.raises(ValueError, match="not JSON compliant"):
        channel.send(messages.Stopped, cells=["c"], step=math.nan)
    channel.send_counted(messages.Ended)
    assert json.loads(out.getvalue()) == {"type": "ended", "seq": 1, "events": 1}


class Broken(io.BytesIO):
    """A stdin that cannot be read any more."""

    def readline(self, size: int | None = -1, /) -> bytes:
        raise OSError("Input/output error")


def test_a_reader_that_fails_ends_the_worker_as_the_end_of_stdin_does() -> None:
    channel = Channel(io.BytesIO(), Broken())
    channel.start()
    assert channel.next_command() is None
    assert channel.stop_requested.is_set()


def test_a_line_too_deep_for_json_is_no_command() -> None:
    channel = Channel(io.BytesIO(), io.BytesIO(b"[" * 200_000 + b"\n"))
    channel.start()
    assert isinstance(channel.next_command(), NoCommand)
    assert channel.next_command() is None


def test_a_line_with_a_token_is_not_repeated() -> None:
    line = json.dumps({"type": "push_folder", "request": "p", "token": "hf_secret", "odd": 1}).encode()
    channel = Channel(io.BytesIO(), io.BytesIO(line + b"\n" + line[:-3] + b"\n" + b'{"type": "odd"}\n'))
    channel.start()
    for _ in range(2):
        found = channel.next_command()
        assert isinstance(found, NoCommand)
        assert found.problem.endswith(" in a line with a token")
        assert "hf_secret" not in found.problem
    assert isinstance(found := channel.next_command(), NoCommand)
    assert found.problem.endswith("""in b'{"type": "odd"}\\n'""")


def test_a_stop_is_for_one_training_of_a_cell() -> None:
    stop = json.dumps({"type": "stop", "cells": ["a", "b"]}).encode() + b"\n"
    channel = Channel(io.BytesIO(), io.BytesIO(stop))
    channel.start()
    assert channel.next_command() is None
    channel.forget_stops(["a", "c"])
    assert channel.stopping == {"b"}
