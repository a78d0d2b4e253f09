"""An instructor's comment as HTML: markdown as nbgrader's own pages take it, and no tag but those that set text."""

from __future__ import annotations

import bleach
from nbconvert.filters import markdown2html

from dropnorm.language import N_, _

NO_RESPONSE = N_("No response.")  # nbgrader's own words beside an answer that was left as it was
TAGS = {"p", "br", "a", "strong", "em", "b", "i", "code", "pre", "ul", "ol", "li", "blockquote"}


def as_html(comment: str) -> str:
    """The comment, made safe; empty where there is none."""
    if not comment.strip():
        return ""
    said = _(NO_RESPONSE) if comment == NO_RESPONSE else comment
    return bleach.clean(
        markdown2html(said), tags=TAGS, attributes={"a": ["href"]}, protocols={"http", "https", "mailto"}, strip=True
    )
