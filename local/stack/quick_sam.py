"""Runs `sam` with fast compression. SAM has no setting for it, and the functions of the dev profile are large: with the
default level, zipping them takes most of a deployment to the local stack.
"""

import zlib

zlib.Z_DEFAULT_COMPRESSION = zlib.Z_BEST_SPEED

from samcli.cli.main import cli

if __name__ == "__main__":
    cli(prog_name="sam")
