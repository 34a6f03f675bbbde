"""Tables of designs and results in lab units: read strictly, written exactly."""
