"""What a student's notebook needs to check an answer."""

from .chapter import Chapter as Chapter
from .chapter import open_chapter as open_chapter
from .compare import Mismatch as Mismatch
from .compare import close as close
from .diagnose import Diagnosis as Diagnosis
from .diagnose import diagnose as diagnose
from .outcome import Outcome as Outcome
from .outcome import describe as describe
from .probe import probe as probe
from .run import CheckFailed as CheckFailed
from .run import attempt as attempt
from .run import run as run
from .show import card as card
