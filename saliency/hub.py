"""Repositories of the Hugging Face Hub: their names, download and upload, with errors that are sentences.

`HF_ENDPOINT`, `HF_HUB_OFFLINE`, `HF_HOME` and the token of ``hf auth login`` work as everywhere with `huggingface_hub`,
which is imported when it is needed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .errors import CheckpointError, HubUnavailableError, SaliencyError

SCHEME = "hf://"
_NAME = re.compile(r"(?P<id>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[\w./-]+))?")


class Repository(NamedTuple):
    """A repository on the hub.

    Attributes:
        id: ``owner/name``.
        revision: branch, tag or commit; None is the newest state.
    """

    id: str
    revision: str | None = None


def repository(name: str | os.PathLike[str]) -> Repository | None:
    """The repository that ``hf://owner/name``, ``owner/name`` or one of them with ``@revision`` names.

    None where it is something else: a path object, a name without a slash, or, without ``hf://``, what is a file or a
    folder here.

    Raises:
        CheckpointError: ``hf://`` stands before what is no name of a repository.
    """
    if not isinstance(name, str):
        return None
    found = _NAME.fullmatch(name.removeprefix(SCHEME))
    if name.startswith(SCHEME):
        if found is None:
            raise CheckpointError(
                "“{name}” names no repository: it has the form hf://owner/name or hf://owner/name@revision.", name=name
            )
    elif found is None or Path(name).suffix in {".json", ".safetensors"} or _is_here(Path(name)):
        return None
    return Repository(found["id"], found["revision"])


def download(source: Repository, patterns: Sequence[str], token: str | None = None) -> Path:
    """The folder with the files of a repository's top level that match, downloaded where they are not cached.

    Args:
        patterns: as of `fnmatch`.
        token: of the hub; default the one that ``hf auth login`` stored.

    Raises:
        CheckpointError: there is no such repository or revision, or not for this token.
        HubUnavailableError: the hub does not answer, and the files are not cached.
    """
    from huggingface_hub import snapshot_download

    with _sentences(source):
        return Path(
            snapshot_download(
                source.id,
                revision=source.revision,
                allow_patterns=list(patterns),
                ignore_patterns=["*/*"],
                token=token,
            )
        )


def upload(
    folder: Path,
    target: Repository,
    *,
    message: str,
    space: bool = False,
    allowed: Sequence[str] | None = None,
    ignored: Sequence[str] = (),
    private: bool | None = None,
    token: str | None = None,
) -> str:
    """Puts a folder's files into a repository, which is created where it does not exist; the address of the commit.

    Args:
        target: its revision is the branch.
        space: a Space that runs Gradio, instead of a model.
        allowed, ignored: patterns of `fnmatch` for paths below the folder; default all files and none.
        private: of a new repository; None: as the owner's account is set.
        token: as for `download`, with the right to write.

    Raises:
        CheckpointError: the hub refuses the name, the token or the files.
        HubUnavailableError: the hub does not answer.
    """
    from huggingface_hub import HfApi

    api, kind = HfApi(token=token), "space" if space else "model"
    with _sentences(target):
        api.create_repo(
            target.id, repo_type=kind, space_sdk="gradio" if space else None, private=private, exist_ok=True
        )
        done = api.upload_folder(
            repo_id=target.id,
            repo_type=kind,
            folder_path=folder,
            revision=target.revision,
            allow_patterns=None if allowed is None else list(allowed),
            ignore_patterns=list(ignored),
            commit_message=message,
        )
    return str(done.commit_url)


def _is_here(path: Path) -> bool:
    return path.exists() or path.with_name(path.name + ".json").exists()


@contextmanager
def _sentences(place: Repository) -> Iterator[None]:
    """Errors of `huggingface_hub` as sentences."""
    from huggingface_hub import errors

    try:
        yield
    except errors.RevisionNotFoundError:
        raise CheckpointError(
            "“{name}” on the hub has no revision “{revision}”.", name=place.id, revision=place.revision
        ) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):  # a gated repository is one of these
        raise CheckpointError(
            "There is no repository “{name}” on the hub, or it is not open to you (hf auth login).", name=place.id
        ) from None
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        raise _unavailable(place) from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status >= 500:
            raise _unavailable(place) from None
        raise CheckpointError(
            "The hub refused access to “{name}” (HTTP {status}): log in with hf auth login, with a token that may "
            "write where files are uploaded.",
            name=place.id,
            status=status,
        ) from None
    except errors.HTTPError:  # of the connection
        raise _unavailable(place) from None


def _unavailable(place: Repository) -> SaliencyError:
    return HubUnavailableError(
        "The hub does not answer, and “{name}” is not on this machine. Models that ship need no network.",
        name=place.id,
    )
