"""Writes tests/resources.txt, the list of the template's resources: `make resources`."""

from pathlib import Path

from expanded import expanded

LIST = Path(__file__).resolve().parent / "resources.txt"


def resources():
    """One line for each resource of the expanded template: its type and its logical id."""
    # The id of a deployment ends with a hash of the API.
    names = {name: "ApiDeployment" if name.startswith("ApiDeployment") else name for name in expanded()}
    return sorted(f"{resource['Type']} {names[name]}" for name, resource in expanded().items())


if __name__ == "__main__":
    LIST.write_text("".join(f"{line}\n" for line in resources()))
