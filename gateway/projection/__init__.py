"""How does what was accepted become stays, clocks, plans and FHIR resources, without delaying a delivery?

    interpret   what one message says about a pathway, and the resources it holds
    agreements  the agreements of the settings, as the pathway's rules read them
    projector   the one background duty that brings `records/` up to date, and makes it anew
    duties      the patient's stays and plans, anew from all that is known of the patient

It stands beside routing: after acceptance, off the delivery path.
"""
