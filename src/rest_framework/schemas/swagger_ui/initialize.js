"use strict";
// Beside the page rather than in it: the page's Content-Security-Policy allows no script inside HTML.
window.addEventListener("load", () => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const setTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", setTheme);
  setTheme();
  const ui = SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: document.getElementById("swagger-ui").dataset.schema,
    deepLinking: true,
    persistAuthorization: false,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    onComplete: () => addLoginForm(document.getElementById("login"), ui),
  });
});
