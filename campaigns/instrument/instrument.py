"""An instrument that gets suggestions, measures them and records the results over HTTP, until the campaign can stop.

It needs Python only. Replace `measure` with the control of your instrument. Both sides may stop at any time:

- every write has an Idempotency-Key derived from its content, so that no write is made twice
- suggestions without a result are open in the campaign, and are measured first after a restart
- while the server is unavailable, the instrument waits and retries

    export DESIGNER_URL=http://localhost:8321 DESIGNER_TOKEN=dsg_...
    python instrument.py nickel-films
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

PATIENCE = 300.0  # seconds without an answer after which the instrument gives up


class Failed(Exception):
    """The experiment gave no result."""


def measure(design: dict[str, Any]) -> dict[str, Any]:
    """Measure one design, given in lab units; this one simulates the overpotential of a film."""
    nickel, iron = design["composition.Ni"] / 100, design["composition.Fe"] / 100
    heat = (design["anneal_temperature"] - 450) / 100
    if design["atmosphere"] == "air" and heat > 0.6:
        raise Failed("film oxidised")
    time.sleep(float(os.environ.get("SECONDS_TO_MEASURE", "0")))
    value = 300 + 180 * (nickel - 0.7) ** 2 + 150 * (iron - 0.2) ** 2 + 25 * heat**2
    value += 15 * abs(math.log10(design["anneal_time"] / 60))
    return {"overpotential": f"{value:.4g} mV"}


class Service:
    """The service's API, with retries."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __call__(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Send a request, with retries, and return the answer.

        Raises
        ------
        SystemExit
            If it is refused.
        """
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        data = None if body is None else json.dumps(body).encode()
        wait, until = 0.2, time.monotonic() + PATIENCE
        while True:
            request = urllib.request.Request(self._url + path, data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=90) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                problem = json.loads(error.read() or b"{}")
                if error.code not in (429, 502, 503, 504):
                    sys.exit(f"{method} {path}: {error.code} {problem.get('detail', '')}")
                reason = problem.get("detail", str(error.code))
            except (OSError, ValueError) as error:  # no connection, or one that broke off
                reason = str(error)
            if time.monotonic() > until:
                sys.exit(f"{method} {path}: no answer for {PATIENCE:.0f} s ({reason})")
            print(f"waiting: {reason}", file=sys.stderr, flush=True)
            time.sleep(wait)
            wait = min(2 * wait, 10)


def run(service: Service, campaign: str) -> str:
    """Suggest, measure and record until a stopping rule holds; return its reason."""
    path = f"/api/campaigns/{quote(campaign, safe='')}"
    while True:
        state = service("GET", path)
        if state["verdict"]["stop"]:
            return str(state["verdict"]["reason"])
        if state["open_suggestions"]:
            for suggestion in state["open_suggestions"]:
                work(service, path, suggestion)
            continue
        # The key has the number of closed suggestions: after a crash the same request has the same key.
        made = sum(state[key] for key in ("recorded", "failed", "withdrawn"))
        job = service("POST", f"{path}/suggestions?wait=30", {}, key=f"ask-after-{made}")
        while job["state"] in ("waiting", "running"):
            time.sleep(1)
            job = service("GET", f"/api/jobs/{job['id']}")
        if job["state"] == "failed":
            sys.exit(f"no suggestion: {job['problem']['detail']}")


def work(service: Service, path: str, suggestion: dict[str, Any]) -> None:
    """Measure one suggestion and record the result."""
    name = suggestion["id"]
    try:
        row = {"suggestion": name, **measure(suggestion["design"])}
    except Failed as failure:
        service("POST", f"{path}/suggestions/{name}/failure", {"reason": str(failure)}, key=f"failed-{path}-{name}")
        print(f"{name}: failed, {failure}", flush=True)
        return
    service("POST", f"{path}/measurements", {"rows": [row]}, key=f"measured-{path}-{name}")
    print(f"{name}: {row['overpotential']}", flush=True)


def main() -> None:
    """Run on the given campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", help="the campaign's id, as in its page's address")
    given = parser.parse_args()
    try:
        service = Service(os.environ.get("DESIGNER_URL", "http://localhost:8321"), os.environ["DESIGNER_TOKEN"])
    except KeyError:
        sys.exit("DESIGNER_TOKEN is not set; create one with: designer token create instrument --role record")
    print(run(service, given.campaign))


if __name__ == "__main__":
    main()
