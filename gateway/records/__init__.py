"""What do the messages mean, kept for reading? Stays, clocks, plans, and versioned FHIR resources.

    stays       one patient's stays and clocks as rows: `keep_stays`
    reader      what pages and the API ask of stays, clocks, tasks and goals: `PathwayReader`
    sql/        every statement of this room

It lies in the ledger's database and uses its sessions; its tables are made by the ledger's migrations. All of it
can be made anew from the ledger.
"""
