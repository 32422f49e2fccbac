"""`push_folder` against a small server that stands for the hub: what it gets, and how its refusals are told."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from lor2c_worker import messages
from lor2c_worker.exporting.hub import ask_hub, push_folder
from lor2c_worker.settings import SettingsError


class Hub(ThreadingHTTPServer):
    """Takes one commit into one repository, for one token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}
        self.private = False
        #: Why it refuses the metadata of a card.
        self.odd_metadata = ""
        #: Path of a request -> status of its answer, instead of what it asks for.
        self.refuses: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if "/tree/main" in self.path:
            return self.say([{"type": "file", "path": p, "size": 1, "oid": "0" * 40} for p in self.server.files])
        name = self.path.removeprefix("/api/models/").split("/")[0]
        siblings = [{"rfilename": path} for path in self.server.files]
        self.say({"id": self.path, "modelId": name, "private": self.server.private, "tags": [], "siblings": siblings})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.refuses.get(self.path)
        if self.headers.get("Authorization") != "Bearer right" or status:
            return self.say({"error": "so it is"}, status or 401)
        if self.path == "/api/repos/create":
            self.server.asked.append((self.path, json.loads(content)))
            return self.say({"url": f"{self.server.url}/me/mine", "id": "me/mine", "name": "me/mine"})
        if self.path == "/api/validate-yaml":
            wrong = self.server.odd_metadata
            return self.say({"errors": [{"message": wrong}] if wrong else [], "warnings": []}, 400 if wrong else 200)
        if self.path.endswith("/preupload/main"):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(content)["files"]
            ]
            return self.say({"files": files})
        lines = [json.loads(line) for line in content.decode().splitlines()]
        self.server.asked.append((self.path, lines[0]["value"]))
        for line in lines[1:]:
            if line["key"] == "deletedFile":
                del self.server.files[line["value"]["path"]]
            else:
                self.server.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        return self.say(
            {"commitUrl": f"{self.server.url}/me/mine/commit/abc", "commitOid": "abc", "pullRequestUrl": None}
        )

    def say(self, value: Any, status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", server.url, raising=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "README.md").write_text("---\nlibrary_name: peft\n---\n\n# A card\n", encoding="utf-8")
    (tmp_path / "adapter" / "adapter_model.safetensors").write_bytes(bytes(1000))
    return tmp_path / "adapter"


def push(folder: Path, *, token: str | None = "right", private: bool = False, name: str = "me/mine") -> Any:
    command = messages.PushFolder(
        request="p", folder=str(folder), repository=name, private=private, token=token, message="lor2c run 3fa9"
    )
    events = []
    push_folder(command, lambda kind, **values: events.append(kind(seq=1, **values)), lambda: False)
    [event] = events
    return event


def test_all_files_arrive_in_one_commit(hub: Hub, folder: Path) -> None:
    event = push(folder)
    assert (event.url, event.commit) == (f"{hub.url}/me/mine", "abc")
    assert hub.files == {file.name: file.read_bytes() for file in folder.iterdir()}
    (_, made), (path, commit) = hub.asked
    assert (made["name"], made["organization"]) == ("mine", "me")
    assert not {"private", "visibility"} & set(made)
    assert (path, commit["summary"]) == ("/api/models/me/mine/commit/main", "lor2c run 3fa9")


def test_what_another_form_left_there_goes_with_the_same_commit(hub: Hub, folder: Path) -> None:
    hub.files = {".gitattributes": b"lfs", "adapter_config.json": b"{}", "old/model.safetensors": b"", "README.md": b""}
    push(folder)
    assert sorted(hub.files) == [".gitattributes", "README.md", "adapter_model.safetensors"]
    assert hub.files["README.md"] == (folder / "README.md").read_bytes()
    assert [path for path, _ in hub.asked if "/commit/" in path] == ["/api/models/me/mine/commit/main"]


def test_a_private_repository(hub: Hub, folder: Path) -> None:
    with pytest.raises(SettingsError, match="is there and public: nothing was uploaded"):
        push(folder, private=True)
    assert hub.files == {}
    hub.private = True
    push(folder, private=True)
    made = hub.asked[-2][1]
    assert made.get("visibility", made.get("private")) in ("private", True)
    assert len(hub.files) == 2


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/models/me/mine/commit/main", 403, "the token may not write to me/mine on .*: so it is"),
        ("/api/models/me/mine/commit/main", 400, r"refuses me/mine \(HTTP 400\): so it is"),
    ],
)
def test_refusals(hub: Hub, folder: Path, path: str, status: int, said: str) -> None:
    hub.refuses[path] = status
    with pytest.raises(SettingsError, match=said):
        push(folder)
    assert hub.files == {}


def test_metadata_that_the_hub_does_not_take(hub: Hub, folder: Path) -> None:
    hub.odd_metadata = '"license" must be one of ...'
    with pytest.raises(SettingsError, match=r'(?s)does not take the folder: .*"license" must be one of'):
        push(folder)
    assert hub.files == {}


def test_a_wrong_token_a_wrong_name_and_no_hub(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"does not accept the token: so it is.*settings/tokens"):
        push(folder, token="wrong")
    with pytest.raises(SettingsError, match="is no name of a repository"):
        push(folder, name="a/b/c")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", "http://127.0.0.1:1", raising=False)
    with pytest.raises(SettingsError, match=r"the hub http://127\.0\.0\.1:1 cannot be reached"):
        push(folder)


def test_whether_there_is_a_token(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    for value in ("", "right"):
        monkeypatch.setenv("HF_TOKEN", value)
        said: list[dict[str, Any]] = []
        ask_hub(messages.AskHub(request="a"), partial(collect, said), lambda: False)
        assert said == [{"request": "a", "endpoint": hub.url, "token": value != "", "offline": False}]


def collect(said: list[dict[str, Any]], kind: Any, **values: Any) -> None:
    said.append(values)
