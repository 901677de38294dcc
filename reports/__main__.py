"""python -m reports: the `parity` command."""

from reports.cli import main

main(prog_name="parity")
