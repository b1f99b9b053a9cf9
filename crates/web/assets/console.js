// What makes the console more comfortable. Every page works without it.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => (button.textContent = words), 2000);
  });
}

// One menu is open at a time; Escape, or a click elsewhere, closes it.
const menus = document.querySelectorAll("details.menu");
const close = (except) => menus.forEach((menu) => menu !== except && menu.removeAttribute("open"));
document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  close();
  open?.querySelector("summary").focus();
});
