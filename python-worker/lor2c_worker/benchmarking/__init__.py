"""Scores models on benchmarks: plans, generates, judges, and keeps every row's output."""
