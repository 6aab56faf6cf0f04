"""What attention costs here: against PyTorch, against length, against its formulas.

Prints one table and writes it as JSON, by default to _build/bench/attention.json. Every
ratio is measured in one run, both sides in turn on the same inputs, on one thread each.
Sizes: 8 heads of width 64, float32. The largest tables of scores need about 8 GB.
"""

import argparse
import sys
from pathlib import Path

import torch
from parts import decoding, formulas, layers, lengths, reads
from report import keep, show
from threadpoolctl import threadpool_limits

RESULT = Path(__file__).parents[1] / "_build/bench/attention.json"
PARTS = (reads, lengths, layers, decoding, formulas)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument("--json", type=Path, default=RESULT)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        rows = [row for part in PARTS for row in part.rows(options.quick)]
    show(rows)
    keep(rows, options.json)


if __name__ == "__main__":
    main(sys.argv[1:])
