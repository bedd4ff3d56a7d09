import pytest
import torch

from course_lib import summarization
from course_lib.decoding import translate
from course_lib.summarization import as_read, summarize
from course_lib.tokenization import EOS_ID

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


def test_a_summary_ends_somewhere_however_long_its_text(new_trainer, tokenizer, monkeypatch):
    monkeypatch.setattr(summarization, "LONGEST", 3)
    model = new_trainer().model.eval()
    with torch.no_grad():
        model.embedding.weight[EOS_ID] = 0  # a logit of 0 is never the largest
        model.decoder.norm.weight.zero_()
        model.decoder.norm.bias.copy_(model.embedding.weight[7])
    (summary,) = summarize(model, tokenizer, ["a man reads"])
    (translation,) = translate(model, tokenizer, ["a man reads"])
    assert summary == translation[:3] != translation
