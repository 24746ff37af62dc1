"use strict";
// Beside the page rather than in it: the page's Content-Security-Policy allows no script inside HTML.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: document.getElementById("swagger-ui").dataset.schema,
    deepLinking: true,
    persistAuthorization: false,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
