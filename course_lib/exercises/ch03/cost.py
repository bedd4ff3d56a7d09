"""3.4 count_parameters and 3.5 attention_flops."""

from functools import partial

from course_lib.exercises.spec import Exercise, Mistake, Probe


def count_parameters(d_model: int, num_heads: int, bias: bool = True) -> int:
    """The numbers that multi-head attention has to learn: four square matrices, four biases."""
    return 4 * (d_model * d_model + (d_model if bias else 0))


def attention_flops(
    batch_size: int, num_queries: int, num_keys: int, d_model: int, num_heads: int
) -> int:
    """Multiplications and additions of one multi-head attention, without softmax and biases."""
    projections = 2 * batch_size * (num_queries + num_keys) * d_model * d_model
    scores_and_mix = 2 * batch_size * num_queries * num_keys * d_model
    return 2 * (projections + scores_and_mix)


def _parameters(
    d_model: int,
    num_heads: int,
    bias: bool = True,
    *,
    matrices: int = 4,
    every_head: bool = False,
    one_head: bool = False,
    always: bool = False,
    never: bool = False,
    bias_is: str = "d_model",
    narrow_out: bool = False,
    last_bias: bool = True,
) -> int:
    """The count, with the switches of what goes wrong with it."""
    d_head = d_model // num_heads
    width = d_head if one_head else d_model * num_heads if every_head else d_model
    biases = (bias or always) and not never
    each = {"d_model": width, "one": 1, "d_head": d_head, "square": width * d_model}[bias_is]
    total = (matrices - 1) * (d_model * width + biases * each)
    rows = d_head if narrow_out else width
    last = (each if bias_is != "d_model" else d_model) * last_bias
    return total + rows * d_model + biases * last


MODEL_WIDTH = "six features, two heads, with biases"

COUNT = Exercise(
    id="3.4",
    title="Count the parameters",
    signature="count_parameters(d_model, num_heads, bias=True)",
    shapes="->",
    reference=count_parameters,
    probes=(
        Probe(
            "four features, two heads, without biases",
            lambda dice: (4, 2, False),
            "How many matrices are there, and how many numbers has each? Draw them.",
        ),
        Probe(
            "four features, two heads, with biases",
            lambda dice: (4, 2, True),
            "A linear map adds one number to each feature that it gives. How many such maps are "
            "there?",
        ),
        Probe(
            MODEL_WIDTH,
            lambda dice: (6, 2),
            "Is `bias=True` what happens when nothing is said?",
        ),
        Probe(
            "the same width in three heads",
            lambda dice: (6, 3),
            "If there are more heads, each is smaller. What happens to the sum?",
        ),
        Probe(
            "one head",
            lambda dice: (10, 1),
            "Does the projection at the end go when there is nothing to merge?",
        ),
        Probe(
            "the width of the first Transformer, without biases",
            lambda dice: (512, 8, False),
            "The same rule holds for large numbers. Which term has gone astray?",
        ),
    ),
    mistakes=(
        Mistake(
            "three matrices",
            partial(_parameters, matrices=3),
            "You count three linear maps, for queries, keys and values. Which map comes after the "
            "heads are merged?",
        ),
        Mistake(
            "one matrix",
            partial(_parameters, matrices=1),
            "You count a single linear map. How many times does the module of 3.3 call "
            "`nn.Linear`?",
        ),
        Mistake(
            "a full set for every head",
            partial(_parameters, every_head=True),
            "You give every head matrices of the full width, so the count grows with the heads. "
            "How many of the D features does one head get?",
        ),
        Mistake(
            "one head only",
            partial(_parameters, one_head=True),
            "You count the matrices of one head, D × Dh, and there it ends. How many heads are "
            "there?",
        ),
        Mistake(
            "four maps of one head",
            lambda d_model, num_heads, bias=True: (
                4 * (d_model * (d_model // num_heads) + (d_model // num_heads) * bias)
            ),
            "All four of your maps are those of one head, Dh wide, and there it ends. How many "
            "heads are there, and how wide is the row that the last map takes?",
        ),
        Mistake(
            "three maps of one head, and the last",
            lambda d_model, num_heads, bias=True: (
                3 * (d_model * (d_model // num_heads) + (d_model // num_heads) * bias)
                + d_model * d_model
                + d_model * bias
            ),
            "The last map is right. For queries, keys and values you count what one head needs, "
            "D × Dh, and there it ends. How many heads are there?",
        ),
        Mistake(
            "maps within one head",
            lambda d_model, num_heads, bias=True: (
                4 * ((d_model // num_heads) ** 2 + (d_model // num_heads) * bias)
            ),
            "Your matrices take Dh features and give Dh. The projections come before the split and "
            "after the merge. How many features has a token there?",
        ),
        Mistake(
            "everything times the heads",
            lambda d_model, num_heads, bias=True: (
                num_heads * count_parameters(d_model, num_heads, bias)
            ),
            "The count for one module is right, and then you multiply it by the number of heads. "
            "The module of 3.3 calls `nn.Linear` four times, however many heads there are. What do "
            "the heads share out among themselves?",
        ),
        Mistake(
            "output projection of one head",
            partial(_parameters, narrow_out=True),
            "Your projection at the end takes Dh features. It comes after the merge. How wide is "
            "the row of a token then?",
        ),
        Mistake(
            "biases always",
            partial(_parameters, always=True),
            "You count the biases whether there are any or not. Which argument tells?",
        ),
        Mistake(
            "biases never",
            partial(_parameters, never=True),
            "You count no biases. When `bias` is true, each linear map adds something to its "
            "result. How many numbers are that?",
        ),
        Mistake(
            "output bias left out",
            partial(_parameters, last_bias=False),
            "You count the biases of queries, keys and values. Has the projection at the end none?",
        ),
        Mistake(
            "one bias for all",
            lambda d_model, num_heads, bias=True: 4 * d_model**2 + d_model * bias,
            "You count one bias of D numbers in all. Do the four maps share it?",
        ),
        Mistake(
            "three full matrices for every head",
            lambda d_model, num_heads, bias=True: (
                (3 * num_heads + 1) * (d_model**2 + d_model * bias)
            ),
            "You give every head three matrices of D × D. How many of the D features that come out "
            "of them would belong to the head?",
        ),
        Mistake(
            "a fraction",
            lambda d_model, num_heads, bias=True: float(count_parameters(d_model, num_heads, bias)),
            "The count is right and comes with a decimal point: `/` gives a fraction, even where "
            "nothing is left over. Which sign gives a whole number?",
        ),
        Mistake(
            "one number as a bias",
            partial(_parameters, bias_is="one"),
            "You count one number as the bias of each map. Is the same number added to all "
            "features?",
        ),
        Mistake(
            "bias of one head",
            partial(_parameters, bias_is="d_head"),
            "Your biases are as long as one head. How many features does each linear map give "
            "before they are split?",
        ),
        Mistake(
            "bias as large as the matrix",
            partial(_parameters, bias_is="square"),
            "Your biases are as large as the matrices. A bias is added after the product. How many "
            "numbers has the product, for one token?",
        ),
    ),
    hints=(
        "`nn.Linear(D, D)` has a matrix of D rows and D columns, and a bias of D numbers. How many "
        "of these maps has the module?",
        "Queries, keys, values, and one after the merge: four. If you go head by head, each of H "
        "heads has three matrices of D × Dh, and H · Dh = D.",
        "Four times `d_model * d_model`, and if `bias` four times `d_model` on top.",
    ),
)


def _flops(
    batch_size: int,
    num_queries: int,
    num_keys: int,
    d_model: int,
    num_heads: int,
    *,
    each: int = 2,
    rows: str = "qkkq",
    products: int = 2,
    scores: str = "qk",
    heads: str = "D",
    project: bool = True,
    batch: bool = True,
    square: bool = True,
    narrow: bool = False,
) -> int:
    """The count, with the switches of what goes wrong with it."""
    length = {"q": num_queries, "k": num_keys}
    d_head = d_model // num_heads
    width = {"D": d_model, "Dh": d_head, "HD": num_heads * d_model}[heads]
    each_row = d_model * ((d_head if narrow else d_model) if square else 1)
    projected = sum(length[letter] for letter in rows) * each_row
    mixed = products * length[scores[0]] * length[scores[1]] * width
    return each * (batch_size if batch else 1) * (projected * project + mixed)


FLOPS = Exercise(
    id="3.5",
    title="Count the operations",
    signature="attention_flops(batch_size, num_queries, num_keys, d_model, num_heads)",
    shapes="->",
    reference=attention_flops,
    probes=(
        Probe(
            "one query, one key, two features, one head",
            lambda dice: (1, 1, 1, 2, 1),
            "Four projections of 2 × 2, then a score of 2 products and a mix of 2. How many "
            "multiply-adds are that?",
        ),
        Probe(
            "two queries, three keys",
            lambda dice: (1, 2, 3, 4, 1),
            "Which projections are done for each query, and which for each key?",
        ),
        Probe(
            "the same, in two heads",
            lambda dice: (1, 2, 3, 4, 2),
            "How many features has a head, and how many heads are there?",
        ),
        Probe(
            "a batch of five, three heads",
            lambda dice: (5, 7, 4, 6, 3),
            "Each sentence of the batch costs the same. Which of your terms knows that?",
        ),
        Probe(
            "the first Transformer, on a long sentence",
            lambda dice: (1, 1000, 1001, 512, 8),
            "The same rule holds for large numbers. Which term has gone astray?",
        ),
    ),
    mistakes=(
        Mistake(
            "a multiply-add counted once",
            partial(_flops, each=1),
            "These are the multiply-adds, and the count is right. Each of them is a multiplication "
            "and an addition. How many operations are that?",
        ),
        Mistake(
            "output projection left out",
            partial(_flops, rows="qkk"),
            "You count the projections of queries, keys and values. Which one comes after the "
            "merge, and for which tokens?",
        ),
        Mistake(
            "all projections for the queries",
            partial(_flops, rows="qqqq"),
            "You count every projection once for each query. Keys and values are made from "
            "`context`. How many tokens has it?",
        ),
        Mistake(
            "all projections for the keys",
            partial(_flops, rows="kkkk"),
            "You count every projection once for each key. The queries, and the answers to them, "
            "are as many as what?",
        ),
        Mistake(
            "values made from the queries' side",
            partial(_flops, rows="qkqq"),
            "One projection too many is counted for the queries. Which two of the four are done "
            "for the tokens of `context`?",
        ),
        Mistake(
            "answers as many as keys",
            partial(_flops, rows="qkkk"),
            "You count the last projection once for each key. After the mix there is one row for "
            "each what?",
        ),
        Mistake(
            "the mix left out",
            partial(_flops, products=1),
            "You count the scores but not the average of the values, or both as multiply-adds. How "
            "many matrix products are there between the split and the merge, and how many "
            "operations is a multiply-add?",
        ),
        Mistake(
            "projections left out",
            partial(_flops, project=False),
            "You count what happens between queries, keys and values. They had to be made first. "
            "By how many projections, and what happens after the merge?",
        ),
        Mistake(
            "only the projections",
            partial(_flops, products=0),
            "You count the projections alone. What does it cost to compare every query with every "
            "key, and to mix the values?",
        ),
        Mistake(
            "one head only",
            partial(_flops, heads="Dh"),
            "Scores and mix are counted for one head of Dh features. How many heads do the same?",
        ),
        Mistake(
            "heads of the full width",
            partial(_flops, heads="HD"),
            "You count scores of D features for every head. How many features has one head?",
        ),
        Mistake(
            "everything times the heads",
            lambda b, q, k, d, h: h * attention_flops(b, q, k, d, h),
            "The count is right, and then you multiply it by the number of heads. The projections "
            "are done once for all heads together, and a head's scores add up fewer products. How "
            "many features has one head?",
        ),
        Mistake(
            "everything in heads of the full width",
            lambda b, q, k, d, h: 4 * b * d * ((q + k) * d * h + q * k),
            "Scores and mix are right, and the projections are counted once for each head. How "
            "many of the D features that a projection gives belong to one head?",
        ),
        Mistake(
            "projections of one head",
            partial(_flops, narrow=True),
            "Your projections give Dh features. Each of the four gives all D, for all heads "
            "together. Where do the other heads get theirs?",
        ),
        Mistake(
            "projections counted once",
            lambda b, q, k, d, h: 2 * b * (q + k) * d * d + 4 * b * q * k * d,
            "Your projections are counted as multiply-adds, scores and mix as operations. Which "
            "factor is missing in one of the two terms?",
        ),
        Mistake(
            "biases counted, too",
            lambda b, q, k, d, h: attention_flops(b, q, k, d, h) + 2 * b * (q + k) * d,
            "You count the biases as well. They are few, and were to be left out. What remains?",
        ),
        Mistake(
            "a fraction",
            lambda b, q, k, d, h: float(attention_flops(b, q, k, d, h)),
            "The count is right and comes with a decimal point: `/` gives a fraction, even where "
            "nothing is left over. Which sign gives a whole number?",
        ),
        Mistake(
            "batch left out",
            partial(_flops, batch=False),
            "The batch is not in your count. Are several sentences as cheap as one?",
        ),
        Mistake(
            "queries with queries",
            partial(_flops, scores="qq"),
            "Your scores compare queries with queries. Which two lengths make the table of scores?",
        ),
        Mistake(
            "keys with keys",
            partial(_flops, scores="kk"),
            "Your scores compare keys with keys. Which two lengths make the table of scores?",
        ),
        Mistake(
            "projection of one number",
            partial(_flops, square=False),
            "Your projections cost D for a token. Each of the D features that come out is a sum "
            "over how many that went in?",
        ),
    ),
    hints=(
        "A matrix product of (n, m) with (m, p) gives n · p numbers, each a sum of m products: "
        "n · m · p multiply-adds, and twice as many operations.",
        "Six products in all: queries and output, (Tq, D) with (D, D); keys and values, (Tk, D) "
        "with (D, D); in each head the scores, (Tq, Dh) with (Dh, Tk), and the mix.",
        "Scores and mix together: 2 · Tq · Tk · Dh multiply-adds for each of H heads. Everything "
        "times the batch, and times two at the end.",
    ),
)
