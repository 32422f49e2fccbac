"""Texts from a model: batches of prompts continued together, and log-likelihoods. No command, no file."""
