"""What does each command of `somlos` do? One module a command; `gateway/cli.py` says how it is called."""
