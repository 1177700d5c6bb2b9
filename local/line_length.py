"""Lists the lines of the repository with more than 120 characters.

Exceptions are the rows of tables in Markdown, and lines that are too long only because of a URL.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 120
KINDS = {".md", ".rs", ".py", ".sh", ".yaml", ".yml"}


def too_long(path, line):
    if len(line) <= LONGEST:
        return False
    # A row of a table cannot be broken.
    if path.suffix == ".md" and line.lstrip().startswith("|"):
        return False
    # Neither can a URL or a link target.
    return len(re.sub(r"https?://\S+|\]\([^)\s]+\)", "", line)) > LONGEST


def main():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in listed.splitlines()]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {len(line)} characters"
        for path in paths
        if path.suffix in KINDS and path.is_file()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if too_long(path, line)
    ]
    if found:
        print(*found, sep="\n")
        sys.exit(f"waybill: {len(found)} lines have more than {LONGEST} characters")


if __name__ == "__main__":
    main()
