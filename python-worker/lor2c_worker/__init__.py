"""PyTorch worker of lor2c: owns models, data, methods, the training loop and evaluation."""

__version__ = "0.1.0"
