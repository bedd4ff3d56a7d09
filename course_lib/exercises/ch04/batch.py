"""4.8 ignores_the_batch: the probe that finds the bug of 4.7."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from course_lib import attention, positions
from course_lib.exercises.probes import Draw, Named, verdict
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

TOLERANCE = 1e-6


def _centred(x: Tensor) -> Tensor:
    """Numbers of the sentences, counted from the middle: (B, 1, 1)."""
    return (torch.arange(len(x)).to(x) - (len(x) - 1) / 2)[:, None, None]


def _along_the_batch(x: Tensor) -> Tensor:
    return x + positions.sinusoidal_table(len(x), x.shape[-1]).to(x)[:, None]


def _last_moved(by: float) -> Named:
    return _of_batches(
        f"x, with {by:g} added to the last sentence", lambda x: torch.cat([x[:-1], x[-1:] + by])
    )


def _up_and_down(x: Tensor) -> Tensor:
    signs = torch.ones_like(x[0])
    signs[:, 1::2] = -1
    return x + _centred(x) * signs


def _of_batches(name: str, function: Callable[[Tensor], Tensor]) -> Named:
    """A function that says so if it is not given a batch."""

    def checked(x: Tensor) -> Tensor:
        if x.dim() != 3:
            raise ValueError(f"f works on a batch (B, T, D), and got the shape {tuple(x.shape)}")
        return function(x)

    return Named(name, checked)


ATTENTION = _of_batches("attention, in each sentence", lambda x: attention.attention(x, x, x))
PLACES = _of_batches(
    "row t of a table, added to word t of every sentence",
    lambda x: x + positions.sinusoidal_table(*x.shape[1:]).to(x),
)
ALONG = _of_batches("row b of a table, added to all words of sentence b", _along_the_batch)
LESS_THE_MEAN = _of_batches("each word less the mean over the sentences", lambda x: x - x.mean(0))
COUNTED = _of_batches("x times the number of sentences", lambda x: x * len(x))
FIRST = _of_batches("the first sentence, as often as there are any", lambda x: x[:1].expand_as(x))
TURNED = _of_batches("the sentences in reverse order", lambda x: x.flip(0))
CUT_ANEW = _of_batches(
    "x cut up anew, as (T, B, D), and turned",
    lambda x: x.reshape(x.shape[1], x.shape[0], -1).transpose(0, 1),
)
FIRST_NOTICES = _of_batches(
    "x, with the first sentence times the number of sentences",
    lambda x: torch.cat([x[:1] * len(x), x[1:]]),
)
WHISPERED = _of_batches(
    "x plus a twenty-thousandth of the mean over the sentences", lambda x: x + 5e-5 * x.mean(0)
)
UP_AND_DOWN = _of_batches(
    "x plus the number of the sentence (from the middle), for every other feature minus",
    _up_and_down,
)


def alone(f: Named, x: Tensor) -> Tensor:
    """Every sentence by itself."""
    return torch.cat([f(sentence[None]) for sentence in x])


def ignores_the_batch(f: Named, x: Tensor) -> bool:
    """Does every sentence come out as it would if it were alone?"""
    return bool((f(x) - alone(f, x)).abs().max() < TOLERANCE)


def _by_size(size: Callable[[Tensor], Tensor], tolerance: float = TOLERANCE) -> Function:
    return lambda f, x: bool(size(f(x) - alone(f, x)) < tolerance)


def _one_of_them(which: slice) -> Function:
    return lambda f, x: bool((f(x)[which] - f(x[which])).abs().max() < TOLERANCE)


def _twice(f: Named, x: Tensor) -> bool:
    result = f(x[:1].expand(2, -1, -1))
    return bool((result[0] - result[1]).abs().max() < TOLERANCE)


def _shuffled(f: Named, x: Tensor) -> bool:
    orders = [torch.randperm(len(x)) for _ in range(20)]
    return all(bool((f(x[o]) - f(x)[o]).abs().max() < TOLERANCE) for o in orders)


def _words_shuffled(f: Named, x: Tensor) -> bool:
    orders = [torch.randperm(x.shape[1]) for _ in range(20)]
    return all(bool((f(x[:, o]) - f(x)[:, o]).abs().max() < TOLERANCE) for o in orders)


def _other_company(f: Named, x: Tensor) -> bool:
    changed = torch.cat([x[:1], torch.randn_like(x[1:])])
    return bool((f(x)[0] - f(changed)[0]).abs().max() < TOLERANCE)


def _no_batch_axis(f: Named, x: Tensor) -> bool:
    return bool((f(x) - torch.stack([f(sentence) for sentence in x])).abs().max() < TOLERANCE)


def _one_will_do(f: Named, x: Tensor) -> bool:
    change = (f(x) - alone(f, x)).abs().amax(dim=(1, 2))
    return bool((change < TOLERANCE).any())


def _suspected(suspect: Named, *shape: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn(shape, generator=dice, dtype=torch.float64)
        return suspect, x.round(decimals=1)

    return draw


Q_TOGETHER = "What did you compare with what, and which of the two does not know the batch?"

BATCH_PROBE = Exercise(
    id="4.8",
    title="Does the batch matter?",
    signature="ignores_the_batch(f, x)",
    shapes="x (B, T, D) -> ()",
    reference=ignores_the_batch,
    use=verdict,
    smooth=0,
    probes=(
        Probe("attention", _suspected(ATTENTION, 3, 4, 2), Q_TOGETHER),
        Probe(
            "positions as they should be",
            _suspected(PLACES, 3, 5, 4),
            "Words differ here by their places, and sentences are treated alike. Which of the two "
            "do you look at?",
        ),
        Probe("positions along the batch", _suspected(ALONG, 3, 5, 4), Q_TOGETHER),
        Probe(
            "less the mean over the sentences",
            _suspected(LESS_THE_MEAN, 3, 4, 2),
            "Here it matters which *others* are in the batch. When does your probe see a sentence "
            "in other company?",
        ),
        Probe(
            "the number of sentences counts",
            _suspected(COUNTED, 3, 4, 2),
            "Here it matters how many sentences there are. When does your probe change that?",
        ),
        Probe(
            "the first sentence for all",
            _suspected(FIRST, 4, 3, 2),
            "The first sentence is right here. Do you look at the others?",
        ),
        *(
            Probe(
                f"the last sentence is moved {where}",
                _suspected(_last_moved(by), 4, 3, 2),
                "A sentence alone is the first and the last at once. Which sentences did you try, "
                "and how do you measure a difference?",
            )
            for where, by in {"up": 1.0, "down": -1.0}.items()
        ),
        Probe(
            "only the first sentence notices",
            _suspected(FIRST_NOTICES, 4, 3, 2),
            "All sentences but the first are as they should be. Do you look at it?",
        ),
        Probe("in reverse order", _suspected(TURNED, 3, 5, 2), Q_TOGETHER),
        Probe("cut up anew", _suspected(CUT_ANEW, 3, 4, 2), Q_TOGETHER),
        Probe(
            "the others in a whisper",
            _suspected(WHISPERED, 3, 4, 2),
            "The others change little here, and a little is not nothing. How large a difference do "
            "you still take for rounding?",
        ),
        Probe(
            "differences that cancel",
            _suspected(UP_AND_DOWN, 4, 3, 2),
            "Some outputs grow and others shrink. How do you measure a difference?",
        ),
    ),
    mistakes=(
        Mistake(
            "the same sentence twice",
            _twice,
            "You put one sentence in twice and compare the two. That finds what depends on its "
            "*number*. What depends on how many there are, or on the others, is the same for both. "
            "What should a sentence be compared with?",
        ),
        Mistake(
            "sentences shuffled",
            _shuffled,
            "You shuffle the sentences, and their company stays the same. A mean over the batch "
            "does not mind. In which batch are there no others at all?",
        ),
        Mistake(
            "words shuffled",
            _words_shuffled,
            "You shuffle words. That was the question of exercise 4.6. Which axis counts "
            "sentences, and what should happen to it?",
        ),
        Mistake(
            "other company",
            _other_company,
            "You look at the first sentence, with others beside it. That finds what depends on "
            "*which* they are. What depends on how many they are, or on the number of the "
            "sentence, stays hidden. How would the others have to be changed for that?",
        ),
        Mistake(
            "only the first",
            _one_of_them(slice(0, 1)),
            "What you try comes from the beginning of the batch and keeps its number: the first "
            "sentence has the number 0 in any batch. So what depends on the number stays hidden. "
            "Which sentences are left to try?",
        ),
        Mistake(
            "all but the first",
            _by_size(lambda change: change[1:].abs().max()),
            "You try every sentence but the first. At which number does your loop begin?",
        ),
        Mistake(
            "only the last",
            _one_of_them(slice(-1, None)),
            "What you try comes from the end of the batch, and the first sentence is left out. "
            "The last one is the last also when it is alone. Which sentences are left to try?",
        ),
        Mistake(
            "one of them will do",
            _one_will_do,
            "One sentence that comes out the same is enough for you. How many of them must?",
        ),
        Mistake(
            "no batch axis",
            _no_batch_axis,
            "`x[i]` is a sentence without a batch, (T, D), and f works on batches. How does a "
            "batch of one look?",
        ),
        *(
            Mistake(
                name,
                wrong,
                "Your probe says yes to everything: what it compares can never differ. What should "
                "be different the second time that f is called?",
                group="always yes",
            )
            for name, wrong in {
                "the same call twice": lambda f, x: bool((f(x) - f(x)).abs().max() < TOLERANCE),
                "only the shape": lambda f, x: f(x[:1]).shape == f(x)[:1].shape,
            }.items()
        ),
        *(
            Mistake(
                name,
                wrong,
                "Your probe says no to everything. What a sentence becomes belongs beside what the "
                "*same* sentence becomes alone, in the same shape: not beside the words that went "
                "in, nor beside another sentence. What do you compare with what?",
                group="always no",
            )
            for name, wrong in {
                "compared with the words": lambda f, x: bool((f(x) - x).abs().max() < TOLERANCE),
                "one axis too many": lambda f, x: bool(
                    (f(x) - alone(f, x)[:, None]).abs().max() < TOLERANCE
                ),
            }.items()
        ),
        Mistake(
            "added up",
            _by_size(lambda change: change.sum().abs()),
            "You add up the differences before you take their size: what goes up and what goes "
            "down cancel. In which order should it be?",
        ),
        Mistake(
            "no size",
            _by_size(lambda change: change.max()),
            "You look at the largest difference, and a difference downwards is a negative number. "
            "What measures a difference in either direction?",
        ),
        Mistake(
            "too generous",
            _by_size(lambda change: change.abs().max(), tolerance=1e-3),
            "You let differences pass that are far larger than rounding. How small does rounding "
            "make them, in double precision?",
        ),
        Mistake(
            "the other way round",
            lambda f, x: not ignores_the_batch(f, x),
            "Your answer is yes where the batch matters, and no where it does not. Which of the "
            "two is asked for?",
        ),
    ),
    hints=(
        "Let f work on the whole batch, and on a batch that has one sentence alone. What should be "
        "the same?",
        "A batch of one is `x[i : i + 1]`, with the shape (1, T, D). `torch.cat` puts such results "
        "side by side again.",
        "`alone = torch.cat([f(sentence[None]) for sentence in x])`, and then the largest "
        "difference from `f(x)`, whatever its sign.",
    ),
)
