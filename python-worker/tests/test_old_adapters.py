"""A folder of worker 0.1, whose lor2c.json has a name as task and neither id2label nor pairs, is still used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import stopping
from worker import settings

from lor2c_worker.predict import predict
from lor2c_worker.settings import SettingsError


def test_a_folder_of_worker_0_1_gives_the_same_answers(place: Path, tmp_path: Path) -> None:
    stopping.train(tmp_path, settings(place, num_train_epochs=1))
    adapter = tmp_path / "c" / "adapter"
    now = predict(adapter, ["good film", "bad plot"], None)
    info = json.loads((adapter / "lor2c.json").read_text(encoding="utf-8"))
    assert info.pop("id2label") == {"0": "negative", "1": "positive"}
    assert info.pop("pairs") is False
    assert info["settings"]["task"] == "sst2"
    (adapter / "lor2c.json").write_text(json.dumps(info), encoding="utf-8")
    assert predict(adapter, ["good film", "bad plot"], None) == now
    with pytest.raises(SettingsError, match="takes single texts"):
        predict(adapter, ["good film"], ["bad plot"])
