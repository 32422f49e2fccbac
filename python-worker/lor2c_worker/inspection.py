"""Answers to `inspect` and `count`: what the runner needs to know about cells before training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .data import task_of
from .data.row_tokens import longest_tokens, mean_tokens
from .data.task import Declared
from .device import current_device, precision_warning, resolve_precision
from .errors import PlainError
from .methods import Cell, Horizon, Plan, PlannedEvent, cell_of, count, method_of, parse_params, start_of, storage_for
from .models import (
    LoadedModel,
    base_config,
    check_rows,
    check_weights,
    config_for_counting,
    empty_model,
    head_note,
    load_tokenizer,
)
from .run.class_weights import class_weights
from .run.moments import schedule_warnings
from .run.prepare import (
    check_length,
    choosing_score,
    fingerprint_of,
    held_out,
    horizon_of,
    task_data,
)
from .run.start_from import check_start
from .run.text_labels import sampled_label_notes
from .settings import Settings, SettingsError
from .shape import shape_of

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """Facts about the rows of a cell."""

    fingerprint: str
    train: int
    eval: int
    label_names: tuple[str, ...]
    head: Declared
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Shapes:
    """A model without weights, on which methods count parameters without changing it."""

    model: LoadedModel
    head: int
    total: int


class Inspection:
    """Inspects the cells of one command. They share most of their rows, models and methods; each is looked at once.

    One object serves one command only, since files may change before the next.
    """

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def inspect(self, settings: Settings) -> dict[str, Any]:
        """Fields of the `inspected` event without request and index. Raises PlainError."""
        method = method_of(settings.method["name"])
        params = self._once("params", [settings.method], lambda: self._params(method, settings))
        device, asked = current_device(), settings.train.precision
        precision, slow = resolve_precision(asked, device), precision_warning(asked, device)
        storage_for(settings, method, device)  # refuses
        if settings.train.gradient_checkpointing:
            method.check_checkpointing(params)
        rows = self._rows(settings)
        shapes = self.shapes(settings, rows.head)
        check_length(settings, shapes.model, method.positions(params))
        fit = self._fit(settings, shapes.model, rows)
        check_start(settings, task_data(settings), shapes.model)
        horizon = horizon_of(settings, rows.train)
        on_model = [settings.method, settings.model, vars(rows.head)]
        of_method = self._once(
            "method", [*on_model, horizon], lambda: _method_facts(method, params, shapes.model, horizon)
        )
        tokens = self._row_tokens(settings)
        return {
            **of_method,
            "warnings": [
                *of_method["warnings"],
                *rows.warnings,
                *fit,
                *([slow] if slow else []),
                *(schedule_warnings(horizon.steps, horizon.steps_per_epoch, settings.train) if method.trains else []),
            ],
            "fingerprint": self._once(
                "fingerprint",
                [settings.model, settings.task, settings.data, rows.fingerprint, precision, settings.train.start_from],
                lambda: fingerprint_of(settings, rows.fingerprint, precision),
            ),
            "head_parameters": shapes.head,
            "total_parameters": shapes.total,
            "train_rows": rows.train,
            "eval_rows": rows.eval,
            "notes": list(rows.notes),
            "label_names": list(rows.label_names),
            "total_steps": horizon.steps,
            "events": [*_start(method, cell_of("", params, settings)), *of_method["events"]],
            "shape": self._once("shape", [*on_model, tokens], lambda: shape_of(shapes.model, method, params, tokens)),
        }

    def _once(self, what: str, key: list[Any], look: Callable[[], T]) -> T:
        """Result of `look`, or the PlainError that it raised, computed once per key."""
        name = f"{what} {json.dumps(key, sort_keys=True, default=vars)}"
        if name not in self._found:
            try:
                self._found[name] = look()
            except PlainError as error:
                self._found[name] = error
        found = self._found[name]
        if isinstance(found, PlainError):
            raise found.with_traceback(None)
        return found

    @staticmethod
    def _params(method: Plan, settings: Settings) -> Any:
        params = parse_params(method, settings.method_parameters)
        method.require()
        return params

    def _rows(self, settings: Settings) -> Rows:
        def look() -> Rows:
            whole = task_data(settings)
            data, _ = held_out(settings, whole, choosing_score(settings, whole))
            class_weights(settings.train.class_weights, data.kind, data.label_names, data.train)  # refuses
            return Rows(
                whole.fingerprint,
                len(data.train),
                len(data.eval),
                data.label_names,
                Declared(data.num_labels, data.kind),
                tuple(data.warnings),
                tuple(data.notes),
            )

        train = settings.train
        key = [settings.task, settings.data, train.holdout, train.class_weights, train.score]
        return self._once("rows", key, look)

    def _row_tokens(self, settings: Settings) -> tuple[float, float, int]:
        """Estimated tokens: mean of training rows, mean of evaluation rows, and of the longest training row.

        The training rows include held-out ones, since their words are alike.
        """

        def look() -> tuple[float, float, int]:
            whole, most = task_data(settings), settings.train.max_length
            return mean_tokens(whole.train, most), mean_tokens(whole.eval, most), longest_tokens(whole.train, most)

        return self._once("tokens", [settings.task, settings.data, settings.train.max_length], look)

    def _fit(self, settings: Settings, model: LoadedModel, rows: Rows) -> list[str]:
        """Warnings about the model's files. Raises SettingsError when they cannot be loaded, or do not fit the rows."""
        of_model = [settings.model, vars(rows.head)]

        def look_at_rows() -> list[str]:
            tokenizer = self._once("tokenizer", [settings.model], lambda: load_tokenizer(settings.model))
            whole = task_data(settings)
            found = check_rows(settings.model, tokenizer, [whole.train, whole.eval])
            if whole.kind != "language_model":
                return found
            return [*found, *sampled_label_notes({"train": whole.train, "eval": whole.eval}, tokenizer, settings)]

        head = self._once("weights", of_model, lambda: check_weights(settings.model, model.module, model.head))
        note = head_note(head, base_config(settings.model), rows.head.num_labels, rows.label_names)
        of_rows = [settings.model, settings.task, settings.data, settings.train.max_length]
        warnings = self._once("fit", of_rows, look_at_rows)
        return [*warnings, *([note] if note else [])]

    def shapes(self, settings: Settings, head: Declared) -> Shapes:
        def look() -> Shapes:
            model = empty_model(settings.model, head.num_labels, head.kind)
            of_head = sum(p.numel() for p in model.head_parameters().values())
            return Shapes(model, of_head, sum(p.numel() for p in model.module.parameters()))

        return self._once("shapes", [settings.model, head], look)


def _method_facts(method: Plan, params: Any, model: LoadedModel, horizon: Horizon) -> dict[str, Any]:
    """Raises SettingsError when the run is too short for its method's events, unless the user allows that."""
    short = method.unreached(model, params, horizon)
    if short and not horizon.may_fall_short:
        raise SettingsError(f"{'; '.join(short)}. train.allow_unreached_events: true trains it all the same")
    return {
        "warnings": [*short, *method.warnings(model, params, horizon)],
        "trainable_parameters": count(method, model, params),
        "events": [_plain(event) for event in method.events(model, params, horizon)],
    }


def _start(method: Plan, cell: Cell) -> list[dict[str, Any]]:
    """The event that parts lanes with different numbers before the first step."""
    return [_plain(PlannedEvent(0.0, json.dumps(start_of(cell)), True))] if method.lanes else []


def _plain(event: PlannedEvent) -> dict[str, Any]:
    key = hashlib.sha256(event.what.encode()).hexdigest()[:16]
    return {"epoch": event.epoch, "key": key, "probable": event.probable}


def _declared(settings: Settings) -> Declared:
    known = task_of(settings.task.name).declared(settings.task)
    if known is None:
        data = task_data(settings)
        known = Declared(data.num_labels, data.kind)
    return known


def count_parameters(settings: Settings) -> dict[str, Any]:
    """Fields of the `counted` event without request and index, from shapes alone, without weights.

    The number of classes is the one that the task declares; only the user's own rows are read for it. The paper's
    models need no hub.
    """
    method, head = method_of(settings.method["name"]), _declared(settings)
    params = parse_params(method, settings.method_parameters)
    config, shapes = config_for_counting(settings.model, head.num_labels, head.kind)
    model = empty_model(settings.model, head.num_labels, head.kind, config)
    return {
        "shapes": shapes,
        "parts": [vars(part) for part in method.parts(model, params)],
        "changes": [vars(part) for part in method.changes(model, params)],
        "head_parameters": sum(p.numel() for p in model.head_parameters().values()),
        "total_parameters": sum(p.numel() for p in model.module.parameters()),
    }
