"""Personal data and secrets that the demo and the tests sent to a stack. None of them may appear in a log."""

import threading

# Members of bodies, and what each value is. Whatever is under `contact` or `location` is somebody's too.
BY_NAME = {
    "password": "password",
    "new_password": "password",
    "access_token": "token",
    "refresh_token": "token",
    "code": "code",
    "email": "email",
    "name": "name",
    "phone": "phone",
    "address": "address",
    "notes": "notes",
    "note": "notes",
    "recipient_note": "notes",
    "comment": "notes",
    # Signed addresses open a file to whoever has them.
    "url": "signed address",
    "photo": "signed address",
    "signer_name": "name",
    "rejected_rows_url": "signed address",
    "lat": "coordinate",
    "lon": "coordinate",
}
# A coordinate of few digits may stand in a log by chance, as may any text of two letters.
FEWEST_CHARACTERS = {"coordinate": 7}


class SecretsTold:
    """Kept in memory alone."""

    def __init__(self):
        self._lock = threading.Lock()
        self.values = {}

    def add(self, kind, value):
        text = str(value).strip()
        if len(text) >= FEWEST_CHARACTERS.get(kind, 3):
            with self._lock:
                self.values[text] = kind

    def hear(self, body):
        """Notes the personal data in a body that was sent or received. The `code` of a problem or row is not secret."""
        if isinstance(body, list):
            for one in body:
                self.hear(one)
        elif isinstance(body, dict):
            problem = "detail" in body
            for name, value in body.items():
                if name == "company":
                    continue  # everybody may know it
                if isinstance(value, (dict, list)):
                    self.hear(value)
                elif name in BY_NAME and isinstance(value, (str, int, float)) and not (problem and name == "code"):
                    self.add(BY_NAME[name], value)


TOLD = SecretsTold()
