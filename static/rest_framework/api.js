// Sends what a form without a script cannot: other methods than GET and POST, and bodies in other formats. The page that the server
// answers takes the place of this one.
"use strict";

document.documentElement.classList.add("has-script");

const CONTENT = "[data-override='content']";
const MEDIA_TYPE = "[data-override='content-type']";
let isSending = false;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const method = event.submitter?.dataset.method || form.dataset.method;
  if (!method) {
    return;
  }
  event.preventDefault();
  if (isSending || (form.dataset.confirm && !window.confirm(form.dataset.confirm))) {
    return;
  }
  isSending = true;
  try {
    await send(form, method);
  } catch (error) {
    show(`No answer: ${error.message}`);
  }
  isSending = false;
});

async function send(form, method) {
  const csrf = JSON.parse(document.getElementById("drf_csrf").textContent);
  const headers = { Accept: "text/html; q=1.0, */*", [csrf.csrfHeaderName]: csrf.csrfToken };
  const type = form.querySelector(MEDIA_TYPE)?.value;
  let body = form.querySelector(CONTENT)?.value;
  if (type) {
    headers["Content-Type"] = type;
  }
  if (type?.startsWith("multipart/")) {
    // The parts are separated by their first line. Their lines end with CR LF, those of a text field with LF.
    const boundary = body.match(/^--(\S+)$/m)?.[1];
    headers["Content-Type"] += boundary ? `; boundary="${boundary}"` : "";
    body = body.replaceAll("\n", "\r\n");
  }
  const place = Array.from(document.forms).indexOf(form);
  const answer = await fetch(form.action, { method, headers, body, credentials: "same-origin" });
  const text = await answer.text();
  if ((answer.headers.get("Content-Type") || "").startsWith("text/html")) {
    const page = new DOMParser().parseFromString(text, "text/html");
    page.documentElement.classList.add("has-script");
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
  } else {
    show(`HTTP ${answer.status} ${answer.statusText}\n\n${text}`);
  }
  // What was refused can be corrected.
  const same = answer.ok ? null : document.forms[place]?.querySelector(CONTENT);
  if (same && body !== undefined) {
    same.value = body;
    document.forms[place].querySelector(MEDIA_TYPE).value = type;
  }
  const response = document.querySelector("[aria-label='response info']");
  response?.focus({ preventScroll: true });
  response?.scrollIntoView({ block: "nearest" });
}

function show(text) {
  const response = document.querySelector("[aria-label='response info'] pre");
  if (response) {
    response.textContent = text;
  }
}
