"""``python -m mocksmtp`` is ``mocksmtp``."""

from mocksmtp.cli import main

if __name__ == "__main__":
    main()
