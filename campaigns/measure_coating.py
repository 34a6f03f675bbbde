"""Answer for one coating experiment: JSON in, JSON out. A synthetic formula stands in for the coating machine.

The film follows the Landau-Levich law (thickness grows with speed to the power 2/3); thick films crack while they dry.
The scatter of a real machine is imitated by a random number that depends on the suggestion's id alone, so that asking
again gives the same answer.
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
scatter = random.Random(request["id"]).gauss(0, 0.01)  # noqa: S311  no secret hangs on it
thickness = wet * design["concentration"] / 30 * (1 + scatter)

if thickness > 1500:
    answer = {"failed": f"the film cracked while it dried: {thickness:.0f} nm is too thick"}
else:
    answer = {"targets": {"thickness": round(thickness, 1)}}
json.dump(answer, sys.stdout)
