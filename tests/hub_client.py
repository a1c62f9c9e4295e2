"""The unmodified huggingface_hub client in a process of its own, pointed at a test's server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PRELUDE = """
import json, sys
import huggingface_hub as hub
from huggingface_hub import errors
from huggingface_hub.errors import HfHubHTTPError
api = hub.HfApi()
arguments = sys.argv[1:]
def failure(work):
    try:
        work()
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}
    return {"error": None, "text": ""}
"""


class HubClient:
    """Runs scripts that print one JSON document."""

    def __init__(self, served, home: Path) -> None:
        self.served = served
        self.home = home

    def run(self, script: str, *arguments: str, who: str = "rex", token: str | None = None) -> Any:
        """The document a script prints."""
        return json.loads(self.process(script, *arguments, who=who, token=token).stdout)

    def process(
        self, script: str, *arguments: str, who: str = "rex", token: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        environment = kept | {
            "HF_ENDPOINT": self.served.url,
            "HF_TOKEN": self.served.token(who) if token is None else token,
            "HF_HOME": str(self.home),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", PRELUDE + script, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done
