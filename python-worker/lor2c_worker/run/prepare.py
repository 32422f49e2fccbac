"""Load what the settings of a run name: rows, model, tokenizer, method, precision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, NamedTuple

import torch

from ..architectures import architecture_of
from ..data import DataError, TaskData, load_task, task_of
from ..data.encode import Encoded, encode, train_batches
from ..data.encode_text import EncodedTexts
from ..data.holdout import hold_out, holdout_note
from ..data.remembered import Remembered
from ..data.task import Kind, Split
from ..device import autocast, current_device, resolve_precision
from ..doing import doing
from ..errors import PlainError
from ..evaluation.choose import Judge
from ..evaluation.evaluate import Evaluation, RowEvaluation
from ..evaluation.language import LanguageEvaluation
from ..evaluation.scorable import unscorable
from ..evaluation.scoring import SCORES, base_score, prepare_scores, rows_of
from ..methods import Horizon, Method, import_libraries, load_held, method_of, parse_params
from ..models import LoadedModel, chat_fingerprint, check_rows, model_fingerprint
from ..objective import Objective, objective_of, row_objective_of
from ..settings import Settings, SettingsError
from ..versions import NUMERICS
from .class_weights import class_weights, weigh, weights_note
from .moments import Moments
from .start_from import start_hash
from .text_labels import label_notes

#: The rows of training, of evaluation, and those held out, if any.
Splits = tuple[Split, Split, Split | None]


class Encodings(NamedTuple):
    """The same as tokens."""

    train: Encoded
    eval: Encoded
    holdout: Encoded | None


@dataclass(frozen=True)
class Prepared:
    """A model on its device and the encoded rows of its task."""

    #: Of one of the cells. Others may have another seed, other learning rates, weight decay and method parameters.
    settings: Settings
    data: TaskData
    #: Hash of all rows, also those that were held out.
    rows: str
    model: LoadedModel
    #: `LoadedModel.version` after loading.
    version: tuple[tuple[int, int], ...]
    train: Encoded
    eval: Encoded
    #: Rows that choose the epoch instead of `eval`; they are not in `train`.
    holdout: Encoded | None
    method: Method
    score: str
    precision: str
    device: torch.device
    #: Of each class in the training loss; None: rows count alike.
    class_weights: tuple[float, ...] | None = None

    @property
    def num_labels(self) -> int:
        return self.data.num_labels

    @property
    def objective(self) -> Objective:
        return objective_of(self.data.kind)

    @property
    def training_objective(self) -> Objective:
        """With the weights of the classes, which evaluation leaves out."""
        return weigh(self.objective, self.class_weights)

    @property
    def moments(self) -> Moments:
        return moments_of(self.settings, len(self.train))

    @property
    def judge(self) -> Judge:
        held = None if self.holdout is None else self._evaluation(self.holdout)
        return Judge(self._evaluation(self.eval), self.score, held)

    def order(self, seed: int, epoch: int) -> Sequence[Sequence[int]]:
        """Rows of each micro-batch of an epoch, counted from 1, in the lanes with this seed."""
        batches = train_batches(self.train, self.settings.train.batch_size, seed, epoch)
        self.train.expect(batches)
        return batches

    def autocast(self) -> AbstractContextManager[Any]:
        return autocast(self.device, self.precision)

    def _evaluation(self, rows: Encoded) -> Evaluation:
        train, names = self.settings.train, self.data.scores
        size, tokens = train.eval_batch_size, train.tokens_per_batch
        if self.data.kind == "language_model":
            return LanguageEvaluation(rows, size, self.device, names, self.score, self.autocast, tokens)
        objective = row_objective_of(self.data.kind)
        return RowEvaluation(rows, size, self.device, objective, names, self.score, self.autocast, tokens)


#: By what they are read from.
_ROWS: Remembered[TaskData] = Remembered(4)
#: By the content of the rows and all else that decides the tokens.
_TOKENS: Remembered[Encodings] = Remembered(2)


def task_data(settings: Settings) -> TaskData:
    """Rows of the task. The process remembers them, since cells share them."""
    key = json.dumps([vars(settings.task), vars(settings.data)], sort_keys=True)

    def read() -> TaskData:
        with doing("rows", settings.data.path or settings.task.name):
            return load_task(settings.task, settings.data)

    return _ROWS.get(key, read)


def encodings(settings: Settings, kind: Kind, rows: str, splits: Splits, tokenizer: Any) -> Encodings:
    """The splits, which are parts of the rows with the hash `rows`, as tokens. The process remembers them: for a large
    task a tokenizer takes most of a minute."""
    length, split_seed = settings.train.max_length, settings.data.split_seed
    key: tuple[Any, ...] = (rows, split_seed, settings.train.holdout, kind, length, model_fingerprint(settings.model))
    if kind == "language_model":
        key = (*key, settings.data.train_on, chat_fingerprint(settings.model))
    stored = json.dumps([*key, *(version(name) for name in ("tokenizers", "transformers"))])

    def tokens_of(split: Split, stored_as: str) -> Encoded:
        if kind == "language_model":
            return EncodedTexts(split, tokenizer, length, train_on=settings.data.train_on, key=stored_as)
        return encode(split, tokenizer, kind, length, stored_as)

    def make() -> Encodings:
        train, evaluation, held = splits
        with doing("tokens", settings.data.path or settings.task.name):
            return Encodings(
                tokens_of(train, f"train {stored}"),
                tokens_of(evaluation, f"eval {stored}"),
                None if held is None else tokens_of(held, f"holdout {stored}"),
            )

    return _TOKENS.get(key, make)


def choosing_score(settings: Settings, data: TaskData) -> str:
    """Name of the score that decides the best epoch: `train.score`, else the first one that is computed."""
    score = settings.train.score or data.scores[0]
    if score not in data.scores or base_score(score) not in SCORES:
        raise SettingsError(f"train.score {score!r}: task {settings.task.name} computes {', '.join(data.scores)}")
    return score


def held_out(settings: Settings, data: TaskData, score: str) -> tuple[TaskData, Split | None]:
    """(the rows without those that `train.holdout` takes out of training, these rows); a note says so.

    Raises DataError when the split that chooses the epoch cannot be scored by `score`; any other score that a split
    cannot give is a warning.
    """
    holdout, seed, held = settings.train.holdout, settings.data.split_seed, None
    if holdout is not None:
        kept, held = hold_out(data.train, holdout, seed, data.kind)
        notes = (*data.notes, holdout_note(kept, held, holdout, seed, data.kind))
        data = replace(data, train=kept, notes=notes)
    for where, split in (("evaluation", data.eval), ("held-out", held)):
        if split is not None and not rows_of(score, split.part, len(split)).any():
            raise DataError(f"train.score {score}: none of the {len(split):,} {where} rows belongs to it")
    warnings = _unscorable(data, score, {"evaluation": data.eval} | ({} if held is None else {"held-out": held}))
    if warnings:
        data = replace(data, warnings=(*data.warnings, *warnings), notes=(*data.notes, *warnings))
    return data, held


def _unscorable(data: TaskData, score: str, splits: Mapping[str, Split]) -> list[str]:
    """Warnings about scores that a split cannot give. The last split chooses the epoch; DataError says if it cannot."""
    warnings = []
    for where, split in splits.items():
        chooses = where == list(splits)[-1]
        for name in data.scores:
            reason = unscorable(name, split, data.label_names)
            if reason is not None and name == score and chooses:
                raise DataError(
                    f"the {where} rows cannot be scored by {name}, which chooses the best epoch: {reason}. Give rows "
                    "with different labels, or choose another score with train.score"
                )
            if reason is not None:
                warnings.append(f"the {where} rows cannot be scored by {name}: {reason}")
    return warnings


def moments_of(settings: Settings, train_rows: int) -> Moments:
    moments = Moments.of(train_rows, settings.train)
    return moments if method_of(settings.method["name"]).trains else replace(moments, total=0)


def horizon_of(settings: Settings, train_rows: int) -> Horizon:
    train, moments = settings.train, moments_of(settings, train_rows)
    epochs = train.num_train_epochs if moments.total else 0
    return Horizon(epochs, moments.total, moments.per_epoch, train.allow_unreached_events)


def load_for(settings: Settings, data: TaskData, device: torch.device) -> LoadedModel:
    return load_held(settings, method_of(settings.method["name"]), data.num_labels, data.kind, device)


def prepare(settings: Settings) -> Prepared:
    """Load rows, model and tokenizer. Raises SettingsError or DataError with what to do."""
    device = current_device()
    method = method_of(settings.method["name"])
    params = parse_params(method, settings.method_parameters)
    method.require()
    if settings.train.gradient_checkpointing:
        method.check_checkpointing(params)
    import_libraries(method)
    precision = resolve_precision(settings.train.precision, device)
    whole = task_data(settings)
    score = choosing_score(settings, whole)
    prepare_scores(whole.scores)
    data, held = held_out(settings, whole, score)
    weights = class_weights(settings.train.class_weights, data.kind, data.label_names, data.train)
    if weights is not None:
        note = weights_note(settings.train.class_weights, weights, data.label_names)
        data = replace(data, notes=(*data.notes, note))
    model = load_for(settings, data, device)
    check_length(settings, model, method.positions(params))
    check_rows(settings.model, model.tokenizer, [data.train, data.eval])
    tokens = encodings(settings, data.kind, whole.fingerprint, (data.train, data.eval, held), model.tokenizer)
    unlabelled = label_notes({"train": tokens.train, "eval": tokens.eval, "holdout": tokens.holdout}, settings)
    data = replace(data, notes=(*data.notes, *unlabelled))
    return Prepared(
        settings=settings,
        data=data,
        rows=whole.fingerprint,
        model=model,
        version=model.version(),
        train=tokens.train,
        eval=tokens.eval,
        holdout=tokens.holdout,
        method=method,
        score=score,
        precision=precision,
        device=device,
        class_weights=weights,
    )


def check_length(settings: Settings, model: LoadedModel, others: int) -> None:
    """Raises SettingsError when max_length, with the `others` positions of the method, exceeds the model's positions.

    RoBERTa and MPNet reserve their first padding_idx + 1 positions.
    """
    config = model.config
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None:
        return
    known = architecture_of(config.model_type)
    if known is not None and known.reserves_positions:
        limit -= (config.pad_token_id or 0) + 1
    if settings.train.max_length + others > limit:
        besides = f" besides the {others} positions of the method" if others else ""
        raise SettingsError(
            f"train.max_length {settings.train.max_length}: {settings.model.name} takes at most "
            f"{max(0, limit - others)}{besides}"
        )


class ChangedSincePlanned(PlainError, RuntimeError):
    """Rows, weights, precision or numerics are not those of the plan, whose id must not get other numbers."""


def check_planned(prepared: Prepared, planned: Mapping[str, str]) -> None:
    """Raises ChangedSincePlanned when rows, weights, precision or numerics differ from those of the plan."""
    found = fingerprint_of(prepared.settings, prepared.rows, prepared.precision)
    changed = [f"{name} was {was}, is {found.get(name)}" for name, was in planned.items() if found.get(name) != was]
    if changed:
        raise ChangedSincePlanned(
            f"what the run was planned with has changed: {'; '.join(changed)}. The same command plans it anew"
        )


def fingerprint_of(settings: Settings, rows: str, precision: str) -> dict[str, str]:
    """What can change a number besides the settings, as a part of a run's id. `rows`: their hash."""
    start, chat = settings.train.start_from, None
    if task_of(settings.task.name).kind == "language_model" and settings.data.template in (None, "chat"):
        chat = chat_fingerprint(settings.model)
    return {
        **({} if chat is None else {"chat_template": chat}),
        **({} if start is None else {"start_from": start_hash(start)}),
        "model": model_fingerprint(settings.model),
        "data": f"sha256:{rows}",
        "precision": precision,
        "numerics": str(NUMERICS),
    }


def hash_tensors(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 over names, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().to("cpu", torch.float32).contiguous()
        digest.update(f"{name}{tuple(value.shape)}".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
