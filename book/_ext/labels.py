"""Bibliography labels that read like the citations in the text.

The text says "Vaswani et al., 2017"; the stock styles would head that entry "VSP+17".
Two works of one name and year would share a label, so they are told apart by a letter.
"""

from collections import Counter
from string import ascii_lowercase

from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting.author_year_title import SortingStyle


def who(entry) -> str:
    """Name one or two authors; of more, the first."""
    people = entry.persons.get("author") or entry.persons.get("editor") or ()
    names = [" ".join([*p.prelast_names, *p.last_names]) for p in people]
    if len(names) > 2:
        return f"{names[0]} et al."
    return " and ".join(names) or entry.fields.get("title", entry.key)


class AuthorYear(BaseLabelStyle):
    """Labels of the form "Vaswani et al., 2017"."""

    def format_labels(self, sorted_entries):
        labels = [f"{who(e)}, {e.fields.get('year', 'n.d.')}" for e in sorted_entries]
        shared, met = Counter(labels), Counter()
        for label in labels:
            letter = ascii_lowercase[met[label]] if shared[label] > 1 else ""
            met[label] += 1
            yield label + letter


class Style(Unsorted):
    default_label_style = AuthorYear
    default_sorting_style = SortingStyle


def setup(app):
    register_plugin("pybtex.style.formatting", "course", Style)
