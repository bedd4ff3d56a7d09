"""10.5 block_repeats."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.decoding import repeats
from course_lib.exercises.ch01.common import BY_HAND, DOUBLE
from course_lib.exercises.ch10.common import (
    NEVER,
    ZERO_TIMES_INFINITY,
    Low,
    finite,
    lowest,
    random_logits,
    without_gradients,
)
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Tokens = list[int]
Same = Callable[[Tokens, Tokens], bool]


def block_repeats(logits: Tensor, written: Tokens, n: int) -> Tensor:
    """Logits in which no token may end a group of n that already stands in what is written."""
    begun = written[len(written) - n + 1 :]
    logits = logits.clone()
    for i in range(len(written) - n + 1):
        *context, last = written[i : i + n]
        if context == begun:
            logits[last] = -torch.inf
    return logits


def _equal(one: Tokens, other: Tokens) -> bool:
    return one == other


def _groups(written: Tokens, n: int) -> list[Tokens]:
    return [written[i : i + n] for i in range(len(written) - n + 1)]


def _begun(written: Tokens, n: int) -> Tokens:
    """The last n - 1 tokens."""
    return written[max(0, len(written) - n + 1) :]


def _endings(
    written: Tokens,
    n: int,
    groups: Callable[[Tokens, int], list[Tokens]] = _groups,
    begun: Callable[[Tokens, int], Tokens] = _begun,
    same: Same = _equal,
) -> Tokens:
    """What follows where the begun group stands, with the switches of what goes wrong."""
    return [group[-1] for group in groups(written, n) if same(group[:-1], begun(written, n))]


def _blocking(
    tokens: Callable[[Tokens, int], Tokens] = _endings, value: Low = NEVER, copied: bool = True
) -> Function:
    """An answer that gives `value` to other tokens."""

    def answer(logits: Tensor, written: Tokens, n: int) -> Tensor:
        logits = logits.clone() if copied else logits
        logits[torch.tensor(tokens(written, n), dtype=torch.long)] = lowest(value, logits)
        return logits

    return answer


def _with(**switches: Any) -> Function:
    return _blocking(lambda written, n: _endings(written, n, **switches))


def _whole_groups(written: Tokens, n: int) -> Tokens:
    begun = _begun(written, n)
    return [token for group in _groups(written, n) if group[:-1] == begun for token in group]


def _looks_beyond(written: Tokens, n: int) -> Tokens:
    """Also looks where the begun group itself stands, behind which there is nothing."""
    begun, found = _begun(written, n), []
    for i in range(len(written)):
        if written[i : i + n - 1] == begun:
            found.append(written[i + n - 1])
    return found


def _of_all_others(logits: Tensor, written: Tokens, n: int) -> Tensor:
    kept = torch.full_like(logits, NEVER)
    ends = torch.tensor(_endings(written, n), dtype=torch.long)
    kept[ends] = logits[ends]
    return kept


def _mask(logits: Tensor, written: Tokens, n: int) -> Tensor:
    blocked = torch.zeros_like(logits, dtype=torch.bool)
    blocked[torch.tensor(_endings(written, n), dtype=torch.long)] = True
    return blocked


def _written(*tokens: int, n: int, size: int, dtype: torch.dtype = torch.float32) -> Draw:
    return lambda dice: (random_logits(size, dice, dtype), list(tokens), n)


def _drawn(length: int, kinds: int, n: int, size: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        written = torch.randint(kinds, (length,), generator=dice).tolist()
        return random_logits(size, dice), written, n

    return draw


BLOCK = Exercise(
    id="10.5",
    title="No group twice",
    signature="block_repeats(logits, written, n)",
    shapes="logits (V), written, n -> (V)",
    reference=block_repeats,
    library=(repeats.repeating,),
    use=without_gradients,
    smooth=1,
    probes=(
        Probe(
            BY_HAND,
            _written(3, 4, 5, 3, 4, n=3, size=7),
            "*3 4* is begun, and *3 4 5* stands there already. Which token would end it again?",
        ),
        Probe(
            "two ways on",
            _written(1, 2, 3, 1, 2, 4, 1, 2, n=3, size=6),
            "*1 2* stands there twice before. What came after it, the first time and the second?",
        ),
        Probe(
            "pairs",
            _written(2, 5, 2, 6, 3, 2, n=2, size=8),
            "For a pair, one token is begun. What has already come after it?",
        ),
        Probe(
            "the same token again and again",
            _written(0, 4, 4, 4, n=3, size=6),
            "*4 4 4* stands there. May another 4 follow?",
        ),
        Probe(
            "the same two in another order",
            _written(1, 2, 3, 5, 2, 1, n=3, size=7),
            "*2 1* is begun. Has it stood there before, in this order?",
        ),
        Probe(
            "single tokens",
            _written(2, 0, 5, n=1, size=7),
            "A group of 1 is a single token. Which ones may not come a second time?",
        ),
        Probe(
            "tokens of two digits",
            _written(1, 12, 3, 11, 2, n=2, size=14),
            "The token 2 has stood nowhere else. May 12 be taken for a 1 and a 2?",
        ),
        Probe(
            "two tokens that look like two others",
            _written(1, 12, 3, 5, 11, 2, n=3, size=14),
            "*11 2* is begun. Has it stood there before?",
        ),
        Probe(
            "groups of four",
            _written(6, 1, 2, 3, 5, 1, 2, 4, 6, 1, 2, n=4, size=8),
            "Which three tokens are begun, and where else do they stand?",
        ),
        Probe(
            "nothing comes again",
            _written(5, 4, 3, 2, n=2, size=6),
            "What has come after the 2? Which token has to be blocked?",
        ),
        Probe(
            "less written than n",
            _written(3, 3, n=4, size=5),
            "There is no group of four yet. What can be repeated?",
        ),
        Probe(
            "one less than n",
            _written(2, 2, n=3, size=5),
            "There is no triple yet. What can be repeated?",
        ),
        Probe(
            "nothing written", _written(n=2, size=4), "There is nothing yet. What can be repeated?"
        ),
        Probe(
            DOUBLE,
            _written(1, 0, 1, n=2, size=5, dtype=torch.float64),
            "Which precision have the logits, and which has what you return?",
        ),
        Probe(
            "a long one",
            _drawn(20, 3, 3, size=9),
            "Where do the last two tokens stand elsewhere, and what follows each time?",
        ),
    ),
    mistakes=(
        Mistake(
            "every token that is written",
            _blocking(lambda written, n: written),
            "Every token that was ever written is blocked, whatever n is. Soon there would be no "
            "word for *the* left. What may not come a second time, a token or a group?",
        ),
        Mistake(
            "the last token",
            _blocking(lambda written, n: written[-1:]),
            "You block the last token alone, so that none comes twice in a row. Longer circles go "
            "on. Which *group* is begun, and how did it end before?",
        ),
        Mistake(
            "n + 1 tokens",
            _blocking(lambda written, n: _endings(written, n + 1)),
            "You compare n tokens before the next one. Together with the next one that is a group "
            "of n + 1. How many does a group of n have before its last?",
        ),
        Mistake(
            "n - 1 tokens",
            _blocking(lambda written, n: _endings(written, max(1, n - 1))),
            "You compare one token too few before the next one, and block groups of n - 1. How "
            "many does a group of n have before its last?",
        ),
        Mistake(
            "always pairs",
            _blocking(lambda written, n: _endings(written, 2)),
            "You look at one token before the next, whatever n is, so that no *pair* comes twice. "
            "Where does n come in?",
        ),
        Mistake(
            "always triples",
            _blocking(lambda written, n: _endings(written, 3)),
            "You look at two tokens before the next, whatever n is. Triples are the paper's "
            "choice. Where does n come in?",
        ),
        Mistake(
            "only the first way on",
            _blocking(lambda written, n: _endings(written, n)[:1]),
            "The begun group stands there several times, and you look at the first of them alone. "
            "What stops your search?",
        ),
        Mistake(
            "only the last way on",
            _blocking(lambda written, n: _endings(written, n)[-1:]),
            "The begun group stands there several times, and you keep what came after the last of "
            "them alone, as a dictionary does with one value a key. What could hold several?",
        ),
        Mistake(
            "the beginning of the sentence",
            _with(begun=lambda written, n: written[: n - 1]),
            "You compare with the *first* tokens of the sentence. Which tokens stand right before "
            "the next one?",
        ),
        Mistake(
            "in any order",
            _with(same=lambda one, other: sorted(one) == sorted(other)),
            "The tokens are compared in any order, so that *1 2* is the same as *2 1*. Which "
            "comparison keeps the order?",
        ),
        Mistake(
            "every group's end",
            _with(same=lambda one, other: True),
            "You block the last token of every group, whatever stands before it. With which tokens "
            "has a group to agree, before its last one is forbidden?",
        ),
        Mistake(
            "whole groups",
            _blocking(_whole_groups),
            "All tokens of the group are blocked. Only one of them would make it complete. Which?",
        ),
        Mistake(
            "the last group missing",
            _with(groups=lambda written, n: _groups(written, n)[:-1]),
            "The very last group is never looked at. How many groups of 1 do three tokens have, "
            "and where does your `range` end?",
        ),
        Mistake(
            "the first group missing",
            _with(groups=lambda written, n: _groups(written, n)[1:]),
            "The very first group is never looked at. Where does your `range` begin?",
        ),
        Mistake(
            "without overlap",
            _with(groups=lambda written, n: _groups(written, n)[::n]),
            "Your groups lie side by side, and the next begins where one ends. *1 2 3* has the "
            "pairs *1 2* and *2 3*. How far is it from one to the next?",
        ),
        Mistake(
            "looks beyond the end",
            _blocking(_looks_beyond),
            "The begun group finds itself at the end, and there is nothing behind it yet. Which is "
            "the last place where a whole group of n begins?",
        ),
        Mistake(
            "-0 is 0",
            _with(begun=lambda written, n: written[-(n - 1) :]),
            "All is right but for n = 1, where nothing is forbidden. No token is begun then, and "
            "each that is written ends a group of one. (`written[-(n - 1):]` is all of it for n = "
            "1, since -0 is 0.) From which place on are the last n - 1, counted from the "
            "beginning?",
        ),
        Mistake(
            "0",
            _blocking(value=0.0),
            "The blocked tokens get the logit 0, and after a softmax that is a good chance. Which "
            "logit makes a probability of 0?",
        ),
        *finite(lambda low: _blocking(value=low)),
        Mistake(
            "0 times infinity",
            lambda logits, *more: logits + _mask(logits, *more).to(logits) * NEVER,
            ZERO_TIMES_INFINITY,
        ),
        Mistake(
            "plus infinity",
            _blocking(value=-NEVER),
            "The blocked tokens get +inf, so that they are sure to come. Which sign makes them "
            "impossible?",
        ),
        Mistake(
            "all others",
            _of_all_others,
            "What should be blocked is left, and all the others are blocked. Which way round is "
            "your mask?",
        ),
        Mistake(
            "the mask",
            _mask,
            "This says which tokens are blocked, as True and False. The *logits* are asked, with "
            "-inf at these tokens. Which method fills in a number where a mask is True?",
        ),
        Mistake(
            "written into its input",
            _blocking(copied=False),
            "The numbers are right, and the caller's logits are no longer what they were: "
            "`logits[…] = …` writes into the very tensor that was handed over. What makes a copy "
            "first?",
        ),
    ),
    hints=(
        "A group of n is complete with the next token. So n - 1 of its tokens are there: the last "
        "ones. Where else in `written` do they stand, and what follows there?",
        "Go through all places i where a whole group fits, `range(len(written) - n + 1)`. Compare "
        "`written[i : i + n - 1]` with the last n - 1 tokens. For n = 1 both are empty, and equal.",
        "Where they agree, `written[i + n - 1]` is to be blocked. Begin with `logits.clone()`, and "
        "put `-torch.inf` there. The last n - 1 tokens are `written[len(written) - n + 1 :]`, if "
        "there are so many.",
    ),
)
