// Writes a copy of a vendor's description that the strict validator can judge by.
//   node prepare.cjs DESCRIPTION COPY
// "oneOf" becomes "anyOf" in descriptions whose alternatives overlap ("a string, or strings separated by commas"; "an action, or any document"):
// a value that fits two of them would be refused although the vendor takes it. Nothing else is loosened.
const fs = require("fs");
const YAML = require("yaml");

const [, , source, target] = process.argv;
const text = fs.readFileSync(source, "utf8");
const description = source.endsWith(".json") ? JSON.parse(text) : YAML.parse(text, { maxAliasCount: -1 });

const overlap = (node) => {
  if (Array.isArray(node)) node.forEach(overlap);
  else if (node && typeof node === "object") {
    if (Array.isArray(node.oneOf) && !node.discriminator) {
      node.anyOf = node.oneOf;
      delete node.oneOf;
    }
    Object.values(node).forEach(overlap);
  }
};

overlap(description);
fs.writeFileSync(target, JSON.stringify(description));
