"""Rows of a data set as tensors, as the training loop gives them to a learner."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .targets import Targets


@dataclass(frozen=True)
class Batch:
    """Rows of one micro-batch, right-padded to the longest of them."""

    rows: torch.Tensor  # [B] int64, indices in the data set
    input_ids: torch.Tensor  # [B, T] int64
    attention_mask: torch.Tensor  # [B, T] int64, 1 on real tokens
    token_type_ids: torch.Tensor | None  # [B, T] int64
    labels: torch.Tensor  # [B] int64 or float; [B, C] float for lists of labels; [P] int64, `targets.ids`, of text
    tokens: int  # real tokens
    #: Real tokens of each row, if known on the host; the padding is then on the right.
    lengths: list[int] | None = None
    #: The tokens that a language model must predict; None for other tasks.
    targets: Targets | None = None

    def row_lengths(self) -> list[int]:
        """Real tokens of each row, [B]. Waits for the GPU if they must be counted there."""
        return self.attention_mask.sum(dim=1).tolist() if self.lengths is None else self.lengths

    def cut(self, width: int) -> Batch:
        """The first `width` tokens of each row, or all where there are fewer. Padding must be on the right.

        For a language model all of these count, since the tokens that did may be cut off.
        """
        types, ids, mask = self.token_type_ids, self.input_ids[:, :width], self.attention_mask[:, :width]
        targets = None if self.targets is None else Targets.every(ids, mask)
        lengths = [min(length, width) for length in self.row_lengths()]
        return Batch(
            rows=self.rows,
            input_ids=ids,
            attention_mask=mask,
            token_type_ids=None if types is None else types[:, :width],
            labels=self.labels if targets is None else targets.ids,
            tokens=sum(lengths),
            lengths=lengths,
            targets=targets,
        )
