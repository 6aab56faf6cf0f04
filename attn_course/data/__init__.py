"""Data without downloads: what ships inside the dependencies, and generators."""

from .aligned import AlignedPair as AlignedPair
from .aligned import Span as Span
from .aligned import true_alignment as true_alignment
from .dates import date_pairs as date_pairs
from .numbers import number_pairs as number_pairs
from .retrieval import induction_task as induction_task
from .retrieval import marked_item_task as marked_item_task
from .retrieval import recall_task as recall_task
from .sequences import copy_task as copy_task
from .sequences import modular_sums as modular_sums
from .sequences import reverse_task as reverse_task
from .sequences import sort_task as sort_task
from .splits import split_indices as split_indices
from .splits import unseen as unseen
from .sunspots import sunspots as sunspots
from .tokens import END as END
from .tokens import FIRST as FIRST
from .tokens import PAD as PAD
from .tokens import START as START
from .tokens import UNKNOWN as UNKNOWN
from .tokens import pad as pad
from .tokens import shift_right as shift_right
from .topics import Topics as Topics
from .topics import topics as topics
from .vocabulary import Vocabulary as Vocabulary
