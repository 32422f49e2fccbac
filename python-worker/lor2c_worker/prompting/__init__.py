"""Asks a model for text: a saved adapter on its model, or the model alone."""
