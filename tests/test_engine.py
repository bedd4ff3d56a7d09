"""The engine: what an answer does is said in words, and the learner's session stays whole."""

import contextlib
import dataclasses
import random
import re
import sys
import threading
import time
import warnings
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.errors import CourseError
from course_lib.exercises import CheckFailed, carry_on, check, compare, engine, hint, solution
from course_lib.exercises.faces import Comparison
from course_lib.exercises.judge import judge
from course_lib.exercises.modules import use_module
from course_lib.exercises.observe import at_most, observe
from course_lib.exercises.probes import drawn
from course_lib.exercises.spec import Exercise, Mistake, Probe

BANK = (
    Mistake("not doubled", lambda x: x + 0, "Doubled?"),
    Mistake("squared", lambda x: x * x, "Squared?"),
    Mistake("squared, again", lambda x: x**2, "Squared by another name?"),
    Mistake("negative", lambda x: -2 * x, "Sign?", group="sign"),
    Mistake("negative too", lambda x: x * -2, "Sign?", group="sign"),
)
DOUBLE = Exercise(
    id="99.1",
    title="Twice",
    signature="double(x)",
    shapes="x (..., T, D) -> (..., T, D)",
    hints=("First.", "Second."),
    reference=lambda x: 2 * x,
    probes=(
        Probe("one table", drawn((2, 3)), "What is twice 3?"),
        Probe("a batch", drawn((4, 2, 3)), "And of a batch?"),
    ),
    mistakes=BANK,
    forbidden={"torch.add": torch.add, "F.relu": F.relu, "Tensor.cumsum": torch.Tensor.cumsum},
    seconds=0.4,
)


class Scaler(nn.Module):
    """The reference of an exercise that asks for a class."""

    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x * self.scale


MODULE = Exercise(
    id="99.2",
    title="A class",
    signature="Scaler(size)",
    shapes="x (T, D) -> (T, D)",
    hints=("First.", "Second."),
    reference=Scaler,
    use=use_module,
    input_names=("sizes", "x"),
    probes=(Probe("three numbers", lambda dice: ((3,), torch.ones(2, 3)), "Which parameter?"),),
    mistakes=(),
)


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """Two exercises of our own beside the chapters', a fresh memory, and what was displayed."""
    real, faces = engine.exercises_of, []
    ours = {"ch99": (DOUBLE, MODULE, TWO_SWITCHES)}
    monkeypatch.setattr(engine, "exercises_of", lambda name: ours.get(name) or real(name))
    modules = [*engine.chapter_modules(), "ch99"]
    monkeypatch.setattr(engine, "chapter_modules", lambda: modules)
    for memory in ("_tries", "_hints", "_asked", "_passed"):
        monkeypatch.setattr(engine, memory, type(getattr(engine, memory))())
    monkeypatch.setattr(engine, "display", faces.append)
    return faces


def result_of(answer, exercise_id="99.1"):
    with pytest.raises(CheckFailed) as caught:
        check(exercise_id, answer)
    return caught.value.result


def double(x):
    return x + x


# Passing, failing, not yet


def test_a_right_answer_passes_and_returns_none(shown):
    assert check("99.1", double) is None
    [face] = shown
    assert face.passed
    assert repr(face).startswith("✓ 99.1 double: right")


def test_a_failed_check_is_one_calm_line():
    with pytest.raises(CheckFailed) as caught:
        check("99.1", lambda x: x)
    assert caught.value._render_traceback_() == ["99.1 double: not right yet."]
    assert str(caught.value) == "99.1 double: not right yet. Doubled?"
    assert caught.value.__cause__ is None
    assert (CheckFailed.__name__, CheckFailed.__module__) == (
        "CheckFailed",
        "course_lib.exercises.engine",
    )


def test_a_stub_is_not_yet():
    def stub(x):
        raise NotImplementedError("99.1 double")

    for unsolved in (stub, ...):
        result = result_of(unsolved)
        assert result.tone == "calm"
        assert "not yet" in str(result)
    assert not engine._tries["99.1"]


def test_a_missing_kernel_of_torch_is_no_stub():
    def integers(x):
        return torch.arange(3).softmax(0) + x

    result = result_of(integers)
    assert result.tone == "wrong"
    assert "NotImplementedError: " in str(result)


# Naming mistakes


def test_a_mistake_is_named_only_if_it_alone_matches_on_all_probes():
    assert result_of(lambda x: x.clone()).mistake == "not doubled"
    assert result_of(lambda x: x * x).mistake == ""  # two of the bank do that
    assert result_of(lambda x: -x - x).mistake == "sign"  # a declared group
    assert result_of(lambda x: x.clone() if x.dim() == 2 else 3 * x).mistake == ""


def test_the_first_cell_that_differs_is_marked_on_both_sides():
    def wrong(x):
        out = 2 * x
        out[..., 1, 2] = 7
        return out

    result = result_of(wrong)
    [table] = [part for part in result.parts if isinstance(part, Comparison)]
    assert table.cell == (1, 2)
    assert "1 of 6 numbers differs, at [1, 2]" in table.title
    assert "✗7" in str(result)
    assert str(result).count("✓") == 1
    assert result._repr_html_().count('aria-label="differs"') == 2


def test_a_large_tensor_is_cut_to_the_place_that_matters():
    expected = torch.zeros(3, 40, 50)
    got = expected.clone()
    got[2, 30, 45] = 1
    table = compare.comparison(got, expected, 1e-5)
    assert (len(table.got), len(table.got[0])) == (compare.ROWS, compare.COLUMNS)
    assert table.got[table.cell[0]][table.cell[1]] == "1"
    assert "[2, 30, 45]" in table.title


def test_numbers_are_printed_with_the_digits_that_tell_them_apart():
    table = compare.comparison(torch.tensor([1.00001]), torch.tensor([1.0]), 1e-6)
    assert table.got != table.expected


def test_a_plain_relation_between_all_numbers_is_said():
    assert "1.5 times the expected" in str(result_of(lambda x: x * 3))
    assert "plus 1" in str(result_of(lambda x: 2 * x + 1))


def test_the_probes_question_leads_on_where_no_diagnosis_asks():
    assert "What is twice 3?" in str(result_of(lambda x: x.sin()))
    assert "What is twice 3?" not in str(result_of(lambda x: x.clone()))


# Wrong kinds of answers, in words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, ["returns `None`", "forget `return`"]),
        (lambda x: (2 * x).tolist(), ["`list`", "expected is a tensor", "leave PyTorch"]),
        (lambda x: (2 * x, x), ["`tuple`", "expected is a tensor", "Several tensors"]),
        (lambda x: (2 * x, x), ["`tuple`", "expected is a tensor"]),
        (lambda x: (2 * x).numpy(), ["`ndarray`", "NumPy"]),
        (lambda x: (2 * x).double(), ["torch.float64", "torch.float32"]),
        (lambda x: 2 * x / 0, ["NaN or infinite", "the first that does not give"]),
        (lambda x: x is None, ["`bool`", "look at each cell"]),
        (lambda x: x + None, ["TypeError", "Something there is `None`"]),
        (lambda x: x.mT * 2, ["(D, T) = (3, 2)", "last two axes are swapped"]),
        (lambda x: x.sum(-1), ["(T,) = (2,)", "D is gone"]),
        (lambda x: x[None], ["more axes"]),
        (lambda x: x[:, :1], ["(T, 1)"]),
        (lambda x: eval("unknown"), ["NameError", "defined in a cell above"]),
        (lambda x: x @ x, ["RuntimeError", "do not fit together"]),
        (lambda x: x.permute(0, 2, 1), ["another number of axes"]),
        (lambda x: x.nothing, ["AttributeError", "What stands in each name"]),
        (lambda x: x.view(-1, 7), ["RuntimeError", "as many as before"]),
        (lambda x: x.mT.view(-1), ["RuntimeError", "`view` copies nothing"]),
        (lambda x: x - x.max(-1), ["TypeError", "where they stood"]),
        (lambda x: x.softmax(), ["TypeError", "lacks one that it needs"]),
        (lambda x: x(2), ["TypeError", "where the function itself is wanted"]),
        (lambda x: [1, 2][len(x) + 5], ["IndexError", "goes past the end"]),
        (lambda x: {"a": 1}["b"], ["KeyError", "no entry under this key"]),
        (lambda x: [1, 2].index(7), ["ValueError", "nothing to be found"]),
        (lambda x: torch.tensor([[1], [2, 3]]), ["ValueError", "A tensor is a rectangle"]),
        (lambda x: torch.cat([x, x[:1, :1]]), ["RuntimeError", "do not fit together"]),
        (lambda x: sys.exit(), ["SystemExit", "end the notebook"]),
        (lambda x: x.add_(x), ["`x` is changed on the way"]),
        (lambda x, y: x, ["`double(x)`", "(x, y)"]),
        (lambda: 1, ["`double(x)`", "()"]),
        (None, ["given `None`"]),
        (torch.ones(2), ["a result (a Tensor)", "without calling it"]),
        ("double", ["a result (a str)"]),
    ],
)
def test_it_is_said_in_words(answer, words):
    text = str(result_of(answer))
    for expected in words:
        assert expected in text, text


def test_lists_of_plain_numbers_are_shown_as_they_are():
    counted = dataclasses.replace(DOUBLE, reference=lambda x: [[len(x)], []], mistakes=BANK[:1])
    for wrong in ([[3], []], [[2, 1]], [[2], [], 7] * 80):
        seen = [observe(counted, lambda x, wrong=wrong: wrong, inputs) for inputs in counted.draw()]
        text = str(judge(counted, counted.draw(), seen))
        assert "The list is not right" in text
        assert str(wrong)[:300] in text
        assert "Expected:\n  [[2], []]" in text
        assert len(text) < 800


def test_a_list_is_no_tuple_and_a_tuple_no_list():
    for right in ((1, 2), [1, 2]):
        rows = dataclasses.replace(DOUBLE, reference=lambda x, r=right: r, mistakes=BANK[:1])
        other = list(right) if isinstance(right, tuple) else tuple(right)
        seen = [observe(rows, lambda x, o=other: o, inputs) for inputs in rows.draw()]
        text = str(judge(rows, rows.draw(), seen))
        assert f"`{type(other).__name__}`; expected is something of type" in text
        assert "after `->`?" in text


def test_a_dictionary_that_is_written_into_is_noticed():
    counted = dataclasses.replace(DOUBLE, reference=lambda x: len(x), mistakes=BANK[:1])
    for write in (lambda x: x.update(a=2), lambda x: x.pop("a"), lambda x: x["b"].append(3)):
        seen = observe(counted, lambda x, write=write: write(x), ({"a": 1, "b": [1, 2]},))
        assert seen.changed == (0,)
    assert observe(counted, len, ({"a": 1, "b": [1, 2]},)).changed == ()


def test_where_yes_or_no_is_asked_a_number_is_told_so():
    large = dataclasses.replace(DOUBLE, reference=lambda x: x > 1, mistakes=BANK[:1])
    seen = [observe(large, lambda x: (x > 1).float(), inputs) for inputs in large.draw()]
    text = str(judge(large, large.draw(), seen))
    assert "torch.float32; expected is torch.bool" in text
    assert "Each cell should say yes or no" in text


def test_an_exception_shows_the_learners_own_line():
    def mine(x):
        helper = x.reshape(-1)
        return F.linear(helper, x.new_ones(5, 5))

    text = str(result_of(mine))
    line = mine.__code__.co_firstlineno + 2
    assert f"line {line} of test_engine.py, in mine: return F.linear(helper" in text


def test_an_exception_in_a_helper_shows_who_called_it():
    def helper(x):
        return x.reshape(-1, 99)

    def mine(x):
        return helper(x)

    text = str(result_of(mine))
    assert "in helper: return x.reshape(-1, 99)" in text
    assert "called by line" in text
    assert "in mine: return helper(x)" in text


def test_code_of_a_notebook_cell_has_its_line_too():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()  # fills linecache, as the kernel does
    shell.run_cell("def in_a_cell(x):\n    y = x\n    return y[99]", store_history=True)
    assert "line 3, in in_a_cell: return y[99]" in str(result_of(shell.user_ns["in_a_cell"]))


def test_an_endless_recursion_is_an_error_like_others():
    def again(x):
        return again(x)

    assert "calls itself without end" in str(result_of(again))


# Answers that never end


def endless(x):
    while True:
        with contextlib.suppress(Exception):
            x = x + 0


def test_an_answer_that_never_ends_is_stopped():
    start = time.perf_counter()
    result = result_of(endless)
    assert time.perf_counter() - start < 2
    assert "did not come to an end" in result.diagnosis
    assert result.mistake == ""


def test_it_is_stopped_outside_the_main_thread_too():
    seen = []
    inputs = DOUBLE.draw()[0]
    thread = threading.Thread(target=lambda: seen.append(observe(DOUBLE, endless, inputs)))
    thread.start()
    thread.join(5)
    assert seen[0].failure.kind == "endless"


def test_a_model_that_counts_its_calls_stops_an_answer():
    def ask_forever(x):
        model = at_most(3, lambda y: y)
        while True:
            model(x)

    start = time.perf_counter()
    assert "did not come to an end" in result_of(ask_forever).diagnosis
    assert time.perf_counter() - start < 0.3  # before the clock does


def test_ctrl_c_is_the_learners_own():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("99.1", interrupted)


# What an answer must not touch


def test_printing_and_warnings_stay_inside(capsys):
    def noisy(x):
        for number in range(1000):
            print("line", number)
        print("aside", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 2 * x

    check("99.1", noisy)
    assert capsys.readouterr() == ("", "")


def test_what_was_printed_is_shown_in_part(shown):
    check("99.1", lambda x: [print("line", number) for number in range(1000)] and 2 * x)
    text = str(shown[0])
    assert "line 2" in text
    assert "line 3" not in text
    assert len(text) < 400


def test_an_answer_that_changes_its_input_does_not_spoil_the_comparison():
    result = result_of(lambda x: x.mul_(2))
    assert "result is right" in str(result)


def test_random_numbers_and_switches_stay_as_they_were():
    def meddler(x):
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002
        result = 2 * x
        torch.set_grad_enabled(False)
        torch.rand(3), random.random()
        return result

    def state():
        return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002

    before, threads = state(), torch.get_num_threads()
    check("99.1", meddler)
    assert state() == before
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == threads
    assert sys.getprofile() is None


def test_the_same_answer_gets_the_same_words():
    assert str(result_of(lambda x: x * torch.rand(()))) == str(
        result_of(lambda x: x * torch.rand(()))
    )


# Gradients: right numbers are not all


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: torch.tensor((2 * x).tolist()),
        lambda x: 2 * x.detach(),
        torch.no_grad()(lambda x: 2 * x),
    ],
)
def test_an_answer_that_cuts_the_gradient_off_is_told_so(cut):
    text = str(result_of(cut))
    assert "The numbers are right, but no gradient reaches `x`" in text
    assert "Where does your code leave the tensors?" in text


def test_a_gradient_of_nan_is_told_so():
    def through_nan(x):
        return 2 * x + torch.where(x == x, 0.0, (x - x) / (x - x).abs())

    assert "gradient for `x` has NaN in it" in str(result_of(through_nan))


def test_an_answer_that_cuts_off_a_part_of_the_gradient_is_told_so():
    assert "the gradient for `x` is not" in str(result_of(lambda x: x + x.detach()))


def test_an_answer_that_writes_into_a_tensor_of_its_own_is_right():
    check("99.1", lambda x: x.clone().mul_(2))


def test_an_answer_that_would_not_run_on_a_gpu_is_told_so():
    result = result_of(lambda x: x * torch.full((3,), 2.0))
    assert "would not run on a GPU" in str(result)
    assert "same device" in str(result)
    check("99.1", lambda x: x * torch.full((3,), 2.0, device=x.device))
    check("99.1", lambda x: x * torch.tensor(2.0))


def test_an_answer_that_goes_through_numpy_is_told_so():
    result = result_of(lambda x: torch.from_numpy(2 * x.numpy()))
    assert "would not run on a GPU" in str(result)
    assert "no gradient comes back out of it" in result.diagnosis


def test_a_module_with_a_tensor_that_stays_behind_is_told_so():
    class Plain(Scaler):
        def __init__(self, size):
            super().__init__(size)
            self.ones = torch.ones(size)

        def forward(self, x):
            return x * self.scale * self.ones

    class Buffered(Plain):
        def __init__(self, size):
            super().__init__(size)
            del self.ones
            self.register_buffer("ones", torch.ones(size))

    assert "would not run on a GPU" in str(result_of(Plain, "99.2"))
    check("99.2", Buffered)


def test_a_module_that_drops_in_evaluation_or_in_training_unasked_is_told_so():
    class Always(Scaler):
        def forward(self, x):
            return F.dropout(x * self.scale, 0.5, training=True)

    class InTraining(Scaler):
        def forward(self, x):
            return F.dropout(x * self.scale, 0.5, training=self.training)

    assert "output: The numbers are not right" in str(result_of(Always, "99.2"))
    assert "does train() change the output: you have True" in str(result_of(InTraining, "99.2"))


def test_a_module_whose_parameter_gets_no_gradient_is_told_so():
    class Frozen(Scaler):
        def forward(self, x):
            return x * self.scale.detach()

    assert "parameters that a gradient reaches: you have ''; expected is 'scale'" in str(
        result_of(Frozen, "99.2")
    )


# Two mistakes at once


def times_and_plus(x, factor=2.0, plus=0.0):
    return factor * x + plus


TWO_SWITCHES = dataclasses.replace(
    DOUBLE,
    id="99.3",
    mistakes=(
        Mistake("tripled", partial(times_and_plus, factor=3.0), "How often?"),
        Mistake("one more", partial(times_and_plus, plus=1.0), "Is anything added?"),
        Mistake("ten less", partial(times_and_plus, plus=-10.0), "Is anything taken away?"),
        Mistake("by chance", lambda x: 3 * x - 10, "A single one?"),
    ),
)


def test_two_mistakes_at_once_are_named_and_a_single_one_wins_over_them():
    result = result_of(lambda x: 3 * x + 1, "99.3")
    assert result.mistake == "tripled + one more"
    assert result.diagnosis == "Two things at once. First: How often? Second: Is anything added?"
    assert result_of(lambda x: 3 * x - 10, "99.3").mistake == "by chance"
    assert result_of(lambda x: 3 * x - 11, "99.3").mistake == ""


# What may not be called


def test_forbidden_calls_are_noticed_however_they_are_made():
    from torch import add  # imported by name: patching torch.add would not see it

    for borrowing in (
        lambda x: add(x, x),
        lambda x: torch.add(x, x),
        lambda x: 2 * x + 0 * F.relu(x),
        lambda x: 2 * x + 0 * nn.ReLU()(x),
        lambda x: 2 * x + 0 * x.cumsum(0),
    ):
        assert "make it from smaller parts" in result_of(borrowing).diagnosis
    check("99.1", double)  # and the watch is over


def test_a_wrong_answer_that_borrows_hears_of_both():
    text = str(result_of(lambda x: torch.add(x, x) * -1))
    assert "Sign?" in text
    assert "`torch.add`" in text


# Classes


def test_a_class_is_built_filled_and_called():
    class Same(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(size))

        def forward(self, x):
            return self.scale * x

    check("99.2", Same)
    Same.forward = lambda self, x: None
    text = str(engine.examine("99.2", Same))
    assert "At output: It returns `None`." in text
    assert "forget `return`" in text


def test_a_class_with_other_parameters_is_told_so():
    class Other(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.gain = nn.Parameter(torch.ones(size))

        def forward(self, x):
            return self.gain * x

    text = str(result_of(Other, "99.2"))
    assert "gain (3,)" in text
    assert "scale (3,)" in text
    assert "needs its class" in str(result_of(Other(3), "99.2"))


# hint, solution, carry_on


def test_hints_go_one_step_further_each_time(shown):
    for _ in range(3):
        hint("99.1")
    assert [re.search(r"hint \d of 2", str(face))[0] for face in shown] == [
        "hint 1 of 2",
        "hint 2 of 2",
        "hint 2 of 2",
    ]
    assert "First." in str(shown[0])
    assert "solution(" in str(shown[1])
    assert "solution(" not in str(shown[0])


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """A chapter whose source holds the solution of 99.1."""
    source = (
        "# %%\nx = 1\n\n"
        '# %% tags=["exercise-99.1"]\n'
        "def double(x):\n    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION\n"
        "    ### BEGIN GIVEN\n    # return x\n    ### END GIVEN\n\n# %%\ny = 2\n"
    )
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "99_twice.py").write_text(source)
    monkeypatch.setattr(engine.course_lib, "__file__", str(tmp_path / "course_lib" / "__init__.py"))


@pytest.mark.usefixtures("chapter")
def test_the_solution_waits_for_a_try_or_a_second_call(shown):
    solution("99.1")
    assert "return x + x" not in str(shown[0])
    solution("99.1")
    assert [line.strip() for line in str(shown[1]).splitlines()[1:]] == [
        "def double(x):",
        "return x + x",
    ]


@pytest.mark.usefixtures("chapter")
def test_after_a_try_the_solution_comes_at_once(shown):
    result_of(lambda x: x)
    solution("99.1")
    assert "return x + x" in str(shown[-1])


def test_without_the_chapters_source_it_says_so(monkeypatch, tmp_path, shown):
    monkeypatch.setattr(engine.course_lib, "__file__", str(tmp_path / "course_lib" / "__init__.py"))
    result_of(lambda x: x)
    solution("99.1")
    assert "not here" in str(shown[-1])


def test_carry_on_takes_what_passed(capsys):
    assert carry_on("99.1", double) is DOUBLE.reference
    assert "library's" in capsys.readouterr().out
    check("99.1", double)
    assert carry_on("99.1", double) is double
    assert "yours" in capsys.readouterr().out
    assert carry_on("99.1", lambda x: x) is DOUBLE.reference


def test_an_unknown_exercise_names_those_there_are():
    for call in (lambda: check("99.7", double), lambda: hint("99.7"), lambda: solution("99.7")):
        with pytest.raises(CourseError, match=r"'99\.7'.*99\.1, 99\.2"):
            call()
    for strange in ("nonsense", "", 98.5):
        with pytest.raises(CourseError, match=r"99\.1"):
            check(strange, double)


def test_an_unknown_exercise_is_one_line_in_a_notebook():
    with pytest.raises(CourseError) as caught:
        check("99.7", double)
    assert caught.value._render_traceback_() == [str(caught.value)]


# Predictions


def test_predictions_never_give_the_number_away():
    for guess in ((0.3, 1.1), (0, 2), (1, 1)):
        result = result_of(guess, "1.7")
        assert not re.search(r"\b(1|1\.0) bit|log₂", str(result))
    assert "✓ entropy at T = 100" in str(result_of((0, 2), "1.7"))


@pytest.mark.parametrize("guess", [3, "ab", (1,), (1, 2, 3), {"cold": 1}, (1, "x")])
def test_a_prediction_of_another_form_is_told_the_form(guess):
    assert "Write 2 numbers: `prediction = (cold, hot)`" in str(result_of(guess, "1.7"))


def test_no_prediction_is_not_yet():
    for empty in (..., None, (..., 2)):
        assert "not yet" in str(result_of(empty, "1.7"))


# Faces


def test_the_html_is_escaped_and_has_its_own_colours_in_any_theme():
    def markup(x):
        raise ValueError("<script>alert(1)</script>")

    html = result_of(markup)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'role="status"' in html
    for variable in re.findall(r"var\(([^)]*)", html):
        assert "," in variable, "a colour without a fallback"
    assert html.count("<div") == html.count("</div>")
