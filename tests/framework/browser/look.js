// What a case asks of a page. Evaluated anew for each question, so that a new document needs no preparation; nothing is
// left in the page but one symbol for `stops`. Works with scripts disabled: nothing here waits.
(() => {
  const INTERACTIVE =
    "a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable]";
  const STOPS = Symbol.for("pocketstack-tests.stops");

  const shown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const name = (element) => {
    if (!element || element === document.body) return "nothing";
    const id = element.id ? "#" + element.id : element.name ? `[name=${element.name}]` : "";
    const words = (element.innerText || element.value || element.getAttribute("aria-label") || "").trim();
    const secret = element.type === "password";
    return `<${element.localName}${id}>` + (words && !secret ? ` "${words.replace(/\s+/g, " ").slice(0, 40)}"` : "");
  };
  const only = (selector) => {
    const all = [...document.querySelectorAll(selector)];
    const found = all.filter(shown);
    if (found.length === 1) return { element: found[0] };
    if (all.length === 0) return { why: `nothing matches ${selector}` };
    if (found.length === 0) return { why: `${selector} is there, but not shown` };
    return { why: `${selector} matches ${found.length} elements that are shown: ${found.map(name).join(", ")}` };
  };
  // What makes the focus visible.
  const look = (element) => {
    const style = getComputedStyle(element);
    const outline = style.outlineStyle === "none" || style.outlineWidth === "0px" ? "" : style.outline;
    return [outline, style.boxShadow, style.border, style.backgroundColor, style.textDecoration].join("|");
  };

  return {
    shown: (selector) => [...document.querySelectorAll(selector)].some(shown),
    count: (selector) => document.querySelectorAll(selector).length,
    text: (selector) => document.querySelector(selector)?.innerText ?? null,
    value: (selector) => document.querySelector(selector)?.value ?? null,
    attribute: (selector, key) => document.querySelector(selector)?.getAttribute(key) ?? null,
    html: () => document.documentElement.outerHTML,
    address: () => ({ url: location.href, title: document.title }),

    // Where a person would click, or why they could not.
    point: (selector) => {
      const { element, why } = only(selector);
      if (why) return { why };
      if (element.matches(":disabled")) return { why: `${selector} is disabled` };
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const box = element.getClientRects()[0];
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const top = document.elementFromPoint(x, y);
      const reached = top && (element.contains(top) || top.closest("label")?.control === element);
      return reached ? { x, y } : { why: `${selector} is covered by ${name(top)}` };
    },

    // Focus without a click: that would open a list which is no part of the page.
    focus: (selector) => {
      const { element, why } = only(selector);
      element?.focus();
      return { why: why ?? (document.activeElement === element ? null : `${selector} does not take the focus`) };
    },
    focused: () => name(document.activeElement),
    has_focus: (selector) => document.activeElement?.matches(selector) ?? false,
    chosen: (selector) => {
      const list = document.querySelector(selector);
      return { index: list?.selectedIndex ?? -1, label: list?.selectedOptions?.[0]?.label.trim() ?? null };
    },

    // Remembers all that Tab must reach, as it looks without the focus; of a group of radio buttons it is one.
    stops: () => {
      document.activeElement?.blur();
      const groups = new Map();
      const stops = [...document.querySelectorAll(INTERACTIVE)].filter((element) => {
        if (element.tabIndex < 0 || element.matches(":disabled") || !shown(element)) return false;
        if (element.type !== "radio") return true;
        const group = `${element.form?.id} ${element.name}`;
        if (groups.has(group)) return false;
        return groups.set(group, element);
      });
      globalThis[STOPS] = stops.map((element) => ({ element, before: look(element) }));
      return stops.length;
    },
    // Takes note of what has the focus now; how many have not had it.
    stopped: () => {
      const now = document.activeElement;
      for (const stop of globalThis[STOPS] ?? []) {
        const { element } = stop;
        if (element !== now && !(element.type === "radio" && element.name === now?.name)) continue;
        stop.reached = true;
        stop.seen = look(now) !== stop.before;
      }
      return (globalThis[STOPS] ?? []).filter((stop) => !stop.reached).length;
    },
    // What is wrong with the stops, in words.
    stop_faults: () => {
      const stops = globalThis[STOPS] ?? [];
      const unreached = stops.filter((stop) => !stop.reached).map((stop) => `Tab does not reach ${name(stop.element)}`);
      const unseen = stops.filter((stop) => stop.reached && !stop.seen);
      return unreached.concat(unseen.map((stop) => `nothing shows the focus on ${name(stop.element)}`));
    },
  };
})()
