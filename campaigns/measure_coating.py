"""Simulate one coating experiment: JSON in, JSON out.

The film follows the Landau-Levich law (thickness grows with speed to the power 2/3); thick films crack while they dry.
The noise is a random number that depends on the suggestion's id only, so that repeated calls give the same result.
"""

import json
import random
import sys

VISCOSITY = {"water": 1.0, "ethanol": 1.2, "DMF": 0.9}

request = json.load(sys.stdin)
design = request["design"]

viscosity = (
    VISCOSITY[design["solvent"]] * (1 + design["concentration"] / 20) * (1 - 0.006 * (design["temperature"] - 20))
)
wet = 90 * (viscosity * design["speed"] / 10) ** (2 / 3)
scatter = random.Random(request["id"]).gauss(0, 0.01)  # noqa: S311  not for cryptography
thickness = wet * design["concentration"] / 30 * (1 + scatter)

if thickness > 1500:
    answer = {"failed": f"the film cracked while it dried: {thickness:.0f} nm is too thick"}
else:
    answer = {"targets": {"thickness": round(thickness, 1)}}
json.dump(answer, sys.stdout)
