// The form of a new campaign: a list of parameters and targets, sent as the content of a campaign file.

import { call, element, keyOf, Refusal, showFaults } from "./page.js";

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

function content(line) {
  const kind = line.dataset.kind;
  const data = kind === "target" ? {} : { kind };
  const got = (key) => {
    const field = line.querySelector(`[data-key=${key}]`);
    return field && !field.closest("[hidden]") ? field.value.trim() : "";
  };
  data.name = got("name");
  if (got("unit")) data.unit = got("unit");
  if (got("when")) data.when = got("when");
  if (kind === "numeric") {
    data.bounds = [number(got("low")), number(got("high"))];
    if (got("scale") !== "linear") data.scale = got("scale");
    if (got("zero_or") === "yes") data.zero_or = true;
  }
  for (const key of ["choices", "elements"]) {
    if (line.querySelector(`[data-key=${key}]`)) data[key] = got(key).split(",").map((each) => each.trim()).filter(Boolean);
  }
  for (const key of ["step", "max_nonzero", "reach", "value", "tolerance", "at_least", "at_most"]) if (got(key)) data[key] = number(got(key));
  if (kind === "target" && got("goal")) data.goal = got("goal");
  if (kind === "target" && got("scale") !== "linear") data.scale = got("scale");
  return data;
}

function campaign() {
  const data = { designer: 1, name: form.name.value.trim() };
  for (const list of form.querySelectorAll("[data-list]")) data[list.dataset.list] = [...list.querySelectorAll(".line")].map(content);
  const constraints = form.constraints.value.split("\n").map((each) => each.trim()).filter(Boolean);
  if (constraints.length) data.constraints = constraints;
  for (const key of ["batch_size", "budget"]) if (form[key].value.trim()) data[key] = number(form[key].value);
  return data;
}

// Mark the fields that the faults are about, by their path in the campaign file.
function mark(error) {
  for (const fault of error.problem?.faults ?? []) {
    const [list, index, key] = fault.path;
    const line = form.querySelectorAll(`[data-list=${CSS.escape(String(list))}] .line`)[index];
    const field = line?.querySelector(`[data-key="${key === "bounds" ? "low" : key}"]`) ?? line?.querySelector("input") ?? form.elements.namedItem(String(list));
    if (field instanceof Element) field.setAttribute("aria-invalid", "true");
  }
  form.querySelector("[aria-invalid]")?.focus();
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
  return `${list === "space" ? "parameter" : "target"} ${index + 1}${rest.length ? `, ${rest.join(" ")}` : ""}`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  create(form, async () => {
    const data = campaign();
    const table = form.candidates.files[0];
    if (table) {
      const type = table.name.toLowerCase().endsWith(".xlsx") ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv";
      const { content: kept } = await call("POST", `/api/tables?filename=${encodeURIComponent(table.name)}`, { body: table, type });
      data.candidates = kept.candidates;
    }
    return { body: data };
  });
});

file.addEventListener("submit", (event) => {
  event.preventDefault();
  create(file, async () => ({ body: file.yaml.value, type: "application/yaml" }));
});
