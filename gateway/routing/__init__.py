"""Who gets a message, in which format, when again, and is it over?"""
