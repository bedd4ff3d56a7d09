import argparse
import ast
import io
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from course_lib.models import Transformer, TransformerConfig
from course_lib.tokenization import EOS_ID, Tokenizer
from course_lib.tools import cli
from course_lib.training import Trainer, TrainingConfig

if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)  # the workers share the cores, and the tensors here are small

SOURCES = ["a man reads", "a dog runs in the park", "two men read a red book", "the dog sleeps"]
TARGETS = ["ein Mann liest", "ein Hund läuft im Park", "zwei Männer lesen", "der Hund schläft"]


@pytest.fixture(scope="session")
def pace():
    """How many times longer this machine takes than the one that limits of time are meant for.

    At least 1. The measure is how long Python takes to parse a file, there 15 ms.
    """
    text, seconds = Path(argparse.__file__).read_text(encoding="utf-8"), []
    for _ in range(5):
        start = time.process_time()
        ast.parse(text)
        seconds.append(time.process_time() - start)
    return max(1.0, min(seconds) / 0.015)


@pytest.fixture(scope="session")
def tokenizer():
    return Tokenizer.train(SOURCES * 3 + TARGETS * 3, vocab_size=300)


@pytest.fixture(scope="session")
def pairs(tokenizer):
    return list(zip(tokenizer.encode_batch(SOURCES), tokenizer.encode_batch(TARGETS), strict=True))


@pytest.fixture
def endless_model(new_trainer):
    """Says token 7 again and again, and never ends."""
    model = new_trainer().model.eval()
    with torch.no_grad():
        model.embedding.weight[EOS_ID] = 0  # a logit of 0 is never the largest, nor drawn
        model.decoder.norm.weight.zero_()
        model.decoder.norm.bias.copy_(10_000 * model.embedding.weight[7])
    return model


@pytest.fixture
def new_trainer(tokenizer, pairs):
    """Make a trainer of a tiny model on four pairs, two of them a batch, with dropout.

    It validates on the pairs that it learns, where it is asked to validate.
    """

    def make(steps=12, held_out=None, **changes):
        torch.manual_seed(0)
        config = TransformerConfig(tokenizer.vocab_size, 12, 3, 1, 2, 20, dropout=0.2, max_len=40)
        training = TrainingConfig(steps, batch_tokens=40, peak_rate=1e-2, **changes)
        return Trainer(
            Transformer(config), pairs, training, pairs if held_out is None else held_out
        )

    return make


@pytest.fixture
def lively_model():
    """Make an untrained model in float64 that writes different words, and ends now and then.

    Untrained models repeat what they read last: here the layers drown the embedding.
    """

    def make(seed=0, vocab_size=12, max_len=24, num_decoder_layers=2):
        torch.manual_seed(seed)
        config = TransformerConfig(vocab_size, 12, 3, 1, num_decoder_layers, 20, max_len=max_len)
        model = Transformer(config).double().eval()
        with torch.no_grad():
            for layer in model.decoder.layers:
                for module in (layer.feed_forward.down, layer.cross_attention.out_proj):
                    module.weight *= 8
        return model

    return make


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Call the command line in an empty folder. Gives exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def run(*args, stdin=None):
        if stdin is not None:
            fake = SimpleNamespace(buffer=io.BytesIO(stdin))
            monkeypatch.setattr(cli.sys, "stdin", fake)
        with pytest.raises(SystemExit) as ended:
            cli.main(list(map(str, args)))
        output = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code, out=output.out, err=output.err)

    return run
