// What an operator does in the admin site, and a developer in the browsable API, in Chromium. Run by scripts/check-admin.sh.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { BASE_URL, API_USER, API_PASSWORD, SCREENSHOTS } = process.env;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A user of scripts/admin/fill.py. */
const PERSON = "ada.klein";

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const person = await findPerson();
  for (const [name, options] of Object.entries({
    light: { colorScheme: "light", viewport: { width: 1280, height: 860 } },
    dark: { colorScheme: "dark", viewport: { width: 1280, height: 860 } },
    phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  })) {
    await look(name, options, person);
    await useApi(name, options);
  }
  await changeGroupsByKeyboard(person, true);
  await changeGroupsByKeyboard(person, false);
  await endSessions(person, true);
  await endSessions(person, false);
  await unlock(person);
  await rememberColours();
  console.log("admin and browsable API: login, search, groups by keyboard, ended sessions, lockout and colours work");
} finally {
  await browser.close();
}

/** A page whose console must stay empty: violations of the Content-Security-Policy are reported there. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.problems.push(message.text()));
  page.on("pageerror", (error) => page.problems.push(String(error)));
  return page;
}

async function close(page) {
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

async function logIn(page, username = API_USER) {
  await page.goto(`${BASE_URL}/admin/`);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(API_PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** The path of the page of a user, found as a person finds it. */
async function findPerson() {
  const page = await open();
  await logIn(page);
  await page.getByRole("link", { name: "Users", exact: true }).first().click();
  await page.getByLabel("Search users").fill(PERSON);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: new RegExp(`^${PERSON}`) }).first().click();
  await page.getByRole("heading", { name: "Change user" }).waitFor();
  const path = new URL(page.url()).pathname;
  const username = await page.getByLabel("Username").inputValue();
  await close(page);
  return { path, username };
}

/** Opens every kind of page, looks for what axe-core finds, and takes pictures. */
async function look(name, options, person) {
  const page = await open(options);
  await page.goto(`${BASE_URL}/admin/`);
  await inspect(page, name, "login");
  await page.getByLabel("Username").fill(API_USER);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").waitFor();
  await inspect(page, name, "login-refused");
  await logIn(page);
  await inspect(page, name, "index");
  for (const [title, path] of [
    ["dashboard", "/admin/dashboard/"],
    ["dashboard-month", "/admin/dashboard/?period=month"],
    ["search", `/admin/search/?q=${person.username}`],
    ["users", "/admin/auth/user/"],
    ["users-filtered", "/admin/auth/user/?is_staff__exact=1&o=2.1&q=a"],
    ["user", person.path],
    ["user-add", "/admin/auth/user/add/"],
    ["user-history", person.path.replace("change", "history")],
    ["user-password", person.path.replace("change", "password")],
    ["user-delete", person.path.replace("change", "delete")],
    ["group-add", "/admin/auth/group/add/"],
    ["groups", "/admin/auth/group/"],
    ["tokens", "/admin/token_blacklist/outstandingtoken/"],
    ["app", "/admin/auth/"],
    ["password-change", "/admin/password_change/"],
  ]) {
    const response = await page.goto(BASE_URL + path);
    assert.equal(response.status(), 200, path);
    const policy = response.headers()["content-security-policy"];
    assert.ok(policy?.startsWith("default-src 'none'; script-src 'self'; style-src 'self';"), `${path}: ${policy}`);
    assert.ok(!policy.includes("unsafe"), policy);
    assert.ok((await response.body()).length < 100_000, `${path} is larger than 100 kB`);
    await inspect(page, name, title);
  }
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Logged out" }).waitFor();
  await inspect(page, name, "logged-out");
  await close(page);
}

/** Uses the browsable API without a mouse: login, OPTIONS, raw data, DELETE and logout. */
async function useApi(name, options) {
  const page = await open(options);
  const response = page.getByRole("group", { name: "response info" });
  const press = async (button) => {
    await tabTo(page, page.getByRole("button", { name: button }).last());
    await page.keyboard.press("Enter");
  };
  await page.goto(`${BASE_URL}/api-auth/login/?next=/api/protected/`);
  await inspect(page, name, "api-login");
  await page.keyboard.type(API_USER);
  await page.keyboard.press("Tab");
  await page.keyboard.type(API_PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Protected" }).waitFor();
  await inspect(page, name, "api");
  await press("OPTIONS");
  await response.getByText('"renders"').waitFor();
  assert.ok(await response.evaluate((element) => element === document.activeElement), "the response has the focus");

  // Chromium reports every 4xx.
  const isStatus = (problem) => problem.startsWith("Failed to load resource: the server responded with a status of 4");
  const headers = (await page.goto(`${BASE_URL}/api/token/`)).headers();
  assert.ok(headers["content-security-policy"].startsWith("default-src 'none'; script-src 'self'; style-src 'self';"));
  const content = page.getByLabel("Content");
  await content.fill('{"username": ');
  await press("POST");
  await response.getByText("JSON parse error").waitFor();
  assert.equal(await content.inputValue(), '{"username": ', "what was refused can be corrected");
  await content.fill(JSON.stringify({ username: API_USER, password: API_PASSWORD }));
  await press("POST");
  await response.getByText("HTTP 200 OK").waitFor();
  const [, refresh] = (await response.textContent()).match(/"refresh": "([^"]+)"/);
  await inspect(page, name, "api-post");

  // The login that was used last is the first.
  await page.goto(`${BASE_URL}/api/token/sessions/`);
  const [, id] = (await response.textContent()).match(/"id": (\d+)/);
  await page.goto(`${BASE_URL}/api/token/sessions/${id}/`);
  page.once("dialog", (dialog) => dialog.accept());
  await press("DELETE");
  await response.getByText("HTTP 204 No Content").waitFor();
  assert.equal((await api("/api/token/refresh/", { method: "POST", body: { refresh } })).status, 401);
  await page.goto(`${BASE_URL}/api/protected/`);
  await press("Log out");
  await page.getByRole("link", { name: "Log in" }).waitFor();
  page.problems = page.problems.filter((problem) => !isStatus(problem));
  await close(page);
}

async function inspect(page, name, title) {
  const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  assert.ok(!isTooWide, `${name}, ${title}: the page is wider than the window`);
  if (SCREENSHOTS) {
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-${title}.png` });
  }
  // The policy of the page forbids scripts of others, so axe-core looks at the same page without it.
  const context = await browser.newContext({
    bypassCSP: true,
    viewport: page.viewportSize(),
    colorScheme: name.includes("dark") ? "dark" : "light",
    storageState: await page.context().storageState(),
  });
  const copy = await context.newPage();
  await copy.goto(page.url());
  await copy.evaluate(AXE);
  const { violations } = await copy.evaluate(() => window.axe.run());
  const bad = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  const text = bad.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  assert.deepEqual(text, [], `${name}, ${title}`);
  await context.close();
}

/** Presses Tab until the element has the focus, as someone without a mouse does. */
async function tabTo(page, locator) {
  for (let presses = 0; presses < 150; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) {
      const outline = await locator.evaluate((element) => {
        const shown = element.closest("li")?.querySelector("label") ?? element;
        return [element, shown].map((one) => getComputedStyle(one).outlineStyle);
      });
      assert.ok(outline.some((style) => style !== "none"), "the focus cannot be seen");
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not lead to ${locator}`);
}

/** Logs in, opens a user, puts the user into a group or out of it, and saves: without a mouse. */
async function changeGroupsByKeyboard(person, isMember) {
  const page = await open();
  await page.goto(`${BASE_URL}/admin/login/?next=${person.path}`);
  // The first field has the focus.
  await page.keyboard.type(API_USER);
  await page.keyboard.press("Tab");
  await page.keyboard.type(API_PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Change user" }).waitFor();
  // The first stop leads past the navigation.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to main content");
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByLabel("Filter Groups"));
  await page.keyboard.type("supp");
  const groups = page.getByRole("group", { name: "Groups" });
  assert.equal(await groups.getByRole("checkbox").count(), 1, "the filter leaves one group");
  await tabTo(page, groups.getByRole("checkbox", { name: "Support" }));
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("button", { name: "Save and continue editing" }));
  await page.keyboard.press("Enter");
  await page.locator("ul.messagelist li.success").waitFor();
  const box = page.getByRole("group", { name: "Groups" }).getByRole("checkbox", { name: "Support" });
  assert.equal(await box.isChecked(), isMember);
  await close(page);
}

async function api(path, options = {}) {
  const response = await fetch(BASE_URL + path, {
    ...options,
    headers: { "Content-Type": "application/json", ...options.headers },
    body: options.body && JSON.stringify(options.body),
  });
  return { status: response.status, body: await response.json() };
}

/** Ends a session of a user and a refresh token, and sees that both are refused at once. */
async function endSessions(person, hasScripts) {
  const operator = await open({ javaScriptEnabled: hasScripts });
  await logIn(operator);
  // The person has a session of a browser, and a token.
  const browserOfPerson = await open();
  await browserOfPerson.goto(`${BASE_URL}/admin/`);
  await browserOfPerson.getByLabel("Username").fill(API_USER);
  await browserOfPerson.getByLabel("Password").fill(API_PASSWORD);
  await browserOfPerson.getByRole("button", { name: "Log in" }).click();
  const cookies = await browserOfPerson.context().cookies();
  const session = cookies.find(({ name }) => name === "sessionid").value;
  const withSession = { headers: { Cookie: `sessionid=${session}` } };
  assert.equal((await api("/api/protected/", withSession)).status, 200);
  const credentials = { username: person.username, password: API_PASSWORD };
  const { refresh } = (await api("/api/token/", { method: "POST", body: credentials })).body;

  // Another session of the operator's own account.
  const own = new URL(await ownPage(operator)).pathname;
  await operator.goto(BASE_URL + own);
  const row = operator.locator("#logins tr", { hasText: session.slice(0, 4) });
  await row.getByRole("button", { name: /^End this session/ }).click();
  await operator.locator("ul.messagelist li.success").waitFor();
  const refused = await api("/api/protected/", withSession);
  assert.equal(refused.status, 401, JSON.stringify(refused.body));

  await operator.goto(BASE_URL + person.path);
  if (SCREENSHOTS && hasScripts) {
    await operator.screenshot({ path: `${SCREENSHOTS}/user-with-sessions.png`, fullPage: true });
  }
  if (hasScripts) {
    operator.once("dialog", (dialog) => dialog.accept());
  }
  await operator.getByRole("button", { name: "Log out everywhere" }).click();
  await operator.locator("ul.messagelist li.success").waitFor();
  const spent = await api("/api/token/refresh/", { method: "POST", body: { refresh } });
  assert.equal(spent.status, 401, JSON.stringify(spent.body));
  await operator.goto(BASE_URL + person.path.replace("change", "history"));
  await operator.getByText(/Deleted all sessions and tokens/).first().waitFor();
  await close(browserOfPerson);
  await close(operator);
}

/** The address of the operator's own page. */
async function ownPage(page) {
  await page.goto(`${BASE_URL}/admin/search/?q=${encodeURIComponent(API_USER)}`);
  const link = page.locator("#main").getByRole("link", { name: API_USER, exact: true });
  return new URL(await link.getAttribute("href"), BASE_URL).href;
}

/** Locks a user out by wrong passwords, and unlocks the user. */
async function unlock(person) {
  const wrong = { method: "POST", body: { username: person.username, password: "wrong" } };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    assert.equal((await api("/api/token/", wrong)).status, 401);
  }
  const right = { method: "POST", body: { username: person.username, password: API_PASSWORD } };
  assert.equal((await api("/api/token/", right)).status, 429);
  const page = await open();
  await logIn(page);
  await page.goto(BASE_URL + person.path);
  await page.locator("#lockout").getByText("Locked out").waitFor();
  await page.getByRole("button", { name: "Unlock" }).click();
  await page.locator("ul.messagelist li.success").waitFor();
  assert.equal((await api("/api/token/", right)).status, 200);
  await close(page);
}

/** The chosen colours stay, without scripts as well, and come before the first picture. */
async function rememberColours() {
  const page = await open({ colorScheme: "light", javaScriptEnabled: false });
  await logIn(page);
  await page.getByRole("button", { name: "Dark" }).click();
  await page.goto(`${BASE_URL}/admin/auth/`);
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  const pressed = page.getByRole("button", { name: "Dark" });
  assert.equal(await pressed.getAttribute("aria-pressed"), "true");
  await page.getByRole("button", { name: "System" }).click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), null);
  await close(page);
}
