"""What must hold on any device. LOR2C_TEST_DEVICE says which; on a CPU the comparisons with it are trivial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from learners import lor2c, optimizer_of, step_of, three_events, vary
from shapes import config_of, random_model, random_rows
from test_backbones import batch_of, build, plain_hidden

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.backbone import NO_ADAPTERS
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.data.batch import Batch
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.keyed.layout import PaddedLayout
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.launches import as_on_a_gpu

CPU = torch.device("cpu")
SHAPES = ["tiny", "tiny-llama"]
LANES = 3


@pytest.fixture(autouse=True)
def _whole_fp32() -> Any:
    """TF32 would hide what these tests compare."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    yield
    torch.set_float32_matmul_precision(before)


def learner_of(shape: str, device: torch.device, lanes: int = LANES) -> BankLearner:
    config = config_of(shape)
    assert config is not None
    learner = lor2c(random_model(config, device), lanes, events=True)
    vary(learner)
    return learner


def rows_of(shape: str, count: int = 12) -> Any:
    config = config_of(shape)
    assert config is not None
    return random_rows(config, count, 24)


def trained(
    shape: str,
    device: torch.device,
    lanes: int = LANES,
    use: Callable[[BankLearner], None] = lambda learner: None,
    precision: str = "fp32",
) -> list[dict[str, torch.Tensor]]:
    """Each lane's weights, on the CPU, after two steps, three events and another step. `use` sets the learner up."""
    learner, rows = learner_of(shape, device, lanes), rows_of(shape)
    use(learner)
    optimizer = optimizer_of(learner)
    step = step_of(learner, device, precision, optimizer)
    for number in range(3):
        if number == 2:
            three_events(learner, optimizer)
        step(rows.batch(range(4 * number, 4 * number + 4), device), number)
    return [{name: value.detach().cpu() for name, value in learner.tensors(lane).items()} for lane in range(lanes)]


def assert_near(one: list[dict[str, torch.Tensor]], two: list[dict[str, torch.Tensor]], limit: float) -> None:
    for a, b in zip(one, two, strict=True):
        assert list(a) == list(b)
        for name in a:
            torch.testing.assert_close(a[name], b[name], rtol=0, atol=limit, msg=lambda text, name=name: name + text)


def on(device: torch.device, batch: Batch) -> Batch:
    values = vars(batch).items()
    return Batch(**{k: v.to(device) if isinstance(v, torch.Tensor) and k != "rows" else v for k, v in values})


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet"])
def test_the_unpadded_encoder_is_the_module(kind: str, device: torch.device) -> None:
    module, batch = build(kind).to(device), on(device, batch_of(kind, [3, 17, 1, 9], 24))
    encoder = UnpaddedEncoder(module)
    layout = encoder.layout(batch)
    with torch.inference_mode():
        got = encoder.forward(batch, layout, 1, NO_ADAPTERS, None)[0]
        want = plain_hidden(module, batch)[batch.attention_mask.bool()]
    order = layout.source[: batch.tokens].argsort()
    torch.testing.assert_close(got[order], want, rtol=0, atol=2e-5)


def masks_on(place: torch.device) -> list[torch.Tensor]:
    """Masks of real tokens, since those of padding may have any value; of rows; and of pairs of tokens."""
    batch = on(place, batch_of("bert", [3, 17, 1, 9]))
    masks = StepMasks(5, 2, batch, PaddedLayout.of(batch))
    real = batch.attention_mask.bool().flatten()
    drawn = [masks.tokens("a", 8, 0.3)[real], masks.rows("b", 8, 0.1), masks.pairs("c", 2, 0.2)]
    return [mask.cpu() for mask in drawn]


def test_masks_are_those_of_the_cpu(device: torch.device) -> None:
    for cpu, there in zip(masks_on(CPU), masks_on(device), strict=True):
        assert torch.equal(cpu, there)


def test_masks_in_the_form_of_a_gpu_are_those_of_the_cpu() -> None:
    plain = masks_on(CPU)
    with as_on_a_gpu():
        for cpu, there in zip(plain, masks_on(CPU), strict=True):
            assert torch.equal(cpu, there)


@pytest.mark.parametrize("shape", SHAPES)
def test_training_is_that_of_the_cpu(shape: str, device: torch.device) -> None:
    """Structure included: the same decisions, or the names would differ."""
    assert_near(trained(shape, CPU), trained(shape, device), 2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_training_repeats_to_the_bit(shape: str, device: torch.device) -> None:
    assert_near(trained(shape, device), trained(shape, device), 0)


def test_lanes_together_are_near_lanes_one_by_one(device: torch.device) -> None:
    one = trained("tiny", device, use=lambda learner: learner.use_width(1, fill=False))
    assert_near(one, trained("tiny", device, use=lambda learner: learner.use_width(None, fill=False)), 2e-5)


@pytest.mark.parametrize("width", [1, 2])
def test_at_one_width_neighbours_change_no_bit(width: int, device: torch.device) -> None:
    def use(learner: BankLearner) -> None:
        learner.use_width(width, fill=True)

    assert_near(trained("tiny", device, 1, use), trained("tiny", device, 3, use)[:1], 0)


def test_evaluation_is_that_of_the_cpu(device: torch.device) -> None:
    rows = rows_of("tiny")
    found = [logits_of(learner_of("tiny", place), rows, 5, place) for place in (CPU, device)]
    assert found[1].shape == (LANES, len(rows), 2)
    torch.testing.assert_close(*found, rtol=0, atol=2e-5)
