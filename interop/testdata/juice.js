// Writes what juice makes of each file of one folder into another. Attributes and the
// replacing of var() are off: they are options of ours too, or none.
const fs = require("fs"), juice = require("juice");
const [from, to] = process.argv.slice(2);
const options = {
  applyWidthAttributes: false, applyHeightAttributes: false, applyAttributesTableElements: false, resolveCSSVariables: false,
};
for (const name of fs.readdirSync(from)) {
  let out;
  try {
    out = juice(fs.readFileSync(from + "/" + name, "utf8"), options);
  } catch (fault) {
    out = "error: " + fault.message + "\n";
  }
  fs.writeFileSync(to + "/" + name, out);
}
