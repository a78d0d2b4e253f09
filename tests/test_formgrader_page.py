"""What formgrader shows of a submission: no script of it runs, and its figures are told in words."""

from __future__ import annotations

from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_notebook
from traitlets.config import PyFileConfigLoader

from dropnorm import places
from grader import build
from tests.feedback_course import cell, displayed


def test_figures_are_words_there_and_tags_are_not_printed() -> None:
    figure = displayed(text_html="<svg><path d='M 0 0'/></svg><script>1</script>", text_plain="Two curves fall.")
    config = PyFileConfigLoader(build.CONFIG, path=str(places.ROOT)).load_config()
    page, _ = HTMLExporter(config=config).from_notebook_node(new_notebook(cells=[cell("figure", "show()", figure)]))
    assert "Two curves fall." in page and "svg&gt;" not in page and "<script>1" not in page
