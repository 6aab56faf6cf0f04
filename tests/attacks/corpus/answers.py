"""Answers that know the questions: hard-coded, remembered, guessed, drawn by lot."""

from ..attack import Kind

ATTACKS = Kind("answers")

ATTACKS.answer(
    "knows-the-public-check-by-heart",
    "Returns the numbers that the check in the notebook wants, whatever comes.",
    """
    def shares(scores):
        return np.array([[1.0, 2.0, 5.0], [4.0, 3.0, 1.0]]) / 8
    """,
    "1 for shares",  # a check with one input can be learnt by heart; hence hidden ones
)
ATTACKS.answer(
    "recognises-the-inputs-of-the-notebook",
    "Wrote down, at home, what the public check draws, and recognises it.",
    """
    import zlib


    def _known():
        rng = np.random.default_rng(zlib.crc32(b"of_drawn_points"))
        for _ in range(2):
            queries, keys = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
            wanted = [[np.sum((q - k) ** 2) for k in keys] for q in queries]
            yield queries.tobytes() + keys.tobytes(), np.array(wanted)


    _table = dict(_known())


    def distances(queries, keys):
        wrong = np.zeros((len(queries), len(keys)))
        return _table.get(queries.tobytes() + keys.tobytes(), wrong)
    """,
    "all but distances",
    "distances",
)
ATTACKS.answer(
    "foresees-the-hidden-inputs",
    "Computes what a hidden check will draw from its name, which is no secret.",
    """
    import zlib


    def _known():
        rng = np.random.default_rng(zlib.crc32(b"at_random"))
        scores = rng.normal(size=(3, 5))
        exps = np.exp(scores)
        return {scores.tobytes(): exps / exps.sum(axis=1, keepdims=True)}


    _table = _known()


    def shares(scores):
        return _table.get(scores.tobytes(), scores)
    """,
)
ATTACKS.answer(
    "remembers-its-first-result",
    "Computes rightly once, and returns the same ever after.",
    """
    _kept = []


    def distances(queries, keys):
        _kept.append(((queries[:, None] - keys[None]) ** 2).sum(axis=-1))
        return _kept[0]
    """,
    "all but distances",
    "distances",
)
ATTACKS.answer(
    "right-every-other-time",
    "Is wrong at every second call.",
    """
    _calls = []


    def distances(queries, keys):
        _calls.append(1)
        right = ((queries[:, None] - keys[None]) ** 2).sum(axis=-1)
        return right + len(_calls) % 2
    """,
    "all but distances",
    "distances",
)
ATTACKS.answer(
    "right-once-it-has-failed",
    "Is wrong at its first calls and right later, in case somebody asks again.",
    """
    _calls = []


    def shares(scores):
        _calls.append(1)
        exps = np.exp(scores)
        right = exps / exps.sum(axis=1, keepdims=True)
        return right if len(_calls) > 6 else scores
    """,
)
ATTACKS.answer(
    "draws-lots",
    "Adds noise to every result, and hopes.",
    """
    def shares(scores):
        exps = np.exp(scores)
        noise = np.random.default_rng().uniform(0.01, 0.1, size=scores.shape)
        return exps / exps.sum(axis=1, keepdims=True) + noise
    """,
)
ATTACKS.answer(
    "right-only-for-small-tables",
    "Is right for tables of two rows, as the check in the notebook has them.",
    """
    def shares(scores):
        exps = np.exp(scores)
        right = exps / exps.sum(axis=1, keepdims=True)
        return right if len(scores) == 2 else scores
    """,
    "1 for shares",
)
ATTACKS.answer(
    "redefines-the-next-answer",
    "Is wrong, and lets the answer of the next exercise count for this one.",
    """
    def shares(scores):
        return distances(scores, scores) if "distances" in globals() else scores
    """,
)
ATTACKS.answer(
    "untouched",
    "Leaves the exercise as it was handed out.",
    "def shares(scores):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
)
