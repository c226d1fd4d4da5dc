"""`python -m gateway` is `somlos`."""

from gateway.cli import main

main()
