"use strict";
(() => {
  const form = document.querySelector(".filters");
  if (!form) return;
  const rows = [...document.querySelectorAll("#table tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const none = document.querySelector("#table .none");
  const count = form.querySelector("output");
  const apply = () => {
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");
    const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const fits =
        words.every((word) => texts[index].includes(word)) &&
        ["severity", "exposure"].every((name) => !value(name) || row.dataset[name] === value(name));
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    none.hidden = shown > 0;
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
