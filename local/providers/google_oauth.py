"""Google's side of OAuth 2.0 for service accounts (RFC 7523): a key, and tokens for clients that sign with the key."""

import json
import os
import time
import uuid
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from serving import Answer, Refused

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LIFE_S = 3600
PREFIX = "ya29."


class Accounts:
    """One service account, with its key in a file. Its tokens are signed with the same key, so they stay valid after
    a restart.
    """

    def __init__(self, url, project, path):
        self.token_uri = f"{url}/token"
        self.email = f"waybill@{project}.iam.gserviceaccount.com"
        self.project = project
        if not os.path.exists(path):
            self._write(path)
        with open(path, encoding="utf-8") as file:
            account = json.load(file)
        self._key = serialization.load_pem_private_key(account["private_key"].encode(), None)

    def _write(self, path):
        """The account's file, in the form of Google's console. Only its owner may read it."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": uuid.uuid4().hex,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": self.token_uri,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/"
            + self.email.replace("@", "%40"),
            "universe_domain": "googleapis.com",
        }
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(account, file, indent=2)

    def token(self, call):
        """`POST /token`"""
        if not call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise _refused("invalid_request", "application/x-www-form-urlencoded is due")
        form = {name: values[-1] for name, values in parse_qs(call.raw.decode()).items()}
        if form.get("grant_type") != GRANT:
            raise _refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                self._key.public_key(),
                algorithms=["RS256"],
                audience=self.token_uri,
                issuer=self.email,
                # Some clients send `"sub": null` if they act for nobody else. Google treats it as missing.
                options={"require": ["iss", "aud", "iat", "exp"], "verify_sub": False},
            )
        except jwt.PyJWTError as error:
            raise _refused("invalid_grant", f"Invalid JWT: {error}") from error
        if claims.get("sub") is not None:
            raise _refused("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method")
        if claims["exp"] - claims["iat"] > LIFE_S:
            raise _refused("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
        if SCOPE not in claims.get("scope", "").split():
            raise _refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        held = {"exp": time.time() + LIFE_S, "jti": uuid.uuid4().hex}
        token = PREFIX + jwt.encode(held, self._key, algorithm="RS256")
        return Answer(200, {"access_token": token, "expires_in": LIFE_S - 1, "token_type": "Bearer"})

    def knows(self, authorization):
        kind, _, token = (authorization or "").partition(" ")
        if kind != "Bearer" or not token.startswith(PREFIX):
            return False
        try:
            jwt.decode(token.removeprefix(PREFIX), self._key.public_key(), algorithms=["RS256"])
        except jwt.PyJWTError:
            return False
        return True


def _refused(error, description):
    return Refused(400, {"error": error, "error_description": description})
