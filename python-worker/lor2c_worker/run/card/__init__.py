"""What an adapter's folder says of itself to others: its model card, the name of its base model, texts in its files."""

from __future__ import annotations

from .complete import complete
from .form import form_of
from .write import CARD_FILE

__all__ = ["CARD_FILE", "complete", "form_of"]
