"""What this book adds to Jupyter Book, gathered in one Sphinx extension.

`stale`      forgets executed notebooks when the code they ran has changed
`ahead`      runs the pages that have to be run, several at a time
`mathjax`    puts MathJax beside the pages, so that they need no network
`graded`     the directive that shows an exercise
`labels`     heads bibliography entries the way the text cites them
`reference`  decides what the reference pages show, and how
`mend`       repairs what the theme writes: accessibility, one script error
"""

import ahead
import graded
import labels
import mathjax
import mend
import reference
import stale


def setup(app):
    """Set up each part; Sphinx calls this once at the start of a build."""
    for part in (stale, ahead, mathjax, graded, labels, reference, mend):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
