"""A run's adapter elsewhere: in a fresh process with only peft, transformers and `import lor2c_peft`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from peft import PeftModel
from test_methods import TRIED, build, fresh, run
from test_train import rows
from tiny_encoders import ENCODERS
from transformers import AutoModelForSequenceClassification

import lor2c_peft  # noqa: F401
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.methods import METHODS

CPU = torch.device("cpu")
FAMILY = [(name, values) for name, values in TRIED if METHODS[name].family is not None]
#: Largest difference of a logit: the run is unpadded, the fresh process runs the padded transformers module.
TOLERANCE = 1e-5

READER = """
import sys, json, torch
import lor2c_peft
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

task = json.load(open(sys.argv[1]))
for adapter, folder in task["bases"].items():
    base = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    base.config.pad_token_id = task["pad_id"]
    model = PeftModel.from_pretrained(base, adapter).eval()
    inputs = torch.load(task["inputs"])
    with torch.no_grad():
        torch.save(model(**inputs).logits, adapter + "/logits.pt")
"""


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(16), tiny.tokenizer(), "classify", 32)


def test_a_fresh_process_gives_the_runs_own_logits(data: Encoded, tmp_path: Path) -> None:
    expected: dict[str, torch.Tensor] = {}
    bases: dict[str, str] = {}
    others = {kind: [(name, dict(TRIED)[name]) for name in ("lora", "imlor2c")] for kind in ("mpnet", *ENCODERS)}
    for kind, tried in ({kind: FAMILY for kind in ("bert", "roberta", "llama")} | others).items():
        base = tiny.save(tmp_path / kind, kind)
        for number, (name, values) in enumerate(tried):
            model = fresh(base)
            learner = build(model, name, values)
            _, records = run(learner, data)
            assert bool(values.get("merges") or values.get("injections")) == any(r.changes for r in records)
            folder = tmp_path / f"{kind}-adapter-{number}"
            folder.mkdir()
            METHODS[name].save(learner, 0, model, folder)
            expected[str(folder)], bases[str(folder)] = logits_of(learner, data, 16, CPU)[0], str(base)
    batch = data.batch(range(16), CPU)
    torch.save({"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}, tmp_path / "inputs.pt")
    task: dict[str, Any] = {
        "bases": bases,
        "inputs": str(tmp_path / "inputs.pt"),
        "pad_id": data.pad_id,
    }
    (tmp_path / "task.json").write_text(json.dumps(task))
    command = [sys.executable, "-c", READER, str(tmp_path / "task.json")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1], timeout=300)
    for folder_name, own in expected.items():
        found = torch.load(f"{folder_name}/logits.pt")
        assert float((found - own).abs().max()) <= TOLERANCE, folder_name


@pytest.mark.parametrize(("name", "values"), FAMILY, ids=lambda v: v if isinstance(v, str) else str(v))
def test_peft_writes_the_same_folder_back(name: str, values: dict[str, Any], data: Encoded, tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base", "roberta")
    model = fresh(base)
    learner = build(model, name, values)
    run(learner, data)
    (tmp_path / "one").mkdir()
    METHODS[name].save(learner, 0, model, tmp_path / "one")
    module = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
    PeftModel.from_pretrained(module, str(tmp_path / "one")).save_pretrained(str(tmp_path / "two"))
    tensors = [(tmp_path / n / "adapter_model.safetensors").read_bytes() for n in ("one", "two")]
    assert tensors[0] == tensors[1]
    configs = [json.loads((tmp_path / n / "adapter_config.json").read_text()) for n in ("one", "two")]
    assert configs[0] == configs[1]
