"""Run `preferred-film.yaml` with a program that compares films, for a demonstration: python compare_films.py.

A person would look at the films. Here a hidden formula answers, and every tenth answer is wrong.
"""

import math
import sys
from pathlib import Path

import numpy as np

from designer import Campaign


def evenness(speed, temperature, solvent):
    """Return how even a film is; the campaign never sees this number, which is not from measurements."""
    drying = {"toluene": 0.0, "xylene": 0.3, "anisole": 0.6}[solvent]
    slow = ((speed - 22 - 8 * drying) / 14) ** 2
    return 5 * math.exp(-slow - ((temperature - 115 - 30 * drying) / 35) ** 2) - drying


def haze(speed, temperature, solvent):
    """Return the haze [percent] of a film."""
    return round(1 + 0.05 * speed + 0.004 * abs(temperature - 110), 2)


def compare(campaign, chance):
    """Answer the comparison that tells most, one answer in ten the wrong way round."""
    pair = campaign.next_comparison()
    if pair is None:
        return
    made = campaign.state.measurements
    better, worse = sorted((pair.first, pair.second), key=lambda name: -evenness(**made[name].design))
    if chance.random() < 0.1:
        better, worse = worse, better
    print(campaign.compare(better, worse), f"{better} is better than {worse}")


def main(experiments=12):
    """Make films and compare them."""
    campaign = Campaign.open(Path(__file__).with_name("preferred-film.yaml"))
    chance = np.random.default_rng(0)
    while len(campaign.state.results) < experiments:
        films = campaign.suggest()
        rows = films.to_dict("records")
        campaign.record(films.assign(look="made", haze=[haze(**row) for row in rows]))
        for _ in range(2 * len(films)):
            compare(campaign, chance)
    print(campaign.status())
    print(campaign.best().T)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
