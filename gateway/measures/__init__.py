"""What do many stays show over time? Measures of pathways, their figures, and run charts.

    stay         what a measure reads of a stay and a plan
    judged       how one occasion counts: numerator, denominator, excluded, not yet due, missing
    transitions  the measures of stays: notice, reply, extra days, epikrise, readmission
    plans        the measures of the plan that follows: checklists, assessment, goals
    definitions  every measure by its id; their words stand in `profiles/measures/`
    figures      what may be shown when few people stand behind a figure
    reports      a measure's figures, in all, by week or month, by stratum: `report`
    anhoej       whether a series varies by chance alone
    runchart     points, phases and what a team changed: `run_chart`
    svg, words   the chart drawn, and said in Norwegian
    table        figures as CSV
    resources    Measure and MeasureReport (FHIR)

Pure: no clock, network or database. It stands beside `pathway/`, which says what one stay means, and knows no message,
no SQL and no patient. What these figures are not: they are not the national quality indicators (no risk adjustment,
and only what goes through this gateway is seen), and they prove no effect of a pathway on anybody's health.
"""
