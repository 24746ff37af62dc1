// What a person does on the page of Swagger UI, in Chromium. Run by scripts/check-swagger.sh.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { BASE_URL, API_USER, API_PASSWORD, SCREENSHOTS } = process.env;
const WRONG = "No active account found with the given credentials";

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const colorScheme of ["light", "dark"]) {
    await check(colorScheme);
  }
  console.log("swagger: login, try it out and logout work in light and dark");
} finally {
  await browser.close();
}

async function check(colorScheme) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  // Violations of the Content-Security-Policy are reported in the console as well.
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  const picture = async (name) => {
    if (SCREENSHOTS) {
      await page.evaluate(() => window.scrollTo(0, 0));
      await page.screenshot({ path: `${SCREENSHOTS}/${colorScheme}-${name}.png` });
    }
  };

  await page.goto(`${BASE_URL}/api/docs/`);
  const userName = page.getByLabel("Username", { exact: true });
  const password = page.getByLabel("Password", { exact: true });
  const authentication = page.getByLabel("Authentication");
  const status = page.getByRole("status");
  const alert = page.getByRole("alert");
  await userName.waitFor();
  await picture("form");
  const schemes = await authentication.locator("option").allTextContents();
  assert.deepEqual(schemes, ["jwtAuth", "tokenAuth", "legacyJwtAuth"]);
  const isDark = await page.evaluate(() => document.documentElement.classList.contains("dark-mode"));
  assert.equal(isDark, colorScheme === "dark");

  // Nothing is sent before the login.
  assert.equal(await tryOut("api_protected_retrieve"), "401");
  assert.equal(problems.splice(0).length, 1, "Chromium reports the 401");

  // By keyboard alone: the fields, the button, and the wrong password in between.
  await userName.focus();
  await page.keyboard.type(API_USER);
  await page.keyboard.press("Tab");
  await page.keyboard.type(`not ${API_PASSWORD}`);
  await page.keyboard.press("Enter");
  await alert.waitFor();
  assert.equal(await alert.textContent(), `401 Unauthorized\n${JSON.stringify({ detail: WRONG })}`);
  assert.equal(await status.textContent(), "");
  await picture("refused");
  assert.equal(problems.splice(0).length, 1, "Chromium reports the 401");

  await password.fill(API_PASSWORD);
  await password.press("Tab");
  await page.keyboard.press("Enter");
  await status.getByText(`jwtAuth: logged in as ${API_USER}`).waitFor();
  assert.equal(await alert.isVisible(), false);
  assert.equal(await password.inputValue(), "");
  await picture("logged-in");
  assert.equal(await tryOut("api_protected_retrieve"), "200");

  // The other kinds of tokens, beside the first one.
  for (const [scheme, operation] of [["tokenAuth", "api_hello_token_retrieve"], ["legacyJwtAuth", "protected_url_retrieve"]]) {
    await authentication.selectOption(scheme);
    await userName.fill(API_USER);
    await password.fill(API_PASSWORD);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await status.getByText(`${scheme}: logged in as ${API_USER}`).waitFor();
    assert.equal(await tryOut(operation), "200", operation);
  }
  await picture("all");

  // Nothing is stored: neither cookies nor in the storage of the site.
  assert.deepEqual(await context.cookies(), []);
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length]);
  assert.deepEqual(stored, [0, 0]);

  for (const scheme of schemes) {
    await page.getByRole("button", { name: `Log out of ${scheme}` }).click();
  }
  assert.equal(await status.textContent(), "");
  assert.deepEqual(problems.splice(0), []);
  assert.equal(await tryOut("api_protected_retrieve"), "401");
  assert.equal(problems.splice(0).length, 1, "Chromium reports the 401");
  await context.close();

  /** The status of an operation by "Try it out". */
  async function tryOut(operationId) {
    const operation = page.locator(`[id$="-${operationId}"]`);
    if (!(await operation.getByRole("button", { name: "Execute" }).isVisible())) {
      await operation.locator(".opblock-summary-control").click();
      await operation.getByRole("button", { name: "Try it out" }).click();
    }
    const answered = page.waitForResponse((response) => response.request().method() === "GET");
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = await answered;
    const shown = operation.locator(".live-responses-table .response-col_status").last();
    await shown.getByText(String(answer.status())).waitFor();
    return (await shown.textContent()).match(/\d+/)[0];
  }
}
