"""peft's tests of models that classify sequences or tokens or answer questions, on LoR2C."""

from __future__ import annotations

from on_lor2c import on_lor2c, structures
from pefts_tests import pefts

from lor2c_peft import Lor2cConfig

sequences, tokens = pefts("test_seq_classifier"), pefts("test_token_classification_qa")
BERT, ROBERTA = {"bert": "small-bert-classifier"}, {"roberta": "small-roberta-classifier"}


def configs(task: str) -> dict[str, tuple[type, dict[str, object]]]:
    return {name: (Lor2cConfig, values) for name, values in structures(task_type=task).items()}


TestSequences = on_lor2c(
    sequences.TestSequenceClassificationModels,
    12,
    sequences.ALL_CONFIGS,
    configs("SEQ_CLS"),
    models=(sequences.PEFT_SEQ_CLS_MODELS_TO_TEST, {**ROBERTA, "llama": "small-llama-classifier"}),
)
TestTokens = on_lor2c(
    tokens.TestTokenClassificationModels,
    1,
    tokens.TOKEN_CLS_CONFIGS,
    configs("TOKEN_CLS"),
    models=(tokens.PEFT_TOKEN_CLS_MODELS_TO_TEST, BERT),
)
TestQuestions = on_lor2c(
    tokens.TestQuestionAnsweringModels,
    1,
    tokens.QA_CONFIGS,
    configs("QUESTION_ANS"),
    models=(tokens.PEFT_QA_MODELS_TO_TEST, ROBERTA),
)
