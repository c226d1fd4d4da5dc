"""How does a partner's record system (EPJ) behave, well or badly?

Simulated EPJs, a story to tell with them, and the demo that tells it.
"""
