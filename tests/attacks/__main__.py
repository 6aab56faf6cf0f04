"""Run the corpus and print what came of it: `python -m tests.attacks --help`."""

import argparse
import json
import sys
from pathlib import Path

from .attack import POINTS, Attack, meets, words
from .columns import STOCK_SECONDS, Column, Ours, Stock
from .corpus import CORPUS
from .runner import Outcome, run_class
from .stage import WITNESSES, stage

COLUMNS = {"ours": Ours, "stock": Stock}


def main() -> int:
    given = _arguments()
    attacks = [
        attack
        for attack in CORPUS
        if (not given.kind or attack.kind in given.kind)
        and (not given.name or attack.name in given.name)
    ]
    outcomes = {}
    for name in given.only or COLUMNS:
        harmful = given.harmful or name == "ours"
        outcomes[name] = _outcome(COLUMNS[name], attacks, harmful)
    _print(attacks, outcomes)
    if given.json:
        given.json.write_text(json.dumps(_facts(attacks, outcomes), indent=1) + "\n")
    return any(not _as_due(attack, outcomes.get("ours")) for attack in attacks)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.attacks")
    kinds = sorted({attack.kind for attack in CORPUS})
    parser.add_argument("--only", action="append", choices=COLUMNS)
    parser.add_argument("--kind", action="append", choices=kinds)
    parser.add_argument("--name", action="append")
    parser.add_argument("--json", type=Path, help="write the table there as well")
    parser.add_argument(
        "--harmful",
        action="store_true",
        help="also let stock nbgrader, which has no sandbox, run what eats memory, "
        "disk and processes, or kills what started it",
    )
    return parser.parse_args()


def _outcome(column: type[Column], attacks: list[Attack], harmful: bool) -> Outcome:
    def tell(line):
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    with stage() as made:
        outcome = run_class(made, column(made), attacks, harmful=harmful, tell=tell)
    tell("")
    return outcome


def _print(attacks: list[Attack], outcomes: dict[str, Outcome]) -> None:
    width = max(len(attack.name) for attack in attacks)
    kind = None
    for attack in attacks:
        if attack.kind != kind:
            kind = attack.kind
            print(f"\n{kind:{width}}  due      " + "".join(f"{n:18}" for n in outcomes))
        got = [words(outcome.got[attack.name]) for outcome in outcomes.values()]
        sign = " " if _as_due(attack, outcomes.get("ours")) else "!"
        print(f"{attack.name:{width}} {sign}{words(attack.due):9}", end="")
        print("".join(f"{each:18}" for each in got))
    for name, outcome in outcomes.items():
        print(f"\n{name}")
        honest = {w: words(outcome.witnesses[w]) for w in WITNESSES}
        print(f"  honest neighbours: {honest}")
        print(f"  changed outside: {outcome.touched or 'nothing'}")
        print(f"  left running: {outcome.left_running or 'nothing'}")
        print(f"  talked to: {outcome.heard or 'nobody'}")
        longest = sorted(outcome.seconds.items(), key=lambda each: -each[1])[:5]
        print(f"  memory: {outcome.memory / 1e6:.0f} MB; seconds: {longest}")
    print(
        "\nPoints are of shares, mix and distances, at most 3 each. In stock nbgrader"
    )
    print(f"a cell may take {STOCK_SECONDS} seconds, not 30.")


def _as_due(attack: Attack, ours: Outcome | None) -> bool:
    return ours is None or meets(ours.got[attack.name], attack.due)


def _facts(attacks: list[Attack], outcomes: dict[str, Outcome]) -> dict:
    """Return the table as data."""
    rows = [
        {
            "name": attack.name,
            "kind": attack.kind,
            "says": attack.says,
            "due": attack.due,
            "honest": attack.honest,
            "slow": attack.slow,
            "harmful_unsandboxed": attack.harmful_unsandboxed,
            **{name: outcome.got[attack.name] for name, outcome in outcomes.items()},
        }
        for attack in attacks
    ]
    about = {
        name: {
            "witnesses": outcome.witnesses,
            "touched": len(outcome.touched),
            "left_running": len(outcome.left_running),
            "heard": len(outcome.heard),
            "memory": outcome.memory,
            "seconds": outcome.seconds,
        }
        for name, outcome in outcomes.items()
    }
    return {"points": POINTS, "stock_seconds": STOCK_SECONDS, "attacks": rows} | about


if __name__ == "__main__":
    sys.exit(main())
