"""Whether many open requests slow down the closed loop of submit and decide."""

from scripts.benchmark import portal_load
from scripts.benchmark.figures import Sample
from scripts.benchmark.portal_load import Lane


def measure(
    lanes: list[Lane], open_requests: int, rounds: int, seconds: float
) -> list[dict[str, object]]:
    """The loop's rate with few open requests, then with very many, by the same lanes."""
    before = _rate(lanes, rounds, seconds)
    _open(lanes, open_requests)
    after = _rate(lanes, rounds, seconds)
    return [
        {
            "open requests": open_requests,
            "per second before": round(before.rate, 1),
            "per second with them": round(after.rate, 1),
            "ratio": round(after.rate / before.rate, 2),
            "failures": len(before.failures) + len(after.failures),
        }
    ]


def _rate(lanes: list[Lane], rounds: int, seconds: float) -> Sample:
    total = Sample()
    for _ in range(rounds):
        for lane in lanes:
            lane.prepare(int(80 * seconds / len(lanes)))
        total.join(portal_load.drive(lanes, seconds))
    return total


def _open(lanes: list[Lane], wanted: int) -> None:
    """Submit without deciding, on all lanes at once, until so many stand open."""
    import threading

    def submit(lane: Lane, how_many: int) -> None:
        for _ in range(how_many):
            lane.prepare(1)
            command = lane.drafts.pop()
            lane.asking.post("/requests/new/bench/submit", command_id=command)

    share = wanted // len(lanes)
    threads = [threading.Thread(target=submit, args=(lane, share)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
