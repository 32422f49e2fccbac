"""Text that streams: whole characters only, and together the text of all tokens."""

from __future__ import annotations

from asking import byte_tokenizer
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from lor2c_worker.generation.pieces import Pieces


def sentences() -> PreTrainedTokenizerFast:
    """Tokens with the blank before them, as sentencepiece has them: the first one's is not text."""
    words = {"<unk>": 0, "▁Hello": 1, "▁world": 2, "!": 3}
    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>")


TEXT = "naïve 数学 👩‍👩‍👧 e\u0301\n\ttwo  blanks ."


def test_no_character_is_split() -> None:
    tokenizer = byte_tokenizer()
    ids = [*tokenizer(TEXT)["input_ids"], tokenizer.eos_token_id]
    pieces = Pieces(tokenizer)
    told = [pieces.add(token) for token in ids]
    assert "".join(told) == TEXT
    assert pieces.rest() == ""
    assert not any("\ufffd" in piece for piece in told)
    assert len([piece for piece in told if piece]) == len(TEXT)


def test_bytes_that_make_no_character_are_told_at_the_end() -> None:
    tokenizer = byte_tokenizer()
    ids = tokenizer("a数")["input_ids"][:-1]
    pieces = Pieces(tokenizer)
    assert [pieces.add(token) for token in ids] == ["a", "", ""]
    assert pieces.rest() == "\ufffd"
    assert pieces.rest() == ""


def test_blanks_between_tokens_stay() -> None:
    tokenizer = sentences()
    pieces = Pieces(tokenizer)
    assert [pieces.add(token) for token in (1, 2, 3, 1)] == ["Hello", " world", "!", " Hello"]
    assert tokenizer.decode([1, 2, 3, 1]) == "Hello world! Hello"
