"""Strange lines into `course translate`: a translation or one clear line, the rest unharmed."""

import io
import os
import re
import subprocess
import sys

import pytest
import torch

from course_lib.checkpoints import Run, RunConfig
from course_lib.decoding import consensus_decode, greedy_decode, translate
from course_lib.errors import CourseError
from course_lib.models import Transformer, TransformerConfig
from course_lib.tools.lines import choose_decoding, read_lines, translate_lines

SENTENCES = ["a man reads", "the dog sleeps"]
HARMLESS = {
    "empty": "",
    "spaces": " \t ",
    "emoji": "🐶 👩‍👩‍👧 sleeps 🇩🇪",
    "another script": "一个男人在读书。 رجل يقرأ",
    "a NUL byte": "a man\0reads",
    "control characters": "a \x1b[31mman\x07 \x85 reads\u2028",
    "a special token": "</s> <pad> a man reads <s>",
    "a lone accent": "\u0301",
}
FAULTY = {
    "10,000 words": ("word " * 10_000, r"has [\d,]{5,} tokens, the limit is 79: cut it in two"),
    "an unpaired surrogate": ("a \ud800 man", r"is not valid UTF-8 \(character 3\)"),
    "a byte that is not UTF-8": (
        b"caf\xe9".decode("utf-8", "surrogateescape"),
        r"is not valid UTF-8 \(character 4\)",
    ),
}


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    config = TransformerConfig(tokenizer.vocab_size, 12, 3, 1, 2, 20, max_len=80)
    return Transformer(config).eval()


@pytest.fixture
def run(model, tokenizer):
    """Translate lines. Gives what is written, the complaints, and whether all went well."""

    def lines_in(lines, **options):
        written, complaints = [], []
        well = translate_lines(
            model, tokenizer, lines, written.append, complaints.append, **options
        )
        return written, complaints, well

    return lines_in


@pytest.mark.parametrize("line", HARMLESS.values(), ids=HARMLESS)
def test_strange_but_harmless(run, line):
    expected, _, _ = run(SENTENCES)
    written, complaints, well = run([SENTENCES[0], line, SENTENCES[1]])
    assert [written[0], written[2]] == expected
    assert len(written) == 3
    assert (complaints, well) == ([], True)
    assert bool(written[1]) == bool(line.strip())
    assert len(written[1].splitlines()) <= 1


@pytest.mark.parametrize(("line", "complaint"), FAULTY.values(), ids=FAULTY)
def test_what_cannot_be_translated_is_named_and_leaves_an_empty_line(run, line, complaint):
    expected, _, _ = run(SENTENCES)
    written, complaints, well = run([SENTENCES[0], line, SENTENCES[1]])
    assert written == [expected[0], "", expected[1]]
    assert not well
    assert len(complaints) == 1
    assert re.match("line 2 " + complaint, complaints[0])


def test_the_longest_line_that_fits_is_translated(run, tokenizer):
    lines = ["z" * n for n in range(100)]
    by_length = {len(tokenizer.encode(line)): line for line in lines}
    written, complaints, _ = run([by_length[79], by_length[80]])
    assert written[0]
    assert complaints == ["line 2 has 80 tokens, the limit is 79: cut it in two"]


def test_all_of_them_together_keep_their_order(run):
    lines = [*HARMLESS.values(), SENTENCES[0], *(line for line, _ in FAULTY.values())]
    written, complaints, _ = run(lines)
    assert written == [run([line])[0][0] for line in lines]
    assert len(complaints) == len(FAULTY)


def test_a_line_break_that_the_model_writes_does_not_shift_the_lines(run, tokenizer):
    two = tokenizer.encode("ein\nMann\r\nliest\u2028")
    written, _, _ = run(["a man"], decoding=(lambda model, src: [two], None))
    assert written == ["ein Mann liest"]


def test_lines_are_cut_at_line_breaks_alone():
    data = "\ufeffa\x0bb\u2028c\r\n\nlast".encode() + b" \xff"
    assert read_lines(io.BytesIO(data)) == ["a\x0bb\u2028c", "", "last \udcff"]
    assert read_lines(io.BytesIO(b"")) == []


def test_the_settings_choose_the_decoder(model, tokenizer):
    assert choose_decoding() == (greedy_decode, None)

    def words(*settings):
        return translate(model, tokenizer, SENTENCES, *choose_decoding(*settings))

    assert words(1, None, 1) == words()
    assert words(4) != words()
    assert words(1, 2.0) == words(1, 2.0) != words(1, 2.0, None, None, 1)
    assert choose_decoding(5, length_penalty=1.4)[0].keywords == {
        "beam_size": 5,
        "length_penalty": 1.4,
    }


def test_a_consensus_is_drawn():
    decode, generator = choose_decoding(temperature=0.5, seed=3, consensus=8, block_repeats=2)
    assert decode.func is consensus_decode
    assert (decode.keywords["num_drawn"], decode.keywords["temperature"]) == (8, 0.5)
    assert generator.initial_seed() == 3
    assert "temperature" not in choose_decoding(consensus=8)[0].keywords  # its own default
    with pytest.raises(CourseError, match="--beam searches and --consensus draws"):
        choose_decoding(4, consensus=8)


def test_a_length_penalty_is_for_a_beam():
    with pytest.raises(CourseError, match="--length-penalty is for a beam: give --beam 5, too"):
        choose_decoding(length_penalty=1.4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [((5, 0.7), "--beam .* --temperature draws"), ((5, None, 3, 0.9), "--top-k, --top-p draws")],
)
def test_a_beam_does_not_draw(settings, message):
    with pytest.raises(CourseError, match=message):
        choose_decoding(*settings)


@pytest.mark.parametrize("settings", [(0,), (1, -1.0), (1, None, 0), (1, None, None, 2.0)])
def test_impossible_settings_are_the_users_to_mend(model, tokenizer, settings):
    with pytest.raises(CourseError):
        translate(model, tokenizer, SENTENCES, *choose_decoding(*settings))


@pytest.fixture
def course(new_trainer, tokenizer, tmp_path):
    """Start `course translate` with an untrained model, as a process of its own."""
    trainer = new_trainer(steps=1)
    config = RunConfig("translation", {}, trainer.model.config, trainer.config)
    run = Run.create(tmp_path / "run", config, tokenizer)
    run.save(trainer, [])

    def start(**environment):
        command = [sys.executable, "-m", "course_lib.tools.cli", "translate", "--run", run.folder]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(command, env=os.environ | environment, **pipes)

    return start


def test_a_reader_who_has_had_enough_ends_it_without_a_word(course):
    process = course()
    process.stdout.close()
    _, errors = process.communicate(b"a man reads\n" * 5_000)
    assert process.returncode == 1
    assert errors == b""


def test_a_writer_who_stops_in_the_middle_of_a_line_gets_what_there_was(course):
    output, errors = course(PYTHONIOENCODING="ascii").communicate(b"a man reads\n\nthe d")
    assert errors == b""
    assert len(output.decode("utf-8").splitlines()) == 3  # as UTF-8, whatever the terminal's own


def test_no_line_at_all_is_no_output(course):
    process = course()
    assert process.communicate(b"") == (b"", b"")
    assert process.returncode == 0
