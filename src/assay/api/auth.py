"""What every address of the API needs: the installation, the queue, who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from assay.access.principals import Identity
from assay.api.entrance import CALLER
from assay.config import Config
from assay.jobs.queue import JobQueue
from assay.releases.installation import Installation
from assay.web.authentication import Authenticator
from assay.web.problems import Unauthenticated


@dataclass(frozen=True, slots=True)
class Context:
    """The server's own."""

    inst: Installation
    queue: JobQueue
    authenticator: Authenticator
    config: Config


async def context_of(request: Request) -> Context:
    """The context the application was made with."""
    found: Context = request.app.state.context
    return found


async def caller_of(request: Request) -> Identity:
    """Who sent the request, as the entrance found out.

    Raises:
        Unauthenticated: nobody was let in as anybody.
    """
    identity = request.scope.get(CALLER)
    if not isinstance(identity, Identity):
        raise Unauthenticated("this address needs a token")
    return identity


ContextOf = Annotated[Context, Depends(context_of)]
Caller = Annotated[Identity, Depends(caller_of)]
