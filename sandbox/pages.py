"""The pages."""

from sandbox.wire import Request, Response
from sandbox.world import World


def answer(world: World, request: Request) -> Response:
    return Response(404)
