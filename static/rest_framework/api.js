// Sends what a form without a script cannot: other methods than GET and POST, and bodies in other formats. The page that the server
// answers takes the place of this one.
"use strict";

document.documentElement.classList.add("has-script");

document.addEventListener("submit", (event) => {
  const form = event.target;
  const method = event.submitter?.dataset.method || form.dataset.method;
  if (!method) {
    return;
  }
  event.preventDefault();
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    return;
  }
  const headers = { Accept: "text/html; q=1.0, */*" };
  const csrf = JSON.parse(document.getElementById("drf_csrf").textContent);
  headers[csrf.csrfHeaderName] = csrf.csrfToken;
  const type = form.querySelector("[data-override='content-type']");
  const content = form.querySelector("[data-override='content']");
  if (type) {
    headers["Content-Type"] = type.value;
  }
  send(form.action, { method, headers, body: content ? content.value : undefined, credentials: "same-origin" });
});

async function send(url, options) {
  const answer = await fetch(url, options);
  const text = await answer.text();
  const isPage = (answer.headers.get("Content-Type") || "").startsWith("text/html");
  if (isPage) {
    const page = new DOMParser().parseFromString(text, "text/html");
    page.documentElement.classList.add("has-script");
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
  } else {
    const pre = document.querySelector("[aria-label='response info'] pre");
    pre.textContent = `HTTP ${answer.status} ${answer.statusText}\n\n${text}`;
  }
  document.querySelector("[aria-label='response info']")?.scrollIntoView({ block: "nearest" });
}
