// Comfort for the pages of the admin site. Every page works without this file.
"use strict";

// A question before a form is sent: `data-confirm` on the form or on the button.
document.addEventListener("submit", (event) => {
  const source = event.submitter?.dataset.confirm ? event.submitter : event.target;
  if (source.dataset.confirm && !window.confirm(source.dataset.confirm)) {
    event.preventDefault();
  }
});

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && typeof value !== "string") {
      made[key] = value;
    } else {
      made.setAttribute(key, value);
    }
  }
  made.append(...children);
  return made;
}

function labelOf(control) {
  const label = control.labels?.[0] ?? document.querySelector(`label[for="${CSS.escape(control.id)}"]`);
  return (label?.textContent ?? control.name).trim().replace(/:$/, "");
}

/** Whether `text` has every word of `words`. */
function matches(text, words) {
  const lower = text.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => lower.includes(word));
}

// A list with several choices becomes check boxes with a filter. The list stays in the form, and is what is sent.
for (const select of document.querySelectorAll("#content select[multiple]:not([disabled])")) {
  const name = labelOf(select);
  const search = element("input", { type: "search", placeholder: "Filter", "aria-label": `Filter ${name}`, autocomplete: "off" });
  const count = element("span", { class: "picker-count", role: "status" });
  const all = element("button", { type: "button", class: "small" }, "Choose all");
  const none = element("button", { type: "button", class: "small" }, "Remove all");
  const empty = element("p", { class: "empty", hidden: true }, "No choice has this text.");
  const list = element("ul", {});
  const rows = Array.from(select.options, (option) => {
    const box = element("input", { type: "checkbox", checked: option.selected });
    box.addEventListener("change", () => {
      option.selected = box.checked;
      report();
    });
    const row = element("li", {}, element("label", {}, box, element("span", {}, option.text)));
    list.append(row);
    return { option, box, row };
  });
  const report = () => {
    count.textContent = `${rows.filter(({ box }) => box.checked).length} of ${rows.length} chosen`;
  };
  const filter = () => {
    for (const { option, row } of rows) {
      row.hidden = !matches(option.text, search.value);
    }
    empty.hidden = rows.some(({ row }) => !row.hidden);
  };
  const choose = (chosen) => {
    for (const { option, box, row } of rows) {
      if (!row.hidden) {
        box.checked = option.selected = chosen;
      }
    }
    report();
  };
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
    }
  });
  all.addEventListener("click", () => choose(true));
  none.addEventListener("click", () => choose(false));
  report();
  const head = element("div", { class: "picker-head" }, search, count, all, none);
  const picker = element("div", { class: "picker", role: "group", "aria-label": name }, head, list, empty);
  const described = select.getAttribute("aria-describedby");
  if (described) {
    picker.setAttribute("aria-describedby", described);
  }
  // The help of a list tells how to hold a key, which check boxes do not need.
  for (const help of document.querySelectorAll(`#${CSS.escape(select.id)}_helptext, #${CSS.escape(select.id)}_helptext p`)) {
    if (help.children.length === 0) {
      help.textContent = help.textContent.replace(/\s*Hold down “Control”.*$/, "");
    }
  }
  select.hidden = true;
  select.after(picker);
  // A click on the label of the list leads to the filter.
  select.labels?.[0]?.addEventListener("click", () => search.focus());
}

// A long list with one choice gets a filter above it.
for (const select of document.querySelectorAll("#content form select:not([multiple])")) {
  if (select.options.length <= 20 || select.closest(".actions")) {
    continue;
  }
  const options = Array.from(select.options);
  const name = labelOf(select);
  const search = element("input", { type: "search", class: "choice-filter", placeholder: "Filter", "aria-label": `Filter ${name}`, autocomplete: "off" });
  search.addEventListener("input", () => {
    const chosen = select.value;
    select.replaceChildren(...options.filter((option) => option.value === chosen || matches(option.text, search.value)));
    select.value = chosen;
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
    }
  });
  select.before(search);
}

// Selects all rows of a list, and says how many are selected.
const listForm = document.getElementById("changelist-form");
const boxes = listForm ? Array.from(listForm.querySelectorAll('#result_list tbody input[name="_selected_action"]')) : [];
if (boxes.length > 0) {
  const toggle = document.getElementById("action-toggle");
  const counter = listForm.querySelector("[data-counter]");
  const update = () => {
    const selected = boxes.filter((box) => box.checked).length;
    if (toggle) {
      toggle.checked = selected === boxes.length;
      toggle.indeterminate = selected > 0 && selected < boxes.length;
    }
    if (counter) {
      counter.textContent = `${selected} of ${boxes.length} selected`;
    }
  };
  let last = null;
  for (const box of boxes) {
    box.addEventListener("click", (event) => {
      // With the shift key everything between this row and the last one.
      if (event.shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) {
          between.checked = box.checked;
        }
      }
      last = box;
      update();
    });
  }
  if (toggle) {
    toggle.hidden = false;
    toggle.closest("[hidden]")?.removeAttribute("hidden");
    toggle.addEventListener("change", () => {
      for (const box of boxes) {
        box.checked = toggle.checked;
      }
      update();
    });
  }
  update();
}

// "Today" and "Now" beside dates and times. The server keeps them in UTC.
for (const [selector, text, from, to] of [[".vDateField", "Today", 0, 10], [".vTimeField", "Now", 11, 19]]) {
  for (const field of document.querySelectorAll(`#content ${selector}:not([disabled])`)) {
    const described = field.getAttribute("aria-labelledby") ?? field.labels?.[0]?.id;
    const button = element("button", { type: "button", class: "small", ...(described && { "aria-describedby": described }) }, text);
    button.addEventListener("click", () => {
      field.value = new Date().toISOString().slice(from, to);
    });
    field.after(button);
  }
}

// Without a password there is none to enter.
const usable = document.querySelectorAll('input[name="usable_password"]');
if (usable.length > 0) {
  const update = () => {
    const isDisabled = Array.from(usable).some((choice) => choice.checked && choice.value === "false");
    const show = (selector, isShown) => {
      for (const part of document.querySelectorAll(selector)) {
        part.hidden = !isShown;
      }
    };
    show(".field-password1, .field-password2, button[name=set-password]", !isDisabled);
    show(".field-usable_password .warning, button[name=unset-password]", isDisabled);
  };
  for (const choice of usable) {
    choice.addEventListener("change", update);
  }
  update();
}

// On the page of a new object the first field has the focus.
if (location.pathname.endsWith("/add/") && !document.querySelector("[autofocus]")) {
  document.querySelector("#content .form-row :is(input, select, textarea):not([type=hidden], [hidden], [disabled])")?.focus();
}
