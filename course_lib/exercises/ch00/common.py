"""What the banks of this chapter share."""

BY_HAND = "numbers small enough for paper"
DOUBLE = "double precision"
BATCH = "a batch of two"
Q_BATCH = "With a batch in front, which axis does each number in your code name? From which end?"
Q_DOUBLE = "Does your code make numbers of its own, and of which kind?"
