"""What stands in place of a solution in a learner's copy, in the language of the notebook."""

from __future__ import annotations

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor

from dropnorm.language import N_, SOURCE, _, using
from grader.translated import MARK, mark

CODE, TEXT = N_("# YOUR CODE HERE"), N_("YOUR ANSWER HERE")


class ClearSolutionsInLanguage(ClearSolutions):
    """nbgrader's step; configured as `ClearSolutions`."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Clear the solutions of a notebook. An untouched copy raises nothing: it runs to its end."""
        with using(nb.metadata.get(MARK, {}).get("language", SOURCE)):
            self.code_stub, self.text_stub = {"python": _(CODE)}, _(TEXT)
        return super().preprocess(nb, resources)


class MarkAsMade(NbGraderPreprocessor):
    """Marks a learner's copy in another language as it is handed out, so that a build sees what was changed by hand."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Renew the mark that it has from its source."""
        if MARK in nb.metadata:
            mark(nb, nb.metadata[MARK]["from"], nb.metadata[MARK]["language"])
        return nb, resources


def generating_steps() -> list[type[NbGraderPreprocessor]]:
    """The steps from an assignment's source to learners' copies: nbgrader's, one of them ours, and ours behind them."""
    stock = GenerateAssignment.preprocessors.default()
    return [*(ClearSolutionsInLanguage if step is ClearSolutions else step for step in stock), MarkAsMade]
