"""The code with which a saved folder is loaded and asked, for its form, task, labels and base model."""

from __future__ import annotations

from typing import Any

from ...data.prompt_template import written
from ...models import BaseModel
from ...settings import Settings
from ..adapter_folder import RunInfo
from .form import Form

#: The type that peft alone does not know.
LOR2C = "LOR2C"
#: Labels that fit a line.
_SHORT = 4
_PROMPT = "Name three colours."


def packages(form: Form) -> str:
    """What to install."""
    if form.kind == "whole":
        return "pip install transformers torch"
    return (
        "pip install lor2c-peft  # or, in a checkout of lor2c: pip install ./python-worker/lor2c_peft"
        if form.peft_type == LOR2C
        else "pip install peft transformers torch"
    )


def snippet(form: Form, info: RunInfo, settings: Settings, base: BaseModel, name: str | None) -> list[str]:
    """Lines of Python. `name`: the folder's repository on the hub; None: it has none yet."""
    text = info.kind == "language_model"
    auto = "AutoModelForCausalLM" if text else "AutoModelForSequenceClassification"
    pinned = [] if base.revision is None else [f"revision={base.revision!r}"]
    lines = ["import torch"]
    if form.peft_type == LOR2C:
        lines.append("import lor2c_peft  # makes the type LOR2C known to peft")
    if form.kind == "peft":
        lines.append("from peft import PeftModel")
    lines += [f"from transformers import {auto}, AutoTokenizer", ""]
    where = "  # this folder, or its repository on the hub" if name is None else ""
    lines.append(f"FOLDER = {name or '.'!r}{where}")
    if form.kind == "peft" or not form.tokenizer:
        lines.append(f"BASE = {base.shown!r}{'' if base.hub_id else '  # a local folder: give its path'}")
    lines.append("")
    source = ["FOLDER"] if form.kind == "whole" and form.tokenizer else ["BASE", *pinned]
    lines.append(f"tokenizer = AutoTokenizer.from_pretrained({', '.join(source)})")
    if form.kind == "whole":
        lines.append(f'model = {auto}.from_pretrained(FOLDER, dtype="float32").eval()')
    else:
        own = ["BASE", *pinned, 'dtype="float32"', *([] if text else _labels(info))]
        lines += [f"base = {auto}.from_pretrained(", *(f"    {line}" for line in _arguments(own)), ")"]
        lines.append("model = PeftModel.from_pretrained(base, FOLDER).eval()")
    return [*lines, "", *(_continue(settings) if text else _label(info, settings))]


def own_loader(info: RunInfo, settings: Settings) -> list[str]:
    """Lines of Python for a folder that only lor2c reads."""
    if info.kind == "language_model":
        return []
    pair = '["Its second text"]' if info.takes_pairs else "None"
    return [
        "from pathlib import Path",
        "",
        "from lor2c_worker.predict import predict",
        "",
        f'print(predict(Path("."), ["A text"], {pair}))',
    ]


def _labels(info: RunInfo) -> list[str]:
    """Arguments of a classifier's `from_pretrained`."""
    if info.kind == "regress":
        return ["num_labels=1", 'problem_type="regression"']
    kind = ['problem_type="multi_label_classification"'] if info.kind == "multi_label" else []
    names = [*_mapping("id2label", info.id2label), *_mapping("label2id", info.label2id)]
    return [f"num_labels={info.num_labels}", *kind, *names]


def _mapping(name: str, values: dict[Any, Any]) -> list[str]:
    items = [f"{key!r}: {value!r}" for key, value in values.items()]
    if len(items) <= _SHORT:
        return [f"{name}={{{', '.join(items)}}}"]
    return [f"{name}={{", *(f"    {item}," for item in items), "}"]


def _arguments(lines: list[str]) -> list[str]:
    """With commas after whole arguments."""
    return [line if line.endswith(("{", ",")) else f"{line}," for line in lines]


def _label(info: RunInfo, settings: Settings) -> list[str]:
    texts = '"A text", "Its second text"' if info.takes_pairs else '"A text"'
    lines = [
        f'rows = tokenizer({texts}, truncation=True, max_length={settings.train.max_length}, return_tensors="pt")',
        "with torch.no_grad():",
        "    logits = model(**rows).logits[0]",
    ]
    if info.kind == "regress":
        return [*lines, "print(float(logits[0]))"]
    if info.kind == "multi_label":
        return [*lines, "print([name for number, name in model.config.id2label.items() if logits[number] > 0])"]
    return [*lines, "print(model.config.id2label[int(logits.argmax())])"]


def _continue(settings: Settings) -> list[str]:
    template = settings.data.template or ("chat" if (settings.data.columns or {}).get("messages") else "alpaca")
    if template == "chat":
        lines = [
            f'messages = [{{"role": "user", "content": {_PROMPT!r}}}]',
            "tokens = tokenizer.apply_chat_template(",
            '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"',
            ")",
        ]
    else:
        lines = [
            f"prompt = {written(template, _PROMPT, '')!r}",
            'tokens = tokenizer(prompt, return_tensors="pt")',
        ]
    return [
        *lines,
        "with torch.no_grad():",
        "    made = model.generate(**tokens, max_new_tokens=64)",
        'print(tokenizer.decode(made[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True))',
    ]
