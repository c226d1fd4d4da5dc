"""Does a vendor's EPJ behave as its partners need, also when the other side behaves badly?

`behaviours.py` says what the simulated counterpart does, `play.py` plays a whole stay with it against the vendor's
endpoint, `checks.py` says what was to be seen and whether it was, `report.py` writes that down for people and machines.
"""
