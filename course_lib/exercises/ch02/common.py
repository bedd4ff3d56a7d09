"""What the banks of this chapter share."""

import torch
from torch import Generator, Tensor

from course_lib.exercises.probes import Draw

Q_POLARITY = (
    "Does True stand where a query may look, or where it may not? Here it means *may look*."
)
NUMBERS = (
    "The yes and no stand there as numbers. `masked_fill`, `~`, `&` and the fused kernel want "
    "booleans. Which `dtype` has only two values?"
)


def masked(draw: Draw, *shape: int) -> Draw:
    """What `draw` gives, and a random mask of this shape in which every query may see a key."""

    def with_mask(dice: Generator) -> tuple[Tensor, ...]:
        drawn = draw(dice)
        mask = torch.rand(shape, generator=dice) < 0.6
        mask[..., 1] = True
        mask[..., -1] = False
        return *drawn, mask

    return with_mask
