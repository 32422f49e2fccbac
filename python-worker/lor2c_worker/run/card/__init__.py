"""What an adapter's folder says of itself to others: its model card, the name of its base model, texts in its files."""

from __future__ import annotations

from .complete import complete

__all__ = ["complete"]
