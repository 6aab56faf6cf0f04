"""Run an exercise against itself before it is released.

The gate asks for much more, and takes longer; this is what no release may lack.
"""

from attn_course.authoring.exercise import Exercise, ExerciseError
from attn_course.grading.run import attempt


def require_sound(ex: Exercise) -> None:
    """Raise unless right answers pass, and each check catches what it is there for.

    Raises
    ------
    ExerciseError
        Naming file and line of the answer or the misconception.
    """
    for part in (ex.answer, *ex.alternatives):
        for check in ex.checks:
            outcome = attempt(check.thing, part.thing)
            if not outcome.passed:
                raise ExerciseError(
                    f"{ex.path}:{part.line}: {part.name} is right, but {check.name} "
                    f"rejects it: {outcome.message}"
                )
    for wrong in ex.misconceptions:
        if attempt(ex.check(wrong.caught_by).thing, wrong.thing).passed:
            line = ex.check(wrong.caught_by).line
            raise ExerciseError(
                f"{ex.path}:{line}: {wrong.caught_by} accepts {wrong.name} (line "
                f"{wrong.line}), which it is there to catch"
            )
