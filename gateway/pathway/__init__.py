"""What do the messages mean for the patient's stay and its deadlines?

    events      what the rules read of a message, a coded answer, a person's decision; `from_facts`
    documents   corrections, cancellations, receipts, duplicates: which statements hold
    placement   which documents make one stay; reports: to which stay a report or reply belongs
    stays       the stays of a patient and where each stands: `stays_of`
    timeline    the two-sided timeline with the NPR types of time: `timeline_of`
    calendar    days, holidays and working hours in Norway
    agreements  the time limits between a hospital trust and a municipality, dated
    clocks      which deadlines run, were met, missed or cancelled: `clocks_of`
    payment     the basis for payment for discharge-ready days, condition by condition: `payment_basis`

Pure: no clock, file, network or database; times are handed in. Everything is a function of the set of events.
"""
