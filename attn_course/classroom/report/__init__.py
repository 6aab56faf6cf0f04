"""What came of a class: tables to print and pages to read, from what was graded."""

from .pages import write_report as write_report
from .results import Result as Result
from .results import Slip as Slip
from .results import results as results
from .results import slips as slips
from .tables import scores_table as scores_table
from .tables import slips_table as slips_table
