r"""Attention in two storeys: words make sentences, sentences make a document.

Each storey pools with a learned question: the context vector is a query that does not
depend on the text. Where positions are to see each other as well, the same two storeys
save work: words meet inside their sentence only, and then sentences meet.

References
----------
Z. Yang, D. Yang, C. Dyer, X. He, A. Smola and E. Hovy, "Hierarchical Attention Networks
for Document Classification", NAACL 2016, equations 5-10.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.softmax import softmax


class PoolWeights(NamedTuple):
    """The parameters of one storey, in the order that `attention_pool` takes them.

    Examples
    --------
    >>> import numpy as np
    >>> storey = PoolWeights(weight=np.eye(2), bias=np.zeros(2), context=np.zeros(2))
    >>> attention_pool(np.array([[0.0, 2.0], [4.0, 0.0]]), *storey)
    array([2., 1.])
    """

    weight: Float[np.ndarray, "width hidden"]
    bias: Float[np.ndarray, " hidden"]
    context: Float[np.ndarray, " hidden"]


def attention_pool(
    states: Float[np.ndarray, "... positions width"],
    weight: Float[np.ndarray, "width hidden"],
    bias: Float[np.ndarray, " hidden"],
    context: Float[np.ndarray, " hidden"],
    *,
    where: Bool[np.ndarray, "..."] | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... width"]
    | tuple[Float[np.ndarray, "... width"], Float[np.ndarray, "... positions"]]
):
    r"""Return the mean of the states, weighted by how well each answers the context.

    .. math::

       s = \sum_t a_t h_t, \qquad
       a = \operatorname{softmax}_t(u_t \cdot u), \qquad u_t = \tanh(W^\top h_t + b)

    Parameters
    ----------
    states
        The h above.
    context
        The u above: a learned query, the same for every text.
    where
        True for a real position, as against padding; broadcasts to (..., positions).
        Where nothing is real the mean is zeros.
    return_weights
        Whether to return (mean, weights) in place of the mean alone.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> states, ones = np.array([[0.0], [1.0], [9.0]]), np.ones(1)
    >>> attention_pool(states, np.eye(1), 0 * ones, 1000 * ones, where=states[:, 0] < 2)
    array([1.])
    """
    who = "attention_pool"
    expect.axes(who, 2, states=states, weight=weight)
    expect.finite(who, states=states, weight=weight, bias=bias, context=context)
    expect.shape(who, (states.shape[-1], weight.shape[-1]), weight=weight)
    expect.shape(who, weight.shape[-1:], bias=bias, context=context)
    scores = np.tanh(states @ weight + bias) @ context
    weights = softmax(scores, where=where)
    mean = (weights[..., None, :] @ states)[..., 0, :]
    return (mean, weights) if return_weights else mean


def hierarchical_pool(
    states: Float[np.ndarray, "... sentences words width"],
    of_words: PoolWeights,
    of_sentences: PoolWeights,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... width"]
    | tuple[
        Float[np.ndarray, "... width"],
        Float[np.ndarray, "... sentences words"],
        Float[np.ndarray, "... sentences"],
    ]
):
    """PoolWeights the words of each sentence, then the sentences of each document.

    Where an encoder is to run between the storeys, as in the paper, call
    `attention_pool` twice.

    Parameters
    ----------
    of_words, of_sentences
        The parameters of the two storeys.
    where
        True for a real word; broadcasts to (..., sentences, words). A sentence without
        a word is padding and gets no weight; a document without a word gives zeros.
    return_weights
        Whether to return (document, weights of words, weights of sentences). What a
        word has in the document is the product of the two.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> even = PoolWeights(np.eye(1), np.zeros(1), np.zeros(1))
    >>> text = np.array([[[1.0], [3.0]], [[8.0], [0.0]]])
    >>> hierarchical_pool(text, even, even, where=text[..., 0] > 0)
    array([5.])
    """
    expect.axes("hierarchical_pool", 3, states=states)
    real = np.array(True) if where is None else where
    real = expect.mask("hierarchical_pool", real, states.shape[:-1])
    sentences, word_weights = attention_pool(
        states, *of_words, where=real, return_weights=True
    )
    document, sentence_weights = attention_pool(
        sentences, *of_sentences, where=real.any(axis=-1), return_weights=True
    )
    if return_weights:
        return document, word_weights, sentence_weights
    return document


def hierarchical_pairs(sentences: int, words: int) -> tuple[int, int]:
    r"""Return how many pairs meet in two storeys, and how many in one.

    .. math::  n m^2 + n^2 \qquad \text{against} \qquad (n m)^2

    for n sentences of m words each: words meet inside their sentence, then sentences
    meet, against all words meeting all words.

    Raises
    ------
    ValueError
        If a number is not a whole one from 1.

    Examples
    --------
    >>> hierarchical_pairs(sentences=20, words=30)
    (18400, 360000)
    """
    expect.counts("hierarchical_pairs", 1, sentences=sentences, words=words)
    return sentences * words**2 + sentences**2, (sentences * words) ** 2
