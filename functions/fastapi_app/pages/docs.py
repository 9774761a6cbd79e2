"""The page that shows the contract with Swagger UI."""

import htpy as h

from fastapi_app.pages.layout import Site


def docs(site: Site) -> str:
    """Swagger UI, hosted here and without inline code, unlike FastAPI's own page."""
    return str(
        h.html(lang="en")[
            h.head[
                h.meta(charset="utf-8"),
                h.meta(name="viewport", content="width=device-width, initial-scale=1"),
                h.title["API · PyPI Pulse"],
                h.link(rel="icon", type="image/svg+xml", href=f"{site.base_path}/favicon.svg"),
                h.link(rel="stylesheet", href=site.static("swagger-ui.css")),
                h.link(rel="stylesheet", href=site.static("docs.css")),
                h.script(src=site.static("swagger-ui-bundle.js"), defer=True),
                h.script(src=site.static("docs.js"), defer=True),
            ],
            h.body[
                h.nav[h.a(href=site.page())["PyPI Pulse"]],
                h.main("#swagger-ui", data_contract=f"{site.base_path}/openapi.json")[
                    h.noscript[
                        "This page needs JavaScript. The contract is at ",
                        h.a(href=f"{site.base_path}/openapi.json")["/openapi.json"],
                        ".",
                    ]
                ],
            ],
        ]
    )
