"""One figure of a benchmark, printed as ticketcore_bench prints its own and appended to out/bench.jsonl."""

import json
import pathlib
import statistics
from typing import Sequence

OUT = pathlib.Path("out")


def report(
    name: str, unit: str, rounds: Sequence[float], peer: str = "", peer_rounds: Sequence[float] = ()
) -> None:
    """The median of the rounds with their least and most; beside the peer, how many times as much."""
    median = statistics.median(rounds)
    figure = {"name": name, "value": median, "least": min(rounds), "most": max(rounds), "unit": unit}
    line = f"{name:<24} {median:11.4g}  {min(rounds):9.4g} - {max(rounds):<9.4g}  {unit:<8}"
    if peer:
        beside = statistics.median(peer_rounds)
        ratio = (median / beside, min(rounds) / max(peer_rounds), max(rounds) / min(peer_rounds))
        line += f"  {peer:<44} {beside:11.4g}  {ratio[0]:7.2f}x  ({ratio[1]:.2f} - {ratio[2]:.2f})"
        figure.update(peer=peer, peer_value=beside, ratio=ratio[0], ratio_least=ratio[1], ratio_most=ratio[2])
    print(line, flush=True)
    with (OUT / "bench.jsonl").open("a") as file:
        print(json.dumps(figure), file=file)
