"""The runbooks of the alerts, as they are written: what an alert's ``runbook_url`` leads to."""

from __future__ import annotations

from aiohttp import hdrs, web

from monitor.support.shipped import shipped


def runbooks() -> dict[str, bytes]:
    """All of them, by file name."""
    pages = shipped("docs/runbooks").glob("Driftvakt*.md")
    return {page.name: page.read_bytes() for page in sorted(pages)}


def add_runbooks(app: web.Application) -> None:
    """Serves ``/runbooks/NAME.md``, as plain text: it is good to read, and needs no renderer."""
    pages = runbooks()

    async def runbook(request: web.Request) -> web.Response:
        body = pages.get(request.match_info["name"])
        if body is None:
            raise web.HTTPNotFound(text="404: there is no such runbook\n")
        headers = {
            hdrs.CONTENT_TYPE: "text/plain; charset=utf-8",
            hdrs.CACHE_CONTROL: "max-age=3600",
        }
        return web.Response(body=body, headers=headers)

    app.router.add_get("/runbooks/{name}", runbook)
