"""The laws of attention, and an examiner that holds any attention against them."""

from .case import Case as Case
from .case import make_case as make_case
from .examine import Verdict as Verdict
from .examine import examine as examine
from .examine import table as table
from .laws import LAWS as LAWS
