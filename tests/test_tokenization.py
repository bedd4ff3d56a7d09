import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, Tokenizer

TEXTS = ["A man is reading a book.", "Ein Mann liest ein Buch.", "Two men read books."] * 5


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train(TEXTS, vocab_size=300)


@settings(max_examples=300, deadline=None)
@given(text=st.text())
def test_any_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "  two  spaces ", "Größe\n", "日本語 🦊", "e\u0301", "<s> <pad></s>", "\x00", "."],
)
def test_hard_texts_come_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_special_tokens_come_first_and_never_from_text(tokenizer):
    ids = [tokenizer.inner.token_to_id(token) for token in SPECIAL_TOKENS]
    assert ids == [PAD_ID, BOS_ID, EOS_ID] == [0, 1, 2]
    assert min(tokenizer.encode("<pad><s></s>")) > EOS_ID


def test_special_tokens_are_left_out_of_text(tokenizer):
    ids = [BOS_ID, *tokenizer.encode("A man"), EOS_ID, PAD_ID]
    assert tokenizer.decode(ids) == "A man"


def test_a_word_has_the_same_tokens_wherever_it_stands(tokenizer):
    assert tokenizer.encode("book book")[0] == tokenizer.encode("book")[0]
    assert tokenizer.encode("book book") == tokenizer.encode("book") * 2


def test_frequent_words_become_one_token_and_pieces_are_readable(tokenizer):
    assert tokenizer.pieces(tokenizer.encode("Ein Buch.")) == ["Ein", "Buch", "."]
    assert tokenizer.pieces(tokenizer.encode("Buchs")) == ["Buch", "##s"]
    assert tokenizer.pieces([BOS_ID, EOS_ID]) == ["<s>", "</s>"]


def test_a_saved_tokenizer_is_the_same(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer.to_json(), encoding="utf-8")
    again = Tokenizer.from_file(path)
    for text in [*TEXTS, "<s> stays text"]:
        assert again.encode(text) == tokenizer.encode(text)
    assert again.decode(again.encode("<s> ")) == "<s> "


def test_training_twice_gives_the_same_vocabulary(tokenizer):
    assert Tokenizer.train(TEXTS, vocab_size=300).to_json() == tokenizer.to_json()


def test_too_small_a_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"vocab_size=258 is too small.*at least 259"):
        Tokenizer.train(TEXTS, vocab_size=258)


@pytest.mark.parametrize("content", ["", "{}", "no json"])
def test_a_damaged_file_is_said_in_one_line(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(CourseError, match="is not a tokenizer file"):
        Tokenizer.from_file(path)
