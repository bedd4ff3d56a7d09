import pytest
import torch
from torch.testing import assert_close

from course_lib.batching import make_batch
from course_lib.copying import CopyTransformer, Pointer, copy_distribution
from course_lib.decoding import RereadPrefixes, beam_search, greedy_decode
from course_lib.models import Transformer, TransformerConfig
from course_lib.tokenization import PAD_ID
from course_lib.training import Trainer, TrainingConfig, sequence_loss

VOCAB = 24


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CopyTransformer(TransformerConfig(VOCAB, 16, 2, 1, 2, 20, max_len=40)).double().eval()


@pytest.fixture
def batch():
    torch.manual_seed(1)
    rows = [torch.randint(3, VOCAB, (length,)).tolist() for length in (3, 7, 5, 4)]
    return make_batch([(row, row[::-1]) for row in rows])


def test_by_hand():
    written = torch.tensor([[[0.5, 0.5, 0.0, 0.0]]])
    places = torch.tensor([[[0.1, 0.6, 0.3]]])
    src = torch.tensor([[3, 1, 3]])
    mixed = copy_distribution(written, places, torch.tensor([[[0.25]]]), src)
    assert_close(mixed, torch.tensor([[[0.125, 0.125 + 0.75 * 0.6, 0.0, 0.75 * 0.4]]]))


def test_all_tokens_together_have_probability_one(model, batch):
    probabilities = model(batch.source, batch.target_in).exp()
    assert_close(probabilities.sum(-1), torch.ones_like(probabilities[..., 0]), rtol=0, atol=1e-6)


def test_padding_is_never_copied(model, batch):
    memory = model.encode(batch.source)
    places, _ = model.point(
        model.decode(batch.target_in, memory, batch.source), memory, batch.source
    )
    hidden = (batch.source == PAD_ID)[:, None].expand_as(places)
    assert hidden.any()
    assert (places[hidden] == 0).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_that_of_the_log_probabilities(model, batch, smoothing):
    sides = (batch.source, batch.target_in, batch.target_out)
    plain = sequence_loss(model(*sides[:2]), batch.target_out)
    x = model.decode(batch.target_in, model.encode(batch.source), batch.source)
    all_alike = -model.logits(x).log_softmax(-1).mean(-1)[batch.target_out != PAD_ID].mean()
    expected = (1 - smoothing) * plain + smoothing * all_alike
    assert_close(model.loss(*sides, smoothing), expected, rtol=0, atol=1e-6)


def test_a_source_is_not_changed_by_its_neighbours(model, batch):
    together = model(batch.source, batch.target_in)
    for row, length in enumerate((batch.source != PAD_ID).sum(-1).tolist()):
        alone = model(batch.source[row : row + 1, :length], batch.target_in[row : row + 1])
        assert_close(alone[0], together[row], rtol=0, atol=1e-9)


@pytest.mark.parametrize("decode", [greedy_decode, beam_search])
def test_decoders_write_the_same_with_and_without_caches(model, batch, decode):
    cached, reread = (
        decode(model, batch.source),
        decode(model, batch.source, prefixes=RereadPrefixes),
    )
    assert cached == reread
    assert len(cached) == len(batch.source)


@pytest.mark.parametrize(
    ("kind", "least", "most"), [(CopyTransformer, 0.5, 1), (Transformer, 0, 0.1)]
)
def test_what_copies_gets_words_right_that_it_has_never_seen(kind, least, most):
    """Trained on the tokens below 50 alone; the answer is the source without its first token."""
    torch.manual_seed(0)

    def pairs(first, last, count=400):
        rows = [torch.randint(first, last, (4,)).tolist() for _ in range(count)]
        return [(row, row[1:]) for row in rows]

    config = TransformerConfig(60, 32, 2, 1, 1, 64, dropout=0.0, max_len=40)
    trainer = Trainer(kind(config), pairs(3, 50), TrainingConfig(200, 400, peak_rate=1e-2))
    list(trainer.steps())
    batch = make_batch(pairs(50, 60, 50))
    best = trainer.averaged.eval()(batch.source, batch.target_in).argmax(dim=-1)
    right = (best == batch.target_out)[:, :3].float().mean()
    assert least <= right <= most


def test_a_place_is_found_by_what_stands_before_it():
    """With `query` silent, x asks for the place after the one whose memory is like it."""
    pointer = Pointer(4)
    with torch.no_grad():
        for parameter in pointer.parameters():
            parameter.zero_()
        pointer.query_before.weight.copy_(50 * torch.eye(4))
    memory = torch.eye(4)[None]
    places, _ = pointer(memory, memory, torch.ones(1, 1, 1, 4, dtype=torch.bool))
    assert places[0, :3].argmax(-1).tolist() == [1, 2, 3]
    assert_close(places[0, 3], torch.full((4,), 0.25))  # nothing stands after the last one
