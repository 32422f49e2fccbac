"""This checkout beside another, say an older one, in turns: steps with some numbers of lanes, and a trained grid."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from options import DYNAMIC, ROOT

HERE, THERE = "here", "there"
Ask = Callable[..., Any]


def compare(there: Path, models: Sequence[str], lanes: Sequence[int], rounds: int, rows: dict[str, Any]) -> Any:
    """For every model: seconds of a step by number of lanes in each checkout and round, and how many times less `here`
    takes; and those of transformers with peft, padded to the longest row."""
    found: dict[str, Any] = {}
    with _servers(there) as ask:
        for model in models:
            names = [f"{count} lanes" for count in lanes]
            for side in (HERE, THERE):
                for name, count in zip(names, lanes, strict=True):
                    _prepare(ask[side], name, model, "lanes", count, rows)
            _prepare(ask[HERE], DYNAMIC, model, DYNAMIC, 1, rows)
            seconds = _take_turns(ask, names, rounds)
            for asked in ask.values():
                asked(do="forget")
            found[model] = _described(model, seconds, lanes)
    return found


def grids(there: Path, model: str, rounds: int, rows: dict[str, Any], count: int, epochs: int, size: int) -> Any:
    """The `size` x `size` grid of few rows in each checkout and round (executed.py)."""
    found: dict[str, list[Any]] = {HERE: [], THERE: []}
    with _servers(there) as ask:
        for number in range(rounds):
            for side in _order(number):
                found[side].append(ask[side](do="grid", model=model, rows=rows, count=count, epochs=epochs, size=size))
    ratios = [b["grid_seconds"] / a["grid_seconds"] for a, b in zip(found[HERE], found[THERE], strict=True)]
    text = ", ".join(f"{a['grid_seconds']} s here" for a in found[HERE])
    print(f"\n{size} x {size} grid on {model}: {text}; {statistics.median(ratios):.2f} times less than there")
    return {**found, "times_less": statistics.median(ratios)}


def _prepare(ask: Ask, name: str, model: str, contender: str, lanes: int, rows: dict[str, Any]) -> None:
    ask(do="prepare", name=name, model=model, contender=contender, lanes=lanes, precision="fp32", rows=rows)


def _take_turns(ask: dict[str, Ask], names: Sequence[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Name -> side -> seconds of each round. Sides take turns in being first."""
    seconds: dict[str, dict[str, list[float]]] = {name: {HERE: [], THERE: []} for name in names}
    seconds[DYNAMIC] = {HERE: []}
    for number in range(rounds):
        for name in names:
            for side in _order(number):
                seconds[name][side].append(ask[side](do="turn", name=name))
        seconds[DYNAMIC][HERE].append(ask[HERE](do="turn", name=DYNAMIC))
    return seconds


def _order(number: int) -> tuple[str, str]:
    return (HERE, THERE) if number % 2 == 0 else (THERE, HERE)


def _described(model: str, seconds: dict[str, dict[str, list[float]]], lanes: Sequence[int]) -> dict[str, Any]:
    print(f"\n{model}: CPU seconds of a step (synchronised wall seconds on CUDA)")
    dynamic = seconds[DYNAMIC][HERE]
    print(f"  {DYNAMIC:10} {statistics.median(dynamic):8.3f}")
    found: dict[str, Any] = {DYNAMIC: {"seconds_per_step": dynamic}}
    for count in lanes:
        here, there = (seconds[f"{count} lanes"][side] for side in (HERE, THERE))
        less = statistics.median(b / a for a, b in zip(here, there, strict=True))
        than_dynamic = statistics.median(count * d / a for a, d in zip(here, dynamic, strict=True))
        print(
            f"  {count:>3} lanes  {statistics.median(here):8.3f} here {statistics.median(there):8.3f} there: "
            f"{less:.2f} times less; {than_dynamic:.2f} times less than {DYNAMIC}"
        )
        found[str(count)] = {HERE: here, THERE: there, "times_less": less, "times_less_than_dynamic": than_dynamic}
    return found


@contextmanager
def _servers(there: Path) -> Iterator[dict[str, Ask]]:
    """A process for each checkout. Both end with the context."""
    if not (there / "scripts" / "bench" / "contenders.py").is_file():
        raise SystemExit(f"bench: error: {there} is no checkout of this project with scripts/bench")
    command = [sys.executable, str(Path(__file__).with_name("turn_server.py"))]
    processes = {
        side: subprocess.Popen([*command, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for side, root in ((HERE, ROOT), (THERE, there))
    }
    try:
        yield {side: _asker(side, process) for side, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()


def _asker(side: str, process: subprocess.Popen[str]) -> Ask:
    def ask(**request: Any) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        answer = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            raise SystemExit(f"bench: error: {side}: {answer['error']}")
        return answer["ok"]

    return ask
