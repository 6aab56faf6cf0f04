"""Two small social networks.

References
----------
W. W. Zachary, "An Information Flow Model for Conflict and Fission in Small Groups",
Journal of Anthropological Research 33(4), 452-473, 1977.
A. Davis, B. B. Gardner and M. R. Gardner, "Deep South", University of Chicago Press,
1941.
Both as they are in networkx, which is under the BSD licence.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class KarateClub(NamedTuple):
    """Who meets whom outside the club, and on which side each was after the split.

    Examples
    --------
    >>> KarateClub._fields
    ('edges', 'factions')
    """

    edges: Bool[np.ndarray, "nodes nodes"]
    factions: Int[np.ndarray, " nodes"]


class SouthernWomen(NamedTuple):
    """Which woman was at which event: rows are women, columns events.

    Examples
    --------
    >>> SouthernWomen._fields
    ('present', 'women', 'events')
    """

    present: Bool[np.ndarray, "women events"]
    women: list[str]
    events: list[str]


def karate_club() -> KarateClub:
    """Return the 34 members of Zachary's club: 78 pairs of friends, two factions.

    Needs networkx, which is imported here and not before. Member 0 is the teacher,
    called Mr. Hi, and faction 0 his; member 33 is the officer at the head of the other.
    The table of edges is symmetric, without self-loops and without weights. There is
    one graph: a split is one of its nodes, and what is learnt from the labels of a few
    is judged by the others.

    Examples
    --------
    >>> club = karate_club()
    >>> club.edges.shape, int(club.edges.sum()) // 2, int(club.factions.sum())
    ((34, 34), 78, 17)
    """
    import networkx

    graph = networkx.karate_club_graph()
    edges = networkx.to_numpy_array(graph, nodelist=range(len(graph)), weight=None)
    clubs = [graph.nodes[member]["club"] for member in range(len(graph))]
    return KarateClub(edges.astype(bool), np.array([c != "Mr. Hi" for c in clubs], int))


def southern_women() -> SouthernWomen:
    """Return which of 18 women went to which of 14 events, 89 visits in all.

    Needs networkx, which is imported here and not before.

    Examples
    --------
    >>> table = southern_women()
    >>> table.present.shape, int(table.present.sum()), table.women[0], table.events[-1]
    ((18, 14), 89, 'Evelyn Jefferson', 'E14')
    """
    import networkx
    from networkx.algorithms import bipartite

    graph = networkx.davis_southern_women_graph()
    women, events = graph.graph["top"], graph.graph["bottom"]
    present = bipartite.biadjacency_matrix(graph, women, events).toarray()
    return SouthernWomen(present.astype(bool), list(women), list(events))
