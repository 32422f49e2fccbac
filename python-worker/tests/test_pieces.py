"""Text that streams: whole characters only, and together the text of all tokens."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from lor2c_worker.generation.pieces import Pieces, cut_at, stopping_at


def byte_level() -> PreTrainedTokenizerFast:
    """One token a byte, and an end-of-text token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>", pad_token="<eos>")


def sentences() -> PreTrainedTokenizerFast:
    """Tokens with the blank before them, as sentencepiece has them: the first one's is not text."""
    words = {"<unk>": 0, "▁Hello": 1, "▁world": 2, "!": 3}
    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>")


TEXT = "naïve 数学 👩‍👩‍👧 e\u0301\n\ttwo  blanks ."


def test_no_character_is_split() -> None:
    tokenizer = byte_level()
    ids = [*tokenizer(TEXT)["input_ids"], tokenizer.eos_token_id]
    pieces = Pieces(tokenizer)
    told = [pieces.add(token) for token in ids]
    assert "".join(told) == TEXT
    assert pieces.rest() == ""
    assert not any("\ufffd" in piece for piece in told)
    assert len([piece for piece in told if piece]) == len(TEXT)


def test_bytes_that_make_no_character_are_told_at_the_end() -> None:
    tokenizer = byte_level()
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


def test_a_text_ends_before_the_first_of_its_ends() -> None:
    tokenizer = byte_level()
    stops = stopping_at(tokenizer, ["", "\n\n", "Q:"])
    assert stops is not None
    ids = tokenizer("A. one\n\nQ: two")["input_ids"]
    assert next(n for n in range(1, len(ids)) if stops(ids[:n])) == len("A. one\n\n")
    assert stopping_at(tokenizer, [""]) is None
    assert cut_at("A. one Q: two\n\n", ["\n\n", "", "Q:"]) == "A. one "
