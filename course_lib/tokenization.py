"""Text to token ids and back: joint byte-pair encoding, lossless on any Unicode text."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from course_lib.errors import CourseError

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>")
PAD_ID, BOS_ID, EOS_ID = range(3)


class Tokenizer:
    """Byte-level BPE, one vocabulary for both languages. Sennrich et al. (2016), section 3.2.

    Every text is a sequence of bytes and every byte has a token, so nothing is ever unknown and
    `decode(encode(text)) == text`. A space belongs to the word that follows it, and each text is
    read as if one stood before it, so that a word has the same token wherever it stands.
    """

    def __init__(self, inner: tokenizers.Tokenizer):
        # "<s>" in a text is four characters of that text, not the start of a sentence.
        inner.encode_special_tokens = True
        self.inner = inner

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> "Tokenizer":
        """Learn the most frequent merges of `texts`.

        Raises CourseError if vocab_size leaves no room for the 256 bytes and the special tokens.
        On a small text fewer merges are found than asked for: see `vocab_size`.
        """
        smallest = 256 + len(SPECIAL_TOKENS)
        if vocab_size < smallest:
            raise CourseError(
                f"vocab_size={vocab_size} is too small: 256 bytes and {len(SPECIAL_TOKENS)} "
                f"special tokens need at least {smallest}"
            )
        inner = tokenizers.Tokenizer(models.BPE())
        inner.normalizer = normalizers.Prepend(" ")
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        inner.train_from_iterator(texts, trainer)
        return cls(inner)

    @property
    def vocab_size(self) -> int:
        """Number of tokens, special ones and bytes included."""
        return self.inner.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of many texts, without special tokens."""
        encodings = self.inner.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; special tokens are left out."""
        return self.inner.decode(list(ids), skip_special_tokens=True)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """A label for each token: `##` stands before letters or digits that follow no space."""
        return [self._piece(token_id) for token_id in ids]

    def _piece(self, token_id: int) -> str:
        if token_id < len(SPECIAL_TOKENS):
            return SPECIAL_TOKENS[token_id]
        # A stop before the token keeps its own leading space from being stripped.
        stop = self.encode(".")[-1]
        piece = self.inner.decode([stop, token_id])[1:]
        return "##" + piece if piece[:1].isalnum() else piece.strip() or piece

    def to_json(self) -> str:
        """The whole tokenizer as text, in the format of the `tokenizers` library."""
        return self.inner.to_str(pretty=True)

    @classmethod
    def from_file(cls, path: Path) -> "Tokenizer":
        """Read what `to_json` wrote.

        Raises FileNotFoundError, or CourseError if the file is not a tokenizer of this course.
        """
        text = path.read_text(encoding="utf-8")
        try:
            inner = tokenizers.Tokenizer.from_str(text)
        except Exception as error:  # the library raises bare Exception
            raise CourseError(f"{path} is not a tokenizer file: {error}") from error
        if tuple(inner.id_to_token(i) for i in range(3)) != SPECIAL_TOKENS:
            raise CourseError(f"{path} is a tokenizer without {SPECIAL_TOKENS} as its first tokens")
        return cls(inner)
