"""What a new page and a new exercise start from."""

PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
covers: []
---

({label})=
# {title}

Open with a puzzle or a failure: something small that the reader can try, and that
does not do what one expects.

**Before you run the cell**, decide: what will it print?

```{{code-cell}}
print("replace me")
```

```{{code-cell}}
:tags: [remove-cell]
# Assert here what the text above claims.
assert "replace me".split() == ["replace", "me"]
```

**You will be able to**

- …

**You need** {{doc}}`ch00_how_this_course_works`. **Time** 40 minutes.

## Exercises

## Sources

```{{bibliography}}
:filter: docname in docnames
```
"""

EXERCISE = '''r"""### {title}

Write `{name}(x)`. Say what goes in, what must come out, and give the formula.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=10,
    hints=(
        "A nudge: which question should they ask themselves?",
        "More: where should they look?",
        "Almost the answer.",
    ),
)


@answer
def {name}(x):
    """One line on what comes out.

    x        (rows, columns)  float
    returns  (rows, columns)  float
    """
    ### BEGIN SOLUTION
    raise NotImplementedError("write the answer here")
    ### END SOLUTION


@inputs
def draw(rng):
    """One valid tuple of arguments, of varied sizes."""
    rows, columns = rng.integers(1, 7, size=2)
    return (rng.normal(size=(rows, columns)),)


@alternative
def another_way(x):
    """The same, written differently: a loop, say."""
    raise NotImplementedError("write a second right answer here")


@check(points=1)
def small_numbers({name}):
    """The numbers you can work out on paper."""
    got = {name}(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    close(got, [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], "result")


@check(points=2, hidden=True)
def random_tables({name}, rng):
    """Random tables, against the definition."""
    x = rng.normal(size=(5, 7))
    close({name}(x), np.zeros((5, 7)), "result")


@misconception(caught_by=small_numbers)
def first_slip(x):
    """What a student who does this is told: what they did, and one thing to look at."""
    return x


@misconception(caught_by=random_tables)
def second_slip(x):
    """What a student who does this is told: what they did, and one thing to look at."""
    return x + 1
'''
