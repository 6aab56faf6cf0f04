"""Write a feedback page from a graded notebook, as nbgrader's own command does.

What nbgrader looks up in the gradebook on the way (scores, comments) is in the notebook
already, so that pages can be written where there is no gradebook.
"""

import json
from functools import cache
from typing import Any

from traitlets import import_item
from traitlets.config import Config

from attn_course.engine.packing import unpacked


def page(notebook: str, facts: dict[str, Any], how: dict[str, Any]) -> str:
    """Return the page of one notebook as HTML.

    `facts` are score, max_score and late_penalty, and whose notebook it is; `how` names
    the exporter, the steps before it, and the settings of both.
    """
    name = facts["notebook"]
    resources = {
        "nbgrader": facts,
        "unique_key": name,
        "output_files_dir": f"{name}_files",
        "metadata": {"name": name},
    }
    exporter = _exporter(json.dumps(how, sort_keys=True))
    html, _ = exporter.from_notebook_node(unpacked(notebook), resources=resources)
    return html


@cache
def _exporter(how: str):
    """Return what writes pages; it reads its templates once."""
    wanted = json.loads(how)
    exporter = import_item(wanted["exporter"])(config=Config(wanted["settings"]))
    for step in wanted["steps"]:
        exporter.register_preprocessor(step)
    return exporter
