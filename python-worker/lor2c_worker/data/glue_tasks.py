"""The nine tasks of GLUE: where their columns are, what their labels mean, and which scores judge them."""

from __future__ import annotations

from .glue import GlueTask, PartSource

SST2 = GlueTask(
    name="sst2",
    summary="Sentiment of movie-review sentences (67,349 / 872 rows)",
    source="GLUE SST-2, Socher et al. 2013",
    scores=("accuracy", "f1"),
    tsv=("sentence", None, "label"),
    hub=("sentence", None, "label"),
    hub_config="sst2",
    labels=("negative", "positive"),
)
MRPC = GlueTask(
    name="mrpc",
    summary="Do two sentences paraphrase each other (3,668 / 408 rows)",
    source="GLUE MRPC, Dolan and Brockett 2005",
    scores=("accuracy", "f1"),
    tsv=("#1 String", "#2 String", "Quality"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="mrpc",
    labels=("not_equivalent", "equivalent"),
)
COLA = GlueTask(
    name="cola",
    summary="Is a sentence grammatical (8,551 / 1,043 rows)",
    source="GLUE CoLA, Warstadt et al. 2019",
    scores=("matthews", "accuracy"),
    tsv=("sentence", None, "label"),
    hub=("sentence", None, "label"),
    hub_config="cola",
    labels=("unacceptable", "acceptable"),
    header=("source", "label", "mark", "sentence"),
)
QNLI = GlueTask(
    name="qnli",
    summary="Does a sentence answer a question (104,743 / 5,463 rows)",
    source="GLUE QNLI, Rajpurkar et al. 2016",
    scores=("accuracy",),
    tsv=("question", "sentence", "label"),
    hub=("question", "sentence", "label"),
    hub_config="qnli",
    labels=("entailment", "not_entailment"),
)
RTE = GlueTask(
    name="rte",
    summary="Does one sentence entail the other (2,490 / 277 rows)",
    source="GLUE RTE, Bentivogli et al. 2009",
    scores=("accuracy",),
    tsv=("sentence1", "sentence2", "label"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="rte",
    labels=("entailment", "not_entailment"),
)
STSB = GlueTask(
    name="stsb",
    summary="Similarity of two sentences from 0 to 5 (5,749 / 1,500 rows)",
    source="GLUE STS-B, Cer et al. 2017",
    scores=("pearson", "spearman"),
    tsv=("sentence1", "sentence2", "score"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="stsb",
    labels=(),
    value_range=(0.0, 5.0),
)

QQP = GlueTask(
    name="qqp",
    summary="Do two questions ask the same (363,846 / 40,430 rows)",
    source="GLUE QQP, Quora Question Pairs",
    scores=("accuracy", "f1"),
    tsv=("question1", "question2", "is_duplicate"),
    hub=("question1", "question2", "label"),
    hub_config="qqp",
    labels=("not_duplicate", "duplicate"),
    broken_rows=20,
)
MNLI = GlueTask(
    name="mnli",
    summary="Does one sentence entail or contradict the other (392,702 / 9,815 matched + 9,832 mismatched rows)",
    source="GLUE MNLI, Williams et al. 2018; m: genres of the training rows, mm: others",
    scores=("accuracy_m", "accuracy_mm"),
    tsv=("sentence1", "sentence2", "gold_label"),
    hub=("premise", "hypothesis", "label"),
    hub_config="mnli",
    labels=("entailment", "neutral", "contradiction"),
    train=PartSource(("train",), "train", "m"),
    evaluation=(
        PartSource(("dev_matched", "validation_matched"), "validation_matched", "m"),
        PartSource(("dev_mismatched", "validation_mismatched"), "validation_mismatched", "mm"),
    ),
)
WNLI = GlueTask(
    name="wnli",
    summary="Does a sentence follow when its pronoun is resolved (635 / 71 rows). In no table: the dev rows are "
    "adversarial: most repeat a training sentence with the opposite label, and the majority class (0.5634) wins",
    source="GLUE WNLI, Levesque et al. 2012",
    scores=("accuracy",),
    tsv=("sentence1", "sentence2", "label"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="wnli",
    labels=("not_entailment", "entailment"),
)

TASKS = (SST2, MRPC, COLA, QNLI, RTE, STSB, QQP, MNLI, WNLI)
