"""Puts a folder on the Hugging Face hub, or on what stands for it (HF_ENDPOINT)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub import HfApi, constants, get_token

# HTTPError is that of the library with which huggingface_hub asks: httpx, or its successor.
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled

from .. import messages
from ..doing import doing
from ..settings import SettingsError


def ask_hub(command: Any, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Say which hub it is, and whether there is a token for it: of HF_TOKEN or a stored login."""
    send(
        messages.HubAccess,
        request=command.request,
        endpoint=constants.ENDPOINT,
        token=get_token() is not None,
        offline=constants.is_offline_mode(),
    )


def push_folder(command: Any, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Carry out `push_folder`: all files in one commit, into a repository that is made if there is none. The commit
    deletes all others there but `.gitattributes`: transformers would take an adapter's config beside a merged model.

    Raises SettingsError when the hub refuses, or cannot be reached. After a lost answer it may have the whole folder,
    never a part of it.
    """
    api, name = HfApi(token=command.token), command.repository
    with _told(name), doing("upload", name):
        api.create_repo(name, private=command.private or None, exist_ok=True)
        if command.private and not api.model_info(name).private:
            raise SettingsError(
                f"{name} is there and public: nothing was uploaded. Make it private in its settings, or name another "
                "repository"
            )
        commit = api.upload_folder(
            repo_id=name, folder_path=command.folder, commit_message=command.message, delete_patterns=["*"]
        )
    url = f"{constants.ENDPOINT}/{name}"
    send(messages.Pushed, request=command.request, url=url, commit=commit.oid)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of the hub in words that say what to do."""
    hub = constants.ENDPOINT
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise SettingsError("HF_HUB_OFFLINE is set: unset it to upload") from error
    except HFValidationError as error:
        raise SettingsError(f"{name} is no name of a repository: {error}") from error
    except HfHubHTTPError as error:
        raise SettingsError(_refused(error, name)) from error
    except ValueError as error:  # of the metadata of a card, or an answer that is no JSON
        raise SettingsError(f"the hub {hub} does not take the folder: {error}") from error
    except (HTTPError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SettingsError(f"the hub {hub} cannot be reached: {reason}") from error


def _refused(error: HfHubHTTPError, name: str) -> str:
    hub, response = constants.ENDPOINT, error.response
    status = None if response is None else response.status_code
    said = f": {error.server_message}" if error.server_message else ""
    if status == 401:
        return f"the hub {hub} does not accept the token{said}. {hub}/settings/tokens makes one that may write"
    if status == 403:
        return f"the token may not write to {name} on {hub}{said}"
    if status is not None:
        return f"the hub {hub} refuses {name} (HTTP {status}){said}"
    return f"the hub {hub} refuses {name}: {error}"
