// What makes the console more comfortable. Every page works without it.
"use strict";

// What the parts of the page that may change say, as they came.
const written = new WeakMap();
for (const part of document.querySelectorAll("[data-part]")) written.set(part, part.innerHTML);

const offerCopies = (root) => {
  for (const button of root.querySelectorAll("button[data-copy]")) {
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
};
offerCopies(document);

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

// A search answers as one types: what it finds takes the place of what was found before.
for (const form of document.querySelectorAll("form[data-live]")) {
  const parts = form.dataset.live.split(" ").map((id) => document.getElementById(id));
  let timer;
  let asked;
  const search = async () => {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    const address = `${form.getAttribute("action")}?${query}`;
    try {
      const answer = await fetch(address, { signal: asked.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = parts.map((part) => page.getElementById(part.id));
      // Whoever is signed out by now, or gone too far, sees the page that says so.
      if (!answer.ok || found.includes(null)) return location.assign(address);
      parts.forEach((part, at) => part.replaceChildren(...found[at].childNodes));
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 150);
  });
}

// What is offered follows what was chosen before.
for (const chooser of document.querySelectorAll("select")) {
  const followers = document.querySelectorAll(`[data-follows="${chooser.id}"]`);
  const follow = () => {
    const fits = (element) => element.dataset.for.split(" ").includes(chooser.value);
    for (const follower of followers) {
      if (follower.tagName !== "SELECT") {
        follower.hidden = !fits(follower);
        continue;
      }
      for (const option of follower.options) option.hidden = option.disabled = !fits(option);
      if (follower.selectedOptions[0]?.disabled) follower.value = [...follower.options].find(fits)?.value ?? "";
    }
  };
  if (followers.length === 0) continue;
  chooser.addEventListener("change", follow);
  follow();
}

// A button that adds or takes away a row sends the form. Here the page stays, and with it the secrets that were entered: the
// server repeats none.
for (const form of document.querySelectorAll("form[data-rows]")) {
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!/^(add|remove)-/.test(button?.value ?? "") || form.dataset.plain) return;
    event.preventDefault();
    const secrets = [...form.querySelectorAll("input[type=password]")].filter((field) => field.value);
    let found;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form, button) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      found = answer.ok && page.getElementById(form.id);
    } catch {
      found = null;
    }
    if (!found) {
      form.dataset.plain = "yes";
      return button.click();
    }
    form.replaceChildren(...found.childNodes);
    for (const { name, value } of secrets) {
      const field = form.elements.namedItem(name);
      if (!field) continue;
      field.value = value;
      document.getElementById(`${name}-again`)?.setAttribute("hidden", "");
    }
    form.querySelector("[autofocus]")?.focus();
  });
  // What is said of a parameter holds for its value in each endpoint at once.
  form.addEventListener("input", ({ target }) => {
    const [, id] = /^parameter\.(\d+)\.(?:name|secret)$/.exec(target.name) ?? [];
    if (!id) return;
    const name = form.elements.namedItem(`parameter.${id}.name`).value.trim();
    const secret = form.elements.namedItem(`parameter.${id}.secret`).checked;
    for (const field of form.querySelectorAll(`[name^="entry."][name$=".value.${id}"]`)) {
      field.type = secret || !name ? "password" : "text";
      field.labels[0].firstChild.textContent = name || "Value of the parameter without a name";
    }
  });
}

// What goes on by itself is shown as it goes on: when something changes, the page is asked for anew, and its parts that may
// have changed take the place of what they were. Nothing is followed while nobody looks.
const followed = document.querySelector("[data-follow]");
if (followed && window.EventSource) {
  const focusable = "a[href], button, input, select, summary, textarea";
  const parts = (page) => [...page.querySelectorAll("[data-part]")];
  const busy = () => document.querySelector("main details[open], main form :focus");
  let source;
  let looking = false;
  let again = false;

  const renew = (part, fresh) => {
    if (fresh.innerHTML === written.get(part)) return;
    written.set(part, fresh.innerHTML);
    const at = [...part.querySelectorAll(focusable)].indexOf(document.activeElement);
    part.replaceChildren(...fresh.childNodes);
    offerCopies(part);
    if (at >= 0) part.querySelectorAll(focusable)[at]?.focus({ preventScroll: true });
  };

  const look = async () => {
    again = true;
    if (looking) return;
    looking = true;
    try {
      while (again) {
        again = false;
        const answer = await fetch(location.href, { headers: { "x-watching": "yes" } });
        if (answer.status >= 500) break;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const ids = (found) => parts(found).map((part) => part.id).join(" ");
        // Whoever is signed out by now, or whose page is gone, sees the page that says so; other parts are another page.
        const gone = !page.querySelector("[data-follow]");
        if (gone || (ids(page) !== ids(document) && !busy())) return location.reload();
        for (const part of parts(document)) {
          const fresh = page.getElementById(part.id);
          if (fresh) renew(part, fresh);
        }
      }
    } catch {
      // The server cannot be reached: the stream says when it is there again.
    } finally {
      looking = false;
    }
  };

  const follow = () => {
    let cuts = 0;
    source = new EventSource(followed.dataset.follow);
    // What happened while the stream was cut, nobody told.
    source.addEventListener("open", () => cuts > 0 && look());
    source.addEventListener("error", () => (cuts += 1));
    source.addEventListener("change", look);
    // An instance that took its snapshot is no change: while one is waited for, one looks now and then.
    source.addEventListener("pulse", () => document.querySelector("[data-part] [data-waiting]") && look());
    source.addEventListener("end", () => location.reload());
  };

  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (document.hidden) return;
    follow();
    look();
  });
  if (!document.hidden) follow();
}
