"""nbgrader reads solutions/, writes notebooks/ and keeps the rest in _grading/."""

import os

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "attention"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
for step in ("source_with_tests", "submitted", "autograded", "feedback", "solution"):
    c.CourseDirectory[f"{step}_directory"] = f"_grading/{step}"
# SQLite in a file, or PostgreSQL: "postgresql+psycopg://user@host/database".
c.CourseDirectory.db_url = f"sqlite:///{os.path.abspath('_grading/gradebook.db')}"

# Where `fetch` and `submit` meet on a machine that several people share.
c.Exchange.root = os.path.abspath("_grading/exchange")
if not os.path.isdir(c.Exchange.root):
    os.makedirs(c.Exchange.root)
    os.chmod(c.Exchange.root, 0o777)  # nbgrader insists

# What is not ignored is copied to students; `include` is not obeyed here.
c.CourseDirectory.ignore = ["*.py", "*.md", "__pycache__", ".*", "*.tmp"]

# Who hands in again: "last" counts, or the "best" after what lateness takes off.
c.Attempts.counts = "last"

# Students' code runs in a sandbox; each check has a shorter limit of its own.
c.Judged.seconds = 20.0  # wall time for one cell

ours = "attn_course.classroom"
theirs = "nbgrader.preprocessors"
c.GenerateAssignment.preprocessors = [
    f"{theirs}.IncludeHeaderFooter",
    f"{theirs}.LockCells",
    f"{ours}.release.GiveStarter",
    f"{theirs}.ClearOutput",
    f"{theirs}.CheckCellMetadata",
    f"{theirs}.ComputeChecksums",
    f"{theirs}.SaveCells",
    f"{theirs}.ClearHiddenTests",
    f"{theirs}.ClearMarkScheme",
    f"{theirs}.ComputeChecksums",
    f"{theirs}.CheckCellMetadata",
]
c.Autograde.sanitize_preprocessors = [
    f"{ours}.intake.Canonicalise",
    f"{theirs}.ClearOutput",
    f"{theirs}.OverwriteKernelspec",
    f"{theirs}.OverwriteCells",
    f"{theirs}.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    f"{ours}.judged.Judged",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    f"{theirs}.LimitOutput",
    f"{theirs}.SaveAutoGrades",
    f"{theirs}.AssignLatePenalties",
    f"{theirs}.CheckCellMetadata",
]
c.GenerateFeedback.exporter_class = f"{ours}.exporter.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    f"{theirs}.GetGrades",
    f"{ours}.feedback.HideHiddenChecks",
    f"{ours}.feedback.FormulasInPlace",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
