"""The end of a cell: check that its method acted and that the saved adapter gives its scores; send its outcome."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Container
from pathlib import Path

import torch

from .. import __version__, messages
from ..channel import finite, split_finite
from ..data.task import TaskData
from ..errors import PlainError
from ..evaluation.choose import CellResult
from ..evaluation.proof import difference, is_finite
from ..evaluation.scoring import majority_score
from ..learner import Learner
from ..methods import Cell, Verify
from ..models import base_model, commit_of
from .adapter_folder import RunInfo, measure_folder, write_folder
from .card import complete
from .checkpoint import BEST_FOLDER
from .early_stopping import notes_of
from .loop_state import LoopState
from .outcome import Diverged, send_outcome
from .predictions import PredictionsInfo, write_predictions
from .prepare import Prepared, load_for
from .report import send_usage
from .running import TreeRun
from .tree import TreeCell

#: Largest difference of a logit after reloading, by precision, as a share of the largest logit (at least of 1).
TOLERANCE = {"fp32": 1e-5, "mixed": 5e-2}


class ReloadMismatch(RuntimeError):
    """The adapter on disk does not give the scores of the model in memory."""


class MethodDidNotAct(PlainError, RuntimeError):
    """The method did not do what its settings say, so the scores would be those of another method."""


def finish_cell(
    run: TreeRun, cell: TreeCell, result: CellResult, loop: LoopState, overhead: float, closed: set[str]
) -> None:
    """Check one cell and send its outcome. An error makes this cell fail and leaves its neighbours alone.

    `overhead`: seconds of the tree outside of steps, divided by its cells.
    """
    began = time.perf_counter()

    def seconds() -> float:
        return result.train_seconds + overhead + time.perf_counter() - began

    try:
        _check_numbers(run, result, loop.step)
        _check_acted(cell.method, run.learner, cell.cell)
        if cell.method.trains:
            _keep_adapter(run, cell, result)
    except Exception as error:
        send_usage(run, [cell.id], seconds() + run.earlier)
        send_outcome(run.events.send, [cell.id], error)
        closed.add(cell.id)
        return
    _send_finished(run, cell, result, loop.step, seconds())
    closed.add(cell.id)


def _keep_adapter(run: TreeRun, cell: TreeCell, result: CellResult) -> None:
    """Write the cell's adapter, and what it says of the evaluation rows. Raises ReloadMismatch."""
    adapter = _write_adapter(run, cell)
    logits = _check_reload(run, cell, adapter, result)
    _send_artifact(run, cell, adapter)
    if logits is not None:
        _keep_predictions(run, cell, result, logits)


def keep_best(run: TreeRun, cells: list[str]) -> None:
    """Save the best adapters so far of cells that have diverged, where an evaluation gave them a finite score.

    They are not loaded again, since the cell fails in any case. An error here is told and costs no neighbour anything.
    """
    for cell in run.cells:
        best = run.best.get(cell.id)
        if cell.id not in cells or best is None or not math.isfinite(best.values[run.prepared.score]):
            continue
        try:
            adapter = _write_adapter(run, cell)
            _send_artifact(run, cell, adapter)
        except Exception as error:
            run.events.log("warn", f"the adapter of epoch {best.epoch} is not saved: {error}", [cell.id])


def _send_artifact(run: TreeRun, cell: TreeCell, adapter: Path) -> None:
    size, digest = measure_folder(adapter)
    run.events.send(messages.Artifact, cells=[cell.id], kind="adapter", path=str(adapter), bytes=size, sha256=digest)


def majority_of(prepared: Prepared, score: str | None = None) -> float | None:
    """`majority_score` of the evaluation rows; `score`: instead of the one that chooses."""
    rows = prepared.eval
    return majority_score(rows.labels, prepared.objective, score or prepared.score, rows.parts)


def _constants_of(prepared: Prepared, values: Container[str]) -> dict[str, float]:
    """`majority_of` each of the task's scores that is in `values`, where it says something."""
    found = {name: majority_of(prepared, name) for name in prepared.data.scores if name in values}
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


def _check_numbers(run: TreeRun, result: CellResult, step: int) -> None:
    """Raises Diverged when no evaluation gave numbers: the last step before the only one may have ended them."""
    proof, limit = result.best_proof, run.prepared.settings.train.stop_after_nonfinite
    if limit is not None and proof is not None and not is_finite(proof):
        advice = "Use a lower train.learning_rate" if step else "The model itself gives none"
        raise Diverged(f"no evaluation up to step {step} gave finite predictions. {advice}")


def _check_acted(method: Verify, learner: Learner, cell: Cell) -> None:
    """Raises MethodDidNotAct when the training was not what the settings say."""
    reasons = method.check(learner, cell)
    if reasons:
        raise MethodDidNotAct("; ".join(reasons))


def _write_adapter(run: TreeRun, cell: TreeCell) -> Path:
    """Copy the best adapter of the cell's lane into the cell's folder, with the cell's settings beside it."""
    best, target = run.best[cell.id], cell.folder / "adapter"
    info = RunInfo(
        settings=cell.raw_settings,
        label_names=run.prepared.data.label_names,
        kind=run.prepared.data.kind,
        epoch=best.epoch,
        scores=split_finite(best.values)[0],
        worker_version=__version__,
        pairs=run.prepared.data.train.pair is not None,
        constant_scores=_constants_of(run.prepared, best.values),
        precision=run.prepared.precision,
    )
    source = run.folder / BEST_FOLDER / best.folder
    model = cell.settings.model
    base = base_model(model, commit_of(model.name, model.revision))

    def save(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        complete(folder, info, base)

    write_folder(target, info, save)
    return target


def _keep_predictions(run: TreeRun, cell: TreeCell, result: CellResult, logits: torch.Tensor) -> None:
    """Store what the loaded adapter said of the evaluation rows; nothing if its score is no number. A file that can't
    be written is told and does not fail the run, whose adapter is there."""
    prepared = run.prepared
    if not math.isfinite(result.best_score):
        run.events.log("info", "its predictions are not stored: they have no finite score", [cell.id])
        return
    info = PredictionsInfo(
        kind=prepared.data.kind,
        label_names=prepared.data.label_names,
        score=prepared.score,
        epoch=result.best_epoch,
        data=f"sha256:{prepared.rows}",
    )
    try:
        path, size, digest = write_predictions(cell.folder, prepared.eval, logits, info)
    except OSError as error:
        run.events.log("warn", f"its predictions are not stored: {error}", [cell.id])
        return
    run.events.send(messages.Artifact, cells=[cell.id], kind="predictions", path=str(path), bytes=size, sha256=digest)


def _check_reload(run: TreeRun, cell: TreeCell, adapter: Path, result: CellResult) -> torch.Tensor | None:
    """Load the saved adapter onto the model and score it again. Returns its logits for the evaluation rows, [N, C];
    None of a language model, which predicts nothing about a row. Raises ReloadMismatch.

    The model is the one that was trained on, if the method left it as it was loaded, else a fresh one. On CPU the
    scores must be equal, since the computation is the same. So it is on CUDA, unless memory ran out in training: then
    products have other shapes, logits may differ by rounding, and a row at the decision boundary may change sides.
    """
    prepared = run.prepared
    untouched = cell.method.keeps_model and prepared.model.version() == prepared.version
    model = prepared.model
    if not untouched:
        model = load_for(prepared.settings, prepared.data, prepared.device)
    loaded = cell.method.load(model, cell.params, adapter)
    width = run.learner.width
    loaded.use_width(width, fill=prepared.device.type == "cuda" and width is not None)
    [again] = prepared.judge.eval.of(loaded)
    assert result.best_proof is not None
    largest, size = difference(result.best_proof, again.proof)
    old, new = result.best_score, again.values[prepared.score]
    same = old == new or (math.isnan(old) and math.isnan(new))
    tolerance = TOLERANCE[prepared.precision]
    if (prepared.device.type == "cpu" and not same) or not largest <= tolerance * max(1.0, size):
        raise ReloadMismatch(
            f"the saved adapter scores {prepared.score} {new:.6f} after reloading, {old:.6f} before saving "
            f"(largest difference of a logit {largest:.3g})"
        )
    return again.logits


def _name_of(alike: tuple[float, ...], data: TaskData) -> str | None:
    """The one prediction of a collapsed run in words: a label, several or none of them, or a number."""
    if not alike:
        return None
    if data.kind == "regress":
        return f"{alike[0]:.4g}"
    if data.kind == "classify":
        return data.label_names[int(alike[0])]
    return ", ".join(name for name, on in zip(data.label_names, alike, strict=True) if on) or "no label"


def _send_finished(run: TreeRun, cell: TreeCell, result: CellResult, step: int, seconds: float) -> None:
    prepared, patience = run.prepared, run.prepared.settings.train.early_stopping_patience
    lane = next(index for index, lane in enumerate(run.learner.lanes) if cell.id in lane.cells)
    send_usage(run, [cell.id], seconds + run.earlier)
    run.events.send(
        messages.Finished,
        cells=[cell.id],
        score_name=prepared.score,
        best_score=finite(result.best_score),
        best_epoch=result.best_epoch,
        last_score=finite(result.last_score),
        notes=[
            *notes_of(result, step, prepared.moments, prepared.score, patience),
            *cell.method.remarks(run.learner, cell.cell),
        ],
        chosen_on="eval" if prepared.holdout is None else "holdout",
        chosen_score=finite(result.chosen_score),
        eval_best_score=finite(result.eval_best_score),
        eval_best_epoch=result.eval_best_epoch,
        collapsed=result.collapsed,
        collapsed_to=_name_of(result.alike, prepared.data),
        collapsed_share=result.alike_share,
        majority_score=majority_of(prepared),
        train_seconds=result.train_seconds,
        total_seconds=seconds,
        train_tokens=result.tokens,
        batch_order=result.batch_order or None,
        trainable_parameters=run.learner.trainable_parameters(lane)[0],
        peak_memory=run.meter.sums().peak_memory,
    )
