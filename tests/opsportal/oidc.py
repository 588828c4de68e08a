"""A small real OpenID Connect provider on loopback: discovery, authorization, token with PKCE, user info, keys."""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Who the next visitor is, and where the provider listens."""

    claims: dict[str, Any] = field(default_factory=dict)
    client_id: str = "portal"
    client_secret: str = "a secret of the tests"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    audience: str = ""
    server: ThreadingHTTPServer | None = None

    def start(self) -> "Provider":
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.get(self)

            def do_POST(self) -> None:
                provider.post(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        assert self.server
        self.server.shutdown()
        self.server.server_close()

    @property
    def issuer(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.server_port}"

    def get(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path:
            case "/.well-known/openid-configuration":
                ends = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token", "userinfo")}
                modes = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
                answer(request, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **ends, **modes})
            case "/authorization":
                code = secrets.token_urlsafe()
                self.codes[code] = query
                request.send_response(302)
                request.send_header(
                    "Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
                )
                request.end_headers()
            case "/userinfo":
                answer(request, self.claims)
            case "/keys":
                key = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
                answer(request, {"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]})
            case _:
                answer(request, {}, 404)

    def post(self, request: BaseHTTPRequestHandler) -> None:
        sent = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())
        asked = self.codes.pop(sent["code"][0], None)
        digest = hashlib.sha256(sent.get("code_verifier", [""])[0].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked.get("code_challenge") != proof or sent["client_secret"] != [self.client_secret]:
            answer(request, {"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        token = {**self.claims, "iss": self.issuer, "aud": self.audience or self.client_id, "iat": now, "exp": now + 60}
        signed = jwt.encode(token, KEY, algorithm="RS256", headers={"kid": "one"})
        answer(request, {"access_token": "x", "token_type": "Bearer", "id_token": signed})


def answer(request: BaseHTTPRequestHandler, body: dict[str, Any], status: int = 200) -> None:
    raw = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(raw)))
    request.end_headers()
    request.wfile.write(raw)
