"""Why a design was suggested: the reasons behind one suggestion, as frozen values."""
