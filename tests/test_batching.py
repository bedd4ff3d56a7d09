import random

import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.batching import bucket, make_batch, pad, useful_share
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

PAIRS = [([7, 8, 9], [5]), ([4], [5, 6])]


def random_pairs(n, seed=0):
    rng = random.Random(seed)
    lengths = [max(1, round(rng.gauss(13, 4))) for _ in range(n)]
    return [([9] * n, [9] * max(1, n + rng.randint(-3, 3))) for n in lengths]


def test_pad_fills_up_on_the_right():
    assert pad([[1, 2, 3], [4]], pad_id=0).tolist() == [[1, 2, 3], [4, 0, 0]]


def test_a_batch_shifts_the_target_by_one():
    batch = make_batch(PAIRS)
    assert batch.source.tolist() == [[7, 8, 9, EOS_ID], [4, EOS_ID, PAD_ID, PAD_ID]]
    assert batch.target_in.tolist() == [[BOS_ID, 5, PAD_ID], [BOS_ID, 5, 6]]
    assert batch.target_out.tolist() == [[5, EOS_ID, PAD_ID], [5, 6, EOS_ID]]
    assert batch.num_target_tokens == 5
    assert torch.equal(batch.to("cpu").source, batch.source)


@given(
    lengths=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60),
    batch_tokens=st.integers(1, 80),
)
def test_every_pair_stands_in_exactly_one_batch_within_the_limit(lengths, batch_tokens):
    pairs = [([9] * a, [9] * b) for a, b in lengths]
    batches = bucket(pairs, batch_tokens, pool_size=20)
    assert sorted(i for batch in batches for i in batch) == list(range(len(pairs)))
    for indices in batches:
        batch = make_batch([pairs[i] for i in indices])
        largest = max(batch.source.numel(), batch.target_in.numel())
        assert largest <= batch_tokens or len(indices) == 1


def test_buckets_waste_little_and_random_batches_waste_much():
    pairs = random_pairs(5_000)
    order = list(range(len(pairs)))
    unsorted_batches = [order[i : i + 128] for i in range(0, len(order), 128)]
    assert useful_share(bucket(pairs, 1_600), pairs) > 0.9
    assert useful_share(unsorted_batches, pairs) < 0.65


def test_the_seed_decides_the_order():
    pairs = random_pairs(500)
    assert bucket(pairs, 200, "0/1") == bucket(pairs, 200, "0/1")
    assert bucket(pairs, 200, "0/1") != bucket(pairs, 200, "0/2")


def test_short_and_long_batches_alternate():
    pairs = random_pairs(2_000)
    lengths = [len(pairs[batch[0]][1]) for batch in bucket(pairs, 400)]
    first, second = lengths[: len(lengths) // 2], lengths[len(lengths) // 2 :]
    assert abs(sum(first) / len(first) - sum(second) / len(second)) < 2
