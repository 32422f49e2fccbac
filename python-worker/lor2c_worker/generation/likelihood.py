"""How likely a model finds continuations of texts. A context that several continuations share is computed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from ..backbones.decoder import Cache, Decoder
from ..device import is_out_of_memory
from .batches import Room, batches, families
from .rules import NotNumbers
from .together import Beginning
from .tokens import token_batch


@dataclass(frozen=True)
class Continuation:
    """`place`: its index in the answer. Both parts have at least one token."""

    place: int
    context: tuple[int, ...]
    target: tuple[int, ...]


@dataclass(frozen=True)
class Likelihood:
    log: float
    """Sum over the target's tokens, natural logarithm."""
    greedy: bool
    """Whether each of its tokens is the most likely one."""


@dataclass(frozen=True)
class _Context:
    """A context and all its continuations."""

    ids: tuple[int, ...]
    continuations: tuple[Continuation, ...]

    @property
    def most(self) -> int:
        """Tokens in the cache at the end, all continuations of more than one token included."""
        longer = [len(one.target) for one in self.continuations if len(one.target) > 1]
        return len(self.ids) * max(1, len(longer)) + sum(longer)


def log_likelihoods(
    decoder: Decoder,
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    device: torch.device,
    room: Room,
    after_batch: Callable[[], None] = lambda: None,
) -> list[Likelihood]:
    """Of each (context, target), as token ids. Batches are halved when memory runs out. `after_batch` may raise to
    stop. Raises ValueError for a context or target without tokens, and NotNumbers for a model that gives NaN."""
    found: dict[int, Likelihood] = {}
    wanted = [Continuation(i, tuple(context), tuple(target)) for i, (context, target) in enumerate(pairs)]
    for one in wanted:
        if not one.context or not one.target:
            raise ValueError("a context and its continuation have at least one token each")
    by_context = groupby(sorted(wanted, key=lambda one: one.context), key=lambda one: one.context)
    contexts = [_Context(ids, tuple(members)) for ids, members in by_context]
    for family in families(contexts, decoder.shares_within):
        beginning = Beginning.of(decoder, family.rows[0].ids[: family.shared], device) if family.shared else None
        for rows in batches(family.rows, lambda: room):
            for one, likelihood in _fitting(decoder, rows, device, beginning):
                found[one.place] = likelihood
            after_batch()
    return [found[i] for i in range(len(wanted))]


def _fitting(
    decoder: Decoder, rows: list[_Context], device: torch.device, beginning: Beginning | None
) -> list[tuple[Continuation, Likelihood]]:
    try:
        return list(_together(decoder, rows, device, beginning))
    except Exception as error:
        if len(rows) == 1 or not is_out_of_memory(error):
            raise
    middle = (len(rows) + 1) // 2
    halves = rows[:middle], rows[middle:]
    return [pair for half in halves for pair in _fitting(decoder, half, device, beginning)]


def _together(
    decoder: Decoder, rows: list[_Context], device: torch.device, beginning: Beginning | None
) -> Iterator[tuple[Continuation, Likelihood]]:
    start = 0 if beginning is None else beginning.length
    cache: Cache = decoder.new_cache(len(rows)) if beginning is None else beginning.cache.copy([0] * len(rows))
    logits = decoder.next_logits(token_batch([row.ids[start:] for row in rows], device), cache)
    going = [(row, one) for row, context in enumerate(rows) for one in context.continuations]
    so_far = {one.place: Likelihood(0.0, True) for _, one in going}
    step = 0
    while True:
        targets = torch.tensor([one.target[step] for _, one in going], device=device)
        of_rows = logits[torch.tensor([row for row, _ in going], device=device)]
        logs = of_rows.double().log_softmax(dim=-1).gather(1, targets[:, None])[:, 0].tolist()
        best = (of_rows.argmax(dim=-1) == targets).tolist()
        for (_, one), log, greedy in zip(going, logs, best, strict=True):
            if math.isnan(log):
                raise NotNumbers
            before = so_far[one.place]
            so_far[one.place] = Likelihood(before.log + log, before.greedy and greedy)
        yield from ((one, so_far[one.place]) for _, one in going if len(one.target) == step + 1)
        left = [(row, one) for row, one in going if len(one.target) > step + 1]
        if not left:
            return
        # From the first step on each continuation has a row of its own.
        cache = cache.copy([row for row, _ in left])
        logits = decoder.next_logits(token_batch([[one.target[step]] for _, one in left], device), cache)
        going = [(row, one) for row, (_, one) in enumerate(left)]
        step += 1
