"""What is done to the good sample: the rule to bite, words of its problem, edits."""

UNSHIFTED = "exps = np.exp(scores - scores.max(axis=-1, keepdims=True))"
PAPER = "got = shares(np.log([[1.0, 2.0, 1.0], [1.0, 1.0, 8.0]]))"
PAPER_WANTED = "close(got, np.array([[0.25, 0.5, 0.25], [0.1, 0.1, 0.8]]))"
LAST_HINT = "Two lines: exponentials, then a division."
BATCH_DRAW = "scores = rng.normal(size=(2, 3, 5, 7))"
DRAW = "return (rng.normal(size=rng.permutation(np.arange(2, 6))[:3]),)"
STARTER = '''@starter
def shares(scores):
    """Positive numbers that sum to one in each row."""
    {body}


@inputs
'''

SABOTAGE = {
    "a wrong alternative": (
        "right_answers_pass",
        "by_logarithm",
        ("np.logaddexp.reduce(scores, axis=-1", "np.logaddexp.reduce(scores, axis=-2"),
    ),
    "a check with a generator of its own": (
        "right_answers_pass",
        "in_batches",
        (BATCH_DRAW, BATCH_DRAW.replace("rng", "np.random.default_rng()")),
    ),
    "an alternative that differs where no check looks": (
        "drawn_inputs_are_answered",
        "by_logarithm",
        (
            "    return np.exp(scores - np.logaddexp",
            "    scores = np.where(scores > 2.5, 0, scores)\n"
            "    return np.exp(scores - np.logaddexp",
        ),
        (BATCH_DRAW, BATCH_DRAW.replace("normal(", "uniform(")),
    ),
    "inputs that the answer cannot take": (
        "drawn_inputs_are_answered",
        "the answer raises on 200 of 200",
        (DRAW, "return (rng.normal(),)"),
    ),
    "a misconception that names the wrong check": (
        "misconceptions_are_caught",
        "fits_a_table",
        (
            "@misconception(caught_by=on_paper)\ndef without_exponentials(scores):",
            "@misconception(caught_by=on_paper)\ndef fits_a_table(scores):\n"
            '    """Right for a table, as the check is."""\n'
            "    return shares(scores) if scores.ndim == 2 else scores\n\n\n"
            "@misconception(caught_by=on_paper)\ndef without_exponentials(scores):",
        ),
    ),
    "inputs that promise more than any check looks at": (
        "no_mutant_survives",
        "exps = np.exp(scores)",
        (DRAW, DRAW.replace("rng.normal(", "1e3 * rng.normal(")),
    ),
    "a check that accepts an answer not written yet": (
        "untouched_earns_nothing",
        "on_paper",
        (
            PAPER,
            f"try:\n        {PAPER}\n    except NotImplementedError:\n        return",
        ),
    ),
    "two axes of one size": (
        "axis_sizes_differ",
        "in_batches",
        (BATCH_DRAW, "scores = rng.normal(size=(2, 3, 5, 5))"),
    ),
    "a leading axis of the size of another": (
        "axis_sizes_differ",
        "in_batches",
        (BATCH_DRAW, "scores = rng.normal(size=(2, 5, 5, 7))"),
    ),
    "a rank that the docstring does not promise": (
        "axis_sizes_differ",
        "in_batches",
        ("scores   (..., rows, entries)", "scores   (rows, entries)"),
    ),
    "an argument without a row in the docstring": (
        "axis_sizes_differ",
        "in_batches",
        ("    scores   (..., rows, entries)  float\n", ""),
    ),
    "scores so large that one share is everything": (
        "inputs_are_not_saturated",
        "in_batches",
        (BATCH_DRAW, "scores = 100 * rng.normal(size=(2, 3, 5, 7)).round()"),
    ),
    "two misconceptions that look the same": (
        "misconceptions_are_told_apart",
        "columns_again",
        (
            "@misconception(caught_by=in_batches)",
            "@misconception(caught_by=on_paper)\ndef columns_again(scores):\n"
            '    """The same with other words."""\n'
            "    return down_the_columns(scores)\n\n\n"
            "@misconception(caught_by=in_batches)",
        ),
    ),
    "no hidden check": (
        "public_and_hidden_checks",
        "no check is hidden",
        (", hidden=True", ""),
        (
            "    powers = np.exp(scores)\n    close(",
            "    e = np.exp(scores)\n    close(",
        ),
        ("powers / powers.sum(axis=3", "e / e.sum(axis=3"),
    ),
    "no public check": (
        "public_and_hidden_checks",
        "all checks are hidden",
        ("@check(points=1)", "@check(points=1, hidden=True)"),
    ),
    "a hint with a line of the solution": (
        "nothing_given_away",
        "hint 3",
        (LAST_HINT, f"First {UNSHIFTED}, then divide."),
    ),
    "a public check with a line of the solution": (
        "nothing_given_away",
        "on_paper",
        (
            PAPER_WANTED,
            f"{PAPER_WANTED}\n    scores = np.zeros((2, 3))\n    {UNSHIFTED}",
        ),
    ),
    "a public check with a line of a misconception": (
        "nothing_given_away",
        "without_exponentials",
        (
            PAPER_WANTED,
            f"{PAPER_WANTED}\n    scores = np.ones((2, 3))\n"
            "    scores / scores.sum(axis=-1, keepdims=True)",
        ),
    ),
    "a misconception that tells the solution": (
        "nothing_given_away",
        "what is said of down_the_columns",
        ("Which axis holds the entries of a row?", f"Try {UNSHIFTED}"),
    ),
    "reference code imported where students see it": (
        "package_stays_hidden",
        "attn_course",
        (
            "import numpy as np\n",
            "import numpy as np\n\nfrom attn_course.functional import softmax\n",
        ),
    ),
    "a public check that names the package": (
        "package_stays_hidden",
        "on_paper",
        (PAPER, f"import attn_course.functional\n\n    {PAPER}"),
    ),
    "a helper that stays behind": (
        "names_exist_for_students",
        "SCORES",
        ("@check(points=1)", "SCORES = [1.0, 2.0, 1.0]\n\n\n@check(points=1)"),
        (PAPER, PAPER.replace("[1.0, 2.0, 1.0]", "SCORES")),
    ),
    "a starter that is right": (
        "untouched_earns_nothing",
        "starter",
        ("    inputs,\n", "    inputs,\n    starter,\n"),
        (
            "@inputs\n",
            STARTER.format(
                body="powers = np.exp(scores)\n    "
                "return powers / powers.sum(-1, keepdims=True)"
            ),
        ),
    ),
}


ALSO = {  # what follows of necessity from the sabotage
    "a wrong alternative": {"drawn_inputs_are_answered"},
    "inputs that the answer cannot take": {"no_mutant_survives"},
    "a check with a generator of its own": {"misconceptions_are_told_apart"},
}
