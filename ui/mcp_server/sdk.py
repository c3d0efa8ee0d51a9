"""Adapter of the handlers to the SDK `mcp` 1.x: the only file that knows it.

One server object serves every caller. Whose library a message is about comes with the message: over
HTTP with its request, on standard input with the one that was opened.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, TypeVar

import anyio
from mcp import types
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.lowlevel.server import request_ctx
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import McpError
from mcp.shared.message import SessionMessage
from pydantic import AnyUrl
from starlette.types import Message, Receive, Scope, Send

from tools.errors import VideoError
from ui.mcp_server import prompts
from ui.mcp_server.door import Door
from ui.mcp_server.handlers import Handlers
from ui.mcp_server.messages import MOST_BYTES, refusal
from ui.mcp_server.resources import APP, TEMPLATES, Content, Resource
from ui.mcp_server.results import Result
from ui.mcp_server.signatures import Tool

DOOR = "cuepoint.door"
"""Key of the door in the scope of a request."""
NOT_FOUND = -32002
"""Error code of a resource that is not there."""
T = TypeVar("T")
Handler = Callable[[Any], Awaitable[Any]]


class Adapter:
    """The server of the SDK over the handlers."""

    def __init__(self, handlers: Handlers, door: Door | None = None) -> None:
        self._handlers, self._door = handlers, door
        self._server: Server[Any, Any] = Server(
            "cuepoint", version=version("cuepoint"), instructions=prompts.INSTRUCTIONS
        )
        handled: dict[type, Handler] = {
            types.ListToolsRequest: self._list_tools,
            types.CallToolRequest: self._call_tool,
            types.ListResourcesRequest: self._list_resources,
            types.ListResourceTemplatesRequest: self._list_templates,
            types.ReadResourceRequest: self._read_resource,
            types.ListPromptsRequest: self._list_prompts,
            types.GetPromptRequest: self._get_prompt,
            types.CompleteRequest: self._complete,
        }
        for kind, handler in handled.items():
            self._server.request_handlers[kind] = _answering(handler)

    async def run(
        self, incoming: AsyncIterable[bytes], send: Callable[[str], Awaitable[None]]
    ) -> None:
        """Serve lines of JSON until they end; every answer is one line."""
        to_server, from_client = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_client, from_server = anyio.create_memory_object_stream[SessionMessage](0)

        async def write() -> None:
            async with from_server:
                async for message in from_server:
                    await send(_json(message.message))

        async def read() -> None:
            async with to_server:
                async for line in incoming:
                    if refused := refusal(line):
                        await send(refused)
                        continue
                    message = types.JSONRPCMessage.model_validate_json(line)
                    await to_server.send(SessionMessage(message))

        options = self._server.create_initialization_options(NotificationOptions())
        async with anyio.create_task_group() as group:
            group.start_soon(write)
            group.start_soon(read)
            await self._server.run(from_client, to_client, options)

    def http(self, names: Iterable[str]) -> Http:
        """Streamable HTTP, without sessions, under these values of Host."""
        return Http(self._server, names)

    def _of(self) -> Door:
        request = request_ctx.get().request
        door = self._door if request is None else request.scope.get(DOOR)
        if door is None:
            raise McpError(types.ErrorData(code=types.INVALID_REQUEST, message="no library"))
        return door

    async def _list_tools(self, request: types.ListToolsRequest) -> types.ListToolsResult:
        tools = await self._handlers.tools(self._of())
        return types.ListToolsResult(tools=[_tool(one) for one in tools])

    async def _call_tool(self, request: types.CallToolRequest) -> types.CallToolResult:
        given = request.params
        context = request_ctx.get()
        token = context.meta.progressToken if context.meta else None

        async def report(progress: float, total: float | None, told: str) -> None:
            if token is not None:
                await context.session.send_progress_notification(
                    token, progress, total, told, related_request_id=str(context.request_id)
                )

        called = self._handlers.call(self._of(), given.name, given.arguments or {}, report)
        return _result(await _to_its_end(called))

    async def _list_resources(
        self, request: types.ListResourcesRequest
    ) -> types.ListResourcesResult:
        cursor = request.params.cursor if request and request.params else None
        found, more = await self._handlers.listed(self._of(), cursor)
        return types.ListResourcesResult(
            resources=[_resource(one) for one in found], nextCursor=more
        )

    async def _list_templates(
        self, request: types.ListResourceTemplatesRequest
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resourceTemplates=[
                types.ResourceTemplate(
                    uriTemplate=one.uri,
                    name=one.name,
                    title=one.title,
                    description=one.description,
                    mimeType=one.media_type,
                )
                for one in TEMPLATES
            ]
        )

    async def _read_resource(self, request: types.ReadResourceRequest) -> types.ReadResourceResult:
        door, uri = self._of(), request.params.uri
        try:
            content = await self._handlers.read(door, str(uri))
        except VideoError as error:
            raise McpError(types.ErrorData(code=NOT_FOUND, message=door.told(error))) from error
        return types.ReadResourceResult(contents=[_content(uri, content)])

    async def _list_prompts(self, request: types.ListPromptsRequest) -> types.ListPromptsResult:
        return types.ListPromptsResult(
            prompts=[
                types.Prompt(
                    name=one.name,
                    title=one.title,
                    description=one.description,
                    arguments=[
                        types.PromptArgument(
                            name=part.name, description=part.description, required=part.required
                        )
                        for part in one.arguments
                    ],
                )
                for one in prompts.prompts()
            ]
        )

    async def _get_prompt(self, request: types.GetPromptRequest) -> types.GetPromptResult:
        description, text = prompts.filled(request.params.name, request.params.arguments or {})
        content = types.TextContent(type="text", text=text)
        message = types.PromptMessage(role="user", content=content)
        return types.GetPromptResult(description=description, messages=[message])

    async def _complete(self, request: types.CompleteRequest) -> types.CompleteResult:
        ref, argument = request.params.ref, request.params.argument
        titles = isinstance(ref, types.PromptReference)
        values, count = await self._handlers.completed(
            self._of(), argument.name, argument.value, titles=titles
        )
        more = count > len(values)
        return types.CompleteResult(
            completion=types.Completion(values=values, total=count, hasMore=more)
        )


class Http:
    """Streamable HTTP: each message is a request of its own.

    A stream of events is opened for who asked to hear how far a call is. All others get their one
    answer as JSON, which costs the event loop a third less.
    """

    def __init__(self, server: Server[Any, Any], names: Iterable[str]) -> None:
        allowed = sorted(names)
        origins = [f"{scheme}://{name}" for name in allowed for scheme in ("http", "https")]
        self._told, self._silent = (
            StreamableHTTPSessionManager(
                server,
                json_response=silent,
                stateless=True,
                security_settings=TransportSecuritySettings(
                    enable_dns_rebinding_protection=True,
                    allowed_hosts=allowed,
                    allowed_origins=origins,
                ),
                max_request_body_size=MOST_BYTES,
            )
            for silent in (False, True)
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve requests until this ends; only once."""
        async with self._told.run(), self._silent.run():
            yield

    async def __call__(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Answer one request, whose body was read, for the door in its scope."""
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return messages.pop() if messages else await receive()

        if b'"progressToken"' in body:
            return await self._told.handle_request(scope, again, send)
        answer = asyncio.create_task(self._silent.handle_request(scope, again, send))
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait([answer, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            answer.cancel()  # whose caller is gone, or which is done
            await asyncio.wait([answer])
        if not answer.cancelled():
            answer.result()


def _answering(handler: Handler) -> Handler:
    """A handler whose errors are those of the protocol."""

    async def handle(request: Any) -> types.ServerResult:
        try:
            return types.ServerResult(await handler(request))
        except VideoError as error:
            told = types.ErrorData(code=types.INVALID_PARAMS, message=str(error))
            raise McpError(told) from error

    return handle


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await some work. If the caller gives it up, it is cancelled, and what it opened is closed."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([task])
        raise


def _json(message: types.JSONRPCMessage) -> str:
    return message.model_dump_json(by_alias=True, exclude_none=True)


def _tool(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        inputSchema=tool.input_schema,
        outputSchema=tool.output_schema,
        annotations=types.ToolAnnotations(
            title=tool.title,
            readOnlyHint=tool.effect == "reads",
            destructiveHint=False,
            idempotentHint=tool.repeatable,
            openWorldHint=tool.opens,
        ),
        _meta={"ui": {"resourceUri": APP}} if tool.app else None,
    )


def _result(result: Result) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=result.text)]
    if result.sheet:
        data = base64.b64encode(result.sheet).decode()
        content.append(types.ImageContent(type="image", data=data, mimeType="image/jpeg"))
    content += [
        types.ResourceLink(
            type="resource_link",
            uri=AnyUrl(link.uri),
            name=link.uri.removeprefix("cuepoint://video/"),
            title=link.title,
            mimeType=link.media_type,
        )
        for link in result.links
    ]
    data = dict(result.data) if result.data is not None else None
    meta = dict(result.meta) or None
    return types.CallToolResult(
        content=content, structuredContent=data, isError=result.failed, _meta=meta
    )


def _resource(resource: Resource) -> types.Resource:
    return types.Resource(
        uri=AnyUrl(resource.uri),
        name=resource.name,
        title=resource.title,
        description=resource.description,
        mimeType=resource.media_type,
        _meta=dict(resource.meta) if resource.meta else None,
    )


def _content(
    uri: AnyUrl, content: Content
) -> types.TextResourceContents | types.BlobResourceContents:
    meta = dict(content.meta) or None
    if isinstance(content.content, str):
        return types.TextResourceContents(
            uri=uri, mimeType=content.media_type, text=content.content, _meta=meta
        )
    blob = base64.b64encode(content.content).decode()
    return types.BlobResourceContents(uri=uri, mimeType=content.media_type, blob=blob, _meta=meta)
