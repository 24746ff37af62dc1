"use strict";
// A form that logs in by name and password and hands the token to Swagger UI, which sends it with "Try it out". The token is
// kept in memory only. Which operations log in is in the description of the API: `x-login` of `schemas/openapi.rs`.

/** The operations that log in, one for each security scheme. */
function findLogins(api) {
  const schemes = api.components?.securitySchemes ?? {};
  const logins = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    const login = item.post?.["x-login"];
    if (login && schemes[login.scheme] && !logins.has(login.scheme)) {
      logins.set(login.scheme, { ...login, path, fields: fieldsOf(api, item.post) });
    }
  }
  return [...logins.values()];
}

/** The fields of the body of an operation, by their names. */
function fieldsOf(api, operation) {
  const { schema } = Object.values(operation.requestBody.content)[0];
  const path = schema.$ref?.replace("#/", "").split("/") ?? [];
  return path.reduce((part, name) => part[name], schema.$ref ? api : schema).properties;
}

/** Asks for a token. Throws an error with a text for the user. */
async function requestToken(login, values) {
  let response;
  try {
    response = await fetch(login.path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(values),
      // Cookies are neither sent nor stored.
      credentials: "omit",
    });
  } catch {
    throw new Error("The server does not answer.");
  }
  const body = await response.text();
  if (!response.ok) {
    throw new Error(`${response.status} ${response.statusText}\n${body}`);
  }
  return JSON.parse(body)[login.token];
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const isPassword = (schema) => schema.format === "password";

/** The label and the input of a field. */
function fieldElement([name, schema]) {
  const input = element("input", {
    id: `login-${name}`,
    name,
    required: true,
    type: isPassword(schema) ? "password" : "text",
    autocomplete: isPassword(schema) ? "current-password" : "username",
    autocapitalize: "none",
    spellcheck: false,
  });
  return element("p", {}, element("label", { htmlFor: input.id, textContent: schema.title ?? name }), input);
}

/** Fills `section` with the form, if the API has a login. */
function addLoginForm(section, ui) {
  const logins = findLogins(ui.specSelectors.specJson().toJS());
  if (logins.length === 0) {
    return;
  }
  const userNames = new Map();
  const schemes = element("select", { id: "login-scheme" }, ...logins.map((login) => new Option(login.scheme)));
  const fields = element("div", { className: "login-fields" });
  const submit = element("button", { type: "submit", textContent: "Log in" });
  const error = element("pre", { id: "login-error", role: "alert", hidden: true });
  const status = element("div", { id: "login-status", role: "status" });
  const chosen = () => logins[schemes.selectedIndex];

  function showError(text) {
    error.textContent = text;
    error.hidden = text === "";
  }

  function showFields() {
    fields.replaceChildren(...Object.entries(chosen().fields).map(fieldElement));
    showError("");
  }

  function loggedIn(scheme) {
    const logOut = element("button", { type: "button", textContent: "Log out", ariaLabel: `Log out of ${scheme}` });
    logOut.addEventListener("click", () => {
      userNames.delete(scheme);
      ui.authActions.logout([scheme]);
      schemes.focus();
    });
    const userName = userNames.get(scheme);
    return element("p", {}, `${scheme}: logged in${userName ? ` as ${userName}` : ""} `, logOut);
  }

  let shown = [];
  /** Who is logged in, also by the dialog "Authorize" of Swagger UI. Called at every change of the page. */
  function showStatus() {
    const authorized = ui.authSelectors.authorized();
    const lines = logins.filter(({ scheme }) => authorized?.has(scheme)).map(({ scheme }) => loggedIn(scheme));
    if (lines.map((line) => line.textContent).join() !== shown.join()) {
      shown = lines.map((line) => line.textContent);
      status.replaceChildren(...lines);
    }
  }

  async function logIn(event) {
    event.preventDefault();
    const login = chosen();
    const values = Object.fromEntries(new FormData(form));
    showError("");
    submit.disabled = true;
    try {
      const token = await requestToken(login, values);
      const [userName] = Object.entries(login.fields).find(([, schema]) => !isPassword(schema));
      userNames.set(login.scheme, values[userName]);
      ui.preauthorizeApiKey(login.scheme, login.prefix + token);
      showFields();
    } catch (problem) {
      showError(problem.message);
    } finally {
      submit.disabled = false;
    }
  }

  const choice = element("p", {}, element("label", { htmlFor: schemes.id, textContent: "Authentication" }), schemes);
  const form = element("form", { id: "login-form" }, choice, fields, submit);
  form.addEventListener("submit", logIn);
  schemes.addEventListener("change", showFields);
  showFields();
  ui.getStore().subscribe(showStatus);
  section.append(element("h2", { id: "login-title", textContent: "Log in" }), form, error, status);
  section.hidden = false;
}
