"""A run that diverges keeps the adapter of its best epoch so far, if there is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from worker import Worker, adapter_of, only, run, settings

from lor2c_worker import messages

#: One step an epoch, the first with a rate of 0: the second one ends the numbers, and the third has no loss.
DIVERGES = {"batch_size": 64, "num_train_epochs": 4, "learning_rate": 1e30}


@pytest.mark.parametrize("method", [{"name": "lora", "rank": 2}, {"name": "imlor2c", "merges": 1, "injections": 0}])
def test_the_best_adapter_so_far_is_kept_and_predicts(
    worker: Worker, place: Path, tmp_path: Path, method: dict[str, object]
) -> None:
    events = run(worker, tmp_path, settings(place, method=method, **DIVERGES))
    (failed,) = only(events, messages.Failed)
    assert failed.error_type == "Diverged"
    assert "from step 3 on" in failed.message
    artifact = adapter_of(events)
    assert events.index(artifact) < events.index(failed)
    assert Path(artifact.path) == tmp_path / "c" / "adapter"
    text = {"text": "a lovely film", "text_pair": None}
    worker.send(type="predict", request="p", folder=artifact.path, texts=[text])
    (answer,) = only(worker.until_done(), messages.Predictions)
    assert all(0 <= share <= 1 for share in answer.items[0].scores.values())


def test_without_a_finite_score_there_is_none(worker: Worker, place: Path, tmp_path: Path) -> None:
    events = run(worker, tmp_path, settings(place, **DIVERGES | {"batch_size": 16}))
    assert [failed.error_type for failed in only(events, messages.Failed)] == ["Diverged"]
    assert not only(events, messages.Artifact)
    assert not (tmp_path / "c" / "adapter").exists()
