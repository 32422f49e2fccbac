"""peft's tests of modules of a user's own, on LoR2C around the layers of an encoder inside of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from on_lor2c import on_lor2c, structures
from peft import PeftModel, PeftType, get_peft_model
from pefts_tests import pefts
from small_models import OwnModule

from lor2c_peft import Lor2cConfig

theirs = pefts("test_custom_models")
CASES = {name: (name, "own", Lor2cConfig, values) for name, values in structures().items()}
CASES["head"] = ("head", "own", Lor2cConfig, {"r": 4, "modules_to_save": ["head"]})


@pytest.fixture(autouse=True)
def _shared_state_is_a_matter_of_the_config(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be injected without peft's model around the base model; peft's tests ask the tuner's class."""
    config = request.node.callspec.params.get("config_kwargs", {})
    tuner = SimpleNamespace(uses_shared_state=config.get("share", False))
    monkeypatch.setattr(pefts("testing_common"), "PEFT_TYPE_TO_TUNER_MAPPING", {PeftType["LOR2C"]: tuner})


class TestOwnModules(on_lor2c(theirs.TestPeftCustomModel, 42, theirs.TEST_CASES, CASES)):  # type: ignore[misc]
    transformers_class = OwnModule


class TestFullySharded(on_lor2c(theirs.TestPeftFsdpStateDict, 2, theirs.TEST_CASES, CASES)):  # type: ignore[misc]
    transformers_class = OwnModule


def two(first: str, second: str) -> tuple[str, str, type, dict[str, Any], dict[str, Any]]:
    values = structures(init_weights=False)
    return f"{first} and {second}", "lor2c", Lor2cConfig, values[first], values[second]


PAIRS = {
    pair[0]: pair for pair in (two("share", "share"), two("merged-injected", "share"), two("injected", "one-span"))
}
several = theirs.MULTIPLE_ACTIVE_ADAPTERS_TEST_CASES


class TestSeveralActive(on_lor2c(theirs.TestMultipleActiveAdapters, 5, several, PAIRS)):  # type: ignore[misc]
    def resolve_model_cls(self, _method: str) -> OwnModule:
        return OwnModule()


MIXED = {"plain": ("plain", Lor2cConfig(r=4, init_weights=False), Lor2cConfig(r=4, init_weights=False))}


class TestMixed(on_lor2c(theirs.TestMixedAdapterBatches, 5, theirs.MIXED_ADAPTER_TEST_CASES, MIXED)):  # type: ignore[misc]
    def get_mlp_peft(self, first: Lor2cConfig, second: Lor2cConfig) -> PeftModel:
        model = get_peft_model(OwnModule().eval(), first, "adapter0").eval()
        model.add_adapter("adapter1", second)
        return model
