// The form of a new campaign: a list of parameters and targets, sent as the content of a campaign file.

import { call, element, keyOf, markFault, Refusal, showFaults } from "./page.js";

const form = document.querySelector("#by-form");
const file = document.querySelector("#by-file");

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => {
    for (const each of document.querySelectorAll("[role=tab]")) {
      each.setAttribute("aria-selected", String(each === tab));
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
  });
}

// What entries have beside their fields, of a campaign that the form was filled from.
const rests = new WeakMap();

function add(list, kind) {
  const line = document.getElementById(kind).content.firstElementChild.cloneNode(true);
  list.querySelector(".lines").append(line);
  line.querySelector("[data-drop]").addEventListener("click", () => line.remove());
  const goal = line.querySelector("[data-key=goal]");
  const fit = () => {
    for (const label of line.querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes(goal.value);
  };
  if (goal) {
    goal.addEventListener("change", fit);
    fit();
  }
  return line;
}

for (const button of document.querySelectorAll("[data-add]")) {
  button.addEventListener("click", () => add(button.closest("[data-list]"), button.dataset.add).querySelector("input").focus());
}
add(form.querySelector("[data-list=space]"), "numeric");
add(form.querySelector("[data-list=targets]"), "target");

// Return a number if the text is one, else the text: the server reports what is wrong with it.
function number(text) {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text.trim();
}

// Return what a field means; undefined where nothing is typed or it is the default of the grammar.
function value(field) {
  const text = field.value.trim();
  if (!text || text === field.dataset.default || field.closest("[hidden]")) return undefined;
  if (field.dataset.type === "number") return number(text);
  const parts = text.split(",").map((each) => each.trim()).filter(Boolean);
  if (field.dataset.type === "list") return parts;
  if (field.dataset.type === "numbers") return parts.map(number);
  if (field.dataset.type === "yes") return text === "yes";
  if (field.dataset.type === "named ranges" && !text.includes("=")) return range(text);
  const read = { named: (each) => each, "named numbers": number, "named ranges": range }[field.dataset.type];
  return read ? named(parts, read) : text;
}

// Return a range such as "10 to 60".
function range(text) {
  return text.split(/\s+to\s+/).map(number);
}

// Return values by name, of parts such as "Ni = 20"; a part without a value has null: the server says what is wrong.
function named(parts, read) {
  return Object.fromEntries(parts.map((each) => {
    const at = each.indexOf("=");
    return at < 0 ? [each, null] : [each.slice(0, at).trim(), read(each.slice(at + 1).trim())];
  }));
}

// Put a value at a path such as bounds.0; a list that begins so has null in its other places.
function put(data, [key, ...rest], found) {
  if (!rest.length) data[key] = found;
  else if (/^\d+$/.test(rest[0])) put((data[key] ??= [null, null]), rest, found);
  else put((data[key] ??= {}), rest, found);
}

function content(entry, data = structuredClone(rests.get(entry) ?? {})) {
  for (const field of entry.querySelectorAll("[data-key]")) {
    const found = value(field);
    if (found !== undefined) put(data, field.dataset.key.split("."), found);
  }
  return data;
}

export function campaign() {
  const data = { ...structuredClone(rests.get(form) ?? {}), designer: 1, name: form.name.value.trim() };
  for (const list of form.querySelectorAll("[data-list]")) {
    const key = list.dataset.list;
    const entries = [...list.querySelectorAll(":scope > .lines > .line")].map((line) => ({ ...content(line), ...(key === "space" ? { kind: line.dataset.kind } : {}) }));
    if (entries.length || key === "space" || key === "targets") data[key] = entries;
  }
  for (const parameter of data.space) {
    if (parameter.context === undefined) continue;
    (data.context ??= {})[parameter.name ?? ""] = parameter.context;
    delete parameter.context;
  }
  const constraints = form.constraints.value.split("\n").map((each) => each.trim()).filter(Boolean);
  if (constraints.length) data.constraints = constraints;
  content(form.querySelector("[data-settings]"), data);
  if (data.initial && !data.initial.kind && Object.keys(data.initial).join() === "number") data.initial = data.initial.number;
  if (data.budget && Object.keys(data.budget).join() === "experiments") data.budget = data.budget.experiments;
  return data;
}

function set(entry, values) {
  for (const field of entry.querySelectorAll("[data-key]")) {
    field.value = values[field.dataset.key] ?? (field.matches("select") ? field.dataset.default : "");
    field.dispatchEvent(new Event("change"));
    if (values[field.dataset.key] !== undefined && field.closest("details")) field.closest("details").open = true;
  }
}

// Keep what has no field, and show it.
function keep(entry, rest) {
  rests.set(entry, rest);
  const lines = Object.entries(rest).map(([key, found]) => `${key}: ${JSON.stringify(found)}`);
  if (!lines.length) return;
  const shown = element("p", "Also, as in the campaign that this one is like: ", { class: "soft rest" });
  shown.append(element("code", lines.join("; ")));
  (entry === form ? form.querySelector("[data-settings]") : entry).append(shown);
}

// Fill the form with the content of a campaign (see form_content.py).
export function fill(given) {
  form.name.value = given.name;
  form.constraints.value = given.constraints;
  for (const list of form.querySelectorAll("[data-list]")) {
    list.querySelector(".lines").replaceChildren();
    for (const { kind, values, rest } of given.lists[list.dataset.list] ?? []) {
      const line = add(list, kind);
      set(line, values);
      keep(line, rest);
    }
  }
  for (const old of form.querySelectorAll(".rest")) if (!old.closest(".lines")) old.remove();
  set(form.querySelector("[data-settings]"), given.settings);
  keep(form, given.rest);
}
if (form.dataset.like) fill(JSON.parse(form.dataset.like));

// Return the line of the parameter of a name.
function parameterNamed(name) {
  const lines = [...form.querySelectorAll("[data-list=space] > .lines > .line")];
  return lines.find((line) => line.querySelector("[data-key=name]")?.value.trim() === name);
}

// Mark the fields that the faults are about, by their path in the campaign file.
function mark(error) {
  for (const fault of error.problem?.faults ?? []) {
    const [list, index, ...rest] = fault.path;
    const line = list === "context" ? parameterNamed(index) : typeof index === "number" ? form.querySelectorAll(`[data-list="${CSS.escape(String(list))}"] > .lines > .line`)[index] : undefined;
    const within = line ?? form.querySelector("[data-settings]");
    const path = (list === "context" && line ? [list, ...rest] : line ? rest : fault.path).map((each) => CSS.escape(String(each)));
    const named = path.length ? within.querySelector(`[data-key="${path.join(".")}"]`) ?? within.querySelector(`[data-key="${path[0]}"], [data-key^="${path[0]}."]`) : null;
    const field = named ?? line?.querySelector("input") ?? form.elements.namedItem(String(list));
    if (field instanceof Element && field.closest("details")) field.closest("details").open = true;
    if (field instanceof Element) markFault(field, fault);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

// Past campaigns: found by the likeness of space and targets; those that are ticked become the past tasks.
const past = form.querySelector("[data-past]");
const ticked = () => [...past.querySelectorAll("[data-found] input:checked")].map((each) => each.dataset);

async function waiting(button, box, words, act) {
  button.disabled = true;
  box.replaceChildren(element("p", words, { class: "soft" }));
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const faults = (error.problem.faults ?? []).map((each) => [locate(each.path), each.what].filter(Boolean).join(": "));
    box.replaceChildren(element("p", faults.join("; ") || error.message, { class: "fault" }));
  } finally {
    button.disabled = false;
  }
}

past.querySelector("[data-find]").addEventListener("click", (event) => {
  const box = past.querySelector(".outcome");
  waiting(event.target, box, "Looking …", async () => {
    const { content: answer } = await call("POST", "/api/past-tasks/search", { body: { campaign: campaign() } });
    box.replaceChildren(element("p", `${answer.summary}.`));
    const alike = answer.found.filter((each) => each.like);
    past.querySelector("[data-found]").replaceChildren(...alike.map((each) => {
      const item = element("li");
      const label = element("label", undefined, { class: "check" });
      const tick = element("input", undefined, { type: "checkbox", ...(each.folder ? { "data-folder": each.folder } : { "data-campaign": each.campaign }) });
      label.append(tick, element("strong", each.name), element("span", `\u00a0${each.results} results; ${each.words}`, { class: "soft" }));
      item.append(label);
      return item;
    }));
    past.querySelector("[data-preview]").hidden = !alike.length;
    past.querySelector(".effect").replaceChildren();
  });
});

past.querySelector("[data-preview]").addEventListener("click", (event) => {
  const box = past.querySelector(".effect");
  const chosen = ticked();
  if (!chosen.length) {
    box.replaceChildren(element("p", "Tick past campaigns first.", { class: "soft" }));
    return;
  }
  const body = { campaign: campaign(), tasks: chosen.flatMap((each) => each.folder ?? []), campaigns: chosen.flatMap((each) => each.campaign ?? []) };
  waiting(event.target, box, "Computing the first suggestions without and with them …", async () => {
    const { content: answer } = await call("POST", "/api/past-tasks/preview", { body });
    box.replaceChildren(element("p", `${answer.words[0].toUpperCase()}${answer.words.slice(1)}.`), designs(answer));
  });
});

function designs(answer) {
  const row = (cells, tag) => {
    const line = element("tr");
    line.append(...cells.map((each) => element(tag, each ?? "–")));
    return line;
  };
  const head = element("thead");
  head.append(row(["past campaigns", ...answer.columns], "th"));
  const body = element("tbody");
  for (const which of ["without", "with"]) {
    for (const each of answer[which]) body.append(row([which, ...answer.columns.map((name) => each[name])], "td"));
  }
  const table = element("table");
  table.append(head, body);
  const box = element("div", undefined, { class: "table", tabindex: "0", role: "region", "aria-label": "First suggestions" });
  box.append(table);
  return box;
}

// Publish the results of the ticked campaigns, and return the folders that the new campaign names.
async function folders() {
  const found = [];
  for (const each of ticked()) {
    if (each.folder) found.push(each.folder);
    else found.push((await call("POST", `/api/campaigns/${each.campaign}/publication`, { body: {} })).content.folder);
  }
  return found;
}

async function create(which, make) {
  const button = which.querySelector("button.main");
  button.disabled = true;
  try {
    showFaults(which, null);
    const { body, type } = await make();
    const headers = { "Idempotency-Key": keyOf(which, body) };
    const { content: made } = await call("POST", "/api/campaigns", { body, type, headers });
    location.href = `/c/${made.id}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    for (const fault of error.problem.faults ?? []) fault.column ??= fault.line ? null : locate(fault.path);
    showFaults(which, error);
    if (which === form) mark(error);
    button.disabled = false;
  }
}

function locate(path) {
  const [list, index, ...rest] = path ?? [];
  if (typeof index !== "number") return list ?? null;
  const one = { space: "parameter", targets: "target", beliefs: "expectation", diversify_by: "cells", observations: "observation", constraints: "constraint" };
  return `${one[list] ?? list} ${index + 1}${rest.length ? `, ${rest.join(" ")}` : ""}`;
}

// Upload a table and return its path in the lab's folder.
async function upload(table) {
  const type = table.name.toLowerCase().endsWith(".xlsx") ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv";
  const { content: stored } = await call("POST", `/api/tables?filename=${encodeURIComponent(table.name)}`, { body: table, type });
  return stored.candidates;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  create(form, async () => {
    const data = campaign();
    const [table, results] = [form.candidates.files[0], form.results.files[0]];
    if (table) data.candidates = await upload(table);
    if (results) data.measure = { ...data.measure, kind: "table", file: await upload(results) };
    const learned = await folders();
    if (learned.length) data.prior = { ...data.prior, tasks: [...(data.prior?.tasks ?? []), ...learned] };
    return { body: data };
  });
});

file.addEventListener("submit", (event) => {
  event.preventDefault();
  create(file, async () => ({ body: file.yaml.value, type: "application/yaml" }));
});
