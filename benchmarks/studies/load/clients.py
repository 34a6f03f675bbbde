"""A locust client: requests suggestions, records results, reads, and logs every acknowledged write.

Run by ``python -m benchmarks.studies.load``, which sets the environment: DESIGNER_TOKEN, LOAD_CAMPAIGNS (how many there
are), LOAD_LOG (where acknowledged writes go).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import uuid
from pathlib import Path

from locust import FastHttpUser, between, task

NUMBERS = itertools.count(1)


class Experimenter(FastHttpUser):
    """One person or instrument: half a second to one and a half between two things."""

    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        self.dice = random.Random(next(NUMBERS))
        self.headers = {"Authorization": f"Bearer {os.environ['DESIGNER_TOKEN']}"}
        self.log = Path(os.environ["LOAD_LOG"]).open("a", buffering=1)  # noqa: SIM115  closed when it stops
        self.count = int(os.environ["LOAD_CAMPAIGNS"])

    def on_stop(self) -> None:
        self.log.close()

    def campaign(self) -> str:
        return f"load-{self.dice.randrange(self.count):04d}"

    @task(2)
    def experiment(self) -> None:
        """Ask for a design and record its result."""
        campaign = self.campaign()
        path = f"/api/campaigns/{campaign}"
        with self.client.post(
            f"{path}/suggestions?wait=30", json={"n": 1}, headers=self.key(), name="ask and wait", catch_response=True
        ) as answer:
            job = json.loads(answer.text or "{}")
            if job.get("state") == "failed":
                answer.failure(str(job["problem"]))
        if job.get("state") != "done":
            return
        (made,) = job["suggestions"]
        self.acknowledge("asked", campaign, made["id"], 0.0)
        value = 300 + 100 * self.dice.random()
        rows = [{"suggestion": made["id"], "loss": value}]
        answer = self.client.post(f"{path}/measurements", json={"rows": rows}, headers=self.key(), name="record")
        if answer.status_code == 200 and json.loads(answer.text)["recorded"]:
            self.acknowledge("recorded", campaign, made["id"], value)

    @task(3)
    def look_at_one(self) -> None:
        """Read a campaign."""
        self.client.get(f"/api/campaigns/{self.campaign()}", headers=self.headers, name="read campaign")

    @task(1)
    def look_at_all(self) -> None:
        """Read the list of campaigns."""
        self.client.get("/api/campaigns?limit=50", headers=self.headers, name="read list")

    @task(1)
    def look_at_results(self) -> None:
        """Read the results and the history of a campaign."""
        path = f"/api/campaigns/{self.campaign()}"
        self.client.get(f"{path}/measurements", headers=self.headers, name="read measurements")
        self.client.get(f"{path}/history?limit=20", headers=self.headers, name="read history")

    def key(self) -> dict[str, str]:
        return {**self.headers, "Idempotency-Key": uuid.uuid4().hex}

    def acknowledge(self, what: str, campaign: str, suggestion: str, value: float) -> None:
        self.log.write(json.dumps([what, campaign, suggestion, value]) + "\n")
