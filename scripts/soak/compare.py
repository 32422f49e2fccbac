"""Whether a disturbed job ended as an undisturbed one: every number, every decision, every tensor, and nothing left."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from place import Place
from processes import left_after

#: The current attempts' results, in an order that does not depend on what happened.
RESULTS = {
    "scores": """
        SELECT v.run, a.outcome, a.score_name, a.best_score, a.best_epoch, a.last_score, a.majority_score, a.chosen_on,
               a.chosen_score, a.eval_best_score, a.eval_best_epoch, a.collapsed, a.trainable_parameters,
               a.head_parameters, a.total_parameters, a.final_trainable_parameters,
               a.train_rows, a.eval_rows, a.total_steps, a.num_epochs, a.initial_weights
        FROM v_runs v JOIN attempts a ON a.id = v.attempt_id""",
    "metrics": """
        SELECT v.run, m.split, m.name, m.step, m.epoch, m.value, m.diverged
        FROM v_runs v JOIN metrics m ON m.attempt = v.attempt_id""",
    "changes": """
        SELECT v.run, c.kind, c.step, c.epoch, c.span_start, c.span_end, c.source, c.score, c.margin,
               c.scores_from_epoch, c.trainable_parameters, c.detail
        FROM v_runs v JOIN changes c ON c.attempt = v.attempt_id""",
    "module scores": """
        SELECT v.run, s.score_name, s.step, s.epoch, s.span_start, s.span_end, s.kind, s.score, s.trainable_parameters
        FROM v_runs v JOIN module_scores s ON s.attempt = v.attempt_id""",
    "ranks": """
        SELECT v.run, r.module, r.step, r.epoch, r.rank FROM v_runs v JOIN ranks r ON r.attempt = v.attempt_id""",
    "artifacts": """
        SELECT v.run, a.kind, a.bytes, a.sha256 FROM v_runs v JOIN artifacts a ON a.attempt = v.attempt_id""",
    "cells": "SELECT c.position, c.run, c.label FROM experiment_cells c",
}

#: What only some methods have, and the specs (place.SPECS) whose jobs must have it.
SOME = {"changes": {"mixed", "grid"}, "module scores": {"mixed", "grid"}, "ranks": {"adalora"}}

#: Rows that must not be, whatever was killed.
WRONG = {
    "an event that is stored twice": """
        SELECT attempt, kind, step, span_start, span_end, count(*) FROM changes
        GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1""",
    "a run that finished twice": """
        SELECT run, count(*) FROM attempts WHERE outcome = 'finished' GROUP BY run HAVING count(*) > 1""",
    "an attempt without an end": "SELECT run, number FROM attempts WHERE outcome IS NULL",
    "an attempt that failed": """
        SELECT run, number, error_type, message FROM attempts WHERE outcome IN ('failed', 'out_of_memory')""",
    "attempts that are not counted from 1": """
        SELECT run, max(number), count(*) FROM attempts GROUP BY run HAVING max(number) <> count(*)""",
    "metrics without an attempt": "SELECT * FROM metrics WHERE attempt NOT IN (SELECT id FROM attempts) LIMIT 1",
    "metrics beyond the training": """
        SELECT m.* FROM metrics m JOIN attempts a ON a.id = m.attempt WHERE m.step > a.total_steps LIMIT 1""",
}


def ask(database: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database.as_uri() + "?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def results(database: Path) -> dict[str, list[str]]:
    """Floats as Python writes them: equal texts are equal bits."""
    return {name: sorted(repr(row) for row in ask(database, sql)) for name, sql in RESULTS.items()}


def tensors(database: Path) -> dict[str, str]:
    """SHA-256 of each file of weights of the current attempts."""
    found = {}
    for run, folder in ask(database, "SELECT run, folder FROM v_runs"):
        for file in sorted((database.parent / str(folder) / "adapter").glob("*.safetensors")):
            found[f"{run} {file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def differences(expected: Path, found: Path, spec: str = "mixed") -> list[str]:
    faults = []
    ours, theirs = results(expected), results(found)
    for name, rows in ours.items():
        if not rows and spec in SOME.get(name, {spec}):
            faults.append(f"{name}: the undisturbed job has none, so that nothing was compared")
        if odd := set(rows) ^ set(theirs[name]):
            faults.append(f"{name}: {len(odd)} rows differ, e.g. {sorted(odd)[0]}")
        elif len(rows) != len(theirs[name]):
            faults.append(f"{name}: {len(theirs[name])} rows, not {len(rows)}")
    if (weights := tensors(expected)) != tensors(found) or not weights:
        faults.append(f"tensors differ, or there are none ({len(weights)} files)")
    return faults


def remains(place: Place) -> list[str]:
    """What is wrong or left over, once the last command of a trial has ended."""
    faults = left_after(place.mark)
    database, runs = place.database, place.database.parent / "runs"
    faults += [f"integrity_check: {row}" for row in ask(database, "PRAGMA integrity_check") if row != ("ok",)]
    faults += [f"a row without the one it refers to: {row}" for row in ask(database, "PRAGMA foreign_key_check")]
    for name, sql in WRONG.items():
        faults += [f"{name}: {row}" for row in ask(database, sql)]
    known = {str(folder) for (folder,) in ask(database, "SELECT folder FROM attempts")}
    for folder in runs.glob("[0-9a-f]*/*"):
        if str(folder.relative_to(database.parent)) not in known:
            faults.append(f"a folder that no attempt has: {folder.name}")
    # A runner that is killed while it looks at models and rows leaves the log of that worker.
    for file in place.temporary.glob("lor2c-worker-*/worker.log"):
        file.unlink()
    for folder in (runs / ".waiting", runs / ".checkpoints", place.temporary):
        faults += [
            f"a file is left: {file.relative_to(place.folder)}" for file in folder.glob("**/*") if file.is_file()
        ]
    expected = {"runs", *(database.name + ending for ending in ("", "-wal", "-shm"))}
    return faults + [
        f"beside the database: {file.name}" for file in database.parent.iterdir() if file.name not in expected
    ]
