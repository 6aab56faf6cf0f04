r"""### Find the bug: a writer that passed three tests

`write` continues a prompt with a language model. `next_logits(tokens)` is the model: it
is given all tokens so far, as a list, and returns one row of logits for each of them,
of which row $t$ says what may follow token $t$. The next token is drawn with a number
$u$ between 0 and 1: take the chances, which are the softmax of the logits divided by
the temperature, in the order of the tokens and add them up; the token drawn is the
first at which the sum exceeds $u$.
Writing stops after the token `end`, which is kept, or when the numbers are used up.
Whoever wrote it tried it out:

> with a model that knows one answer it gives that answer; at temperature 1 with a
> prompt of one token the first new token is right; it never writes more than it should.
> Done!

It is wrong in three places. Run the checks and mend one fault at a time.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
    starter,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=20,
    hints=(
        "Print what the model is given at each call, and which of its rows is used. "
        "Which row says what follows the whole text so far?",
        "Where does the temperature act: on logits or on chances? And what is left of "
        "a division of all chances once they are made to sum to one?",
        "The last row, not the first; all tokens, not the newest alone; and the "
        "division before the exponential.",
    ),
)


@answer
def write(next_logits, prompt, uniforms, temperature, end):
    """The prompt and what is written after it.

    next_logits  function: a list of tokens -> logits (positions, vocab)
    prompt       (prompt_length,)  int, a list of at least one token
    uniforms     (steps,)  float from 0 to 1, one for each new token at most
    temperature  ()        float, positive
    end          ()        int, the token that ends a text
    returns      list of tokens, the prompt first
    """
    ### BEGIN SOLUTION
    tokens = list(prompt)
    for u in uniforms:
        scores = next_logits(list(tokens))[-1] / temperature
        exps = np.exp(scores - scores.max())
        sums = np.cumsum(exps / exps.sum())
        tokens.append(min(int((sums <= u).sum()), len(sums) - 1))
        if tokens[-1] == end:
            break
    return tokens
    ### END SOLUTION


@starter
def write(next_logits, prompt, uniforms, temperature, end):  # noqa: F811
    """The prompt and what is written after it.

    next_logits  function: a list of tokens -> logits (positions, vocab)
    prompt       (prompt_length,)  int, a list of at least one token
    uniforms     (steps,)  float from 0 to 1, one for each new token at most
    temperature  ()        float, positive
    end          ()        int, the token that ends a text
    returns      list of tokens, the prompt first
    """
    tokens, new = list(prompt), list(prompt)
    for u in uniforms:
        scores = next_logits(list(new))[0]
        exps = np.exp(scores - scores.max()) / temperature
        sums = np.cumsum(exps / exps.sum())
        new = [min(int((sums <= u).sum()), len(sums) - 1)]
        tokens += new
        if tokens[-1] == end:
            break
    return tokens


@inputs
def draw(rng):
    """A model that looks at all tokens, a prompt of a few, and some numbers."""
    vocab, count, steps = rng.permutation(np.arange(3, 8))[:3]
    table, faded = rng.normal(size=(2, vocab, vocab))

    def next_logits(tokens):
        past, rows = np.zeros(vocab), []
        for token in tokens:
            rows.append(table[token] + past)
            past = (past + faded[token]) / 2
        return scale * np.array(rows)

    scale = rng.choice([2.0, 2.0, 900.0])
    prompt = [int(token) for token in rng.integers(vocab, size=count)]
    temperature = float(rng.choice([0.5, 1.0, 2.0]))
    return next_logits, prompt, rng.random(steps), temperature, int(vocab - 1)


def _write(
    next_logits,
    prompt,
    uniforms,
    temperature,
    end,
    *,
    given=lambda tokens: tokens,
    row=-1,
    cool=lambda scores, temperature: scores / temperature,
    pick=lambda chances, u: int((np.cumsum(chances) <= u).sum()),
    stop=True,
):
    """The writer with one part wrong at a time."""
    tokens = list(prompt)
    for u in uniforms:
        scores = cool(next_logits(list(given(tokens)))[row], temperature)
        exps = np.exp(scores - scores.max())
        tokens.append(min(pick(exps / exps.sum(), u), len(exps) - 1))
        if stop and tokens[-1] == end:
            break
    return tokens


@alternative
def token_by_token(next_logits, prompt, uniforms, temperature, end):
    """The sum of the chances is made step by step."""
    written = []
    for u in uniforms:
        logits = np.asarray(next_logits(list(prompt) + written))
        chances = np.exp((logits[-1] - max(logits[-1])) / temperature)
        token, total = 0, chances[0] / sum(chances)
        while total <= u and token < len(chances) - 1:
            token += 1
            total += chances[token] / sum(chances)
        written.append(token)
        if token == end:
            return list(prompt) + written
    return list(prompt) + written


@alternative
def by_search(next_logits, prompt, uniforms, temperature, end):
    """`searchsorted` on the right side does the counting."""

    def pick(chances, u):
        return int(np.searchsorted(np.cumsum(chances), u, side="right"))

    return _write(next_logits, prompt, uniforms, temperature, end, pick=pick)


@check(points=1)
def one_token_after_a_prompt_of_three(write):
    """A prompt of three tokens, of which only the last says what follows."""

    def next_logits(tokens):
        table = np.log([[8.0, 1, 1, 1], [1.0, 8, 1, 1], [1.0, 1, 8, 1], [1.0, 1, 1, 8]])
        return table[tokens]

    got = write(next_logits, [0, 1, 2], np.array([0.5]), 1.0, 3)
    close(got, [0, 1, 2, 2], "tokens with u = 0.5")
    got = write(next_logits, [2, 1, 0], np.array([0.95]), 1.0, 3)
    close(got, [2, 1, 0, 3], "tokens with u = 0.95")
    got = write(next_logits, [0, 1, 2], np.array([0.05]), 1.0, 3)
    close(got, [0, 1, 2, 0], "tokens with u = 0.05")


@check(points=1, extreme=True)
def the_whole_text_is_read(write):
    """A model that counts: after t tokens the next one is t modulo five."""

    def next_logits(tokens):
        steps = np.arange(1, len(tokens) + 1) % 5
        return 50.0 * np.eye(6)[steps]

    got = write(next_logits, [4, 4], np.array([0.3, 0.6, 0.1, 0.9]), 1.0, 5)
    close(got, [4, 4, 2, 3, 4, 0], "tokens")


@check(points=1)
def heat_on_paper(write):
    """Chances 1/2, 1/3, 1/6; at a temperature of 1/2 they are 9, 4 and 1 of 14."""

    def next_logits(tokens):
        return np.tile(np.log([3.0, 2.0, 1.0, 1e-9]), (len(tokens), 1))

    for temperature, u, wanted in (
        (1.0, 0.45, 0),
        (1.0, 0.55, 1),
        (1.0, 0.9, 2),
        (0.5, 0.45, 0),
        (0.5, 0.6, 0),
        (0.5, 0.9, 1),
        (0.5, 0.95, 2),
    ):
        got = write(next_logits, [1, 0], np.array([u]), temperature, 3)
        close(got, [1, 0, wanted], f"tokens at temperature {temperature}, u = {u}")


@check(points=2, hidden=True)
def a_model_that_remembers(write, rng):
    """Random models that look at all tokens, at three temperatures."""
    from attn_course.functional import softmax

    table, faded = rng.normal(size=(2, 6, 6))

    def next_logits(tokens):
        past, rows = np.zeros(6), []
        for token in tokens:
            rows.append(table[token] + past)
            past = (past + faded[token]) / 2
        return 2 * np.array(rows)

    for temperature in (0.5, 1.0, 2.0):
        for _ in range(4):
            prompt = [int(token) for token in rng.integers(5, size=3)]
            uniforms = rng.random(8)
            wanted = list(prompt)
            for u in uniforms:
                chances = softmax(next_logits(wanted)[-1], temperature=temperature)
                wanted.append(int(np.searchsorted(np.cumsum(chances), u)))
                if wanted[-1] == 5:
                    break
            got = write(next_logits, prompt, uniforms, temperature, 5)
            close(got, wanted, f"tokens at temperature {temperature}")


@check(points=1, hidden=True, extreme=True)
def sure_models_and_the_end(write, rng):
    """Logits in the thousands; the text ends with its end token, which is kept."""
    order = rng.permutation(7)
    end = int(order[rng.integers(3, 6)])

    def next_logits(tokens):
        sure = np.eye(8)[[order[(t + 1) % 7] for t in range(len(tokens))]]
        return 3000.0 * sure + 2000.0 * (np.arange(8) < 7)

    wanted = [7, 7]
    while wanted[-1] != end:
        wanted.append(int(order[len(wanted) % 7]))
    close(write(next_logits, [7, 7], rng.random(6), 1.0, end), wanted, "tokens")


@misconception(caught_by=a_model_that_remembers)
def newest_token_alone(next_logits, prompt, uniforms, temperature, end):
    """After the first step the model is given the newest token and nothing else. It
    has no memory of its own: give it the whole text each time."""
    start = len(prompt)

    def given(tokens):
        return tokens if len(tokens) == start else tokens[-1:]

    return _write(next_logits, prompt, uniforms, temperature, end, given=given)


@misconception(caught_by=the_whole_text_is_read)
def prompt_alone(next_logits, prompt, uniforms, temperature, end):
    """The model is given the prompt again and again, and never hears what has been
    written since. What should grow from step to step?"""
    start = len(prompt)
    return _write(
        next_logits,
        prompt,
        uniforms,
        temperature,
        end,
        given=lambda tokens: tokens[:start],
    )


@misconception(caught_by=one_token_after_a_prompt_of_three)
def the_first_row(next_logits, prompt, uniforms, temperature, end):
    """You use the row of the first token: it says what may follow that one. Which row
    has read the whole text?"""
    return _write(next_logits, prompt, uniforms, temperature, end, row=0)


@misconception(caught_by=heat_on_paper)
def chances_divided(next_logits, prompt, uniforms, temperature, end):
    """You divide the exponentials by the temperature, and making them sum to one undoes
    it: hot or cold, nothing changes. Divide before `exp`."""

    def cool(scores, temperature):
        return scores

    return _write(next_logits, prompt, uniforms, temperature, end, cool=cool)


@misconception(caught_by=heat_on_paper)
def logits_multiplied(next_logits, prompt, uniforms, temperature, end):
    """You multiply the logits by the temperature, so that heat makes the model surer of
    itself. It should make the chances more even."""

    def cool(scores, temperature):
        return scores * temperature

    return _write(next_logits, prompt, uniforms, temperature, end, cool=cool)


@misconception(caught_by=heat_on_paper)
def always_the_likeliest(next_logits, prompt, uniforms, temperature, end):
    """You take the likeliest token, whatever u is. That is another way to write, and
    it likes to go round in circles: this one draws."""

    def pick(chances, u):
        return int(np.argmax(chances))

    return _write(next_logits, prompt, uniforms, temperature, end, pick=pick)


@misconception(caught_by=sure_models_and_the_end)
def never_stops(next_logits, prompt, uniforms, temperature, end):
    """You write on after the end token, into a text that is over. What should happen
    once it has been drawn?"""
    return _write(next_logits, prompt, uniforms, temperature, end, stop=False)


@misconception(caught_by=one_token_after_a_prompt_of_three)
def end_thrown_away(next_logits, prompt, uniforms, temperature, end):
    """The end token is missing from your text. It ends the text and belongs to it, so
    keep it and then stop."""
    tokens = _write(next_logits, prompt, uniforms, temperature, end)
    return tokens[:-1] if tokens[-1] == end else tokens


@misconception(caught_by=one_token_after_a_prompt_of_three)
def prompt_left_out(next_logits, prompt, uniforms, temperature, end):
    """You return only what is new. Wanted is the whole text, the prompt first."""
    return _write(next_logits, prompt, uniforms, temperature, end)[len(prompt) :]


@misconception(caught_by=one_token_after_a_prompt_of_three)
def ordered_by_chance(next_logits, prompt, uniforms, temperature, end):
    """You add the chances up from the likeliest down. The statement takes the tokens in
    the order of their numbers, so that one u means one token to everybody."""

    def pick(chances, u):
        order = np.argsort(-chances, kind="stable")
        place = int((np.cumsum(chances[order]) <= u).sum())
        return int(order[min(place, len(order) - 1)])

    return _write(next_logits, prompt, uniforms, temperature, end, pick=pick)
