"""``python -m jitledger.cli.run``: the command line without the installed script."""

from jitledger.cli import main

if __name__ == "__main__":
    main()
