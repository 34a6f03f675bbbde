// The script of the pages: sends forms to the API, shows the responses, follows jobs. It uses no library.

const csrf = document.querySelector("meta[name=csrf]").content;
const retryKeys = new WeakMap();  // a form keeps its key until its write has a response, so a retry is not a second write

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}

export function keyOf(form, content) {
  const text = JSON.stringify(content);
  const known = retryKeys.get(form);
  if (known && known.text === text) return known.key;
  const key = newKey();
  retryKeys.set(form, { text, key });
  return key;
}

export class Refusal extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

export async function call(method, path, { body, type = "application/json", headers = {} } = {}) {
  const raw = body instanceof Blob || typeof body === "string";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      body: body === undefined || raw ? body : JSON.stringify(body),
      headers: { ...(body === undefined ? {} : { "Content-Type": type }), "X-CSRF-Token": csrf, ...headers },
    });
  } catch {
    throw new Refusal({ title: "No response from the server", detail: "The server does not respond. Try again: a repeated write is carried out once." });
  }
  if (answer.status === 401) {
    location.href = `/login?to=${encodeURIComponent(location.pathname)}`;
    return new Promise(() => {});
  }
  const content = answer.status === 304 ? null : await answer.json().catch(() => ({}));
  if (answer.status >= 400) throw new Refusal(content);
  return { content, answer };
}

export function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function describe(fault) {
  return fault.remedy ? `${fault.what}; ${fault.remedy}` : fault.what;
}

let marked = 0;

// Write a fault beside the field that it is about, where a screen reader finds it too.
export function markFault(field, fault) {
  field.setAttribute("aria-invalid", "true");
  const text = element("span", describe(fault), { class: "fault beside", id: `fault-${marked += 1}` });
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), text.id].filter(Boolean).join(" "));
  field.after(text);
}

function clearFault(field) {
  field.removeAttribute("aria-invalid");
  const ids = (field.getAttribute("aria-describedby") ?? "").split(" ");
  for (const id of ids) if (id.startsWith("fault-")) document.getElementById(id)?.remove();
  const others = ids.filter((id) => id && !id.startsWith("fault-"));
  if (others.length) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
}

// Show faults below a form, and mark the fields that they are about.
export function showFaults(form, error) {
  const box = form.querySelector(".faults");
  box.replaceChildren();
  for (const field of form.querySelectorAll("[aria-invalid]")) clearFault(field);
  if (!error) return;
  const faults = error.problem?.faults ?? [];
  if (!faults.length) {
    box.append(element("p", error.message));
    return;
  }
  const list = element("ul");
  for (const fault of faults) {
    const field = fault.column && form.querySelector(`[data-target="${CSS.escape(fault.column)}"], [data-column="${CSS.escape(fault.column)}"]`);
    if (field) markFault(field, fault);
    const place = fault.line ? `line ${fault.line}: ` : fault.column ? `${fault.column}: ` : "";
    list.append(element("li", place + describe(fault)));
  }
  box.append(list);
  form.querySelector("[aria-invalid]")?.focus();
}

async function busy(form, act) {
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  try {
    showFaults(form, null);
    await act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    showFaults(form, error);
  } finally {
    for (const each of buttons) each.disabled = false;
  }
}

// Show times in the local time zone.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  const two = (number) => String(number).padStart(2, "0");
  time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  time.title = at.toString();
}

const page = document.querySelector("[data-campaign]");
if (page) campaignPage(page, `/api/campaigns/${page.dataset.campaign}`);

function campaignPage(page, base) {
  const ranges = JSON.parse(page.dataset.ranges);
  const done = (id) => {
    if (id) history.replaceState(null, "", `#${id}`);
    location.reload();
  };

  // Comparisons of results: which two to compare next, and the answer.
  const compare = page.querySelector("[data-compare]");
  const nextPair = page.querySelector("[data-next-pair]");
  if (nextPair) {
    call("GET", `${base}/comparisons/next`).then(({ content }) => {
      const found = content.next;
      nextPair.textContent = found ? `Compare ${found.first} with ${found.second}: ${found.reason}.` : "All pairs of results were compared.";
      if (found) [compare.first.value, compare.second.value] = [found.first, found.second];
    }, (error) => { nextPair.textContent = error.message; });
  }
  compare?.addEventListener("submit", (event) => {
    event.preventDefault();
    const [first, second] = [compare.first.value, compare.second.value];
    const answer = event.submitter?.value ?? "first";
    const [better, worse] = answer === "second" ? [second, first] : [first, second];
    const body = { rows: [{ better, worse, tie: answer === "tie" ? "yes" : "no" }] };
    busy(compare, async () => {
      await call("POST", `${base}/comparisons`, { body, headers: { "Idempotency-Key": keyOf(compare, body) } });
      done("compare");
    });
  });
  for (const button of page.querySelectorAll("[data-withdraw-comparison]")) {
    button.addEventListener("click", async () => {
      const path = `${base}/comparisons/${button.dataset.withdrawComparison}/withdrawal`;
      button.disabled = true;
      try {
        await call("POST", path, { body: { reason: "" }, headers: { "Idempotency-Key": newKey() } });
        done("compare");
      } catch (error) {
        button.replaceWith(error.message);
      }
    });
  }

  // Undoing names the action that is shown.
  const undo = page.querySelector("[data-undo]");
  undo?.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { position: Number(undo.dataset.undo) };
    busy(undo, async () => {
      await call("POST", `${base}/undo`, { body, headers: { "Idempotency-Key": keyOf(undo, body) } });
      done();
    });
  });

  // Suggesting creates a job, whose state is followed.
  page.querySelector("[data-suggest]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const body = { n: Number(form.n.value) };
    for (const field of form.querySelectorAll("[data-context]")) (body.context ??= {})[field.dataset.context] = field.value.trim();
    const box = page.querySelector("#jobs");
    const line = element("div", "Sending the request …", { class: "job" });
    box.prepend(line);
    form.querySelector("button").disabled = true;
    call("POST", `${base}/suggestions`, { body, headers: { "Idempotency-Key": keyOf(form, [body, page.dataset.etag]) } })
      .then(({ content }) => follow(content.id, line))
      .catch((error) => {
        line.classList.add("failed");
        line.textContent = error.message;
      })
      .finally(() => { form.querySelector("button").disabled = false; });
  });
  for (const line of page.querySelectorAll("[data-job]")) follow(line.dataset.job, line);

  function follow(id, line) {
    const source = new EventSource(`/api/jobs/${id}/events`);
    let job = null;
    let started = 0;
    const tick = setInterval(() => {
      if (job?.state === "running") line.textContent = `Choosing experiments … ${Math.round((Date.now() - started) / 1000)} s`;
    }, 1000);
    source.addEventListener("job", (event) => {
      job = JSON.parse(event.data);
      if (job.state === "waiting") line.textContent = "Waiting for a free worker …";
      if (job.state === "running" && !started) {
        started = Date.now() - 1000 * (job.seconds ?? 0);
        line.textContent = "Choosing experiments …";
      }
      if (job.state !== "done" && job.state !== "failed") return;
      clearInterval(tick);
      source.close();
      if (job.state === "done") done(job.suggestions?.[0]?.id);
      line.classList.add("failed");
      if (job.problem) line.textContent = job.problem.detail;
    });
  }

  // The format of numbers; the server checks units.
  const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*([^\s\d].*)?$/;

  function checked(form) {
    const values = {};
    const faults = [];
    for (const input of form.querySelectorAll("[data-target]")) {
      const text = input.value.trim();
      if (!text) continue;
      const name = input.dataset.target;
      if ("curve" in input.dataset) { values[name] = text; continue; } // the server reads points
      if ("observation" in input.dataset && /^failed$/i.test(text)) values[name] = text;
      else if (/^[-+]?\d+,\d+/.test(text)) faults.push({ what: `'${text}' has a comma`, remedy: "write a decimal point", column: name });
      else if (!NUMBER.test(text)) faults.push({ what: `'${text}' is not a number`, remedy: "write a number, optionally with a unit", column: name });
      values[name] = text;
    }
    const files = [...form.querySelectorAll("[data-curve-file]")].some((input) => input.files.length);
    if (!Object.keys(values).length && !files && !faults.length) faults.push({ what: "there is no value", remedy: "enter a result, or record a failure" });
    if (faults.length) throw new Refusal({ title: "Check the form", faults });
    return values;
  }

  function base64(file) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result).split(",", 2)[1] ?? "");
      reader.onerror = () => reject(new Refusal({ title: "Check the form", detail: `${file.name} cannot be read.` }));
      reader.readAsDataURL(file);
    });
  }

  function farOff(values) {
    for (const [name, text] of Object.entries(values)) {
      const range = ranges[name];
      if (!range || !/^[-+\d.eE]+$/.test(text)) continue;
      const width = Math.max(range[1] - range[0], Math.abs(range[1]) * 0.05);
      const value = Number(text);
      if (value < range[0] - 3 * width || value > range[1] + 3 * width) return `${name} ${text} is far outside the results so far (${range[0]} to ${range[1]})`;
    }
    return null;
  }

  for (const form of page.querySelectorAll("[data-record]")) {
    let accepted = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      busy(form, async () => {
        const values = checked(form);
        const warning = farOff(values);
        if (warning && accepted !== warning) {
          accepted = warning;
          throw new Refusal({ title: "Please confirm", detail: `${warning}. Press Record again to confirm.` });
        }
        const made = {};
        for (const field of form.querySelectorAll("[data-column]")) if (field.value.trim()) made[field.dataset.column] = field.value.trim();
        const curves = {};
        for (const input of form.querySelectorAll("[data-curve-file]")) {
          if (input.files.length) curves[input.dataset.curveFile] = { file: input.files[0].name, content: await base64(input.files[0]) };
        }
        const body = { rows: [{ suggestion: form.dataset.record, ...made, ...values, ...curves }] };
        await call("POST", `${base}/measurements`, { body, headers: { "Idempotency-Key": keyOf(form, body) } });
        done("results");
      });
    });
  }

  // Failures and withdrawals have a reason.
  const ask = page.querySelector("#ask");
  for (const button of page.querySelectorAll("[data-ask]")) {
    button.addEventListener("click", () => {
      const failure = button.dataset.ask === "failure";
      ask.querySelector("h2").textContent = failure ? `${button.dataset.subject} failed` : `Withdraw ${button.dataset.subject}`;
      ask.querySelector("#ask-text").textContent = failure
        ? "The experiment gave no result. Similar designs are avoided from now on. It counts towards the budget."
        : "This design is never suggested again.";
      ask.querySelector("button.main").textContent = failure ? "Record the failure" : "Withdraw it";
      ask.querySelector("[name=reason]").required = failure;
      ask.dataset.path = `${base}/suggestions/${button.dataset.subject}/${button.dataset.ask}`;
      showFaults(ask, null);
      ask.showModal();
      ask.querySelector("[name=reason]").focus();
    });
  }
  ask.querySelector("form").addEventListener("submit", (event) => {
    if (event.submitter?.value === "no") return;
    event.preventDefault();
    const form = event.target;
    const body = { reason: form.reason.value.trim() };
    busy(form, async () => {
      await call("POST", ask.dataset.path, { body, headers: { "Idempotency-Key": keyOf(form, [ask.dataset.path, body]) } });
      done();
    });
  });

  // An amendment names the version that is shown.
  const amend = page.querySelector("#amend");
  for (const button of page.querySelectorAll("[data-amend]")) {
    button.addEventListener("click", () => {
      amend.querySelector("h2").textContent = `Amend ${button.dataset.amend}`;
      const values = JSON.parse(button.dataset.values);
      for (const input of amend.querySelectorAll("[data-target]")) input.value = values[input.dataset.target] ?? "";
      Object.assign(amend.dataset, { id: button.dataset.amend, version: button.dataset.version, values: button.dataset.values });
      showFaults(amend, null);
      amend.showModal();
    });
  }
  amend.querySelector("form").addEventListener("submit", (event) => {
    const choice = event.submitter?.value;
    if (choice === "no") return;
    event.preventDefault();
    const form = event.target;
    const old = JSON.parse(amend.dataset.values);
    const values = {};
    for (const input of form.querySelectorAll("[data-target]")) {
      const text = input.value.trim();
      if (text !== String(old[input.dataset.target] ?? "")) values[input.dataset.target] = text || null;
    }
    const reason = form.reason.value.trim();
    const path = `${base}/measurements/${amend.dataset.id}`;
    const headers = { "If-Match": `"${amend.dataset.version}"`, "Idempotency-Key": keyOf(form, [path, choice, values, reason]) };
    busy(form, async () => {
      if (choice === "withdraw") await call("POST", `${path}/withdrawal`, { body: { reason }, headers });
      else await call("PATCH", path, { body: { values, reason }, headers });
      done("results");
    });
  });

  tables(page, base, done);
  for (const picture of page.querySelectorAll("[data-points]")) points(picture);
  for (const button of page.querySelectorAll("[data-png]")) button.addEventListener("click", () => savePng(button));
  cards(page);
  watch(page, base);
}

// The value of a point is shown where the pointer is near it, or by the arrow keys. The SVG has the points with their texts.
function points(picture) {
  let found = null;
  let at = -1;
  const tip = element("div", "", { class: "tip", role: "status" });
  tip.hidden = true;
  picture.after(tip);
  const load = async () => {
    if (found) return;
    found = [];
    const answer = await fetch(picture.src).catch(() => null);
    if (!answer?.ok) return;
    const text = await answer.text();
    const [, , width, height] = (/viewBox="([^"]*)"/.exec(text)?.[1] ?? "0 0 1 1").split(" ").map(Number);
    // Only the points are parsed: the styles of the picture are not allowed in a page.
    const circles = (text.match(/<circle class="point"[^]*?<\/circle>/g) ?? []).join("");
    const svg = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg">${circles}</svg>`, "image/svg+xml");
    for (const each of svg.querySelectorAll("circle.point")) {
      found.push({ x: each.getAttribute("cx") / width, y: each.getAttribute("cy") / height, text: each.querySelector("title").textContent });
    }
  };
  const show = (index) => {
    at = index;
    const point = found?.[index];
    tip.hidden = !point;
    if (!point) return;
    tip.textContent = point.text;
    const left = picture.offsetLeft + point.x * picture.clientWidth;
    tip.style.left = `${Math.max(0, Math.min(left, picture.offsetLeft + picture.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${picture.offsetTop + point.y * picture.clientHeight + 10}px`;
  };
  picture.addEventListener("pointerenter", load);
  picture.addEventListener("focus", load);
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    let [nearest, least] = [-1, 24];
    (found ?? []).forEach((each, index) => {
      const far = Math.hypot(box.left + each.x * box.width - event.clientX, box.top + each.y * box.height - event.clientY);
      if (far < least) [nearest, least] = [index, far];
    });
    show(nearest);
  });
  for (const end of ["pointerleave", "blur"]) picture.addEventListener(end, () => show(-1));
  picture.addEventListener("keydown", async (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    await load();
    if (found.length) show(Math.max(0, Math.min(found.length - 1, at + step)));
  });
}

// A picture as PNG, in twice its size on the page.
async function savePng(button) {
  const picture = new Image();
  picture.src = button.dataset.png;
  await picture.decode();
  const canvas = element("canvas");
  [canvas.width, canvas.height] = [2 * (picture.naturalWidth || 720), 2 * (picture.naturalHeight || 430)];
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const content = await new Promise((take) => canvas.toBlob(take, "image/png"));
  const link = element("a", "", { href: URL.createObjectURL(content), download: `${button.dataset.name}.png` });
  link.click();
  URL.revokeObjectURL(link.href);
}

// A table is checked first, and recorded when the user confirms.
function tables(page, base, done) {
  const form = page.querySelector("[data-upload]");
  if (!form) return;
  const outcome = form.querySelector(".outcome");
  for (const name of ["dragover", "dragenter"]) form.addEventListener(name, (event) => { event.preventDefault(); form.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) look(event.dataTransfer.files[0]);
  });
  form.file.addEventListener("change", () => { if (form.file.files.length) look(form.file.files[0]); });
  let pasted = null;
  form.pasted.addEventListener("input", () => {
    pasted = form.pasted.value.trim() ? new File([form.pasted.value], "pasted.csv", { type: "text/csv" }) : null;
    if (pasted) look(pasted);
    else outcome.replaceChildren();
  });
  form.attach.addEventListener("change", () => {
    const given = pasted ?? form.file.files[0];
    if (given) look(given);
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  function address(file, more) {
    return `${base}/measurements${more}?filename=${encodeURIComponent(file.name)}&attach=${form.attach.checked}`;
  }

  async function look(file) {
    const type = file.name.toLowerCase().endsWith(".xlsx") ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv";
    outcome.replaceChildren(element("p", `Checking ${file.name} …`));
    try {
      const { content } = await call("POST", address(file, "/check"), { body: file, type });
      show(file, type, content);
    } catch (error) {
      const faults = error.problem?.faults ?? [];
      outcome.replaceChildren(element("p", `${file.name} is not valid:`, { class: "fault" }), faults.length ? faultTable(faults) : element("p", error.message));
    }
  }

  function show(file, type, report) {
    const count = report.recorded.length + report.completed.length + report.failed.length;
    const parts = [element("p", `${file.name}: ${count} ${count === 1 ? "row" : "rows"} to record${report.unchanged.length ? `, ${report.unchanged.length} already recorded` : ""}${report.blank.length ? `, ${report.blank.length} without results` : ""}${report.faults.length ? `, ${report.faults.length} with faults` : ""}.`)];
    if (report.faults.length) parts.push(faultTable(report.faults));
    for (const [id, texts] of Object.entries(report.flags)) for (const text of texts) parts.push(element("p", `${id}: ${text}`, { class: "soft" }));
    for (const text of report.remarks) parts.push(element("p", text, { class: "soft" }));
    const whole = report.faults.some((fault) => fault.row === null || fault.row === 1);
    if (count && !whole) {
      const button = element("button", report.faults.length ? `Record the ${count} ${count === 1 ? "row" : "rows"} without faults` : `Record ${count} ${count === 1 ? "row" : "rows"}`, { class: "main", type: "button" });
      const key = newKey();
      button.addEventListener("click", async () => {
        button.disabled = true;
        try {
          await call("POST", `${address(file, "")}&partial=${report.faults.length > 0}`, { body: file, type, headers: { "Idempotency-Key": key } });
          done("results");
        } catch (error) {
          button.disabled = false;
          outcome.append(element("p", error.message, { class: "fault" }));
        }
      });
      parts.push(button);
    }
    outcome.replaceChildren(...parts);
  }

  function faultTable(faults) {
    const body = element("tbody");
    for (const fault of faults) {
      const row = element("tr");
      row.append(element("td", fault.row ?? fault.line ?? "–"), element("td", fault.column ?? "–"), element("td", describe(fault), { class: "wide" }));
      body.append(row);
    }
    const head = element("thead");
    const names = element("tr");
    for (const name of ["row", "column", "fault"]) names.append(element("th", name));
    head.append(names);
    const table = element("table");
    table.append(head, body);
    const box = element("div", undefined, { class: "table" });
    box.append(table);
    return box;
  }
}

// Load the predictions for open suggestions one after the other: one worker computes them.
async function cards(page) {
  for (const box of page.querySelectorAll("[data-card]")) {
    const answer = await fetch(`/c/${page.dataset.campaign}/cards/${box.dataset.card}`).catch(() => null);
    if (answer?.ok) box.innerHTML = await answer.text();  // rendered and escaped by the server
    else box.replaceChildren(element("p", "The prediction is not available.", { class: "soft" }));
  }
}

// If the campaign changes, show a notice; the user decides when to reload.
function watch(page, base) {
  const look = async () => {
    if (!document.hidden) {
      try {
        const { answer } = await call("GET", base, { headers: { "If-None-Match": `"${page.dataset.etag}"` } });
        if (answer.status === 200 && !document.querySelector(".job:not(.failed)")) document.querySelector("#news").hidden = false;
      } catch { /* the next poll tries again */ }
    }
    setTimeout(look, 15000);
  };
  setTimeout(look, 15000);
}
