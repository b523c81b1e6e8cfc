"use strict";
(function () {
  const form = document.getElementById("form"), out = document.getElementById("out"), note = document.getElementById("note");
  if (!form) return;
  const labels = JSON.parse(form.dataset.labels) || [], url = "/invocations?model=" + encodeURIComponent(form.dataset.model);

  for (const slider of form.querySelectorAll("input[type=range]")) {
    const number = document.getElementById(slider.dataset.for);
    slider.addEventListener("input", () => { number.value = slider.value; });
    number.addEventListener("input", () => { slider.value = number.value; });
  }

  function value(el) {
    const v = el.value, type = el.dataset.type;
    if (v === "") return null;
    if (type === "boolean") return v === "true";
    if (type === "number" || type === "integer") return Number(v);
    return v;
  }

  function body(method) {
    const b = {};
    if (form.dataset.form === "table") {
      const row = {};
      for (const el of form.querySelectorAll("[data-name]")) row[el.dataset.name] = value(el);
      b.dataframe_records = [row];
    } else if (form.dataset.form === "json") {
      b.inputs = JSON.parse(document.getElementById("f0").value);
    } else {
      b.inputs = [document.getElementById("f0").value];
    }
    b.params = { method: method };
    return b;
  }

  async function ask(method) {
    const r = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body(method)) });
    const j = await r.json();
    if (!r.ok) throw new Error(j.message || j.error || r.statusText);
    return j.predictions;
  }

  function line(tag, text, cls) {
    const el = document.createElement(tag);
    el.textContent = text;
    if (cls) el.className = cls;
    return el;
  }

  let asked = 0, wait = 0;

  async function answer() {
    const turn = ++asked;
    clearTimeout(wait); // the question is put now
    out.dataset.state = "asking";
    note.textContent = "";
    const start = performance.now();
    try {
      const given = await ask(form.dataset.method);
      const proba = labels.length ? await ask("predict_proba") : null;
      const took = performance.now() - start;
      if (turn !== asked) return; // a later question was put meanwhile
      out.replaceChildren();
      const first = Array.isArray(given) ? given[0] : given;
      out.append(line("p", typeof first === "object" ? JSON.stringify(first) : String(first), "big"));
      if (proba) {
        const p = proba[0], best = p.indexOf(Math.max(...p));
        p.forEach((v, i) => {
          const row = line("div", "", i === best ? "score best" : "score"), bar = document.createElement("progress");
          bar.max = 1;
          bar.value = v;
          row.append(bar, line("span", labels[i]), line("span", v.toFixed(5)));
          out.append(row);
        });
      } else if (Array.isArray(given) && given.length > 1) {
        out.append(line("pre", JSON.stringify(given, null, 1)));
      }
      out.append(line("p", "answered in " + took.toFixed(1) + " ms", "dim"));
      out.dataset.state = "answered";
    } catch (err) {
      if (turn !== asked) return;
      out.replaceChildren(line("p", err.message, "error"));
      out.dataset.state = "refused";
    }
  }

  form.addEventListener("submit", (e) => { e.preventDefault(); answer(); });

  // The first answer is there at once, and follows the controls.
  if (form.dataset.form === "table") {
    form.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(answer, 120); });
    answer();
  }

  document.getElementById("curl").addEventListener("click", async () => {
    const cmd = "curl -s '" + location.origin + url + "' -H 'content-type: application/json' -d '" +
      JSON.stringify(body(labels.length ? "predict_proba" : form.dataset.method)).replaceAll("'", "'\\''") + "'";
    try {
      await navigator.clipboard.writeText(cmd);
      note.textContent = "copied";
    } catch {
      out.replaceChildren(line("pre", cmd));
    }
  });
})();
