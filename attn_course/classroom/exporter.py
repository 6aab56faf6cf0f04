"""Make the HTML of a feedback page, as nbconvert's own exporter does, in less time.

nbconvert copies and checks the notebook after each step, and parses the finished page,
to give pictures an alternative text and to let the keyboard reach the cells of
JupyterLab's templates, which nbgrader's is none of. Here only the tags of pictures are
looked at. And as most of a page is the same for everybody, no code is coloured twice
and no text rendered twice.
"""

import re
from functools import lru_cache

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

MOST = 128  # cells that are remembered; intake bounds the text of each
FOREIGN = re.compile(r'<script[^>]*\bsrc="https?://[^"]*"[^>]*>\s*</script>')
PICTURE = re.compile(  # a whole tag with attributes none of which is `alt`
    r"""<img((?:\s+(?!alt[\s=/>])[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?)*"""
    r"""\s*/?>)""",
    re.IGNORECASE,
)
NO_WORDS = "No description has been provided for this image"


class FeedbackExporter(HTMLExporter):
    """An `HTMLExporter` for nbgrader's template, whose pages load nothing."""

    def __init__(self, config=None, **kw):
        self._colour = lru_cache(MOST)(self._coloured)
        self._render = lru_cache(MOST)(self._rendered)
        super().__init__(config=config, **kw)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Return the page of a notebook, and its resources."""
        about = nb.metadata.get("language_info", {})
        lexer = about.get("pygments_lexer", about.get("name"))

        def highlight(source, language=None, metadata=None):
            magic = (metadata or {}).get("magics_language")
            return self._colour(lexer, source, language, magic)

        data_type = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata,
            parent=self,
            resources=self._init_resources(resources),
        )
        own = self.filters.get("highlight_code", highlight)
        self.register_filter("highlight_code", own)
        self.register_filter("filter_data_type", data_type)
        convert = super(HTMLExporter, self).from_notebook_node
        html, resources = convert(nb, resources, **kw)
        return FOREIGN.sub("", described(html)), resources

    @pass_context
    def markdown2html(self, context, source):
        """Return the HTML of a text; what is attached to its cell is not remembered."""
        if "attachments" in context.get("cell", {}):
            return super().markdown2html(context, source)
        return self._render(source)

    def _preprocess(self, nb, resources):
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return nb, resources

    def _coloured(self, lexer, source, language, magic) -> str:
        colour = Highlight2HTML(pygments_lexer=lexer, parent=self)
        return colour(source, language, {"magics_language": magic} if magic else None)

    def _rendered(self, source: str) -> str:
        return super().markdown2html({}, source)


def described(html: str) -> str:
    """Return a page whose pictures have an alternative text, if only nbconvert's."""
    return PICTURE.sub(rf'<img alt="{NO_WORDS}"\1', html)
