"""What may an operator do with what waits, and what is an operator told without asking?"""
