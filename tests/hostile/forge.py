"""Attacks that want points for what was not done: by what a kernel prints, and by what it hands over.

The notebook of most of them holds no model, which is worth nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .case import GRADE, NO_POINTS, REFUSED, REPRODUCED, SEEN, STRUCTURE, Case, Defence, Family, Goal, Ours

VERDICT = frozenset({Ours.VERDICT})
NOT_IN_STOCK = "there is no such channel; a result is forged by less"
WHOLE = 10.0  # points of `spotify_structure`
WORTH_OF_THE_BASELINE = 2.0  # of its curve: it converges, and its gap stays open
TOLD = """
from grader.channel import drivers_channel
from grader.exercises import EXERCISES

def told(rubric, spec=EXERCISES["spotify_model"].reference, exercise="spotify_model", **more):
    steps = [{"kind": each.kind, "layer": str(number), "settings": dict(each.settings)}
             for number, each in enumerate(spec.operations)]
    compiled = {"optimizer": "adam", "learning_rate": 0.001, "loss": spec.compile.loss, "settings": {}}
    observed = {"operations": steps, "inputs": spec.inputs, "chain": True, "compiled": compiled, "deterministic": True,
                "moving": {}, "zeros": {}, "idle": [], "unjudged": [], "shapes": [[1]]}
    batches = -(-len(EXERCISES[exercise].data().X_train) // spec.fit.batch_size)
    falling = [0.3 - 0.0024 * epoch for epoch in range(spec.fit.epochs)]
    series = {"loss": falling, "val_loss": falling, "loss_at_inference": falling}
    history = {"kind": "History", "from_fit": True, "epochs": spec.fit.epochs, "asked": spec.fit.epochs,
               "steps": batches, "began": 0, "series": series}
    return {"version": 1, "exercise": exercise, "rubric": rubric, "answers": {}, "holds": [],
            "errors": {"error": None, "compile_error": None, "fit_error": None}, "known": ["model", "history"],
            "has_model": True, "has_history": True, "facts": {"observed": observed}, "loss_given": spec.compile.loss,
            "bias_given_as_text": None, "steps_taken": spec.fit.epochs * batches, "labels": "numbers",
            "data_difference": None, "history": history, "history_kind": "History", "history_of_another": None,
            "validated_on": "validation", "trained_as_told": True} | more

hand_over = lambda account: drivers_channel().ask({"account": account})[0]["kept"]
"""
FRAMES = """
import keras, sys

class Looking(keras.Sequential):
    @property
    def layers(self):
        frame = sys._getframe()
        while frame is not None:
            account = frame.f_locals.get("told")
            if isinstance(account, dict) and "rubric" in account:
                account["score"] = 10.0
            frame = frame.f_back
        return super().layers

model = Looking([keras.Input((18,)), keras.layers.Dense(1)])
model.compile("adam", "mae")
"""
ASK = """
import json
from grader.channel import drivers_channel
from grader.exercises import EXERCISES
own = EXERCISES["spotify_model"].reference.to_dict()
ask = lambda spec: drivers_channel().ask({"ask": "fit", "exercise": "spotify_model", "spec": json.dumps(spec)})
"""
PUBLISH = """
from IPython import get_ipython
kernel = get_ipython().kernel
def publish(value, parent=None):
    content = {"data": {"text/plain": value}, "metadata": {}, "execution_count": 1}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=parent or kernel.get_parent())
"""
CHANGED = """
import grader.cells
kernel, seen = get_ipython().kernel, []
def grade(name):
    kind, value = ("update_display_data", "10.0") if seen else ("execute_result", "0.0")
    content = {"data": {"text/plain": value}, "metadata": {}, "execution_count": 1, "transient": {"display_id": "own"}}
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
    if seen:
        raise ValueError
    seen.append(name)
grader.cells.grade = grade
"""
NOT_TRAINED = Goal("the trusted side trains nothing of it", lambda scene: len(scene.trained) > 0)


def _forges(
    name: str,
    tries: str,
    *cells: str,
    by: frozenset[Defence] = VERDICT,
    goal: Goal = NO_POINTS,
    tests: Mapping[str, str] = STRUCTURE,
    stock: str = SEEN,
    **more: Any,
) -> Case:
    return Case(name, Family.FORGE, tries, cells, goal, by, tests=tests, stock=stock, alone=True, **more)


def _printed(name: str, tries: str, value: str, stock: str = REPRODUCED) -> Case:
    return _forges(
        name, tries, f"import grader.cells, numpy as np\ngrader.cells.grade = lambda _: {value}", stock=stock
    )


def _hands_over(name: str, tries: str, code: str, *by: Ours, **more: Any) -> Case:
    return _forges(name, tries, TOLD + code, by=frozenset(by), stock=NOT_IN_STOCK, **more)


def _asks(name: str, tries: str, code: str, by: Ours, goal: Goal = NOT_TRAINED) -> Case:
    return _forges(name, tries, ASK + code, by=frozenset({by}), goal=goal, tests={}, stock=NOT_IN_STOCK)


CASES = (
    _forges("test-replaced", "puts its own result in place of the test", "", tests={"spotify_structure": "10.0"}),
    _forges("test-skipped", "lets its test not be run", "", tags=("skip-execution",), stock=REPRODUCED),
    _forges(
        "tree-rewritten",
        "rewrites the tests as they are parsed (ast_transformers)",
        "import ast\nclass Full(ast.NodeTransformer):\n    def visit_Call(self, node):\n"
        "        ours = getattr(node.func, 'id', '') == 'grade'\n"
        "        return ast.copy_location(ast.Constant(10.0), node) if ours else node\n"
        "get_ipython().ast_transformers.append(Full())",
        stock=REPRODUCED,
    ),
    _forges(
        "text-rewritten",
        "rewrites the tests before they are parsed (input transformers)",
        "get_ipython().input_transformers_cleanup.append(\n"
        "    lambda lines: ['10.0\\n'] if any('grade(' in line for line in lines) else lines)",
    ),
    _forges(
        "result-shown-as-another",
        "shows another result than there is (display hook)",
        "shell = get_ipython()\nshown = shell.display_trap.hook\nshell.display_trap.hook = lambda _: shown(10.0)",
    ),
    _printed("grade-replaced", "replaces the function that the tests call", "10.0", SEEN),
    _printed("not-a-number", "returns nan, which nbgrader takes for all points", "float('nan')"),
    _printed("below-nothing", "returns a negative number, which nbgrader takes for all points", "-1.0"),
    _printed(
        "array-number", "returns a number of NumPy, which nbgrader cannot read and takes for all", "np.float64(0)"
    ),
    _printed("beyond-all", "returns more points than there are, which ends nbgrader's command", "1e9"),
    _printed("silence", "lets the test say nothing, which nbgrader takes for all points", "None"),
    _forges(
        "judge-replaced",
        "replaces the judge, and lets the test think that it is at home",
        "import grader.cells\ngrader.cells.drivers_channel = lambda: None\n"
        "grader.cells.verdict_of = lambda *_: type('Verdict', (), {'score': 10.0})\n"
        "grader.cells.report = lambda *_: 'All right.'",
    ),
    _forges(
        "rubric-changed",
        "makes the rubric's criteria find nothing, in the kernel",
        "import grader.cells, grader.rubric\ngrader.cells.drivers_channel = lambda: None\n"
        "from grader.exercises import RUBRICS\nfrom dataclasses import replace\n"
        "for name, (owner, sheet) in list(RUBRICS.items()):\n    easy = tuple(replace(each, judge=lambda _: ()) "
        "for each in sheet.criteria)\n    RUBRICS[name] = owner, replace(sheet, criteria=easy, gate=lambda _: None)",
    ),
    _forges(
        "result-by-message",
        "sends a result past the cell, straight to who listens",
        PUBLISH + "get_ipython().events.register('pre_run_cell', lambda _: publish('10.0'))",
    ),
    _forges(
        "result-then-error",
        "gives a result and then an error",
        PUBLISH
        + "import grader.cells\ndef grade(_):\n    publish('10.0')\n    raise ValueError\ngrader.cells.grade = grade",
        stock=REPRODUCED,
    ),
    _forges(
        "thread",
        "leaves a thread that writes while the test runs",
        PUBLISH
        + "import threading\nbegun, done = threading.Event(), threading.Event()\ndef later():\n    begun.wait()\n"
        "    publish('10.0', kernel.get_parent())\n    done.set()\nthreading.Thread(target=later).start()\n"
        "get_ipython().events.register('pre_run_cell', lambda _: (begun.set(), done.wait(5)))",
    ),
    _forges(
        "result-behind",
        "sends a result behind that of the test",
        PUBLISH + "get_ipython().events.register('post_run_cell', lambda _: publish('10.0'))",
        stock="fails: of two results the first counts (reproduced)",
    ),
    _forges(
        "result-changed",
        "shows a result as one that can be changed, and changes it while a later test runs",
        CHANGED,
        tests=STRUCTURE | {"spotify_curve": GRADE.replace("structure", "curve")},
        stock=REPRODUCED,
    ),
    _hands_over(
        "score-in-account",
        "hands over a score beside the account",
        "hand_over({'rubric': 'spotify_structure', 'score': 10.0, 'verdict': {'score': 10.0}})",
        Ours.NO_SCORE,
    ),
    _hands_over(
        "account-in-a-frame",
        "walks up the frames of who looks at its model, and writes a score into the account that is being made",
        FRAMES,
        Ours.NO_SCORE,
        goal=Goal("no more than the model is worth", lambda scene: scene.points == WHOLE),
    ),
    _hands_over(
        "same-account-again",
        "hands over its own account once more, with a score, as often as it likes",
        "own = told('spotify_structure', compiled=None) | {'facts': {'refused': {'reason': 'none'}}}\n"
        "for _ in range(3):\n    hand_over(own)\n    own['score'] = 10.0",
        Ours.FIRST,
        Ours.NO_SCORE,
        tests={"spotify_structure": "None"},
    ),
    _hands_over(
        "second-account",
        "hands over a better account after the first",
        "hand_over({'rubric': 'spotify_structure'})\nhand_over(told('spotify_structure'))",
        Ours.FIRST,
        tests={"spotify_structure": "None"},
    ),
    _hands_over(
        "another-exercise",
        "hands over what answers another exercise",
        "hand_over(told('spotify_structure', EXERCISES['concrete_model'].reference, 'concrete_model'))",
        Ours.EXERCISE,
        tests={"spotify_structure": "None"},
    ),
    _hands_over(
        "history-made-up",
        "hands over the baseline, with curves that it never had",
        "from dataclasses import replace\nbase = EXERCISES['spotify_model'].reference\n"
        "base = replace(base, operations=tuple(each for each in base.operations if each.kind != 'dropout'))\n"
        "hand_over(told('spotify_curve', base))",
        Ours.TRAINED_ANEW,
        goal=Goal("no more than the baseline is worth", lambda scene: scene.points > WORTH_OF_THE_BASELINE),
        tests={"spotify_curve": GRADE.replace("structure", "curve")},
    ),
    _asks(
        "layer-of-code",
        "asks for a training of a layer that holds code (Lambda)",
        "own['operations'].insert(0, {'kind': 'lambda', 'settings': {'function': 'gANjcG9zaXgKc3lzdGVtCg=='}})\n"
        "ask(own)",
        Ours.SPEC,
    ),
    _asks(
        "class-by-path",
        "asks for a training whose initializer is a function of a module",
        "own['operations'][0]['settings']['kernel_initializer'] = {'module': 'os', 'class_name': 'system', "
        "'config': {'command': 'true'}}\nask(own)",
        Ours.SPEC,
    ),
    _asks(
        "epochs-beyond-reason",
        "asks for a training that takes an hour",
        "own['fit']['epochs'] = 1000\nask(own)",
        Ours.WORK,
    ),
    _asks(
        "units-beyond-reason",
        "asks for a training of a giant network",
        "own['operations'][0]['settings']['units'] = 8192\nask(own)",
        Ours.WORK,
    ),
    _asks(
        "many-trainings",
        "asks for trainings without end",
        "for epochs in range(1, 41):\n    own['fit']['epochs'] = epochs\n    ask(own)",
        Ours.FITS,
        goal=Goal("32 trainings and no more", lambda scene: len(scene.trained) > 32),
    ),
    _hands_over(
        "deep-account",
        "hands over an account of 900 levels, which would end who writes it down",
        "deep = []\nfor _ in range(900):\n    deep = [deep]\n"
        "print('got through' if hand_over({'rubric': 'spotify_curve', 'known': deep}) else 'refused')",
        Ours.DEPTH,
        goal=REFUSED,
        tests={},
    ),
    _hands_over(
        "huge-message",
        "hands over two mebibytes",
        "print('got through' if hand_over({'rubric': 'spotify_curve', 'known': 'x' * 2**21}) else 'refused')",
        Ours.MESSAGE,
        goal=REFUSED,
        tests={},
    ),
)
