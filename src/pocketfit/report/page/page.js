"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const [tools, search, status, sort, unfold, shown] =
    ["tools", "search", "status", "sort", "unfold", "shown"].map(byId);

  const models = all("tbody.model").map((body, order) => {
    const name = body.querySelector("h2").textContent;
    const rows = all("tr.row", body).map((row, place) => {
      const more = row.nextElementSibling;
      const reasons = all(".reasons", more).map((list) => list.textContent).join(" ");
      const variant = row.querySelector("bdi").textContent;
      const words = `${name}/${variant} ${row.textContent} ${reasons}`.toLowerCase();
      return { row, more, place, words, name: `${name}/${variant}`, ...row.dataset };
    });
    return { body, rows, order, table: body.parentElement };
  });
  const total = models.reduce((count, model) => count + model.rows.length, 0);

  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { body, rows } of models) {
      let any = false;
      for (const one of rows) {
        const fits = (!status.value || one.kind === status.value) && wanted.every((word) => one.words.includes(word));
        one.row.hidden = one.more.hidden = !fits;
        any ||= fits;
        found += fits;
      }
      body.hidden = !any;
    }
    for (const table of new Set(models.map((model) => model.table))) {
      const any = models.some((model) => model.table === table && !model.body.hidden);
      const fold = table.closest("details");
      (fold ?? table).hidden = !any;
      if (fold && any && (wanted.length || status.value)) fold.open = true;
    }
    shown.value = found === total ? `${total} shown` : `${found} of ${total} shown`;
  };

  // Numbers the largest first and what has none last; names as people sort them, so that net2 is before net10.
  const compare = (key) => (a, b) => {
    if (key === "") return a.place - b.place;
    if (key === "name") return a.name.localeCompare(b.name, undefined, { numeric: true });
    const value = (one) => (one[key] === undefined ? -Infinity : Number(one[key]));
    return value(b) === value(a) ? a.place - b.place : value(b) - value(a);
  };

  const reorder = () => {
    const before = compare(sort.value);
    for (const model of models) model.rows.sort(before);
    const inOrder = [...models].sort((a, b) =>
      sort.value === "" ? a.order - b.order : before(a.rows[0], b.rows[0]) || a.order - b.order,
    );
    for (const { table, body, rows } of inOrder) {
      for (const one of rows) body.append(one.row, one.more);
      table.append(body);
    }
  };

  // Shows the row that the address names, whatever is folded or filtered.
  const follow = () => {
    const row = byId(location.hash.slice(1));
    if (!row?.matches("tr.row")) return;
    if (row.hidden) {
      search.value = status.value = "";
      filter();
    }
    for (const fold of [row.closest("details"), row.nextElementSibling.querySelector("details")]) {
      if (fold) fold.open = true;
    }
    row.scrollIntoView();
  };

  search.addEventListener("input", filter);
  status.addEventListener("change", filter);
  sort.addEventListener("change", reorder);
  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") === "false";
    for (const { body } of models) for (const fold of all("details", body)) fold.open = open;
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Fold all" : "Unfold all";
  });
  window.addEventListener("hashchange", follow);
  tools.hidden = false;
  // A browser that comes back to the page keeps what was typed and chosen.
  filter();
  if (sort.value) reorder();
  follow();
})();
