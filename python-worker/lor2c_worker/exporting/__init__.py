"""Folders for others: an adapter as a complete folder, a plain model with the adapter in its weights, and the hub."""

from __future__ import annotations
