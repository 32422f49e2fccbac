"""The engine gives the published code's losses, scores, decisions and weights on every recorded trajectory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import pytest
import recorded
import torch
from recorded import BACKBONES, FOLDER, Replay, Scenario, glue_learner, glue_scenarios, module_name, replay

SCENARIOS = glue_scenarios()
absent = pytest.mark.skipif(
    recorded.GIVEN is None and not FOLDER.is_dir(),
    reason="the recorded trajectories are not beside this checkout (LOR2C_RECORDED names their folder)",
)
pytestmark = absent

FLOAT32 = {"loss": 1e-5, "tensor": 3e-5, "norm": 5e-4, "score": 3e-5}
FLOAT64 = {"loss": 1e-10, "tensor": 1e-10, "norm": 1e-10, "score": 1e-10}
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def test_there_are_scenarios() -> None:
    assert SCENARIOS, f"{FOLDER} has no scenario: nothing would be compared"
    print(f"{len(SCENARIOS)} scenarios: {', '.join(s.name for s in SCENARIOS)}")


def stacks() -> list[list[Scenario]]:
    """Scenarios that can train as lanes of one stack."""
    found: dict[tuple[object, ...], list[Scenario]] = defaultdict(list)
    for scenario in SCENARIOS:
        found[scenario.stack].append(scenario)
    return list(found.values())


def run(scenarios: Iterable[Scenario], backbone: str, dtype: torch.dtype) -> list[Replay]:
    scenarios = list(scenarios)
    return replay(glue_learner(scenarios, dtype, backbone), scenarios[0].epochs)


@cache
def alone(scenario: Scenario, backbone: str, dtype: str) -> Replay:
    return run([scenario], backbone, DTYPES[dtype])[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_alone(scenario: Scenario, backbone: str, dtype: str) -> None:
    compare(scenario, alone(scenario, backbone, dtype), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("scenarios", stacks(), ids=lambda s: "+".join(x.name for x in s))
def test_inside_a_stack(scenarios: list[Scenario], backbone: str, dtype: str) -> None:
    """Neighbours with other structures change nothing: equal bits to each scenario alone."""
    # A scenario without partners still gets a neighbour: itself.
    lanes = scenarios if len(scenarios) > 1 else scenarios * 2
    if len(lanes) != len(scenarios):
        lanes = [Neighbour(s.path, i) if i else s for i, s in enumerate(lanes)]
    for scenario, seen in zip(lanes, run(lanes, backbone, DTYPES[dtype]), strict=True):
        compare(scenario, seen, dtype)
        equal = alone(Scenario(scenario.path), backbone, dtype)
        assert seen.losses == equal.losses
        assert seen.norms == equal.norms
        assert all(torch.equal(a.logits, b.logits) for a, b in zip(seen.epochs, equal.epochs, strict=True))


class Neighbour(Scenario):
    """The same scenario as a further cell of a stack."""

    def __init__(self, path: recorded.Path, number: int) -> None:
        super().__init__(path)
        object.__setattr__(self, "number", number)

    @property
    def name(self) -> str:
        return f"{self.path.stem} #{self.number}"  # type: ignore[attr-defined]


def compare(scenario: Scenario, seen: Replay, dtype: str) -> None:
    limits = FLOAT32 if dtype == "float32" else FLOAT64
    want = scenario.json if dtype == "float32" else scenario.json["float64"]
    near(seen.losses, want["loss"], limits["loss"], "loss")
    near(seen.norms, want["grad_norm_before_clip"], limits["norm"], "gradient norm")
    near([r[0] for r in seen.rates], scenario.json["lr_body"], 1e-12, "body learning rate")
    near([r[1] for r in seen.rates], scenario.json["lr_head"], 1e-12, "head learning rate")
    near([e.eval_loss for e in seen.epochs], [v for _, v in want["eval_loss"]], limits["loss"], "evaluation loss")
    compare_events(want["events"], seen)
    for epoch, (entry, at) in enumerate(zip(want.get("epochs") or [], seen.epochs, strict=bool(want.get("epochs"))), 1):
        assert entry["epoch_end"] == epoch
        compare_scores(scenario, entry, at.scores, limits["score"], epoch)
    for entry, at in zip(scenario.json.get("epochs") or [], seen.epochs, strict=False):
        assert at.spans_before == entry["pre_live"]
        assert at.spans_after == entry["post_live"]
        assert sorted(at.frozen_after) == sorted(entry["live_not_in_optimizer"])
        compare_parameters(scenario, entry, at)
    if dtype == "float32":
        compare_epoch_arrays(scenario, seen, limits["tensor"])
    compare_final(scenario, seen, limits["tensor"], "final." if dtype == "float32" else "f64.final.")


def compare_events(events: list[dict[str, object]], seen: Replay) -> None:
    """Kind, modules, epoch, the epoch of the deciding scores, and whose weights were kept."""
    got = [(epoch, change) for epoch, at in enumerate(seen.epochs, 1) for change in at.changes]
    assert len(got) == len(events)
    for event, (epoch, change) in zip(events, got, strict=True):
        assert (change.kind, epoch) == (event["kind"], event["at_epoch_end"])
        assert change.scores_from_epoch == event["scores_logged_at_epoch_end"]
        if change.kind == "merge":
            assert [change.span_start, change.span_end] == event["span"]
            assert module_name(change.span_start, change.span_end) == event["new"]
            kept = str(event["weights_copied_from"]).split("+")[0]
            assert f"floor{change.source + 1}" == kept
        else:
            assert change.span_start == change.span_end == event["layer"]
            assert module_name(change.source, change.source) == event["removed"]


def compare_scores(
    scenario: Scenario, entry: dict[str, dict[str, float]], scores: dict[str, float], limit: float, epoch: int
) -> None:
    """Compare the table of the scenario's score, if the recording has it."""
    k = scenario.settings["sfs_k"]
    want = entry.get(f"pre_scores_top{k}_share" if k else "pre_scores_mean_singular_value")
    if want is None:
        return
    assert want.keys() <= scores.keys()
    for name, value in want.items():
        assert abs(scores[name] - value) <= limit, f"score of {name} at epoch {epoch}"


def compare_parameters(scenario: Scenario, entry: dict[str, int], at: recorded.EpochSeen) -> None:
    body, head = at.parameters
    want = entry["trainable_lor2c_params"]
    if scenario.schedule().rules.injected_trains or scenario.plain_lora:
        want += entry["trainable_lora_params"]  # in `official` runs they are frozen again at the next epoch
    assert (body, head) == (want, entry["trainable_head_params"])


def compare_epoch_arrays(scenario: Scenario, seen: Replay, limit: float) -> None:
    compared = 0
    for epoch, at in enumerate(seen.epochs, 1):
        prefix = f"epoch{epoch:02d}"
        for name, (a, b) in at.before.items():
            close(a, scenario.arrays[f"{prefix}.pre.{name}.A"], limit, f"{prefix} {name} A")
            close(b, scenario.arrays[f"{prefix}.pre.{name}.B"], limit, f"{prefix} {name} B")
            compared += 2
        key = f"{prefix}.post.eval_logits"
        if key in scenario.arrays:
            close(at.logits, scenario.arrays[key], limit, key)
            compared += 1
    assert compared == sum(name.startswith("epoch") for name in scenario.arrays)


def compare_final(scenario: Scenario, seen: Replay, limit: float, prefix: str) -> None:
    """Compare every stored end array; fail if one was not compared."""
    final = {name.removeprefix(prefix): v for name, v in scenario.arrays.items() if name.startswith(prefix)}
    assert final
    for name, want in final.items():
        if name == "eval_logits":
            got = seen.epochs[-1].logits
        elif name.startswith("classifier."):
            got = seen.head[name]
        elif name.startswith("lor2c."):
            _, module, part = name.split(".")
            got = seen.final[module][0 if part == "A" else 1]
        else:
            words = name.split(".")
            key = (int(words[words.index("layer") + 1]), words[-2], words[-1].removeprefix("lora_"))
            got = seen.injected[key]
        close(got, want, limit, name)


def near(got: list[float], want: list[float], limit: float, what: str) -> None:
    assert len(got) == len(want)
    worst = max(range(len(got)), key=lambda i: abs(got[i] - want[i]))
    assert abs(got[worst] - want[worst]) <= limit, f"{what} {worst}: {got[worst]} instead of {want[worst]}"


def close(got: torch.Tensor, want: torch.Tensor, limit: float, what: str) -> None:
    worst = (got.double() - want.double()).abs().max().item()
    assert worst <= limit, f"{what} differs by {worst}"
