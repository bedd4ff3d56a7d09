import pytest

from course_lib import summarization
from course_lib.decoding import translate
from course_lib.summarization import as_read, summarize

FUNCTION = "def Path.read_text(encoding)\nOpens the file."


def test_a_function_is_read_with_its_name_in_words():
    assert as_read(FUNCTION) == f"Read text\n{FUNCTION}"
    assert as_read("class HTTPError(Error)\nx") == "Http error\nclass HTTPError(Error)\nx"


@pytest.mark.parametrize("text", ["A text. Two.", "def _(x)\nNo word in it.", "", "define it"])
def test_other_texts_are_read_as_they_are(text):
    assert as_read(text) == text


def test_a_long_text_is_summarized_by_its_beginning(new_trainer, tokenizer):
    model = new_trainer().model.eval()
    long = "a man reads " * 40
    limit = model.config.max_len - 1
    with pytest.raises(ValueError, match="longer than max_len"):
        translate(model, tokenizer, [long])
    beginning = tokenizer.decode(tokenizer.encode(long)[:limit])
    assert summarize(model, tokenizer, [long, "two men"]) == translate(
        model, tokenizer, [beginning, "two men"]
    )


def test_a_summary_ends_somewhere_however_long_its_text(endless_model, tokenizer, monkeypatch):
    monkeypatch.setattr(summarization, "LONGEST", 3)
    (summary,) = summarize(endless_model, tokenizer, ["a man reads"])
    (translation,) = translate(endless_model, tokenizer, ["a man reads"])
    assert summary == translation[:3] != translation
