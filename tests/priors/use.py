"""What a campaign, and `designer predict`, ask of a saved prior."""

from __future__ import annotations

import pandas as pd

from designer import Campaign, PropertyPredictor
from designer.priors.base import FittedPrior
from designer.priors.stacking.property_prior import FittedProperties

SPACE = [
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 10},
    {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
]
ROWS = [
    {"temperature": 400, "time": 10, "gas": "N2", "strength": 120.0},
    {"temperature": 500, "time": 30, "gas": "Ar", "strength": 180.0},
    {"temperature": 800, "time": 5, "gas": "air", "strength": 90.0},
]


def use(prior: FittedPrior) -> None:
    """Predict in a campaign that begins from a prior, before and after three results."""
    target = {"name": "strength", "unit": "MPa", "goal": "maximize"}
    campaign = Campaign.create(space=SPACE, targets=[target], prior=prior)
    design = {key: value for key, value in ROWS[0].items() if key != "strength"}
    if campaign.posterior() is not None:
        campaign.predict([design])
    campaign.attach(ROWS)
    campaign.predict([design])
    campaign.status()


def use_properties(prior: FittedProperties, name: str) -> None:
    """Predict a property, without a measurement and with three."""
    if name == "properties":
        measured = [{("strength [MPa]" if key == "strength" else key): each[key] for key in each} for each in ROWS]
        asked = [{key: value for key, value in ROWS[0].items() if key != "strength"}]
    else:
        measured = [{"formula": text, "hardness [GPa]": value} for text, value in (("TiB2", 30.0), ("SiC", 25.0))]
        asked = [{"formula": "TiN"}]
    PropertyPredictor(prior).predict(pd.DataFrame(asked))
    PropertyPredictor(prior, pd.DataFrame(measured)).predict(pd.DataFrame(asked))
