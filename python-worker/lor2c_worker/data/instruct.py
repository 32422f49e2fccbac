"""Tasks whose rows are a prompt and a response, or a conversation: `alpaca` and `instruct`."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from ..settings import DataSettings, SettingsError, TaskSettings
from .cells import text_of
from .conversation import messages_of, stored
from .holdout import dev_note, split_off
from .instruct_columns import InstructColumns, instruct_columns
from .labels import Labels
from .own_source import Table, tables_of
from .prompt_template import check_template, writes_input, written
from .tables import TEXT_ENDINGS, Row
from .task import DataError, Declared, Kind, Origin, Split, TaskData, chosen_scores
from .texts import TextsBuilder

SCORES = ("loss", "perplexity")
#: Rows that the published script holds out of Alpaca.
ALPACA_DEV = 2000


@dataclass(frozen=True)
class InstructTask:
    """Rows from `data.path` or `data.hub`. A split keeps prompts and responses apart, or conversations as JSON."""

    name: str
    summary: str
    source: str
    #: Of the task itself; None: those of the spec.
    columns: InstructColumns | None = None
    hub: str | None = None
    kind: Kind = "language_model"
    scores: tuple[str, ...] = SCORES
    pairs: None = None

    def declared(self, task: TaskSettings) -> Declared:
        return Declared(1, self.kind)

    def load(self, task: TaskSettings, data: DataSettings) -> TaskData:
        scores = self._check(task, data)
        if data.path is None and data.hub is None and self.hub is not None:
            alone = data.dev_rows is None and data.dev_split is None
            data = replace(data, hub=self.hub, dev_rows=ALPACA_DEV if alone else data.dev_rows)
        table, dev_table = tables_of(data, TEXT_ENDINGS)
        train, used, notes = self._read(table, data)
        if dev_table is not None:
            dev, _, others = self._read(dev_table, data)
            if (train.pair is None) != (dev.pair is None):
                raise DataError(f"one of {table.place} and {dev_table.place} has conversations and the other has not")
            notes += others
        else:
            assert data.dev_rows is not None
            train, dev = split_off(train, data.dev_rows, data.split_seed, self.kind)
            notes.append(dev_note(train, dev, data.dev_rows, data.split_seed, self.kind))
        counted = "all tokens count" if data.train_on == "all" else "the tokens of responses count"
        notes.append(f"{counted} (data.train_on {data.train_on})")
        return TaskData(train, dev, (), self.kind, scores, tuple(notes), columns=used)

    def _check(self, task: TaskSettings, data: DataSettings) -> tuple[str, ...]:
        """The scores to compute. Raises SettingsError for keys that do not go with the task."""
        if task.labels is not None:
            raise SettingsError(f"task.labels: the rows of {self.name} have no labels; leave them out")
        if self.columns is not None:
            for key in ("columns", "template"):
                if getattr(data, key) is not None:
                    raise SettingsError(
                        f"data.{key}: the rows of {self.name} have their own. For others use task: instruct"
                    )
        check_template(data.template)
        if data.train_on not in ("response", "all"):
            raise SettingsError(f"data.train_on {data.train_on!r}: expected response or all")
        return chosen_scores(self.scores, task.metrics, self.name)

    def _read(self, table: Table, data: DataSettings) -> tuple[Split, tuple[tuple[str, str | None], ...], list[str]]:
        """(rows, columns with their uses, notes)."""
        rows, found = _with_names(table)
        columns = self.columns or instruct_columns(data.columns, found, table.place)
        template = data.template or ("alpaca" if columns.messages is None else "chat")
        if columns.messages is not None and template != "chat":
            raise SettingsError(f"data.template {template!r}: conversations are written by the tokenizer's own: chat")
        texts, responses, numbers, empty, inputs = TextsBuilder(), TextsBuilder(), array("q"), 0, 0
        for number, row in rows:
            where = f"{table.place}:{number}"
            numbers.append(number)
            if columns.messages is not None:
                texts.append(stored(messages_of(_cell(row, columns.messages, where), columns.messages, where)))
                continue
            prompt, response = (
                text_of(_cell(row, name, where), name, where) for name in (columns.prompt, columns.response)
            )
            value = None if columns.input is None else row.get(columns.input)
            given = "" if value is None else text_of(value, str(columns.input), where)
            empty += not response.strip()
            inputs += given != ""
            if template == "chat":
                asked = written("none", prompt, given)
                roles = ({"role": "user", "content": asked}, {"role": "assistant", "content": response})
                texts.append(stored(roles))
            else:
                texts.append(written(template, prompt, given))
                responses.append(response)
        of_rows = f"of {len(numbers):,} rows"
        notes = [f"{table.place}: {empty:,} {of_rows} have an empty response"] if empty else []
        if inputs and not writes_input(template):
            has = f"{table.place}: {inputs:,} {of_rows} have an input (column {columns.input})"
            notes.append(f"{has}, which data.template leaves out; {{input}} in it writes them")
        split = Split(
            texts.done(),
            Labels.of(np.zeros(len(numbers), dtype=np.int64)),
            None if template == "chat" else responses.done(),
            origin=Origin(table.place, np.frombuffer(numbers, dtype=np.int64)),
        )
        return split, columns.used(found), notes


def _with_names(table: Table) -> tuple[Iterator[Row], list[str]]:
    """(rows, names of all columns that any of them has). Raises DataError when there are none."""
    rows = table.rows()
    first = next(rows, None)
    if first is None:
        raise DataError(f"{table.place}: no rows")
    if not table.varies:
        return chain([first], rows), list(first[1])
    # Without an input, many files leave the key out, perhaps in their first row.
    return table.rows(), list(dict.fromkeys(name for _, row in chain([first], rows) for name in row))


def _cell(row: dict[str, object], name: str, where: str) -> object:
    if name not in row:
        raise DataError(f"{where}: no column {name!r}; it has {', '.join(map(str, row))}")
    return row[name]


TASKS = (
    InstructTask(
        "alpaca",
        "Instructions with responses, in the template of Stanford Alpaca",
        "hub yahma/alpaca-cleaned, or data.path",
        InstructColumns("instruction", "output", "input"),
        "yahma/alpaca-cleaned",
    ),
    InstructTask(
        "instruct",
        "Your own prompts with responses, or conversations",
        "your rows: data.path or data.hub, data.columns, data.template",
    ),
)
