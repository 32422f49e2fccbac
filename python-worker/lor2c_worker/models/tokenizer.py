"""Load a model's tokenizer, and check that it has a vocabulary whose ids the model's embeddings have."""

from __future__ import annotations

import importlib.metadata
from typing import Any

from transformers import AutoTokenizer, PretrainedConfig

from ..architectures import architecture_of, model_types
from ..install import install_command
from ..settings import ModelSettings, SettingsError
from .config import base_config
from .intact import check_intact, read_object
from .packaged import resolve
from .place import Place, commit_of, first_line, not_found, place_of

#: Small JSON files beside the vocabulary.
_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
#: Files that hold a vocabulary, whatever the class of the tokenizer.
_VOCABULARIES = (
    "tokenizer.json",
    "tokenizer.*.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "*.model",
    "tekken.json",
)
#: Packages that read SentencePiece models.
_PIECES = ("sentencepiece", "protobuf")
#: Vocabularies that are whole without another file.
_WHOLE = ("tokenizer.json", "tokenizer.*.json", "*.model", "tekken.json")


def load_tokenizer(settings: ModelSettings) -> Any:
    """The tokenizer, with a padding token. Raises SettingsError when there is none that fits the model."""
    config, place = base_config(settings), place_of(settings)
    _check_files(place)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            resolve(settings.name),
            revision=commit_of(settings.name, settings.revision) or settings.revision,
            trust_remote_code=False,
        )
    except MemoryError:
        raise
    except Exception as error:  # the library tokenizers raises Exception itself
        _check_vocabulary(place, config, None)
        raise SettingsError(_not_loaded(settings, place, error)) from error
    _check_vocabulary(place, config, tokenizer)
    _check_ids(tokenizer, config, place)
    _choose_padding(tokenizer, config, place)
    _check_special(tokenizer, config, place)
    return tokenizer


def _check_files(place: Place) -> None:
    """Raises SettingsError for a file of the tokenizer that is damaged, so that the message can name it."""
    for pattern in (*_SETTINGS, *_VOCABULARIES):
        for file in place.folder.glob(pattern):
            check_intact(file, place.show(file), place.remedy)
            if pattern in _SETTINGS:
                read_object(file, place.show(file))


def _not_loaded(settings: ModelSettings, place: Place, error: Exception) -> str:
    file = place.folder / "tokenizer.json"
    if file.is_file():
        try:
            read_object(file, place.show(file))
        except SettingsError as broken:
            return f"{broken}. Save the tokenizer again with tokenizer.save_pretrained"
    elif pieces := sorted(found.name for found in place.folder.glob("*.model")):
        lacking = [package for package in _PIECES if not _installed(package)]
        if lacking:
            install = install_command(lacking[-1], *lacking[:-1])
            return (
                f"the tokenizer in {place.shown} is a SentencePiece model ({pieces[0]}), which needs "
                f"{' and '.join(lacking)} to be read: {install}; or where they are installed, save it once as "
                "tokenizer.json, with AutoTokenizer.from_pretrained(...).save_pretrained(...)"
            )
    elif isinstance(error, OSError):
        return not_found(settings.name, error)
    return f"the tokenizer in {place.shown} cannot be loaded: {type(error).__name__}: {first_line(error)}"


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _check_vocabulary(place: Place, config: PretrainedConfig, tokenizer: Any) -> None:
    """Raises SettingsError when the files of the tokenizer's class are missing: transformers then makes one that knows
    no word. `tokenizer` None: it could not be loaded."""

    def there(*patterns: str) -> bool:
        return any(any(place.folder.glob(pattern)) for pattern in patterns)

    if there(*_WHOLE) or (tokenizer is None and there(*_VOCABULARIES)) or (tokenizer is None and not place.complete):
        return
    names: dict[str, str] = {} if tokenizer is None else dict(type(tokenizer).vocab_files_names)
    names.pop("tokenizer_file", None)
    if not names or not all(there(name) for name in names.values()):
        known = architecture_of(config.model_type)
        usual = "vocab.txt" if known is None else known.vocabulary.get(config.model_type, "vocab.txt")
        others = " with ".join(names.values()) or usual
        raise SettingsError(
            f"no tokenizer in the folder {place.shown}: tokenizer.json or {others} is missing; "
            "save it there with tokenizer.save_pretrained"
        )


def _check_ids(tokenizer: Any, config: PretrainedConfig, place: Place) -> None:
    """Raises SettingsError when a token has an id beyond the embeddings, or when there are only special tokens."""
    vocabulary = tokenizer.get_vocab()
    if len(vocabulary.keys() - set(tokenizer.all_special_tokens)) == 0:
        raise SettingsError(
            f"the tokenizer in {place.shown} has no words, only {len(vocabulary)} special tokens: "
            "save the model's own there with tokenizer.save_pretrained"
        )
    token, highest = max(vocabulary.items(), key=lambda item: item[1])
    if highest >= config.vocab_size:
        raise SettingsError(
            f"{place.shown}: its tokenizer has {highest + 1:,} tokens (the last is {token!r}), its embeddings "
            f"{config.vocab_size:,}: call model.resize_token_embeddings({highest + 1}) and save the model again, or "
            "save the tokenizer without the tokens that were added"
        )


def _choose_padding(tokenizer: Any, config: PretrainedConfig, place: Place) -> None:
    """Give a tokenizer without a padding token that of config.json, else its end-of-text token."""
    if tokenizer.pad_token_id is not None:
        return
    stored = getattr(config, "pad_token_id", None)
    named = tokenizer.convert_ids_to_tokens(stored) if isinstance(stored, int) and stored >= 0 else None
    token = named or tokenizer.eos_token
    if token is None:
        raise SettingsError(
            f"the tokenizer of {place.shown} has neither a pad nor an eos token, and config.json no pad_token_id that "
            "it knows: set tokenizer.pad_token to one of its tokens and save it with tokenizer.save_pretrained"
        )
    tokenizer.pad_token = token


def _check_special(tokenizer: Any, config: PretrainedConfig, place: Place) -> None:
    """Raises SettingsError when an encoder's tokenizer has no token for the begin or the end of a row."""
    if config.model_type not in model_types(decoder=False):
        return
    for what, usual in (("cls_token", "[CLS]"), ("sep_token", "[SEP]")):
        token = getattr(tokenizer, what, None)
        if token is None or tokenizer.convert_tokens_to_ids(token) in (None, tokenizer.unk_token_id):
            raise SettingsError(
                f"the tokenizer in {place.shown} has no {what} ({usual} of BERT), with which the rows of a "
                f"{config.model_type} model begin or end: save the model's own tokenizer there"
            )
