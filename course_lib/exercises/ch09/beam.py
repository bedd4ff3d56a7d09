"""9.3 beam_search."""

import math
from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch09.common import Babbler, Tree
from course_lib.exercises.observe import at_most
from course_lib.exercises.probes import Draw, drawn, given
from course_lib.exercises.spec import (
    Exercise,
    Function,
    Inputs,
    Mistake,
    Prediction,
    Probe,
    WrongValue,
)
from course_lib.tokenization import BOS_ID, EOS_ID

Step = Callable[[list[int]], Tensor]
Beam = tuple[list[int], float]  # what is written, with the start token; and its score


def beam_search(step: Step, bos_id: int, eos_id: int, beam_size: int, max_len: int) -> list[int]:
    """The best sentence that is found when the best beam_size beginnings are kept at each step."""
    return _searched(step, bos_id, eos_id, beam_size, max_len)


def _without_ends(ids: list[int], eos_id: int) -> list[int]:
    return [token for token in ids[1:] if token != eos_id]


def _searched(
    step: Step,
    bos_id: int,
    eos_id: int,
    beam_size: int,
    max_len: int,
    width: int | None = None,
    start: int | None = None,
    steps: int = 0,
    add: Callable[[float, float], float] = lambda score, log_prob: score + log_prob,
    first: float = 0.0,
    rank: Callable[[Beam], float] = lambda beam: beam[1],
    last: Callable[[Beam], float] | None = None,
    best_of: Callable[[list[Beam], list[list[Beam]], int], list[Beam]] | None = None,
    ended_count: bool = True,
    unfinished_count: bool = True,
    go_on: bool = False,
    first_ended: bool = False,
    shrinks: bool = False,
    cut: Callable[[list[int], int], list[int]] = _without_ends,
) -> list[int]:
    """Beam search, with the switches of what goes wrong."""
    width = width or beam_size
    alive: list[Beam] = [([bos_id if start is None else start], first)]
    ended: list[Beam] = []
    for _ in range(max_len + steps):
        families = [
            [([*ids, token], add(score, p)) for token, p in enumerate(step(ids).tolist())]
            for ids, score in alive
        ]
        everyone = sorted((beam for family in families for beam in family), key=rank, reverse=True)
        places = max(width - len(ended), 0) if shrinks else width
        kept = best_of(everyone, families, places) if best_of else everyone[:places]
        ended += [beam for beam in kept if beam[0][-1] == eos_id]
        alive = [beam for beam in kept if go_on or beam[0][-1] != eos_id]
        if not alive or (first_ended and ended):
            break
    found = (ended if ended_count else []) + (alive if unfinished_count else [])
    if first_ended and ended:
        found = ended
    return cut(max(found, key=last or rank, default=([bos_id], 0.0))[0], eos_id)


def _with(**switches: Any) -> Function:
    return lambda step, bos, eos, size, n: _searched(step, bos, eos, size, n, **switches)


def _per_length(beam: Beam) -> float:
    return beam[1] / (len(beam[0]) - 1)


def _of_each(everyone: list[Beam], families: list[list[Beam]], width: int) -> list[Beam]:
    """The best continuations of each beginning, all of them."""
    return [
        b for family in families for b in sorted(family, key=lambda b: b[1], reverse=True)[:width]
    ]


def _heirs(everyone: list[Beam], families: list[list[Beam]], width: int) -> list[Beam]:
    """The best continuation of each beginning, once there are several."""
    if len(families) == 1 and len(families[0][0][0]) == 2:
        return everyone[:width]
    return [max(family, key=lambda b: b[1]) for family in families]


def watched(answer: Function, step: Step, bos_id: int, eos_id: int, *sizes: int) -> Any:
    """What is found, and whether the model was asked what comes after an end."""
    after_an_end = False

    def asked(ids: list[int]) -> Tensor:
        nonlocal after_an_end
        after_an_end |= eos_id in [int(token) for token in ids]
        return step(ids)

    found = answer(at_most(3000, asked), bos_id, eos_id, *sizes)
    if not isinstance(found, list):
        return found
    return {"found": str(found), "asked what comes after the end": after_an_end}


def _model(step: Step, beam_size: int, max_len: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return step, BOS_ID, EOS_ID, beam_size, max_len

    return draw


# Greedy begins with the likelier word, after which nothing is likely.
TRAP = Tree(
    {
        (): {3: 60, 4: 40},
        (3,): {5: 35, 6: 33, 7: 32},
        (4,): {5: 90, 6: 10},
    }
)
# The two best beginnings share their first word.
FAMILY = Tree(
    {
        (): {3: 70, 4: 20, 5: 10},
        (3,): {6: 52, 7: 48},
        (3, 6): {3: 30, 4: 28, 5: 22, 6: 20},
        (3, 7): {4: 95, 5: 5},
    }
)
# A short sentence ends at once, a longer one is better.
LATE = Tree(
    {
        (): {EOS_ID: 30, 3: 55, 4: 15},
        (3,): {5: 80, 6: 20},
    }
)
# It ends at once, or goes on without ever being as good.
EARLY = Tree(
    {
        (): {EOS_ID: 45, 3: 40, 4: 15},
        (3,): {5: 60, 6: 40},
        (3, 5): {4: 70, 7: 30},
    }
)
# After one has ended there are still two places, and the best sentence needs the second of them.
PLACES = Tree(
    {
        (): {3: 70, EOS_ID: 30},
        (3,): {5: 51, 6: 49},
        (3, 5): {4: 50, 3: 30, 7: 20},
        (3, 6): {7: 97, 4: 3},
    }
)
# The best sentence is left out after its second word: two others are a little better there.
CROWD = Tree(
    {
        (): {3: 60, 4: 40},
        (3,): {5: 52, 6: 48},
        (4,): {7: 70, 6: 30},
        (3, 5): {3: 55, 4: 45},
        (3, 6): {3: 50, 4: 40, 7: 10},
    }
)
# It never says the end token.
ENDLESS_TALK = Tree(
    {
        (): {3: 51, 4: 49},
        (3,): {3: 55, 4: 45},
        (4,): {3: 96, 4: 4},
        (4, 3): {5: 80, 6: 20},
        (4, 3, 5): {7: 90, 6: 10},
        (3, 3): {3: 51, 4: 49},
        (3, 4): {3: 51, 4: 49},
    }
)

BEAM = Exercise(
    id="9.3",
    title="Beam search",
    signature="beam_search(step, bos_id, eos_id, beam_size, max_len)",
    shapes="step, bos_id -> ()",
    reference=beam_search,
    use=watched,
    smooth=0,
    seconds=6.0,
    probes=(
        Probe(
            BY_HAND,
            _model(TRAP, 2, 3),
            "Write the two beginnings and their probabilities on paper, and below each what may "
            "follow. Which whole sentence is the most likely?",
        ),
        Probe(
            "a beam of one",
            _model(TRAP, 1, 3),
            "With a beam of one only the best beginning is kept. Which search is that?",
        ),
        Probe(
            "two that begin alike",
            _model(FAMILY, 2, 3),
            "After two words, which are the two best beginnings? Do they have to begin "
            "differently?",
        ),
        Probe(
            "a short one ends first",
            _model(LATE, 3, 3),
            "One sentence ends at the first step. May another one that ends later be better?",
        ),
        Probe(
            "a short one stays the best",
            _model(EARLY, 2, 3),
            "One sentence ends at the first step, and none of the longer ones is as likely. What "
            "became of it?",
        ),
        Probe(
            "two places, after one has ended",
            _model(PLACES, 2, 3),
            "One sentence ends at the first step, the other goes on. How many beginnings are kept "
            "at the second step?",
        ),
        Probe(
            "the best one is not in the beam",
            _model(CROWD, 2, 3),
            "A beam search may miss the best sentence: its beginning has to be among the best. How "
            "many are kept at each step?",
        ),
        Probe(
            "it never ends",
            _model(ENDLESS_TALK, 2, 3),
            "After `max_len` words nothing has ended. Which of the beginnings is the best?",
        ),
        Probe(
            "any model, a beam of three",
            _model(Babbler(13), 3, 4),
            "Which three are kept after each step, those that have just ended included?",
        ),
        Probe(
            "any other model, a beam of four",
            _model(Babbler(22), 4, 5),
            "Which four are kept after each step, those that have just ended included?",
        ),
        Probe(
            "a beam that is wide enough for all",
            _model(Babbler(7), 999, 4),
            "Nothing is ever left out, so the most likely sentence of all must be "
            "found. Where could it get lost?",
        ),
    ),
    mistakes=(
        Mistake(
            "greedy",
            _with(width=1),
            "Only one beginning is kept at each step, whatever `beam_size` says: this is greedy. "
            "How many of the candidates go on?",
        ),
        Mistake(
            "never pruned",
            _with(best_of=lambda everyone, families, width: everyone),
            "Nothing is ever left out. That finds the most likely sentence, and for a vocabulary "
            "of 5,000 words it would never come back. How many go on after each step?",
        ),
        Mistake(
            "beam_size of each",
            _with(best_of=_of_each),
            "You keep the best `beam_size` continuations of *each* beginning, so that there are "
            "more and more. Who competes with whom for a place?",
        ),
        Mistake(
            "one of each",
            _with(best_of=_heirs),
            "Each beginning goes on with its own best word, so that the beams never meet: these "
            "are several greedy searches. Can both of the best two come from the same beginning?",
        ),
        Mistake(
            "finished ones lost",
            _with(ended_count=False),
            "Sentences that have ended are gone at the end. What becomes of a beginning whose best "
            "continuation is the end token?",
        ),
        Mistake(
            "unfinished ones lost",
            _with(unfinished_count=False),
            "Only sentences that have ended count for you, and sometimes there is none. What "
            "should be returned when `max_len` is reached before?",
        ),
        Mistake(
            "the first that ends",
            _with(first_ended=True),
            "You stop when the first sentence ends. One that ends later can still be more likely. "
            "Which ones do you compare at the end?",
        ),
        Mistake(
            "finished ones go on",
            _with(go_on=True, ended_count=False),
            "Sentences that have ended are treated like any other, and continued behind their end "
            "token. Where should they wait until the others are done?",
        ),
        Mistake(
            "finished ones stay in the beam",
            _with(go_on=True),
            "What you find is right. But sentences that have ended also stay in the beam, and the "
            "model is asked what comes after their end. Who goes on to the next round?",
        ),
        Mistake(
            "a place less for each that has ended",
            _with(shrinks=True),
            "Each sentence that has ended takes a place away from the beginnings that come later. "
            "How many places are there in *each* round?",
        ),
        Mistake(
            "multiplied",
            _with(add=lambda score, p: score * p, first=1.0),
            "You multiply logarithms. Probabilities are multiplied; what becomes of that when you "
            "take the logarithm?",
        ),
        Mistake(
            "probabilities added",
            _with(add=lambda score, p: score + math.exp(p)),
            "You add up probabilities, so that every word more makes a sentence better. What is "
            "the probability of two words, one after the other?",
        ),
        Mistake(
            "only the last word",
            _with(add=lambda score, p: p),
            "A beginning is judged by its last word alone. What about the words before it?",
        ),
        Mistake(
            "divided by the length",
            _with(last=_per_length),
            "At the end you divide by the number of words. That is the subject of 9.4, and changes "
            "which sentence wins. What is the score here?",
        ),
        Mistake(
            "the least likely",
            _with(rank=lambda beam: -beam[1]),
            "You keep the *least* likely. In which order does `sorted` sort?",
        ),
        Mistake(
            "the least likely at the end",
            _with(last=lambda beam: -beam[1]),
            "The search is right, and of what it found you return the least likely. Which of two "
            "log-probabilities is better, -1 or -3?",
        ),
        Mistake(
            "the end token kept",
            _with(cut=lambda ids, eos: ids[1:]),
            "The end token stands in the result. It says that the sentence is over. What do you "
            "take off before you return?",
        ),
        Mistake(
            "the start token kept",
            _with(cut=lambda ids, eos: [i for i in ids if i != eos]),
            "The start token stands in the result. It was given, not written. What do you take off "
            "before you return?",
        ),
        Mistake(
            "starts with the end token",
            _with(start=EOS_ID),
            "The model does not know where it is, since what it reads first is not the start "
            "token. With what does every beginning begin?",
        ),
        Mistake(
            "one word too many",
            _with(steps=1),
            "It writes one word more than `max_len` allows. Does your count begin with the start "
            "token?",
        ),
        Mistake(
            "one word too few",
            _with(steps=-1),
            "It stops one word before `max_len`. Does your count include the start token?",
        ),
    ),
    hints=(
        "A beam is a pair: what is written so far, and the sum of its log-probabilities. At first "
        "there is one, `([bos_id], 0.0)`.",
        "In each round make *all* continuations of all beams, sort them by score, and keep the "
        "best `beam_size`. Those that end with `eos_id` go to a list of their own, the others go "
        "on.",
        "`[(ids + [token], score + p) for ids, score in beams for token, p in "
        "enumerate(step(ids).tolist())]` are all continuations. The answer is the best of those "
        "that have ended and those that are left.",
    ),
)
