"""The probability of dropout, in 16 bits."""

from __future__ import annotations


class Rate:
    """A probability p of dropping, rounded to 16 bits.

    An element is dropped if its 16-bit number is one of the `round(65536 p)` lowest, so with a probability of exactly
    `round(65536 p) / 65536`, which differs from p by at most 2^-17 = 7.6e-6: 6554 / 65536 = 0.100006 for p = 0.1.
    What is kept is multiplied by 1 / (1 - that probability).
    """

    def __init__(self, p: float) -> None:
        dropped = round(p * 65536)
        if dropped >= 65536:
            raise ValueError("dropout probability must be below 1")
        self.least = dropped - 32768  # the lowest int16 that is kept
        self.scale = 65536 / (65536 - dropped)
