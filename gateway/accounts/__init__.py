"""Who is this person, and what may the person see and do here?"""
