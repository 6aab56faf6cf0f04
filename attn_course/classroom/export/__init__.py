"""Grades for elsewhere: Canvas, Moodle, tables to analyse, and one line an exercise.

A folder of its own because nothing here decides a score: what does is hashed by
`attn_course.classroom.journal`, and a change in it has everything graded again.
"""

from attn_course.classroom.export.exporting import Exported as Exported
from attn_course.classroom.export.exporting import export as export
from attn_course.classroom.export.gather import NothingToExport as NothingToExport
