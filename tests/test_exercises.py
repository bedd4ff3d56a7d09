"""Every exercise of every chapter: its bank of mistakes, right answers, solution and hints."""

import ast
import importlib
import itertools
import time
from pathlib import Path

import pytest
import torch
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU

from course_lib.exercises import compare, engine
from course_lib.exercises.observe import observe
from course_lib.exercises.spec import Exercise, Prediction
from course_lib.tools.sources import find_chapters, read_chapter
from course_lib.tools.stubs import learner_source

ROOT = Path(__file__).parents[1]
ALL = [task for module in engine.chapter_modules() for task in engine.exercises_of(module)]
FUNCTIONS = [task for task in ALL if isinstance(task, Exercise)]
PREDICTIONS = [task for task in ALL if isinstance(task, Prediction)]
MISTAKES = [(task, mistake) for task in FUNCTIONS for mistake in task.mistakes]
WRONG_VALUES = [(task, wrong) for task in PREDICTIONS for wrong in task.wrong]
RIGHT = {
    exercise_id: answers
    for module in engine.chapter_modules()
    for exercise_id, answers in importlib.import_module(f"answers.{module}").RIGHT.items()
}


def cases(pairs):
    return [pytest.param(t, m, id=f"{t.id} {m.name}".replace(" ", "-")) for t, m in pairs]


def by_id(tasks):
    return [pytest.param(task, id=task.id) for task in tasks]


def chapter_cell(task, edition):
    """What stands in the answer's cell, run with the chapter's imports and the names before it."""
    paths = find_chapters(ROOT, []) if (ROOT / "solutions").is_dir() else []
    path = next((p for p in paths if p.name.startswith(f"{task.chapter:02}_")), None)
    if path is None:
        pytest.skip(f"chapter {task.chapter:02} is not here")
    chapter = read_chapter(path)
    cell = next(cell for cell in chapter.cells if cell.exercise == task.id)
    imports = [
        n for n in ast.parse(chapter.text).body if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    names = {other.name: other.reference for other in FUNCTIONS if other.id != task.id}
    exec(compile(ast.Module(imports, []), "imports", "exec"), names)
    exec(learner_source(chapter, cell) if edition == "learner" else cell.source, names)
    return names[task.name]


def test_ids_are_unique_and_belong_to_their_chapter():
    assert len({task.id for task in ALL}) == len(ALL)
    for module in engine.chapter_modules():
        assert {task.chapter for task in engine.exercises_of(module)} == {int(module[2:])}


@pytest.mark.parametrize("task", by_id(ALL))
def test_there_are_hints_right_answers_and_mistakes_enough(task):
    wrong = task.mistakes if isinstance(task, Exercise) else task.wrong
    assert 2 <= len(task.hints) <= 3
    assert len(RIGHT[task.id]) >= 2
    assert len(wrong) >= 4
    assert len({mistake.name for mistake in wrong}) == len(wrong)


@pytest.mark.parametrize("task", by_id(FUNCTIONS))
def test_the_axes_of_a_probe_differ_in_size_unless_it_is_worked_by_hand(task):
    for probe, inputs in list(zip(task.probes, task.draw(), strict=True))[1:]:
        sizes, _ = compare.axis_names(task.shapes, dict(zip(task.names, inputs, strict=False)))
        hidden = probe.name.startswith(("scores in", "a query of", "vectors shorter", "as many "))
        assert hidden or len(set(sizes.values())) == len(sizes), probe.name


@pytest.mark.parametrize("task", by_id(ALL))
def test_right_answers_pass_in_under_a_second(task, pace):
    for answer in RIGHT[task.id]:
        start = time.process_time()
        result = engine.examine(task.id, answer)
        assert time.process_time() - start < pace
        assert result.passed, result


@pytest.mark.parametrize(("task", "mistake"), cases(MISTAKES))
def test_every_mistake_gets_its_diagnosis(task, mistake, pace):
    start = time.process_time()
    result = engine.examine(task.id, mistake.wrong)
    assert time.process_time() - start < pace
    assert (result.passed, result.mistake) == (False, mistake.key), result
    assert result.diagnosis == mistake.diagnosis
    assert mistake.diagnosis in str(result)


PAIRS = [(task, pair) for task in FUNCTIONS for pair in task.pairs()]


@pytest.mark.parametrize(("task", "pair"), cases(PAIRS))
def test_two_mistakes_at_once_are_named_or_left_unnamed_but_never_misnamed(task, pair, pace):
    start = time.process_time()
    result = engine.examine(task.id, pair.wrong)
    assert time.process_time() - start < pace
    by_key = {mistake.key: mistake.wrong for mistake in (*task.mistakes, *task.pairs())}
    assert not result.passed
    assert result.mistake in {pair.key, ""} or all(
        compare.same(
            observe(task, pair.wrong, x).value,
            observe(task, by_key[result.mistake], x).value,
            task.tolerance,
        )
        for x in task.draw()
    )


@pytest.mark.parametrize("task", by_id(task for task in FUNCTIONS if any(task.pairs())))
def test_most_pairs_of_mistakes_are_named(task):
    named = [engine.examine(task.id, pair.wrong).mistake == pair.key for pair in task.pairs()]
    assert sum(named) >= 0.7 * len(named), f"{sum(named)} of {len(named)}"


@pytest.mark.parametrize(("task", "wrong"), cases(WRONG_VALUES))
def test_every_wrong_prediction_gets_its_diagnosis(task, wrong):
    result = engine.examine(task.id, wrong.example)
    assert (result.passed, result.mistake) == (False, wrong.name), result
    assert result.diagnosis == wrong.diagnosis


@pytest.mark.parametrize("task", by_id(FUNCTIONS))
def test_mistakes_are_told_apart_or_share_one_diagnosis(task):
    for one, other in itertools.combinations(task.mistakes, 2):
        same_words = one.diagnosis == other.diagnosis
        assert same_words == bool(one.group and one.group == other.group), (one.name, other.name)


@pytest.mark.parametrize("task", by_id(task for task in FUNCTIONS if task.invariants))
def test_invariants_hold_for_the_reference_and_can_be_broken(task):
    broken = set()
    for inputs in task.draw():
        right = observe(task, task.reference, inputs).value
        for invariant in task.invariants:
            assert invariant.holds(right, *inputs), invariant.sentence
        for mistake in task.mistakes:
            value = observe(task, mistake.wrong, inputs).value
            if not isinstance(value, torch.Tensor) or value.shape != right.shape:
                continue
            if bool(value.isfinite().all()):
                broken |= {i.sentence for i in task.invariants if not i.holds(value, *inputs)}
    assert broken == {invariant.sentence for invariant in task.invariants}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("task", by_id(FUNCTIONS))
def test_fresh_inputs_tell_right_from_wrong_too(task, seed):
    def verdict(answer):
        pairs = [(observe(task, answer, x), observe(task, task.reference, x)) for x in inputs]
        return all(
            compare.same(a.value, b.value, task.tolerance) and a.changed == b.changed
            for a, b in pairs
        )

    inputs = task.draw(seed)
    assert all(verdict(answer) for answer in RIGHT[task.id])
    assert not any(verdict(mistake.wrong) for mistake in task.mistakes)


def with_the_signature(task, function):
    """The function, as its exercise wants to call it."""
    head = task.signature.partition("(")[2][:-1]
    return eval(f"lambda {head}: _answer({', '.join(task.parameters)})", {"_answer": function})


@pytest.mark.parametrize("task", by_id(FUNCTIONS))
def test_the_librarys_own_does_not_count(task):
    for answer in (task.reference, with_the_signature(task, task.reference)):
        result = engine.examine(task.id, answer)
        assert not result.passed
        assert "the course's own" in result.diagnosis


FORBIDDEN = [pytest.param(t, n, id=f"{t.id}-{n}") for t in FUNCTIONS for n in t.forbidden]
TENSORS = {"F.cosine_similarity": 2, "F.scaled_dot_product_attention": 3}  # the others: x, dim
SHAPES = {"F.layer_norm": [3], "torch.layer_norm": [3]}
CLASSES = [torch.zeros(2, 3), torch.tensor([0, 1])]
OTHERS = {
    "F.cross_entropy": CLASSES,
    "F.nll_loss": CLASSES,
    "sacrebleu.corpus_bleu": [["a"], [["a"]]],
    "sacrebleu.sentence_bleu": ["a", ["a"]],
    "BLEU.corpus_score": [BLEU(), ["a"], [["a"]]],
    "RougeScorer.score": [RougeScorer(["rouge1"]), "a", "a"],
    "BLEU.sentence_score": [BLEU(effective_order=True), "a", ["a"]],
}


@pytest.mark.parametrize(("task", "name"), FORBIDDEN)
def test_what_is_forbidden_is_noticed_in_a_right_answer(task, name):
    x = torch.randn(1, 2, 3)
    function, arguments = task.forbidden[name], [x, -1]
    if name in TENSORS:
        arguments = [x] * TENSORS[name]
    if name in SHAPES:
        arguments = [x, SHAPES[name]]
    arguments = OTHERS.get(name, arguments)
    if isinstance(function, type):  # a module: noticed when it is used
        function, arguments = function(3, 4), [x]

    def answer(*inputs):
        function(*arguments)
        return RIGHT[task.id][0](*inputs)

    result = engine.examine(task.id, with_the_signature(task, answer))
    assert not result.passed
    assert f"`{name}`" in result.diagnosis
    assert name in engine.examine(task.id, task.forbidden[name]).diagnosis


@pytest.mark.parametrize("task", by_id(FUNCTIONS))
def test_the_chapters_solution_passes(task):
    result = engine.examine(task.id, chapter_cell(task, "solved"))
    assert result.passed, result


@pytest.mark.parametrize("task", by_id(FUNCTIONS))
def test_the_learners_edition_is_not_yet_or_has_the_planned_bug(task):
    result = engine.examine(task.id, chapter_cell(task, "learner"))
    assert not result.passed
    assert result.mistake == task.bug
    assert result.tone == ("wrong" if task.bug else "calm"), result


@pytest.mark.parametrize("task", by_id(task for task in FUNCTIONS if task.bug))
def test_a_planned_bug_is_one_of_the_bank(task):
    assert task.bug in {mistake.key for mistake in task.mistakes}
