// Compares the computed styles of pages (name, before, after) in frames of two widths, and
// says which pages look otherwise without style elements (stripped), on a wide screen.
const boxes = [null, "::before", "::after"];

// What the newsletters set, in longhands.
const names = [
  "display", "visibility", "opacity", "position", "left", "top", "float", "clear", "width", "height", "min-width", "max-width",
  "min-height", "max-height", "box-sizing", "overflow-x", "margin-top", "margin-right", "margin-bottom", "margin-left",
  "padding-top", "padding-right", "padding-bottom", "padding-left", "border-top-width", "border-right-width",
  "border-bottom-width", "border-left-width", "border-top-style", "border-bottom-style", "border-left-style",
  "border-top-color", "border-bottom-color", "border-left-color", "border-top-left-radius", "border-bottom-right-radius",
  "border-collapse", "border-spacing", "background-color", "background-image", "background-repeat", "background-position",
  "background-size", "color", "font-family", "font-size", "font-weight", "font-style", "line-height", "letter-spacing",
  "text-align", "text-decoration-line", "text-transform", "vertical-align", "white-space", "direction", "list-style-type",
  "list-style-position", "outline-style", "box-shadow", "text-shadow", "content", "cursor", "animation-name", "quotes",
  "table-layout", "caption-side", "--brand", "align-items", "object-fit", "color-scheme",
];

// The frames, by what they are for. Making one takes Chromium far longer than the rest of a
// page, so all pages are written into the same.
const frames = {};

async function frame(purpose, text, width) {
  const f = frames[purpose] ||= document.body.appendChild(document.createElement("iframe"));
  f.width = width;
  f.height = 600;
  f.contentDocument.open();
  f.contentDocument.write(text);
  f.contentDocument.close();
  // Pictures may be on their way; nobody says so when a frame is written into for the second time.
  while (f.contentDocument.readyState !== "complete") await new Promise((done) => setTimeout(done));
  return f;
}

function elements(f) {
  return [...f.contentDocument.querySelectorAll("html, body, body *")].filter((e) => e.localName !== "style");
}

function styles(f, e, box) {
  const all = f.contentWindow.getComputedStyle(e, box);
  if (box && all.content === "none") return []; // a box that is not there
  return names.map((name) => all.getPropertyValue(name));
}

async function run() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  let compared = 0;
  const lines = [], other = [];
  for (const page of pages) {
    for (const width of [390, 700]) {
      const before = await frame("before", page.Before, width), after = await frame("after", page.After, width);
      for (const f of [before, after]) {
        for (const moving of f.contentDocument.getAnimations()) {
          moving.pause();
          moving.currentTime = 0;
        }
      }
      const a = elements(before), b = elements(after);
      if (a.length !== b.length) lines.push(`${page.Name}: ${a.length} and ${b.length} elements`);
      for (let i = 0; i < Math.min(a.length, b.length); i++) {
        for (const box of boxes) {
          const x = styles(before, a[i], box), y = styles(after, b[i], box);
          compared++;
          if (x.length !== y.length) lines.push(`${page.Name} at ${width}: ${a[i].localName}.${a[i].className}${box}: ${x.length ? "gone" : "new"}`);
          for (let k = 0; k < Math.min(x.length, y.length); k++) {
            if (x[k] !== y[k]) {
              lines.push(`${page.Name} at ${width}: ${a[i].localName}.${a[i].className}${box || ""}: ${names[k]}: ${x[k]}, now ${y[k]}`);
            }
          }
        }
      }
      if (width === 700) {
        const stripped = await frame("stripped", page.Stripped, width), c = elements(stripped);
        if (a.some((e, i) => boxes.some((box) => styles(before, e, box).join() !== styles(stripped, c[i], box).join()))) {
          other.push(page.Name);
        }
      }
    }
  }
  document.getElementById("result").textContent = [`compared ${compared} styles, ${dark ? "dark" : "light"}`, other.join(" "), ...lines.slice(0, 100)].join("\n");
}
run().catch((fault) => { document.getElementById("result").textContent = "fault: " + fault.stack; });
