"""A feedback page is the one that nbconvert's exporter makes, but loads nothing."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter

from attn_course.classroom.exporter import FOREIGN, FeedbackExporter, described
from attn_course.classroom.feedback import FormulasInPlace
from attn_course.classroom.grade import grade
from attn_course.classroom.pages import Pages
from attn_course.classroom.writer import Writer
from attn_course.engine import page as pages
from attn_course.engine.packing import packed, unpacked

from .conftest import NAME, make_course, solved, submit

DRAWS = """import matplotlib.pyplot as plt
plt.plot([1, 2]);

def doubled(x):
    '''Not "twice", but <b>two</b> more.'''
    return 2.0 + x"""
RAISES = """def tripled(x):
    raise ValueError('<no>')

print("\\x1b[31mred\\x1b[0m", 1 < 2)
%timeit
tripled(1)"""
TEXT = """Why $\\frac{x}{2} < y$, and not

$$ \\sum_i w_i = 1? $$

- [here](https://arxiv.org/abs/1706.03762), `x < 1`, **bold** & ![a picture](https://a/b)

```python
x = 1
```

| a | b |
|---|---|
| 1 | é |"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the pages of two graded submissions are made from."""
    course = make_course(tmp_path_factory.mktemp("course"))
    ambitious = solved(course, doubled=DRAWS, tripled=RAISES)
    ambitious.cells.insert(3, nbformat.v4.new_markdown_cell(TEXT))
    submit(course, "ambitious", nbformat.writes(ambitious))
    submit(course, "right", nbformat.writes(solved(course)))
    assert not [done.problem for done in grade(course, NAME) if done.problem]
    writing = Pages(course, NAME)
    with Writer(course, NAME) as writer:
        return [writing.wanted(writer.graded(each)) for each in ("ambitious", "right")]


def by_nbconvert(what: dict) -> str:
    exporter = f"{HTMLExporter.__module__}.{HTMLExporter.__name__}"
    return pages.page(**what | {"how": what["how"] | {"exporter": exporter}})


def tree(html: str) -> str:
    return str(BeautifulSoup(html, "html.parser"))


def test_a_page_is_the_one_that_nbconvert_makes(made):
    for what in made:
        ours, plain = pages.page(**what), by_nbconvert(what)
        assert tree(ours) == tree(FOREIGN.sub("", plain))
        assert "https://cdnjs" in plain


def test_the_pages_compared_have_all_that_pages_have(made):
    ours = pages.page(**made[0])
    for part in ("<img alt=", "<mfrac>", "ValueError", 'class="ansi-red-fg"', "<td>"):
        assert part in ours


def exported(*cells) -> str:
    nb = nbformat.v4.new_notebook(cells=list(cells))
    return FeedbackExporter(template_name="classic").from_notebook_node(nb)[0]


def test_what_is_attached_to_a_cell_is_not_mistaken_for_that_of_another():
    text = nbformat.v4.new_markdown_cell
    pictures = [{"a.png": {"image/png": data}} for data in ("AAAA", "BBBB")]
    page = exported(*(text("![a](attachment:a.png)", attachments=p) for p in pictures))
    assert "base64,AAAA" in page
    assert "base64,BBBB" in page


def test_a_notebook_is_left_as_it_was_and_gives_the_same_page_again(made):
    nb = unpacked(made[0]["notebook"])
    before = packed(nb)
    exporter = FeedbackExporter(template_name="classic")
    exporter.register_preprocessor(FormulasInPlace, enabled=True)
    first, _ = exporter.from_notebook_node(nb)
    assert "<mfrac>" in first
    assert packed(nb) == before
    assert exporter.from_notebook_node(nb)[0] == first


@pytest.mark.parametrize(
    "tag",
    [
        "<img src='a>b'>",
        '<img src="data:image/png;base64,AA=="\nwidth=3\n>',
        "<IMG src=a data-alt='1' alternative='x'/>",
        '<img src="b" title=" alt=\'c\' ">',
        "<img>",
    ],
)
def test_a_picture_without_words_gets_some(tag):
    [picture] = BeautifulSoup(described(tag), "html.parser")("img")
    assert picture.attrs.pop("alt").startswith("No description")
    assert picture.attrs == BeautifulSoup(tag, "html.parser").img.attrs


@pytest.mark.parametrize(
    "tag",
    [
        '<img alt="">',
        "<img src=a ALT=b>",
        "<img title='>' alt>",
        '<img src="a" alt = "c"/>',
        "<image src='a'>",
        "<pre>&lt;img src='a'&gt;</pre>",
        '<img src="never closed>',
    ],
)
def test_all_else_stays_as_it_is(tag):
    assert described(tag) == tag
