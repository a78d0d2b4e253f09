"""nbgrader's two places for a page of one's own: a step that finds what it says, an exporter that lays it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbconvert.exporters import Exporter
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import default

from dropnorm.language import _, current, ngettext
from grader.autograde.feedback.along import drop_what_was_written
from grader.autograde.feedback.hidden import Marks
from grader.autograde.feedback.points import kept
from grader.autograde.feedback.told import page
from grader.autograde.records import record_kept
from grader.languages import in_language
from grader.report import number

PAGE = "page"  # among the resources that nbgrader's steps hand on
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,  # all that comes from outside is text
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["number"] = number
TEMPLATES.globals |= {"_": _, "ngettext": ngettext, "language": lambda: current().code.replace("_", "-")}
TEMPLATES.globals["between"] = lambda: current().between_sentences


class WriteFeedback(NbGraderPreprocessor):
    """Finds what the page on a notebook says, in its assignment's language; `FeedbackPage` lays it out."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Put the page among the resources. Raises MissingEntry where the gradebook does not know the notebook."""
        names = resources["nbgrader"]
        marks, folder = Marks.of(self), Path(resources["metadata"]["path"])
        self._drop(names, folder)
        hides = marks.hides_tests(nb.cells, folder)
        with in_language(names["assignment"]):
            resources[PAGE] = page(nb, names, kept(names), record_kept(names), marks, hides)
        return nb, resources

    def _drop(self, names: dict[str, str], graded: Path) -> None:
        converter = getattr(self.parent, "parent", None)
        if not isinstance(converter, GenerateFeedback):
            return
        course, own = converter.coursedir, (names["student"], names["assignment"])
        feedback = Path(course.format_path(course.feedback_directory, *own))
        for name in drop_what_was_written(feedback, graded, Path(course.format_path(course.submitted_directory, *own))):
            told = _("{file} was written when the notebooks were graded: it stays with you.")
            self.log.info("%s", told.format(file=name))


class FeedbackPage(Exporter):
    """A page that needs nothing but itself."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page that the step before has found. Raises KeyError where `WriteFeedback` is not among the steps."""
        resources = super().from_notebook_node(nb, resources, **options)[1]
        said = resources[PAGE]
        with in_language(said.assignment):
            return TEMPLATES.get_template("page.html.j2").render(page=said), resources
