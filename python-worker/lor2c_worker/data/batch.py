"""Rows of a data set as tensors, as the training loop gives them to a learner."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Batch:
    """Rows of one micro-batch, right-padded to the longest of them."""

    rows: torch.Tensor  # [B] int64, indices in the data set
    input_ids: torch.Tensor  # [B, T] int64
    attention_mask: torch.Tensor  # [B, T] int64, 1 on real tokens
    token_type_ids: torch.Tensor | None  # [B, T] int64
    labels: torch.Tensor  # [B] int64 or float; [B, C] float for lists of labels; [B, T] int64 for language models
    tokens: int  # real tokens
    #: Real tokens of each row, if known on the host; the padding is then on the right.
    lengths: list[int] | None = None

    def row_lengths(self) -> list[int]:
        """Real tokens of each row, [B]. Waits for the GPU if they must be counted there."""
        return self.attention_mask.sum(dim=1).tolist() if self.lengths is None else self.lengths

    def cut(self, width: int) -> Batch:
        """The first `width` tokens of each row, or all where there are fewer. Padding must be on the right."""
        types, labels = self.token_type_ids, self.labels
        lengths = [min(length, width) for length in self.row_lengths()]
        return Batch(
            rows=self.rows,
            input_ids=self.input_ids[:, :width],
            attention_mask=self.attention_mask[:, :width],
            token_type_ids=None if types is None else types[:, :width],
            labels=labels[:, :width] if labels.ndim == 2 and not labels.is_floating_point() else labels,
            tokens=sum(lengths),
            lengths=lengths,
        )
