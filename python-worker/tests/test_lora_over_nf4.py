"""QLoRA is method lora over a backbone in NF4; what the earlier method qlora stored still loads as that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import stopping
import tiny
from worker import only, settings

from lor2c_worker import messages
from lor2c_worker.predict import predict
from lor2c_worker.run.adapter_folder import read_info
from lor2c_worker.settings import Settings, SettingsError


def old(stored: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Settings as they were stored before backbones were quantised by `model.quantization`."""
    model = {key: stored["model"][key] for key in ("name", "revision")}
    return stored | {"method": stored["method"] | {"name": "qlora", **values}, "model": model}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Settings of a run of lora over NF4, and its adapter."""
    place = tmp_path_factory.mktemp("place")
    tiny.save(place / "model")
    tiny.save_rows(place / "data", train=15, dev=6)
    value = settings(place, method={"name": "lora", "rank": 4}, num_train_epochs=1)
    value["model"]["quantization"] = "nf4"
    events = stopping.train(place, value)
    assert only(events, messages.Finished), only(events, messages.Failed)
    return value, place / "c" / "adapter"


@pytest.mark.parametrize("values", [{}, {"double_quantisation": True}], ids=str)
def test_settings_of_method_qlora_are_those_of_lora_over_nf4(
    stored: tuple[dict[str, Any], Path], values: dict[str, Any]
) -> None:
    value, _ = stored
    assert Settings.from_json(old(value, **values)) == Settings.from_json(value)


def test_an_adapter_of_method_qlora_gives_its_answers(stored: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    _, adapter = stored
    texts = ["good film", "bad plot"]
    now = predict(adapter, texts, None)
    file = adapter / "lor2c.json"
    written = file.read_text(encoding="utf-8")
    info = json.loads(written)
    try:
        file.write_text(
            json.dumps(info | {"settings": old(info["settings"], double_quantisation=True)}), encoding="utf-8"
        )
        assert predict(adapter, texts, None) == now
        assert read_info(adapter).settings["method"] == info["settings"]["method"]
        plain = info["settings"] | {"model": info["settings"]["model"] | {"quantization": "none"}}
        file.write_text(json.dumps(info | {"settings": plain}), encoding="utf-8")
        assert predict(adapter, texts, None) != now  # so that the answers above are those of quantised weights
    finally:
        file.write_text(written, encoding="utf-8")


def test_scales_that_were_not_quantised_are_refused(stored: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    value, adapter = stored
    wanted = "double_quantisation: false: NF4 always quantises .* train it again, without double_quantisation"
    with pytest.raises(SettingsError, match=wanted):
        Settings.from_json(old(value, double_quantisation=False))
    info = json.loads((adapter / "lor2c.json").read_text(encoding="utf-8"))
    info["settings"] = old(info["settings"], double_quantisation=False)
    (tmp_path / "lor2c.json").write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(SettingsError, match=f"{tmp_path}: .*{wanted}"):
        read_info(tmp_path)
