"""How long a large class takes, before it is graded: a plan, by NumPy and a heap alone.

A folder of its own because nothing here decides a score: what does is hashed by
`attn_course.engine.identity`, and a change in it has everything graded again.
"""

from attn_course.classroom.planning.simulation import Cluster as Cluster
from attn_course.classroom.planning.simulation import Outcome as Outcome
from attn_course.classroom.planning.simulation import simulated as simulated
