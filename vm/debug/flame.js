"use strict";
const width = 1200, letter = 6.7;
const boxes = [...document.querySelectorAll(".b")].map((g) => {
  const [title, rect, text] = g.children;
  const at = (name) => Number(rect.getAttribute(name));
  const name = title.textContent.split("\n")[0];
  return { g, rect, text, name, cells: Number(g.dataset.cells), x: at("x"), y: at("y"), width: at("width") };
});

const label = (name, room) => {
  const letters = Math.floor((room - 6) / letter);
  if (letters < 3) return "";
  return name.length > letters ? name.slice(0, letters - 1) + "…" : name;
};

/* A box fills the width, as do those it hangs on. */
const zoom = (chosen) => {
  const scale = width / chosen.width;
  for (const box of boxes) {
    const left = Math.max(0, (box.x - chosen.x) * scale);
    const right = Math.min(width, (box.x + box.width - chosen.x) * scale);
    const room = right - left;
    box.g.style.display = room < 0.05 ? "none" : "";
    box.g.classList.toggle("above", box.y < chosen.y);
    box.rect.setAttribute("x", left);
    box.rect.setAttribute("width", Math.max(room, 0));
    box.text.setAttribute("x", left + 3);
    box.text.textContent = label(box.name, room);
  }
};

/* What is found counts once, though it may hang on itself. */
const matches = (wanted) => {
  try {
    const pattern = new RegExp(wanted, "i");
    return (name) => pattern.test(name);
  } catch {
    return (name) => name.includes(wanted);
  }
};
const found = document.getElementById("found");
const search = (wanted) => {
  const match = matches(wanted);
  let cells = 0, end = -1;
  const hits = boxes.filter((box) => wanted !== "" && match(box.name));
  for (const box of boxes) box.g.classList.toggle("hit", hits.includes(box));
  const order = (a, b) => a.x - b.x || b.width - a.width;
  for (const box of [...hits].sort(order)) {
    if (box.x + 1e-6 < end) continue;
    cells += box.cells;
    end = box.x + box.width;
  }
  const part = boxes[0].cells ? 100 * cells / boxes[0].cells : 0;
  hits.sort((a, b) => b.width - a.width);
  found.textContent = wanted === "" ? "" : part.toFixed(1) + " % in " + hits.length + " boxes";
  return hits[0];
};

for (const box of boxes) {
  box.g.addEventListener("click", () => zoom(box));
  box.g.addEventListener("keydown", (event) => { if (event.key === "Enter") zoom(box); });
}
const input = document.getElementById("search");
input.addEventListener("input", () => search(input.value));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  input.value = "";
  search("");
  zoom(boxes[0]);
});

/* Found at once, and widened: what the address says. */
const wanted = decodeURIComponent(location.hash.slice(1));
const widest = search(wanted);
input.value = wanted;
if (widest) zoom(widest);
