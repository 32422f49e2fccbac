"""peft's tests of AutoPeftModel, on adapters of type LOR2C under the names of those that they load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from on_lor2c import on_lor2c, structures
from peft import get_peft_model
from pefts_tests import pefts
from transformers import (
    AutoModelForCausalLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from lor2c_peft import Lor2cConfig

theirs = pefts("test_auto")
#: The name of an adapter in peft's tests; our model for it.
ADAPTERS: dict[str, tuple[Any, str, str]] = {
    "tiny-OPTForCausalLM-lora": (AutoModelForCausalLM, "small-decoder", "CAUSAL_LM"),
    "tiny_OPTForSequenceClassification-lora": (
        AutoModelForSequenceClassification,
        "small-llama-classifier",
        "SEQ_CLS",
    ),
    "tiny_GPT2ForTokenClassification-lora": (AutoModelForTokenClassification, "small-bert-classifier", "TOKEN_CLS"),
    "tiny_OPTForQuestionAnswering-lora": (AutoModelForQuestionAnswering, "small-roberta-classifier", "QUESTION_ANS"),
}
TESTS = [
    "test_peft_causal_lm",
    "test_peft_causal_lm_extended_vocab",
    "test_peft_sequence_cls",
    "test_peft_token_classification",
    "test_peft_question_answering",
]
TestAutoModels = on_lor2c(theirs.TestPeftAutoModel, 5, [], {}, also=TESTS)


@pytest.fixture(params=structures(), autouse=True, scope="module")
def _adapters(hub: Path, request: pytest.FixtureRequest) -> None:
    for name, (auto, model, task) in ADAPTERS.items():
        config = Lor2cConfig(task_type=task, **structures()[request.param])
        get_peft_model(auto.from_pretrained(hub / model), config).save_pretrained(hub / "peft-internal-testing" / name)
    extended = hub / "peft-internal-testing" / "tiny-random-OPTForCausalLM-extended-vocab"
    tokenizer = tiny.text_tokenizer()
    base = AutoModelForCausalLM.from_pretrained(hub / "small-decoder")
    base.resize_token_embeddings(len(tokenizer))
    config = Lor2cConfig(task_type="CAUSAL_LM", **structures()[request.param])
    get_peft_model(base, config).save_pretrained(extended)
    tokenizer.save_pretrained(extended)
