"""Label the rows of a file with a saved adapter: a stream, of which one window of rows is in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import messages
from .channel import Throttle, finite
from .data import task_of
from .data.glue import GlueTask
from .data.own_labels import Classes, LabelReader, Numbers
from .data.task import DataError
from .data.unlabelled import Source, Unlabelled, count_rows, unlabelled_rows
from .errors import Interrupted
from .evaluation.scoring import SCORES, base_score, score_logits
from .predict import Labeller, answer
from .predict_output import WRITERS, Answer, Wanted, Writer, names_of_kept
from .settings import SettingsError

#: Batches whose rows are sorted by length together.
WINDOW = 32
OWN = ("row", "label", "score")


def predict_file(command: messages.PredictFile, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Write `command.output` and send `predicted`. Raises DataError, SettingsError or Interrupted; the file is then
    incomplete, and the runner removes it."""
    labeller = Labeller.load(Path(command.folder))
    info, settings = labeller.info, labeller.settings
    task = task_of(settings.task.name)
    if command.format == "glue" and not isinstance(task, GlueTask):
        raise SettingsError(f"--format glue: {settings.task.name} is no task of GLUE")
    columns = {key: value for key, value in (settings.data.columns or {}).items() if value is not None}
    named = command.columns or {}
    if "text" in named and "text_pair" not in named:
        columns.pop("text_pair", None)
    source = Source(Path(command.input), command.ending, task, info.kind, info.takes_pairs, {**columns, **named})
    found, rows = unlabelled_rows(source)
    keep = found if command.keep_all else command.keep
    wanted = Wanted(info, names_of_kept(keep, found, OWN, command.input), command.probabilities, settings.task.name)
    scores = _Scores(labeller, task)
    total, done, empty, throttle = count_rows(source), 0, 0, Throttle(0.5)
    size = command.batch_size or settings.train.eval_batch_size
    writer = WRITERS[command.format](Path(command.output), wanted)
    try:
        while window := list(islice(rows, size * WINDOW)):
            if stopped():
                raise Interrupted("stopped before the end of the file")
            _write(writer, labeller, window, done, size, scores)
            done += len(window)
            empty += sum(not row.text.strip() for row in window)
            if throttle.ready():
                send(messages.Predicting, request=command.request, rows=done, total=total)
    finally:
        writer.close()
    if done == 0:
        raise DataError(f"{command.input}: no rows")
    values, why = scores.result()
    send(
        messages.Predicted,
        request=command.request,
        rows=done,
        empty=empty,
        scores=values,
        unscored=why,
    )


def _write(writer: Writer, labeller: Labeller, window: list[Unlabelled], done: int, size: int, scores: _Scores) -> None:
    texts = [row.text for row in window]
    pairs = None if window[0].pair is None else [row.pair or "" for row in window]
    logits = labeller.logits(texts, pairs, size)
    scores.take(window, logits)
    shares = labeller.objective.probabilities(logits).tolist()
    answers = []
    for number, (row, values) in enumerate(zip(window, shares, strict=True), start=done + 1):
        label, score = answer(values, labeller.info)
        answers.append(Answer(number, row.where, row.values, label, score, values))
    writer.write(answers)


class _Scores:
    """Scores of rows that have their labels: logits and labels are kept, a few bytes a row."""

    def __init__(self, labeller: Labeller, task: Any) -> None:
        self._labeller, self._task = labeller, task
        self._logits: list[torch.Tensor] = []
        self._labels: list[np.ndarray] = []
        names = labeller.info.label_names
        self._reader: LabelReader = Numbers() if labeller.info.kind == "regress" else Classes(names)
        #: Why there are no scores; None: there may be.
        self._why: str | None = None

    def take(self, window: list[Unlabelled], logits: torch.Tensor) -> None:
        if self._why is not None:
            return
        if window[0].label is None and not self._labels:
            self._why = ""
            return
        try:
            self._labels.append(np.array([self._label(row) for row in window]))
            self._logits.append(logits)
        except DataError as error:
            self._why = str(error)
            self._labels, self._logits = [], []

    def _label(self, row: Unlabelled) -> Any:
        if isinstance(self._task, GlueTask):
            return self._task.read_label(row.label, row.where)
        return self._reader.final([self._reader.read(row.label, row.where)])[0]

    def result(self) -> tuple[dict[str, float | None] | None, str | None]:
        """(scores, None), or (None, why there are none; also None where the file has no labels)."""
        if self._why is not None:
            return None, self._why or None
        info = self._labeller.info
        labels = torch.from_numpy(np.concatenate(self._labels))
        labels = labels.long() if info.kind == "classify" else labels.float()
        names = tuple(dict.fromkeys(base for name in info.scores if (base := base_score(name)) in SCORES))
        values = score_logits(torch.cat(self._logits), labels, self._labeller.objective, names)
        return {name: finite(value) for name, value in values.items()}, None
