// Starts Swagger UI. Not inline, so that the page's Content-Security-Policy can forbid inline scripts.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const target = document.getElementById("swagger-ui");

window.SwaggerUIBundle({
  domNode: target,
  url: target.dataset.contract,
  presets: [window.SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null, // would send the document to a third party
});
