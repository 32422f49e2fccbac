"""Counting parameters sends a hub few requests. The hub here refuses and counts them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import tiny
from worker import Worker, only, settings

from lor2c_worker import messages

KNOWN = "FacebookAI/roberta-base"


class Hub(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), NotFound)
        self.paths: list[str] = []

    def asked(self, model: str) -> int:
        """Requests about the model; the library also sends others."""
        return sum(model in path for path in self.paths)


class NotFound(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.server.paths.append(self.path)
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asking(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker that uses this hub, with an empty cache."""
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    started = Worker(tmp_path / "stderr.log")
    next(started.events())
    yield started
    assert started.close() == 0


def count(worker: Worker, *models: str) -> list[messages.Counted]:
    asked = [settings(Path()) | {"model": {"name": name, "revision": None}} for name in models]
    worker.send(type="count", request="c", settings=asked)
    return only(worker.until_done(), messages.Counted)


def test_a_model_with_built_in_shapes_needs_no_hub(asking: Worker, hub: Hub) -> None:
    one, other = count(asking, KNOWN, KNOWN)
    assert one.total_parameters == other.total_parameters == 124_055_040 + 592_130
    assert one.shapes == f"built-in shapes of {KNOWN} (its config is not on this machine)"
    assert hub.asked(KNOWN) == 0


def test_its_config_counts_where_it_is_cached(asking: Worker, hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "hub" / f"models--{KNOWN.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("c0ffee")
    tiny.model("roberta").config.save_pretrained(folder / "snapshots" / "c0ffee")
    (counted,) = count(asking, KNOWN)
    assert counted.shapes == f"config of {KNOWN}"
    assert counted.parts[0].count == 4 * (16 + 16)
    assert hub.asked(KNOWN) == 0


def test_a_model_that_the_hub_does_not_have_is_asked_for_once(asking: Worker, hub: Hub) -> None:
    (first,) = count(asking, "nobody/nothing")
    assert "model 'nobody/nothing' cannot be loaded" in first.problems[0]
    before = hub.asked("nobody/nothing")
    assert before > 0
    second, third = count(asking, "nobody/nothing", "nobody/else")
    assert second.problems == first.problems
    assert "model 'nobody/else' cannot be loaded" in third.problems[0]
    assert (hub.asked("nobody/nothing"), hub.asked("nobody/else")) == (before, before)
