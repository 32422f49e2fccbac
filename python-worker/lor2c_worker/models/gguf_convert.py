"""Write a GGUF causal language model as safetensors, config and tokenizer: `python gguf_convert.py FILE FOLDER`.

transformers reads all three out of the file. Weights become fp32, which holds what GGUF's blocks stand for exactly.
A program of its own: it imports nothing of lor2c.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging


def convert(file: Path, folder: Path) -> None:
    """`folder` may be that of `file`."""
    read = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    # A model that was read from GGUF counts as quantised, which save_pretrained refuses; its weights are not.
    del read.config.quantization_config
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(read.config)
    model.load_state_dict(read.state_dict(), assign=True)
    model.tie_weights()
    model.generation_config = read.generation_config
    model.save_pretrained(folder)
    # AutoTokenizer would read the whole file once more to find out this class.
    PreTrainedTokenizerFast.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(folder)


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
