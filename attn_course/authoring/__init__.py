"""Tools for writing exercises. Students never import this package."""

from .exercise import Exercise as Exercise
from .exercise import ExerciseError as ExerciseError
from .loading import load as load
from .loading import load_chapter as load_chapter
from .marks import alternative as alternative
from .marks import answer as answer
from .marks import check as check
from .marks import exercise as exercise
from .marks import inputs as inputs
from .marks import misconception as misconception
from .marks import starter as starter
