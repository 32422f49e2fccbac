"""Variables of this process that can change a number, or say which files are read; they are stored with a run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

#: Of OpenMP and the libraries of linear algebra, CUDA and its libraries, the loader of shared libraries, torch and
#: Triton, Hugging Face, and this program. Of Python's own, those that the runner lets through (python-environment.mjs).
_STORED = re.compile(
    r"(OMP|KMP|GOMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR|RAYON|DNNL|ONEDNN|ATEN|CUDA|CUDNN|CUBLAS|NCCL|TRITON|LD|DYLD"
    r"|TORCH[A-Z]*|PYTORCH|HF|HUGGINGFACE|TRANSFORMERS|TOKENIZERS|ACCELERATE|BNB)_\w+"
    r"|NVIDIA_(TF32_OVERRIDE|VISIBLE_DEVICES)|LOR2C_(CACHE|PYTHON)|PYTHON(PATH|HOME|USERBASE|PLATLIBDIR)"
)
_SECRET = re.compile(
    r"TOKEN(?!IZERS)|SECRET|PASSW|CREDENTIAL|AUTH|PRIVATE|COOKIE|SESSION|(^|_)KEY|APIKEY|PAT$|DSN", re.IGNORECASE
)
#: What the runner sets for every worker, unless the user has set another value.
_USUAL = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128",
    "TOKENIZERS_PARALLELISM": "true",
}
#: The user and password of an address.
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def stored_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """By name, sorted. Leaves out names that look secret and the runner's own values; hides logins in addresses."""
    found = {name: _of_the_user(name, environment[name]) for name in sorted(environment) if _is_stored(name)}
    return {name: _LOGIN.sub("***@", value) for name, value in found.items() if value and _USUAL.get(name) != value}


def _is_stored(name: str) -> bool:
    return bool(_STORED.fullmatch(name)) and not _SECRET.search(name)


def _of_the_user(name: str, value: str) -> str:
    """Without the folder of this package, from which the runner lets Python import it."""
    if name != "PYTHONPATH":
        return value
    own = str(Path(__file__).parent.parent)
    return os.pathsep.join(folder for folder in value.split(os.pathsep) if folder != own)
