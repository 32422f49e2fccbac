"""One report about the rows of a run's settings."""

from __future__ import annotations

from typing import Any

from ..data.task import Split, TaskData
from ..errors import PlainError
from ..inspection import Inspection
from ..models import load_tokenizer
from ..run.prepare import choosing_score, held_out, task_data
from ..settings import Settings
from ..sources import noting
from .files import files_read
from .labels import label_counts, label_texts, labels_per_row, values
from .lengths import lengths, tokens_of
from .same_texts import Keys, contradicting, keys_of, repeated, shared

#: Rows that are shown, and characters of a text in the report.
FIRST, CHARACTERS = 3, 2000
#: Rows with nothing but blanks that are named.
BLANK = 5


def examine(settings: Settings) -> dict[str, Any]:
    """Fields of the `examined` event without request and index: what plan would refuse or warn of, and the report on
    the rows, which is None if they cannot be read."""
    problems: list[str] = []
    warnings: list[str] = []
    report = None
    try:
        report = _report(settings, problems)
    except PlainError as error:
        problems.append(str(error))
    try:
        warnings += Inspection().inspect(settings)["warnings"]
    except PlainError as error:
        problems.append(str(error))
    return {"problems": list(dict.fromkeys(problems)), "warnings": warnings, "report": report}


def _report(settings: Settings, problems: list[str]) -> dict[str, Any]:
    """Raises PlainError if the rows cannot be read. Only their tokens are left out if there is no tokenizer."""
    with noting() as files:
        whole = task_data(settings)
    score = choosing_score(settings, whole)
    data, held = held_out(settings, whole, score)
    splits = {"train": data.train, **({} if held is None else {"holdout": held}), "eval": data.eval}
    tokenizer = None
    try:
        tokenizer = load_tokenizer(settings.model)
    except PlainError as error:
        problems.append(str(error))
    return {
        "files": files_read(files),
        "kind": data.kind,
        "scores": list(data.scores),
        "score": score,
        "fingerprint": whole.fingerprint,
        "columns": [{"column": name, "used_as": used} for name, used in whole.columns],
        "max_length": settings.train.max_length,
        "notes": list(data.notes),
        **_splits(splits, data, tokenizer, settings.train.max_length),
    }


def _splits(
    splits: dict[str, Split], data: TaskData, tokenizer: Any, max_length: int
) -> dict[str, list[dict[str, Any]]]:
    names = data.label_names

    def shown(split: str, row: int) -> dict[str, object]:
        rows = splits[split]
        return {
            "text": rows.text[row][:CHARACTERS],
            "text_pair": None if rows.pair is None else rows.pair[row][:CHARACTERS],
            "labels": label_texts(rows.labels[row], names, data.kind),
        }

    def of(keys: Keys) -> dict[str, Any]:
        split = splits[keys.split]
        first = range(min(FIRST, len(split)))
        tokens = [[] if tokenizer is None else tokens_of(split, row, tokenizer, max_length) for row in first]
        return {
            "split": keys.split,
            "rows": len(split),
            "labels": label_counts(split, names, data.kind),
            "labels_per_row": labels_per_row(split, names, data.kind),
            "values": values(split) if data.kind == "regress" else None,
            "tokens": None if tokenizer is None else lengths(split, tokenizer, max_length),
            "blank": {"rows": len(keys.blank), "first": [int(row) + 1 for row in keys.blank[:BLANK]]},
            "repeated": repeated(keys, shown),
            "contradicting": contradicting(keys, shown),
            "first": [{"row": row + 1, **shown(keys.split, row), "tokens": tokens[row]} for row in first],
        }

    keys = [keys_of(name, split) for name, split in splits.items()]
    pairs = [(one, other) for i, one in enumerate(keys) for other in keys[i + 1 :]]
    return {
        "splits": [of(one) for one in keys],
        "shared": [shared(one, other, shown) for one, other in pairs],
    }
