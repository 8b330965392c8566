"""Schemathesis asks the sample server for whatever openapi.json allows, and for what it does not:
any_request.py SERVER [SECONDS]

No answer may be a 5xx, or one that the document does not describe. The stream of changes is left out, since
it never ends, and what removes API keys, since the one in use would be among them."""

import pathlib
import subprocess
import sys
import tempfile

from shop import SOURCE, Server

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,unsupported_method"
)


def main():
    Server.program = sys.argv[1]
    seconds = sys.argv[2] if len(sys.argv) > 2 else "30"
    with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
        server = Server(
            f"sqlite:///{folder}/shop.db",
            "--demo",
            str(SOURCE / "examples/venues/opera_house.json"),
            folder=folder,
        ).start()
        try:
            asked = subprocess.run(
                [
                    pathlib.Path(sys.executable).parent / "schemathesis",
                    "run",
                    f"http://127.0.0.1:{server.port}/openapi.json",
                    "--header",
                    f"Authorization: Bearer {server.admin_key}",
                    "--exclude-path-regex",
                    "changes$|/v1/keys/",
                    "--checks",
                    CHECKS,
                    "--phases",
                    "examples,coverage,fuzzing",
                    "--max-time",
                    seconds,
                    "--warnings",
                    "off",
                ],
                cwd=folder,
            )
            return asked.returncode or server.stop()
        finally:
            if server.process.poll() is None:
                server.kill()


if __name__ == "__main__":
    sys.exit(main())
