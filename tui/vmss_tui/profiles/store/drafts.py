"""What was typed into a form and not saved: kept in the state directory so that a dropped line loses nothing.

Texts only, mode 0600; protected values are never among them (references are).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.paths import drafts_directory, write_private


class Drafts:
    """Unsaved texts by form, such as the id of the scale set that a deployment is for."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or drafts_directory()

    def keep(self, form: str, texts: Mapping[str, str], at: datetime) -> bool:
        """Remember what a form holds now; False when it could not be written, which does not stop the typing."""
        kept = {key: text for key, text in texts.items() if not _is_secret(key, text)}
        body = {"form": form, "at": at.astimezone(UTC).isoformat(), "texts": kept}
        try:
            write_private(self._path(form), json.dumps(body, ensure_ascii=False, indent=1))
        except OSError:
            return False
        return True

    def find(self, form: str) -> tuple[Mapping[str, str], datetime] | None:
        """What a form held when it was lost, and when; None when there is nothing (or nothing readable)."""
        try:
            body = json.loads(self._path(form).read_text("utf-8"))
            texts, at = body["texts"], datetime.fromisoformat(body["at"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if body.get("form") != form or not isinstance(texts, dict):
            return None
        return {str(key): str(text) for key, text in texts.items()}, at

    def drop(self, form: str) -> None:
        """Forget a form's draft: it was saved, started, or thrown away on purpose."""
        with suppress(OSError):
            self._path(form).unlink(missing_ok=True)

    def _path(self, form: str) -> Path:
        readable = re.sub(r"[^A-Za-z0-9]+", "-", form)[-40:].strip("-").lower()
        return self._directory / f"{readable}-{hashlib.sha256(form.encode()).hexdigest()[:12]}.json"


def _is_secret(key: str, text: str) -> bool:
    return key.startswith("protected.") and text.strip()[:1] not in ("", "$", "@", "?")
